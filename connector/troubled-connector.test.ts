import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Configuration, type ConnectorConfig } from './config/config.ts'
import { inWords, reportOf } from './cli/status.ts'
import { startConnector, type RunningConnector } from './connector.ts'
import { LiveStatus } from './control/live-status.ts'
import { createTroubles } from './control/troubles.ts'
import { startTestEdge, type TestEdge } from './edge/test-edge.ts'
import type { Journal } from './journal/journal.ts'
import { readJournalStatus } from './journal/journal-status.ts'
import { OsposFault } from './pos/ospos/ospos-fault.ts'
import { memoryPos, openTestJournal, SECRET, STORE_ID, testFolder, type MemoryPos } from './test-shop.ts'

let folder: ReturnType<typeof testFolder>
let edge: TestEdge
let pos: MemoryPos
let journal: Journal
let connector: RunningConnector | null
let lines: { event: string; level: number; hint?: string }[]

const OTHER_SECRET = `tbsec_${Buffer.alloc(32, 9).toString('base64')}`

beforeEach(async () => {
  folder = testFolder()
  edge = await startTestEdge()
  pos = memoryPos({ A: 10 })
  connector = null
})
afterEach(async () => {
  await connector?.stop('at-once')
  await edge.close()
  folder.remove()
})

async function start(secret = SECRET, version = '0.0.0-test'): Promise<void> {
  lines = []
  journal = openTestJournal(folder.file('journal.sqlite'))
  const { store: _store, desk: _desk, ...rest } = Configuration.parse({
    edge: { url: edge.url }, store: { id: STORE_ID, secret }, journal: { file: folder.file('journal.sqlite') }, pos: { type: 'embedded', file: 'unused' }, server: { port: 0 },
    poll: { everyMs: 20 }, heartbeat: { everyMs: 100 }, pull: { everyMs: 100 },
  })
  const config: ConnectorConfig = { ...rest, store: { id: STORE_ID, secrets: [secret] }, desk: { listen: null, warnAfterMinutes: 10, redAfterMinutes: 30 }, poll: { everyMs: 20 }, heartbeat: { everyMs: 30 } }
  const troubles = createTroubles(Date.now)
  const log = pino({ level: 'debug' }, {
    write(line: string) {
      const fields = JSON.parse(line) as (typeof lines)[number]
      lines.push(fields)
      if (fields.level >= 40) troubles.note(fields.level === 40 ? 'warn' : 'error', fields)
    },
  })
  connector = await startConnector(config, journal, pos, log, version, troubles)
}
async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  for (let n = 0; n < 1000 && !(await fact()); n += 1) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(await fact(), JSON.stringify(lines)).toBe(true)
}
const at = async (path: string): Promise<Response> => fetch(`${connector?.url}${path}`)
const ready = async () => (await at('/ready')).json() as Promise<{ ready: boolean; waitingFor: string[]; troubles: string[] }>
const live = async (): Promise<LiveStatus> => LiveStatus.parse(await (await at('/status')).json())
const words = async (): Promise<string> => inWords(reportOf(readJournalStatus(folder.file('journal.sqlite')), await live(), null, Date.now())).join('\n')
const synced = (): Promise<void> => until(() => journal.meta.get('synced') !== null && journal.outbox.waiting() === 0)

