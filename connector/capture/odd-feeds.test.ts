import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { HeartbeatRequest, type StateRow } from '../../contract/connect.ts'
import { ok } from '../../contract/result.ts'
import { Sku } from '../../contract/values.ts'
import type { Shop } from '../delivery/accept-order.ts'
import type { Edge } from '../edge/edge-client.ts'
import { hashOfItem } from '../journal/baseline.ts'
import type { Journal } from '../journal/journal.ts'
import { itemOf, memoryPos, NOW, openTestJournal, shopOf, silent, testFolder, waitingEvents, type MemoryPos } from '../test-shop.ts'
import { captureChanges } from './capture.ts'
import { createFeed, decideFeed, feedReport, type Feed, type FeedChange } from './feed.ts'
import { FEED_LIMITS } from './judge-feed.ts'
import { readDrift, reconcile } from './reconcile.ts'
import { watchPos } from './watch.ts'

const SKUS = Array.from({ length: 50 }, (_, n) => `SKU-${String(n).padStart(2, '0')}`)

let folder: ReturnType<typeof testFolder>
let journal: Journal
let pos: MemoryPos
let shop: Shop
let feed: Feed
let now: number
let changes: FeedChange['kind'][]
/** What the edge has: all it was told, but what the contract refuses. */
let rows: Map<string, StateRow>
const none = () => Promise.reject(new Error('not asked for here'))
const edge: Edge = { takeEpoch: none, sendEvents: none, heartbeat: none, pending: none, state: async () => ok({ items: [...rows.values()], nextCursor: null }) }

/** Answers how many events there were. */
function send(): number {
  const events = waitingEvents(journal)
  for (const { seq, type, data } of events) {
    if (!('sku' in data) || !Sku.safeParse(data.sku).success) continue
    const row = rows.get(data.sku) ?? { sku: data.sku, itemHash: null, priceMinor: null, onHand: null, epoch: 1, seq: 0, asOf: 0 }
    if (type === 'stock.counted') rows.set(data.sku, { ...row, onHand: data.onHand, asOf: data.asOf, seq })
    if (type === 'catalog.item_upserted') rows.set(data.sku, { ...row, itemHash: hashOfItem(data), priceMinor: data.price.amountMinor })
  }
  journal.outbox.markAcked(journal.outbox.lastSeq())
  return events.length
}
async function look(): Promise<number> {
  while ((await captureChanges(shop, feed)).more) { /* to the end, as the connector does */ }
  return send()
}
async function compare(): Promise<number> {
  await reconcile(shop, edge, () => {}, feed)
  return send()
}
const set = (skus: readonly string[], onHand: number) => skus.forEach((sku) => pos.put(pos.items.get(sku)!, onHand))
const reprice = (skus: readonly string[], amountMinor: number) => skus.forEach((sku) => pos.put({ ...pos.items.get(sku)!, price: { amountMinor, currency: 'EUR' } }))

function open(): void {
  journal = openTestJournal(folder.file('journal.sqlite'))
  shop = shopOf(journal, pos, () => now)
}

beforeEach(async () => {
  folder = testFolder()
  now = NOW
  pos = memoryPos(Object.fromEntries(SKUS.map((sku) => [sku, 5])))
  rows = new Map()
  changes = []
  open()
  feed = createFeed(FEED_LIMITS, ({ kind }) => changes.push(kind))
  journal.takeFirstEpoch(1)
  await compare()
})
afterEach(() => {
  journal.close()
  folder.remove()
})

test('what the contract calls no SKU is told once, and costs no heartbeat', async () => {
  const long = 'X'.repeat(80)
  pos.put({ ...itemOf('SKU-00'), sku: long }, 3)
  expect(await look()).toBe(2)
  expect(await compare()).toBe(0)
  pos.stock.set(long, 4)
  expect(await compare()).toBe(1)
  const said = HeartbeatRequest.pick({ feed: true, drift: true }).safeParse({ feed: feedReport(journal), drift: readDrift(journal) })
  expect([said.error, said.data?.drift?.sample]).toMatchObject([undefined, [{ sku: long.slice(0, 64), pos: 4 }]])

  set([long, ...SKUS.slice(0, 20)], 0)
  await look()
  expect(HeartbeatRequest.pick({ feed: true }).safeParse({ feed: feedReport(journal) }).data?.feed).toMatchObject({ state: 'quarantined', zeroed: 21 })
})

