import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toInstant } from '../contract/clock.ts'
import { signedHeaders } from '../contract/signing.ts'
import { FEED_LIMITS } from './capture/judge-feed.ts'
import type { ConnectorConfig } from './config/config.ts'
import { startConnector, type RunningConnector } from './connector.ts'
import { startTestEdge, type TestEdge } from './edge/test-edge.ts'
import { hashOfItem } from './journal/baseline.ts'
import type { Journal } from './journal/journal.ts'
import type { NumberedEvent } from './journal/outgoing-event.ts'
import { assignmentId, assignmentOf, itemOf, memoryPos, openTestJournal, SECRET, silent, STORE_ID, testFolder, type MemoryPos } from './test-shop.ts'

let folder: ReturnType<typeof testFolder>
let edge: TestEdge
let pos: MemoryPos
let journal: Journal
let connector: RunningConnector
let stopped: boolean

beforeEach(async () => {
  folder = testFolder()
  edge = await startTestEdge()
  pos = memoryPos({ A: 10, B: 3 })
})
afterEach(async () => {
  if (!stopped) await connector.stop('at-once')
  await edge.close()
  folder.remove()
})

async function start(): Promise<void> {
  stopped = false
  journal = openTestJournal(folder.file('journal.sqlite'))
  const config: ConnectorConfig = {
    edge: { url: edge.url }, store: { id: STORE_ID, secrets: [SECRET] }, connector: {}, journal: { file: folder.file('journal.sqlite'), maxMegabytes: 1024, keepFinishedDays: 90 },
    pos: { type: 'embedded', file: 'unused' }, server: { host: '127.0.0.1', port: 0 },
    poll: { everyMs: 10 }, heartbeat: { everyMs: 30 }, pull: { everyMs: 30 }, reconcile: { everyMinutes: 0 }, feed: FEED_LIMITS, log: { level: 'error' },
    desk: { listen: null, warnAfterMinutes: 10, redAfterMinutes: 30 },
  }
  connector = await startConnector(config, journal, pos, silent, '0.0.0-test')
}

async function until(fact: () => boolean): Promise<void> {
  for (let n = 0; n < 1000 && !fact(); n += 1) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(fact()).toBe(true)
}
const of = (type: NumberedEvent['type']): NumberedEvent[] => edge.events().filter((event) => event.type === type)
const soon = (change = {}) => ({ acceptBy: toInstant(Date.now() + edge.skewMs + 60_000), ...change })

async function push(n: number, lines: Record<string, number>): Promise<number> {
  const target = `/orders/${assignmentId(n)}`
  const text = JSON.stringify(assignmentOf(n, lines, soon()))
  const body = new TextEncoder().encode(text)
  const headers = await signedHeaders([SECRET], { id: crypto.randomUUID(), timestampS: Math.floor((Date.now() + edge.skewMs) / 1000), method: 'PUT', target, body })
  return (await fetch(connector.url + target, { method: 'PUT', body, headers: { ...headers, 'content-type': 'application/json' } })).status
}

