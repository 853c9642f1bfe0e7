import { constants, createHmac, createSign } from 'node:crypto'
import { exportPKCS8 } from 'jose'
import { pino } from 'pino'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../contract/clock.ts'
import { signedHeaders } from '../../contract/signing.ts'
import { LiveStatus } from '../control/live-status.ts'
import { receiveOrder } from '../delivery/receive-order.ts'
import { requestCancel } from '../delivery/request-cancel.ts'
import { startServer, type RunningServer } from '../delivery/server.ts'
import { createEdgeClock } from '../edge/edge-clock.ts'
import type { Journal } from '../journal/journal.ts'
import { assignmentId, assignmentOf, openTestJournal, SECRET, STORE_ID, testFolder } from '../test-shop.ts'
import { createAccess } from './access.ts'
import type { AccessConfig } from './access-config.ts'
import { COOLDOWN_MS, TRUSTED_FOR_MS } from './access-keys.ts'
import { assertionOf, signingKey, startKeyServer, type KeyServer, type SigningKey } from './test-key-server.ts'

const AUD = 'a'.repeat(64)
const OTHER_AUD = 'b'.repeat(64)
const ID = assignmentId(1)
const ORDER = assignmentOf(1, { A: 1 })

let key: SigningKey
let nextKey: SigningKey
let strangersKey: SigningKey
let folder: ReturnType<typeof testFolder>
let journal: Journal
let keyServer: KeyServer
let server: RunningServer
let logs: string
/** Milliseconds that have passed for the key cache. */
let passed: number

beforeAll(async () => {
  [key, nextKey, strangersKey] = await Promise.all([signingKey('k1'), signingKey('k2'), signingKey('k1')])
})
beforeEach(async () => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  keyServer = await startKeyServer([key.jwk])
  logs = ''
  passed = 0
  await serve({})
})
afterEach(async () => {
  await server.close()
  await keyServer.close().catch(() => undefined)
  journal.close()
  folder.remove()
})

async function serve(change: Partial<AccessConfig>): Promise<void> {
  const log = pino({ level: 'debug' }, { write: (line: string) => void (logs += line) })
  const clock = createEdgeClock(systemClock)
  server = await startServer({
    storeId: STORE_ID, secrets: [SECRET], clock, log,
    access: createAccess({ team: 'shop', issuer: keyServer.issuer, audience: AUD, ...change }, { now: clock.now, monotonic: () => passed, log }),
    receive: (assignment) => receiveOrder(journal, assignment, systemClock()),
    cancel: (id) => requestCancel(journal, id, systemClock()),
    readiness: () => ({ ready: true, waitingFor: [], troubles: [] }), metrics: () => '', taking: () => true,
    status: () => LiveStatus.parse({}),
  }, { host: '127.0.0.1', port: 0 })
}

const nowS = (): number => Math.floor(Date.now() / 1000)
const assertion = (by: SigningKey = key, change: Partial<Parameters<typeof assertionOf>[1]> = {}): Promise<string> => assertionOf(by, { issuer: keyServer.issuer, audience: [AUD], at: nowS(), ...change })

/** Signed by the edge, with this assertion; `sent` is another body than the signed one. */
async function put(token: string | null, sent?: unknown): Promise<Response> {
  const target = `/orders/${ID}`
  const bytes = new TextEncoder().encode(JSON.stringify(ORDER))
  const signature = await signedHeaders([SECRET], { id: crypto.randomUUID(), timestampS: nowS(), method: 'PUT', target, body: bytes })
  const headers = { 'content-type': 'application/json', ...signature, ...(token === null ? {} : { 'cf-access-jwt-assertion': token }) }
  return fetch(server.url + target, { method: 'PUT', headers, body: sent === undefined ? bytes : JSON.stringify(sent) })
}
const statusOf = async (token: Promise<string> | string | null): Promise<number> => (await put(await token)).status

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const claims = () => ({ iss: keyServer.issuer, aud: [AUD], iat: nowS(), exp: nowS() + 60, type: 'app', common_name: 'edge.access' })

