import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { toInstant } from '../../../contract/clock.ts'
import type { ConnectorConfig } from '../../config/config.ts'
import { loadConfig } from '../../config/load-config.ts'
import { startControl } from '../../control/control-server.ts'
import type { LiveStatus } from '../../control/live-status.ts'
import { openJournal } from '../../journal/journal.ts'
import { SECRET, testFolder } from '../../test-shop.ts'
import { lookAtEdge } from './edge.ts'
import type { Finding } from './finding.ts'
import { lookAtDesk, lookAtDisk, lookAtJournal, lookAtServer } from './machine.ts'
import { lookAtTunnel, publicAnswer } from './tunnel.ts'

let folder: ReturnType<typeof testFolder>
let ends: (() => Promise<unknown> | void)[]
beforeEach(() => {
  folder = testFolder()
  ends = []
})
afterEach(async () => {
  for (const end of ends.reverse()) await end()
  folder.remove()
})

function configOf(change: object = {}): ConnectorConfig {
  const config = {
    edge: { url: 'http://127.0.0.1:9' }, store: { id: 'main-street', secret: SECRET }, connector: { id: 'till-1' }, journal: { file: folder.file('journal.sqlite') }, server: { port: 0 },
    pos: { type: 'csv', folder: folder.file('drop'), currency: 'USD', timeZone: 'UTC', goods: { files: ['goods*.csv'], columns: { sku: 'sku', name: 'name', price: 'price' } } }, ...change,
  }
  writeFileSync(folder.file('shop.yaml'), stringify(config), { mode: 0o600 })
  const loaded = loadConfig(folder.file('shop.yaml'))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.refusal))
  return loaded.value.config
}

async function serve(answer: RequestListener): Promise<{ url: string; port: number }> {
  const server: Server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, port }
}
const found = (findings: readonly Finding[], name: string): Finding | undefined => findings.find((each) => each.name === name)

test('an edge that does not accept the secret answers, and the signature is what fails', async () => {
  const problem = { type: 'https://tillbridge.dev/problems/unauthorized', title: 'Not signed by a known key', status: 401 }
  const edge = await serve((_, response) => response.writeHead(401, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem)))
  const findings = await lookAtEdge(configOf({ edge: { url: edge.url } }))
  expect(found(findings, 'edge')?.level).toBe('ok')
  expect(found(findings, 'signature')).toMatchObject({ level: 'fail', fix: expect.stringContaining('"pair"') as string })
})

test('a page of somebody else on the way is not the edge', async () => {
  const edge = await serve((_, response) => response.writeHead(403, { 'content-type': 'text/html' }).end('<h1>Blocked</h1>'))
  expect(found(await lookAtEdge(configOf({ edge: { url: edge.url } })), 'edge')).toMatchObject({ level: 'fail', detail: expect.stringContaining('answers with 403') as string, fix: expect.stringContaining('edge.url') as string })
})

test('the journal of another store is told, and is left as it is', () => {
  openJournal({ file: folder.file('journal.sqlite'), storeId: 'side-street', connectorId: 'till-1' }).close()
  expect(lookAtJournal(configOf()).findings).toMatchObject([{ name: 'journal', level: 'fail', detail: 'it belongs to store "side-street", the configuration says "main-street"' }])
})

test('a file that is no journal is told with what it is', () => {
  writeFileSync(folder.file('journal.sqlite'), 'a letter to somebody, longer than any head of a database could be'.repeat(20))
  expect(lookAtJournal(configOf()).findings).toMatchObject([{ name: 'journal', level: 'fail', detail: expect.stringContaining('cannot be read') as string }])
})

test('an address and a desk\'s address that another program has', async () => {
  const { port } = await serve((_, response) => response.end())
  expect(await lookAtServer(configOf({ server: { port } }))).toMatchObject([{ name: 'address', level: 'fail', detail: `127.0.0.1:${port} cannot be had (EADDRINUSE)`, fix: expect.stringContaining('server.port') as string }])
  expect(await lookAtDesk(configOf({ desk: { host: '127.0.0.1', port, pin: '483920' } }), false)).toMatchObject([{ name: 'desk', level: 'fail', detail: expect.stringContaining('EADDRINUSE') as string, fix: expect.stringContaining('desk.port') as string }])
})

test('a disk on which a write takes long to be safe', () => {
  let ms = 0
  expect(found(lookAtDisk(configOf(), () => (ms += 900)), 'disk writes')).toMatchObject({ level: 'warn', detail: expect.stringContaining('900 ms') as string })
})

test.each([[119, 119, undefined], [121, 0, 'warn'], [0, 121, 'warn']])('a connector that runs and knows the till of %i seconds ago, and the edge what was %i seconds ago', async (posS, edgeS, level) => {
  const journal = openJournal({ file: folder.file('journal.sqlite'), storeId: 'main-street', connectorId: 'till-1' })
  ends.push(() => journal.close())
  const status: LiveStatus = {
    version: '1', url: 'http://127.0.0.1:1', startedAt: toInstant(0), doing: [{ what: 'watching' }], pos: { reachable: true, lookedAt: null, lookedAgoS: null, seenAfterMs: null },
    edge: { answering: true, answeredAt: null, answeredAgoS: null, holdsStore: true, clockSkewMs: null }, fresh: { posS, edgeS }, comparisons: { finished: 0, failed: 0, wanted: false }, troubles: [],
  }
  const never = (): never => { throw new Error('it was not asked for') }
  const control = await startControl({ reconcile: never, retryOrder: never, giveUp: never, retryRefused: never, dropRefused: never, sell: never, status: () => status }, folder.file('journal.sqlite'))
  ends.push(() => control.close())
  const findings = await lookAtServer(configOf())
  expect(found(findings, 'connector')?.level).toBe('ok')
  expect(found(findings, 'connector is fresh')?.level).toBe(level)
})

test('a cloudflared that holds no line, and one that is not there', async () => {
  const { url } = await serve((_, response) => response.writeHead(503).end(JSON.stringify({ readyConnections: 0 })))
  for (const metricsUrl of [url, 'http://127.0.0.1:9']) {
    // A public name at which no TLS is spoken: no name of this test is asked for in the network.
    const findings = await lookAtTunnel({ ...configOf(), tunnel: { hostname: new URL(url).host, metricsUrl } })
    expect(found(findings, 'tunnel agent')).toMatchObject({ level: 'warn', detail: expect.stringContaining('not connected') as string, fix: expect.stringContaining('"The tunnel"') as string })
    expect(found(findings, 'public hostname')).toMatchObject({ level: 'warn', detail: expect.stringContaining('does not answer') as string })
  }
})

test.each([
  [403, true, 'ok'], [302, true, 'ok'], [530, true, 'warn'], [502, false, 'warn'], [200, false, 'warn'], [200, true, 'fail'],
] as const)('a public name that answers %i (Access in the configuration: %s) is %s', (status, hasAccess, level) => {
  expect(publicAnswer('public hostname', 'till.example', status, hasAccess).level).toBe(level)
})