describe('a connector between its POS and the edge', () => {
  test('syncs, accepts a pushed order, tells a till sale, and stops with nothing left to send', async () => {
    await start()
    await until(() => of('stock.counted').length === 2)
    expect(await push(1, { A: 4 })).toBe(202)
    await until(() => of('order.accepted').length === 1)
    expect(of('order.accepted')).toMatchObject([{ data: { levels: [{ sku: 'A', onHand: 6 }] } }])
    pos.sell('B', 1)
    await until(() => of('sale.recorded').length === 1)
    expect(of('stock.counted').at(-1)).toMatchObject({ data: { sku: 'B', onHand: 2 } })
    await until(() => journal.outbox.waiting() === 0)
    pos.sell('B', 1)
    await until(() => journal.outbox.waiting() > 0 || of('sale.recorded').length === 2)
    stopped = true
    await connector.stop('drain')
    expect(of('sale.recorded')).toHaveLength(2)
  })

  test('shows the desk to a browser on this machine, and not through the tunnel', async () => {
    await start()
    await until(() => of('stock.counted').length === 2)
    await push(1, { A: 4 })
    await until(() => of('order.accepted').length === 1)
    expect(await (await fetch(`${connector.url}/desk`)).text()).toContain('W-1')
    for (const path of ['/desk', '/desk/orders', `/desk/slip/${assignmentId(1)}`]) expect((await fetch(connector.url + path, { headers: { 'cf-ray': '1' } })).status).toBe(404)
    const tapped = await fetch(`${connector.url}/desk/orders/${assignmentId(1)}`, {
      method: 'POST', headers: { 'origin': connector.url, 'x-desk': 'tap', 'content-type': 'application/json' }, body: '{"kind":"picked"}',
    })
    expect(tapped.status).toBe(200)
    await until(() => of('order.status_changed').length === 1)
  })

  test('with its push path cut fetches orders and cancels itself', async () => {
    edge.answer = { pushConfirmed: false }
    edge.pending.assignments = [{ nonsense: true }, assignmentOf(1, { A: 4 }, soon({ storeId: STORE_ID })), assignmentOf(2, { A: 1 }, soon({ storeId: 'other' }))]
    await start()
    await until(() => of('order.accepted').length === 1)
    expect(pos.writes).toEqual([assignmentId(1)])
    edge.pending = { assignments: [], cancels: [{ assignmentId: assignmentId(1) }] }
    await until(() => of('order.cancel_result').length === 1)
    expect(of('order.cancel_result')).toMatchObject([{ data: { outcome: 'voided', levels: [{ sku: 'A', onHand: 10 }] } }])
  })

  test('asked again for an outcome tells it as a new event, once', async () => {
    await start()
    await until(() => journal.meta.get('synced') !== null)
    await push(1, { A: 4 })
    await until(() => of('order.accepted').length === 1)
    edge.answer = { askAgain: [assignmentId(1), assignmentId(9)] }
    await until(() => of('order.accepted').length >= 2)
    edge.answer = {}
    const [first, second] = of('order.accepted')
    expect(second?.seq).toBeGreaterThan(first?.seq ?? 0)
  })

  test('asked to reconcile sends what the edge has otherwise, and only that', async () => {
    await start()
    await until(() => edge.mark.seq === 4)
    const row = { epoch: 1, seq: 1, asOf: 0 }
    edge.state.set('A', { sku: 'A', itemHash: hashOfItem(itemOf('A')), onHand: 777, ...row })
    edge.state.set('B', { sku: 'B', itemHash: hashOfItem(itemOf('B')), onHand: 3, ...row })
    edge.state.set('OLD', { sku: 'OLD', itemHash: 'x', onHand: 1, ...row })
    edge.answer = { requests: ['reconcile', 'unknown-word'] }
    // They may come in two calls.
    await until(() => edge.events().length >= 6)
    edge.answer = {}
    expect(edge.events().slice(4, 6)).toMatchObject([{ type: 'catalog.item_removed', data: { sku: 'OLD' } }, { type: 'stock.counted', data: { sku: 'A', onHand: 10 } }])
  })

  test('holds a feed that zeroes the shop, says so on its heartbeat, and lets it go once the operator has approved just that', async () => {
    const skus = Array.from({ length: 20 }, (_, n) => `S${n}`)
    pos = memoryPos(Object.fromEntries(skus.map((sku) => [sku, 4])))
    await start()
    await until(() => edge.mark.seq === 40 && journal.meta.get('synced') !== null)
    for (const sku of skus) pos.put(pos.items.get(sku)!, 0)
    const told = () => edge.beats.at(-1)?.feed
    await until(() => told()?.state === 'quarantined')
    const feed = told()
    const id = feed?.state === 'quarantined' ? feed.id : ''
    expect(feed).toMatchObject({ reasons: ['zeroed'], zeroed: 20, inStock: 20 })
    edge.answer = { requests: ['feed-approve:another'] }
    const beats = edge.beats.length
    await until(() => edge.beats.length > beats + 2)
    expect([edge.mark.seq, told()?.state]).toEqual([40, 'quarantined'])
    expect(await (await fetch(`${connector.url}/metrics`)).text()).toMatch(/^tillbridge_connector_feed_quarantined 1$/m)
    edge.answer = { requests: [`feed-approve:${id}`] }
    await until(() => edge.mark.seq === 60 && told()?.state === 'flowing')
    expect(edge.events().slice(40)).toMatchObject(skus.toSorted().map((sku) => ({ type: 'stock.counted', data: { sku, onHand: 0 } })))
  })

  test('whose numbering the edge knows further than it does takes a new epoch and compares everything', async () => {
    await start()
    await until(() => edge.mark.seq === 4)
    edge.answer = { ackedSeq: 900 }
    await until(() => edge.epoch === 2)
    edge.answer = {}
    await until(() => of('stock.counted').length === 2)
    expect(journal.meta.get('reconcileWanted')).toBeNull()
  })

  test('works with a machine whose clock is an hour behind the edge', async () => {
    edge.skewMs = 3_600_000
    await start()
    await until(() => edge.beats.length > 0)
    expect(await push(1, { A: 1 })).toBe(202)
    await until(() => of('order.accepted').length === 1)
  })

  test('with a POS that cannot be searched writes nothing before the edge knows its journal, and then nothing an earlier one may have', async () => {
    pos = memoryPos({ A: 10, B: 3 }, { duplicates: 'possible' })
    edge.epoch = 1
    edge.refusals.push({ path: '/epochs', status: 503, type: 'try-again', headers: { 'retry-after': '1' } })
    await start()
    expect(await push(1, { A: 4 })).toBe(202)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(pos.writes).toEqual([])
    await until(() => of('order.in_doubt').length === 1)
    expect(await push(2, { A: 4 })).toBe(202)
    await until(() => of('order.accepted').length === 1)
    expect(pos.writes).toEqual([assignmentId(2)])
  })

  test('stops by itself when another connector holds the store', async () => {
    edge.refusals.push({ path: '/epochs', status: 409, type: 'store-held-by', more: { connectorId: 'the-other' } })
    await start()
    expect(await connector.ended).toEqual({ why: 'held', holder: 'the-other' })
  })

  test('takes orders while the edge is away, and its till keeps selling', async () => {
    await start()
    await until(() => edge.mark.seq === 4)
    const { port } = new URL(edge.url)
    await edge.close()
    expect(await push(1, { A: 4 })).toBe(202)
    pos.sell('B', 1)
    await until(() => journal.inbox.get(assignmentId(1))?.state === 'done' && journal.outbox.waiting() === 4)
    const before = edge
    edge = await startTestEdge(Number(port))
    Object.assign(edge, { epoch: before.epoch, mark: before.mark })
    await until(() => journal.outbox.waiting() === 0)
    expect(edge.events().map(({ type }) => type).sort()).toEqual(['order.accepted', 'order.journaled', 'sale.recorded', 'stock.counted'])
  })

  test('says on this machine what it waits for and how it stands', async () => {
    edge.refusals.push({ path: '/epochs', status: 503, type: 'try-again', headers: { 'retry-after': '1' } })
    await start()
    expect(await (await fetch(`${connector.url}/ready`)).json()).toEqual({ ready: false, waitingFor: ['the first word of the edge', 'the first sync'], troubles: [] })
    await until(() => journal.meta.get('synced') !== null)
    expect((await fetch(`${connector.url}/ready`)).status).toBe(200)
    expect(await (await fetch(`${connector.url}/metrics`)).text()).toMatch(/^tillbridge_connector_last_seq 4$/m)
  })
})