describe('a call that Access let through', () => {
  test('is taken in, and the same again is known', async () => {
    const token = await assertion()
    expect((await put(token)).status).toBe(202)
    expect((await put(token)).status).toBe(200)
    expect(keyServer.asked).toBe(1)
  })

  test('with another body than the one signed is still refused', async () => {
    expect((await put(await assertion(), { ...ORDER, number: 'W-2' })).status).toBe(401)
    expect(journal.inbox.get(ID)).toBeNull()
  })

  test('may have been let in by either of two applications, and by the named service token alone', async () => {
    await server.close()
    await serve({ audience: [OTHER_AUD, AUD], clientId: 'edge.access' })
    expect(await statusOf(assertion())).toBe(202)
    expect(await statusOf(assertion(key, { audience: OTHER_AUD }))).toBe(200)
    expect(await statusOf(assertion(key, { audience: 'c'.repeat(64) }))).toBe(403)
    expect(await statusOf(assertion(key, { clientId: 'another.access' }))).toBe(403)
  })
})

/** Really signed with this key, under a head that says more, or over other claims. */
const forge = async (by: SigningKey, head: { alg?: string; [more: string]: unknown }, payload: object = claims()): Promise<string> => {
  const signed = `${base64url({ alg: 'RS256', kid: by.kid, ...head })}.${base64url(payload)}`
  const padding = head.alg === 'PS256' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {}
  return `${signed}.${createSign(head.alg === 'RS512' ? 'RSA-SHA512' : 'RSA-SHA256').update(signed).sign({ key: await exportPKCS8(by.privateKey), ...padding }).toString('base64url')}`
}

describe('refused without a word of why', () => {
  const forged: Record<string, () => Promise<string | null> | string> = {
    'none': () => Promise.resolve(null),
    'no token at all': () => 'nonsense',
    'three parts of nonsense': () => 'a.b.c',
    'a very long one': () => 'x'.repeat(9000),
    'expired': () => assertion(key, { fromS: -600, untilS: -120 }),
    'not yet valid': () => assertion(key, { fromS: 300, untilS: 600 }),
    'for another audience': () => assertion(key, { audience: [OTHER_AUD] }),
    'of another team': () => assertion(key, { issuer: 'https://others.cloudflareaccess.com' }),
    'signed with a key of the same name': () => assertion(strangersKey),
    'signed with an unknown key': () => assertion(nextKey),
    'alg none': () => `${base64url({ alg: 'none', kid: 'k1', typ: 'JWT' })}.${base64url(claims())}.`,
    'HS256 with the public key as the secret': () => {
      const head = `${base64url({ alg: 'HS256', kid: 'k1', typ: 'JWT' })}.${base64url(claims())}`
      return `${head}.${createHmac('sha256', key.pem).update(head).digest('base64url')}`
    },
    'a key of its own in the head': () => forge(strangersKey, { jwk: strangersKey.jwk }),
    'a key server of its own in the head': () => forge(strangersKey, { jku: 'http://127.0.0.1:1/certs', x5u: 'http://127.0.0.1:1/cert' }),
    'no key id, and a key of its own': () => forge(strangersKey, { kid: undefined }),
    'an extension that nobody knows': () => forge(key, { crit: ['x'], x: 1 }),
    'an audience among none': () => assertion(key, { audience: [] }),
    'two at once': async () => `${await assertion()}, ${await assertion()}`,
    'with another end than was signed': async () => {
      const [head, , signature] = (await assertion()).split('.')
      return `${head}.${base64url({ ...claims(), exp: nowS() + 90 })}.${signature}`
    },
    'without an end': () => {
      const { exp: _exp, ...endless } = claims()
      return forge(key, {}, endless)
    },
    'without a beginning': () => {
      const { iat: _iat, ...ageless } = claims()
      return forge(key, {}, ageless)
    },
    'signed with the right key in another way (PS256)': () => forge(key, { alg: 'PS256' }),
    'signed with the right key and another hash (RS512)': () => forge(key, { alg: 'RS512' }),
  }
  test.each(Object.keys(forged))('%s', async (name) => {
    const token = await forged[name]!()
    const response = await put(token)
    expect(response.status).toBe(403)
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    const { requestId, ...problem } = await response.json() as Record<string, unknown>
    expect(problem).toEqual({ type: 'https://tillbridge.dev/problems/forbidden', title: 'This key may not do that', status: 403 })
    expect(requestId).toBeTruthy()
    expect(journal.inbox.get(ID)).toBeNull()
    expect(logs).toContain('access.refused')
    for (const part of token?.split('.') ?? []) if (part.length > 20) expect(logs).not.toContain(part)
  })

  test('the same hand lets a good one through', async () => {
    expect(await statusOf(forge(key, {}))).toBe(202)
  })

  test('a minute of difference between two clocks is borne', async () => {
    expect(await statusOf(assertion(key, { fromS: -90, untilS: -30 }))).toBe(202)
  })

  test('health stays open', async () => {
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
  })
})