test('a secret that the edge no longer accepts is one event with what to do, and stands in status, /ready and the metrics', async () => {
  await start()
  await synced()
  await connector?.stop('at-once')

  await start(OTHER_SECRET)
  pos.sell('A', 1)
  await until(() => lines.some(({ event }) => event === 'edge.unauthorized'))
  await until(() => edge.calls.filter(({ signed }) => !signed).length > 6)
  expect(lines.filter(({ level }) => level >= 40)).toEqual([
    expect.objectContaining({ event: 'edge.unauthorized', level: 50, why: expect.stringMatching(/secret was replaced.*the clock is not it/) as string, hint: expect.stringContaining('pair --force') as string }),
  ])
  expect((await live()).doing.map(({ what }) => what)).toEqual(['refused-by-edge'])
  expect(await words()).toMatch(/now {9}refused since .*does not accept this store's signature.*\n +ask the operator for a pairing code/)
  expect(await ready()).toMatchObject({ ready: false, waitingFor: expect.arrayContaining(['the edge to accept this store\'s signature']) as string[], troubles: [expect.stringContaining('pair --force') as string] })
  expect(await (await at('/metrics')).text()).toMatch(/^tillbridge_connector_edge_unauthorized 1$/m)
})

test('a clock that is far off is set right by the refusal, which is no trouble then', async () => {
  edge.skewMs = 20 * 60_000
  await start()
  await synced()
  expect(lines.filter(({ level }) => level >= 40)).toEqual([])
  expect(await (await at('/metrics')).text()).toMatch(/^tillbridge_connector_edge_unauthorized 0$/m)
})

test('an edge that wants a newer connector is one event with what to do, is asked no more for minutes, and loses nothing: the newer one goes on', async () => {
  await start(SECRET, '0.1.0')
  await synced()
  edge.least = '0.2.0'
  pos.sell('A', 1)
  await until(() => lines.some(({ event }) => event === 'edge.wants-newer') && journal.outbox.waiting() > 0)
  const asked = edge.calls.length
  pos.sell('A', 2)
  await until(() => journal.outbox.waiting() > 1)
  // Ten heartbeats' time.
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(edge.calls.length - asked).toBeLessThanOrEqual(2)
  expect(lines.filter(({ level }) => level >= 40)).toEqual([
    expect.objectContaining({ event: 'edge.wants-newer', level: 50, why: expect.stringContaining('this connector is 0.1.0; the edge needs at least 0.2.0') as string, hint: expect.stringContaining('install the newer connector') as string }),
  ])
  expect((await live()).doing.map(({ what }) => what)).toEqual(['refused-by-edge'])
  expect(await words()).toMatch(/now {9}refused since .*needs at least 0\.2\.0.*\n +install the newer connector/)
  expect(await ready()).toMatchObject({ ready: false, waitingFor: ['a newer connector'], troubles: [expect.stringContaining('at least 0.2.0') as string] })
  await connector?.stop('at-once')

  const { epoch } = edge
  await start(SECRET, '0.2.0')
  await until(() => journal.outbox.waiting() === 0 && edge.events().some(({ type, data }) => type === 'stock.counted' && data.onHand === 7))
  // The numbering went on: the edge has every event of the old one's journal.
  expect(edge.epoch).toBe(epoch)
  expect(lines.filter(({ level }) => level >= 40)).toEqual([])
})

test('a mistake of the program in a reading is told as one, without what its message holds, and is not called waiting for the POS', async () => {
  await start()
  await synced()
  const read = vi.spyOn(pos, 'readChanges').mockImplementation(() => Promise.reject(new TypeError('shopper@example.com is not iterable')))
  pos.sell('A', 1)
  await until(async () => (await live()).doing.some(({ what }) => what === 'failing'))
  expect(lines.filter(({ level }) => level >= 40).map(({ event, level, hint }) => [event, level, hint?.includes('diag')])[0]).toEqual(['connector.bug', 50, true])
  expect(JSON.stringify(lines)).not.toContain('shopper@')
  expect((await live()).doing.map(({ what }) => what)).not.toContain('waiting-for-pos')
  expect(await words()).toMatch(/reading what changes in the POS fails since .*a mistake in the program, at connector\/troubled-connector\.test\.ts:\d+:\d+ \(TypeError\)\n +this is a fault of the connector/)
  read.mockRestore()
  await until(async () => (await live()).doing.every(({ what }) => what !== 'failing'))
})

test('a POS that no longer is what the configuration says makes the connector not ready, with why and what to do', async () => {
  await start()
  await synced()
  expect((await at('/ready')).status).toBe(200)
  // Between two readings the cheap question is answered: that is no answer.
  const read = vi.spyOn(pos, 'readChanges').mockImplementation(() => Promise.reject(new OsposFault('The POS has no stock location Shop', 'Set pos.location to the id or name of one')))
  pos.sell('A', 1)
  await until(async () => !(await ready()).ready)
  expect(await ready()).toEqual({ ready: false, waitingFor: ['the POS'], troubles: [expect.stringMatching(/no stock location Shop\. \(OsposFault\)\. What to do: Set pos\.location/) as string] })
  expect(await words()).toMatch(/now {9}waiting for the POS since .*no stock location Shop\.\n +Set pos\.location/)
  await until(() => edge.beats.at(-1)?.posReachable === false)
  read.mockRestore()
  await until(async () => (await ready()).ready)
})

test('a POS and an edge that answer no more stand in the metrics, each by itself, until they do again', async () => {
  await start()
  const figures = async () => {
    const text = await (await at('/metrics')).text()
    return Object.fromEntries(['pos_reachable', 'edge_answering', 'holds_store'].map((name) => [name, new RegExp(`^tillbridge_connector_${name} (.*)$`, 'm').exec(text)?.[1]]))
  }
  await synced()
  await until(async () => (await figures())['holds_store'] === '1')
  expect(await figures()).toEqual({ pos_reachable: '1', edge_answering: '1', holds_store: '1' })

  pos.fail = { at: 'mayHaveChanged', when: 'before' }
  await until(async () => (await figures())['pos_reachable'] === '0')
  expect(await figures()).toMatchObject({ edge_answering: '1' })
  pos.fail = null
  await until(async () => (await figures())['pos_reachable'] === '1')

  const port = Number(new URL(edge.url).port)
  await edge.close()
  await until(async () => (await figures())['edge_answering'] === '0')
  expect(await figures()).toMatchObject({ pos_reachable: '1' })
  edge = await startTestEdge(port)
  await until(async () => (await figures())['edge_answering'] === '1')
})
