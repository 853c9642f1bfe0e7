import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { toInstant } from '../../contract/clock.ts'
import { signedHeaders } from '../../contract/signing.ts'
import { Configuration, type ConnectorConfig } from '../config/config.ts'
import { startConnector, type RunningConnector } from '../connector.ts'
import { LiveStatus } from '../control/live-status.ts'
import { startTestEdge, type TestEdge } from '../edge/test-edge.ts'
import { assignmentId, assignmentOf, memoryPos, SECRET, STORE_ID, testFolder, type MemoryPos } from '../test-shop.ts'
import { openJournal, type Journal } from './journal.ts'
import type { RoomLimits } from './room.ts'

let folder: ReturnType<typeof testFolder>
let edge: TestEdge
let pos: MemoryPos
let journal: Journal
let connector: RunningConnector
let logs: string
/** Changed under a running connector, as a disk does. */
const room: RoomLimits = { maxBytes: Number.MAX_SAFE_INTEGER, keepFreeBytes: 0, ballastBytes: 1024, lookEveryMs: 0 }

beforeEach(async () => {
  folder = testFolder()
  edge = await startTestEdge()
  pos = memoryPos({ A: 10 })
  logs = ''
  room.keepFreeBytes = 0
  journal = openJournal({ file: folder.file('journal.sqlite'), storeId: STORE_ID, room })
  const { store: _store, desk: _desk, ...rest } = Configuration.parse({
    edge: { url: edge.url }, store: { id: STORE_ID, secret: SECRET }, journal: { file: folder.file('journal.sqlite') }, pos: { type: 'embedded', file: 'unused' }, server: { port: 0 },
    poll: { everyMs: 20 }, heartbeat: { everyMs: 100 }, pull: { everyMs: 100 },
  })
  const config: ConnectorConfig = { ...rest, store: { id: STORE_ID, secrets: [SECRET] }, desk: { listen: null, warnAfterMinutes: 10, redAfterMinutes: 30 }, poll: { everyMs: 20 } }
  connector = await startConnector(config, journal, pos, pino({ level: 'debug' }, { write: (line: string) => void (logs += line) }), '0.0.0-test')
  await until(() => journal.meta.get('synced') !== null && journal.outbox.waiting() === 0)
})
afterEach(async () => {
  await connector.stop('at-once')
  await edge.close()
  folder.remove()
})

async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  for (let n = 0; n < 1000 && !(await fact()); n += 1) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(await fact(), logs).toBe(true)
}
/** One deadline: the same order comes again as it was. */
const acceptBy = toInstant(Date.now() + 600_000)
async function put(n: number): Promise<Response> {
  const target = `/orders/${assignmentId(n)}`
  const body = new TextEncoder().encode(JSON.stringify(assignmentOf(n, { A: 1 }, { acceptBy })))
  const headers = await signedHeaders([SECRET], { id: crypto.randomUUID(), timestampS: Math.floor(Date.now() / 1000), method: 'PUT', target, body })
  return fetch(connector.url + target, { method: 'PUT', body, headers: { ...headers, 'content-type': 'application/json' } })
}
const metrics = async (): Promise<string> => (await fetch(`${connector.url}/metrics`)).text()

test('a shop whose disk fills up says so everywhere, finishes what it took, and misses nothing of the till', async () => {
  pos.fail = { at: 'writeOrder', when: 'before' }
  expect((await put(1)).status).toBe(202)
  await until(() => logs.includes('assignment.retry'))

  room.keepFreeBytes = Number.MAX_SAFE_INTEGER
  const refused = await put(2)
  expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([503, true])
  expect(await refused.json()).toMatchObject({ type: 'https://tillbridge.dev/problems/journal-full' })
  expect((await put(1)).status).toBe(200)
  const ready = await fetch(`${connector.url}/ready`)
  expect([ready.status, (await ready.json() as { waitingFor: string[] }).waitingFor]).toEqual([503, expect.arrayContaining(['room in the journal']) as string[]])
  expect(await metrics()).toMatch(/^tillbridge_connector_journal_full 1$/m)
  expect(logs).toMatch(/"event":"journal\.full","why":"disk","hint":"[^"]*nearly full/)

  pos.fail = null
  pos.sell('A', 2)
  // The till is read, and what was read is not kept: that is no fresh knowledge.
  await new Promise((resolve) => setTimeout(resolve, 600))
  const { fresh } = LiveStatus.parse(await (await fetch(`${connector.url}/status`)).json())
  expect([Number(fresh?.posS) > 0.4, Number(fresh?.edgeS) < 0.4]).toEqual([true, true])
  await until(() => edge.events().some(({ type }) => type === 'order.accepted'))
  expect(edge.events().some(({ type }) => type === 'sale.recorded')).toBe(false)

  room.keepFreeBytes = 0
  await until(() => edge.events().some(({ type }) => type === 'sale.recorded'))
  expect((await put(2)).status).toBe(202)
  await until(async () => /^tillbridge_connector_journal_full 0$/m.test(await metrics()) && (await fetch(`${connector.url}/ready`)).status === 200)
  expect(logs).toContain('"event":"journal.has-room"')
}, 30_000)