const told = (event: string): Record<string, unknown>[] => logs.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['event'] === event)

describe('keys', () => {
  test('that were rotated are learned from the first call that comes with a new one', async () => {
    expect(await statusOf(assertion())).toBe(202)
    keyServer.keys = [key.jwk, nextKey.jwk]
    expect(await statusOf(assertion(nextKey))).toBe(403)
    passed += COOLDOWN_MS
    expect(await statusOf(assertion(nextKey))).toBe(200)
    expect(await statusOf(assertion())).toBe(200)
  })

  test('that nobody knows are asked for once in the cooldown, however many come', async () => {
    expect(await statusOf(assertion())).toBe(202)
    passed += COOLDOWN_MS
    const unknown = await Promise.all(Array.from({ length: 30 }, async (_, n) => assertion({ ...strangersKey, kid: `x${n}` })))
    expect(new Set(await Promise.all(unknown.map(statusOf)))).toEqual(new Set([403]))
    expect(keyServer.asked).toBe(2)
  })

  test('are good for a day while the key server is away, and then nothing is let in', async () => {
    expect(await statusOf(assertion())).toBe(202)
    await keyServer.close()
    passed += TRUSTED_FOR_MS - 1
    expect(await statusOf(assertion())).toBe(200)
    passed += 1
    const response = await put(await assertion())
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '30'])
    expect(told('access.no-keys')).toMatchObject([{ level: 50, refused: 1 }])
  })

  test('that cannot be had are told once for all calls of that time, then hourly, and with the count when they are back', async () => {
    keyServer.broken = { status: 500, body: '' }
    for (let n = 0; n < 30; n += 1) expect(await statusOf(assertion())).toBe(503)
    expect(told('access.no-keys')).toMatchObject([{ refused: 1 }])
    passed += 3_600_000
    expect(await statusOf(assertion())).toBe(503)
    expect(told('access.no-keys')).toMatchObject([{ refused: 1 }, { refused: 31 }])
    keyServer.broken = null
    passed += COOLDOWN_MS
    expect(await statusOf(assertion())).toBe(202)
    expect(await statusOf(assertion())).toBe(200)
    expect(told('access.keys-again')).toMatchObject([{ level: 30, refused: 31 }])
  })

  test.each([
    ['an error', { status: 500, body: '' }],
    ['a page', { status: 200, body: '<h1>Hello</h1>' }],
    ['no keys', { status: 200, body: '{"keys":[]}' }],
  ])('of a server that answers with %s are not had, and it is asked again after the cooldown', async (_what, broken) => {
    keyServer.broken = broken
    expect(await statusOf(assertion())).toBe(503)
    expect(await statusOf(assertion())).toBe(503)
    expect(keyServer.asked).toBe(1)
    keyServer.broken = null
    passed += COOLDOWN_MS
    expect(await statusOf(assertion())).toBe(202)
  })
})
