import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'

/** A key of Access, and what it signs. */
export type SigningKey = { kid: string; privateKey: CryptoKey; jwk: JWK; pem: string }

export async function signingKey(kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  return { kid, privateKey, jwk: { ...await exportJWK(publicKey), kid, alg: 'RS256', use: 'sig' }, pem: await exportSPKI(publicKey) }
}

/** What Access puts into a service token's assertion. `at` is epoch seconds. */
export const assertionOf = (key: SigningKey, claims: { issuer: string; audience: string | string[]; at: number; fromS?: number; untilS?: number; clientId?: string }): Promise<string> =>
  new SignJWT({ type: 'app', common_name: claims.clientId ?? 'edge.access', sub: '' })
    .setProtectedHeader({ alg: 'RS256', kid: key.kid, typ: 'JWT' })
    .setIssuer(claims.issuer).setAudience(claims.audience).setIssuedAt(claims.at + (claims.fromS ?? 0)).setNotBefore(claims.at + (claims.fromS ?? 0)).setExpirationTime(claims.at + (claims.untilS ?? 60))
    .sign(key.privateKey)

/** The address at which Access publishes its keys, over real HTTP. */
export type KeyServer = {
  issuer: string
  keys: JWK[]
  /** Answered instead of the keys. */
  broken: { status: number; body: string } | null
  asked: number
  close(): Promise<void>
}

export async function startKeyServer(keys: JWK[]): Promise<KeyServer> {
  const server = createServer((request, response) => {
    if (request.url !== '/cdn-cgi/access/certs') return void response.writeHead(404).end()
    state.asked += 1
    if (state.broken) return void response.writeHead(state.broken.status).end(state.broken.body)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: state.keys }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const state: KeyServer = {
    issuer: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    keys,
    broken: null,
    asked: 0,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close').catch(() => undefined)
    },
  }
  return state
}
