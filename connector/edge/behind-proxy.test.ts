import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Server as NetServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seedDemoShop } from '../pos/embedded/demo-shop.ts'
import { SECRET, STORE_ID, testFolder } from '../test-shop.ts'
import { startTestEdge, type TestEdge } from './test-edge.ts'

/**
 * A shop in a company's network: the edge is known to the proxy alone, and its certificate is of an authority of the company's own.
 * Real processes: what is documented are settings of Node itself, read as it starts.
 */

const MAIN = new URL('../main.ts', import.meta.url).pathname
/** A name that no resolver answers (RFC 6761). */
const EDGE_NAME = 'edge.test'
const PATIENCE_MS = 20_000

let folder: ReturnType<typeof testFolder>
let edge: TestEdge
let tls: NetServer
let proxy: Server
let tunnelled: string[]
const sockets = new Set<Socket>()

const portOf = (server: NetServer): number => (server.address() as AddressInfo).port
const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder.path, stdio: 'ignore' })

beforeAll(async () => {
  folder = testFolder()
  edge = await startTestEdge()
  tunnelled = []
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Test authority', '-keyout', 'ca.key', '-out', 'ca.pem')
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${EDGE_NAME}`, '-keyout', 'edge.key', '-out', 'edge.csr')
  writeFileSync(folder.file('san.txt'), `subjectAltName=DNS:${EDGE_NAME}\n`)
  openssl('x509', '-req', '-days', '2', '-in', 'edge.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'san.txt', '-out', 'edge.pem')

  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    return socket
  }
  tls = createTlsServer({ key: readFileSync(folder.file('edge.key')), cert: readFileSync(folder.file('edge.pem')) }, (secure) => {
    const plain = keep(connect(Number(new URL(edge.url).port), '127.0.0.1'))
    keep(secure).pipe(plain).pipe(secure)
  })
  proxy = createHttpServer((_request, response) => void response.writeHead(405).end())
  proxy.on('connect', (request, client: Socket) => {
    tunnelled.push(request.url ?? '')
    const onward = keep(connect(portOf(tls), '127.0.0.1', () => {
      keep(client).write('HTTP/1.1 200 Connection established\r\n\r\n')
      client.pipe(onward).pipe(client)
    }))
  })
  for (const server of [tls, proxy]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  seedDemoShop(folder.file('till.sqlite'), { items: 10 })
  writeFileSync(folder.file('store.secret'), SECRET, { mode: 0o600 })
}, 60_000)
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  tls.close()
  proxy.close()
  await edge.close()
  folder.remove()
})

/** A connector with these settings, until `isDone` of its log, or the edge, says so. */
async function connectorWith(name: string, settings: Record<string, string>, isDone: (log: string) => boolean): Promise<string> {
  writeFileSync(folder.file(`${name}.yaml`), `
edge: { url: 'https://${EDGE_NAME}' }
store: { id: ${STORE_ID}, secretFile: store.secret }
journal: { file: ${name}.sqlite }
pos: { type: embedded, file: till.sqlite }
server: { port: 0 }
`)
  const env = { PATH: process.env['PATH'], HOME: folder.path, ...settings }
  const child = spawn(process.execPath, [MAIN, 'run', '--config', folder.file(`${name}.yaml`)], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (data: Buffer) => { log += data.toString() })
  const deadline = performance.now() + PATIENCE_MS
  while (!isDone(log) && child.exitCode === null && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
  const ended = once(child, 'close')
  child.kill('SIGKILL')
  await ended
  return log
}
const proxied = () => ({ NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}`, NO_PROXY: 'localhost,127.0.0.1' })
const saysWhy = (log: string): boolean => log.includes('"edge.fault"')

test('without the company\'s authority it speaks to nobody, and says which setting is missing', async () => {
  const log = await connectorWith('untrusting', proxied(), saysWhy)
  expect(log).toMatch(/no answer from edge\.test \([A-Z_]+\): its certificate is not trusted here: .*NODE_EXTRA_CA_CERTS/)
  expect(edge.calls).toEqual([])
})

test('without the proxy it does not find the edge', async () => {
  tunnelled.length = 0
  const log = await connectorWith('direct', { NODE_EXTRA_CA_CERTS: folder.file('ca.pem') }, saysWhy)
  expect(log).toMatch(/no answer from edge\.test \((ENOTFOUND|EAI_AGAIN)\)/)
  expect([tunnelled, edge.calls]).toEqual([[], []])
})

test('with both it serves the shop, and every call goes through the proxy', async () => {
  const log = await connectorWith('proxied', { ...proxied(), NODE_EXTRA_CA_CERTS: folder.file('ca.pem') }, () => edge.events().filter(({ type }) => type === 'catalog.item_upserted').length === 10)
  expect(edge.events().filter(({ type }) => type === 'catalog.item_upserted'), log).toHaveLength(10)
  expect(edge.calls.every(({ signed }) => signed)).toBe(true)
  expect(new Set(tunnelled)).toEqual(new Set([`${EDGE_NAME}:443`]))
})