test('what was let go quarantines nothing by itself', async () => {
  for (const sku of SKUS.slice(0, 10)) {
    set([sku], 0)
    await look()
  }
  // Sold out, and with it a tenth zero is more than a fifth of what there is.
  pos.sell('SKU-20', 5)
  await look()
  reprice(['SKU-30'], 1)
  await look()
  expect([rows.get('SKU-30')?.priceMinor, journal.held.quarantine(), changes]).toEqual([1, null, []])

  set(['SKU-31'], 0)
  await look()
  expect([journal.held.quarantine()?.zeroed, changes]).toEqual([1, ['quarantined']])
  set(['SKU-31'], 5)
  await look()
  expect([journal.held.quarantine(), changes]).toEqual([null, ['quarantined', 'ended']])
  now += 3_600_000
  set(['SKU-31'], 0)
  await look()
  expect([journal.held.quarantine(), rows.get('SKU-31')?.onHand]).toEqual([null, 0])
})

test('prices that jump before a new epoch is compared wait for the comparison, new items do not wait for a person', async () => {
  journal.startEpoch(2, [])
  reprice(SKUS, 2)
  await look()
  expect([rows.get('SKU-00')?.priceMinor, journal.held.quarantine()]).toEqual([250, null])
  const readSnapshot = pos.readSnapshot
  const captured: Promise<unknown>[] = []
  pos.readSnapshot = async (...page) => {
    const read = await readSnapshot(...page)
    for (let n = 0; n < 30; n += 1) pos.put(itemOf(`NEW-${n}`), 0)
    captured.push(captureChanges(shop, feed))
    return read
  }
  await compare()
  expect(await Promise.all(captured)).toMatchObject([{ events: 0 }])
  expect([journal.held.quarantine()?.repriced, journal.held.quarantine()?.zeroed, rows.get('SKU-00')?.priceMinor, rows.get('NEW-7')]).toMatchObject([50, 0, 250, { onHand: 0, priceMinor: 250 }])
})

test('a journal that kept no prices compares before it tells any', async () => {
  journal.close()
  const old = new DatabaseSync(folder.file('journal.sqlite'))
  old.exec(`ALTER TABLE baseline DROP COLUMN price_minor; ALTER TABLE baseline DROP COLUMN level_seq; DROP TABLE held; DROP TABLE let_go; DROP TABLE healed; DROP TABLE pos_memory; DROP TABLE refused;
      DROP INDEX inbox_open; DROP INDEX inbox_changed; ALTER TABLE inbox DROP COLUMN last_try;
    UPDATE meta SET value = '1' WHERE key = 'schemaVersion'`)
  old.close()
  reprice(SKUS, 2)
  open()
  await look()
  await compare()
  expect([journal.held.quarantine()?.repriced, rows.get('SKU-00')?.priceMinor]).toEqual([50, 250])
  await look()
  expect(rows.get('SKU-00')?.priceMinor).toBe(250)
})

test('an approval while a comparison reads lets go what it names, and judges nothing by halves', async () => {
  reprice(SKUS.slice(0, 20), 2)
  await look()
  for (const sku of SKUS.slice(0, 40)) rows.set(sku, { ...rows.get(sku)!, onHand: 3 })
  const { readSnapshot } = pos
  const approved: Promise<boolean>[] = []
  pos.readSnapshot = async (afterSku) => {
    if (approved.length === 0) approved.push(decideFeed(shop, feed, 'approve', journal.held.quarantine()?.id ?? ''))
    return readSnapshot(afterSku, 20)
  }
  await compare()
  expect([...(await Promise.all(approved)), rows.get('SKU-00')?.priceMinor, rows.get('SKU-00')?.onHand, rows.get('SKU-39')?.onHand]).toEqual([true, 2, 3, 3])
  expect(journal.held.quarantine()).toMatchObject({ reasons: ['drifted'], drifted: 40 })
})

test('what was captured while a comparison read, and broke off, is judged although the POS says nothing more', async () => {
  const stop = new AbortController()
  const watching = watchPos(shop, feed, silent, 1, stop.signal)
  const broken = { ...edge, state: async () => {
    set(SKUS, 0)
    await vi.waitFor(() => expect(journal.held.count()).toBe(50))
    // Read to its end, so nothing may have changed since.
    await vi.waitFor(async () => expect(await pos.mayHaveChanged()).toBe(false))
    await new Promise((resolve) => setTimeout(resolve, 20))
    throw new Error('the edge went away')
  } }
  await expect(reconcile(shop, broken, () => {}, feed)).rejects.toThrow('went away')
  await vi.waitFor(() => expect(changes).toEqual(['quarantined']))
  stop.abort()
  await watching
})

test('an adapter that gets no further in its pages takes nothing off the web', async () => {
  const whole = pos.readSnapshot
  pos.readSnapshot = async (after) => ({ ...await whole(after === null ? null : 'SKU-09', after === null ? 10 : 0), done: false })
  await expect(reconcile(shop, edge, () => {}, feed)).rejects.toThrow(/same page again/)
  expect(send()).toBe(0)
  pos.readSnapshot = whole
  expect(await compare()).toBe(0)
})
