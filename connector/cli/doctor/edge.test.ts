import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'
import { expect, test } from 'vitest'
import { noAnswerFinding, proxyFindings } from './edge.ts'

const URL_OF_EDGE = 'https://shop.example'
/** As `fetch` throws it: a TypeError around what happened. */
const because = (code: string): Error => new TypeError('fetch failed', { cause: Object.assign(new Error('a message'), { code }) })
const fixOf = (error: unknown, environment: NodeJS.ProcessEnv = {}): string => noAnswerFinding(URL_OF_EDGE, error, environment).fix ?? ''

test('an address where nothing listens is told as that, and nobody is sent to look for a proxy', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await new Promise((resolve) => server.close(resolve))
  const refused: unknown = await fetch(`http://127.0.0.1:${port}/`).catch((error: unknown) => error)
  const finding = noAnswerFinding(`http://127.0.0.1:${port}`, refused, {})
  expect(finding).toMatchObject({ name: 'edge', level: 'fail', detail: `no answer from 127.0.0.1:${port} (ECONNREFUSED)` })
  expect(finding.fix).toMatch(/nothing listens there.*edge\.url/)
  expect(finding.fix).not.toMatch(/proxy|CERT/i)
})

test('a proxy that is in use may be what refuses', () => {
  expect(fixOf(because('ECONNREFUSED'), { NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: 'http://proxy:3128' })).toMatch(/through HTTPS_PROXY/)
})

test.each(['ENOTFOUND', 'EAI_AGAIN'])('a name that cannot be looked up (%s) is about the name', (code) => {
  expect(fixOf(because(code))).toMatch(/name/)
  expect(fixOf(because(code))).not.toMatch(/proxy|CERT/i)
})

test.each(['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_HAS_EXPIRED'])('a certificate that is not trusted (%s) is about the company\'s authority', (code) => {
  expect(fixOf(because(code))).toContain('NODE_EXTRA_CA_CERTS')
})

test.each(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'])('silence (%s) is about the firewall, and a proxy that is not set', (code) => {
  expect(fixOf(because(code))).toMatch(/firewall.*HTTPS_PROXY and NODE_USE_ENV_PROXY=1/)
  expect(fixOf(because(code), { NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: 'http://proxy:3128' })).not.toContain('must take a proxy')
})

/** A server of another protocol, and what a call to it says. */
async function toldOf(server: Server, scheme: string): Promise<{ detail: string; fix: string | null }> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `${scheme}://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  const error: unknown = await fetch(url).catch((refused: unknown) => refused)
  server.close()
  return noAnswerFinding(url, error, {})
}

test('https to a port of plain http says so, and the other way round', async () => {
  expect(await toldOf(createServer((_, response) => response.end()), 'https')).toMatchObject({ detail: expect.stringContaining('ERR_SSL_WRONG_VERSION_NUMBER') as string, fix: expect.stringContaining('edge.url with http://') as string })
  // A server of TLS that is spoken to without it ends the connection.
  expect((await toldOf(createTcpServer((socket) => socket.once('data', () => socket.end()).on('error', () => socket.destroy())), 'http')).fix).toContain('edge.url with https://')
  expect((await toldOf(createTcpServer((socket) => socket.on('error', () => socket.destroy()).end('SSH-2.0-OpenSSH_9.9\r\n')), 'http')).fix).toContain('does not speak HTTP')
  expect(fixOf(because('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'))).toContain('TLS with it does not come about')
})

test('a proxy that is set and not used is told', () => {
  expect(proxyFindings({ https_proxy: 'http://proxy:3128' })).toMatchObject([{ level: 'warn' }])
  expect(proxyFindings({ https_proxy: 'http://proxy:3128', NODE_USE_ENV_PROXY: '1' })).toMatchObject([{ level: 'ok' }])
  expect(proxyFindings({})).toEqual([])
})
