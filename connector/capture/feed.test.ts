import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toInstant } from '../../contract/clock.ts'
import type { StateRow } from '../../contract/connect.ts'
import type { Quarantine } from '../../contract/feed.ts'
import { ok } from '../../contract/result.ts'
import { acceptOrder, type Shop } from '../delivery/accept-order.ts'
import { receiveOrder } from '../delivery/receive-order.ts'
import type { Edge } from '../edge/edge-client.ts'
import { hashOfItem } from '../journal/baseline.ts'
import type { Journal } from '../journal/journal.ts'
import { assignmentId, assignmentOf, itemOf, memoryPos, NOW, openTestJournal, shopOf, testFolder, waitingEvents, type MemoryPos } from '../test-shop.ts'
import { captureChanges } from './capture.ts'
import { createFeed, decideFeed, type Feed, type FeedChange } from './feed.ts'
import { FEED_LIMITS } from './judge-feed.ts'
import { readDrift, reconcile } from './reconcile.ts'

const SKUS = Array.from({ length: 40 }, (_, n) => `SKU-${String(n).padStart(2, '0')}`)

let folder: ReturnType<typeof testFolder>
let journal: Journal
let pos: MemoryPos
let shop: Shop
let feed: Feed
let changes: FeedChange['kind'][]

/** An edge that has what it was told, as its rows, and loses what `lose` names. */
let rows: Map<string, StateRow>
let lose: (sku: string) => boolean
const none = () => Promise.reject(new Error('not asked for here'))
const edge: Edge = { takeEpoch: none, sendEvents: none, heartbeat: none, pending: none, state: async () => ok({ items: [...rows.values()], nextCursor: null }) }

function send(): void {
  for (const event of waitingEvents(journal)) {
    const row = (sku: string): StateRow => rows.get(sku) ?? { sku, itemHash: null, priceMinor: null, onHand: null, epoch: 1, seq: 0, asOf: 0 }
    if (event.type === 'stock.counted' && !lose(event.data.sku)) rows.set(event.data.sku, { ...row(event.data.sku), onHand: event.data.onHand, asOf: event.data.asOf, seq: event.seq })
    if (event.type === 'catalog.item_upserted' && !lose(event.data.sku)) rows.set(event.data.sku, { ...row(event.data.sku), itemHash: hashOfItem(event.data), priceMinor: event.data.price.amountMinor })
    if (event.type === 'catalog.item_removed' && !lose(event.data.sku)) rows.set(event.data.sku, { ...row(event.data.sku), itemHash: null, priceMinor: null })
    if (event.type === 'order.accepted') for (const { sku, onHand } of event.data.levels ?? []) rows.set(sku, { ...row(sku), onHand, asOf: event.seq })
  }
  journal.outbox.markAcked(journal.outbox.lastSeq())
}
const atEdge = (sku: string) => rows.get(sku)?.onHand ?? null
const zeroed = () => SKUS.filter((sku) => atEdge(sku) === 0).length
async function look(): Promise<void> {
  while ((await captureChanges(shop, feed)).more) { /* to the end, as the connector does */ }
  send()
}
async function compare(): Promise<void> {
  await reconcile(shop, edge, () => {}, feed)
  send()
}
const set = (skus: readonly string[], onHand: number) => skus.forEach((sku) => pos.put(pos.items.get(sku)!, onHand))
const reprice = (skus: readonly string[], amountMinor: number) => skus.forEach((sku) => pos.put({ ...pos.items.get(sku)!, price: { amountMinor, currency: 'EUR' } }))
const quarantine = (): Quarantine => journal.held.quarantine()!

function open(): void {
  journal = openTestJournal(folder.file('journal.sqlite'))
  changes = []
  shop = shopOf(journal, pos)
  feed = createFeed(FEED_LIMITS, ({ kind }) => changes.push(kind))
}

beforeEach(async () => {
  folder = testFolder()
  pos = memoryPos(Object.fromEntries(SKUS.map((sku) => [sku, 5])))
  rows = new Map()
  lose = () => false
  open()
  journal.takeFirstEpoch(1)
  await compare()
})
afterEach(() => {
  journal.close()
  folder.remove()
})

describe('a POS that zeroes everything', () => {
  test('leaves the edge as it was, once said; a sale of a few flows, and an order\'s own levels', async () => {
    set(SKUS, 0)
    await look()
    expect([zeroed(), changes]).toEqual([0, ['quarantined']])
    expect(quarantine()).toMatchObject({ reasons: ['zeroed'], zeroed: 40, inStock: 40, refused: false, sample: [{ sku: 'SKU-00', kind: 'zeroed', was: 5, becomes: 0 }, {}, {}, {}, {}] })
    pos.sell('SKU-01', 1)
    await look()
    expect([atEdge('SKU-01'), zeroed(), changes]).toEqual([-1, 0, ['quarantined']])

    set(['SKU-02'], 9)
    receiveOrder(journal, assignmentOf(1, { 'SKU-02': 4 }, { acceptBy: toInstant(NOW + 60_000) }), NOW)
    await acceptOrder(shop, journal.inbox.get(assignmentId(1))!, new Map())
    send()
    expect(atEdge('SKU-02')).toBe(5)
  })

  test('is not let in by its readings being small', async () => {
    const readChanges = pos.readChanges
    const queue = SKUS.map((sku) => ({ sku, onHand: 0 }))
    pos.readChanges = async (cursor) => ({ ...await readChanges(cursor), levels: queue.splice(0, 12) })
    await look()
    expect([zeroed(), quarantine().zeroed]).toEqual([0, 40])
  })

  test('is not let in row by row either; over hours it is the shop selling out', async () => {
    for (const sku of SKUS.slice(0, 30)) {
      set([sku], 0)
      await look()
    }
    expect([zeroed(), quarantine().zeroed, quarantine().inStock]).toEqual([9, 21, 40])
    await decideFeed(shop, feed, 'approve', quarantine().id)
    set(SKUS, 5)
    await look()
    let now = NOW
    shop = { ...shop, now: () => now }
    for (const sku of SKUS.slice(0, 30)) {
      now += 10 * 60_000
      set([sku], 0)
      await look()
    }
    expect([zeroed(), journal.held.quarantine()]).toEqual([30, null])
  })

  test('is not let in by time', async () => {
    let now = NOW
    shop = { ...shop, now: () => now }
    for (const sku of SKUS.slice(0, 12)) {
      set([sku], 0)
      await look()
    }
    now += 60 * 60_000
    set(['SKU-39'], 6)
    await look()
    expect([zeroed(), quarantine().zeroed]).toEqual([9, 3])
    set(SKUS.slice(0, 12), 2)
    await look()
    expect([zeroed(), journal.held.quarantine()]).toEqual([0, null])
  })

  test('ends by itself when the POS comes back, and what remains flows', async () => {
    set(SKUS, 0)
    await look()
    set(SKUS.slice(4), 7)
    await look()
    expect([journal.held.quarantine(), journal.held.count(), zeroed(), atEdge('SKU-39')]).toEqual([null, 0, 4, 7])
    expect(changes).toEqual(['quarantined', 'ended'])
  })

  test('goes out when it is approved, twice the same as once, and a stale approval of another changes nothing', async () => {
    set(SKUS.slice(0, 20), 0)
    await look()
    const { id } = quarantine()
    expect(await decideFeed(shop, feed, 'approve', 'another')).toBe(false)
    set(SKUS.slice(0, 22), 0)
    await look()
    expect(quarantine().id).not.toBe(id)
    expect(await decideFeed(shop, feed, 'approve', id)).toBe(false)
    expect(await decideFeed(shop, feed, 'approve', quarantine().id)).toBe(true)
    send()
    expect([zeroed(), journal.held.quarantine(), changes]).toEqual([22, null, ['quarantined', 'approved']])
    await compare()
    expect([zeroed(), journal.held.quarantine(), readDrift(journal)?.skus]).toEqual([22, null, 0])
  })

  test('is the same quarantine while the shop sells what it holds', async () => {
    set(SKUS, 0)
    await look()
    const { id } = quarantine()
    set(['SKU-00'], -1)
    await look()
    set(['SKU-01'], 3)
    await look()
    expect([quarantine().id, quarantine().zeroed, atEdge('SKU-01')]).toEqual([id, 39, 3])
  })

  test('refused stays held and quiet, over reconciles too, until it is another', async () => {
    set(SKUS.slice(0, 20), 0)
    await look()
    const { id, since } = quarantine()
    expect([await decideFeed(shop, feed, 'refuse', id), await decideFeed(shop, feed, 'refuse', id)]).toEqual([true, false])
    await look()
    await compare()
    expect([quarantine().id, quarantine().refused, zeroed(), changes]).toEqual([id, true, 0, ['quarantined', 'refused']])
    expect(readDrift(journal)).toMatchObject({ skus: 20, units: 100, causes: { held: 20 }, unhealed: null })
    shop = { ...shop, now: () => NOW + 60_000 }
    set(SKUS.slice(0, 21), 0)
    await look()
    expect([quarantine().refused, quarantine().since === since, changes.at(-1)]).toEqual([false, false, 'quarantined'])
  })

  test('survives a restart, before and after its verdict', async () => {
    set(SKUS, 0)
    // The reading is on disk, its end was not seen.
    await captureChanges(shop, feed)
    journal.close()
    open()
    expect([journal.held.quarantine(), journal.held.count()]).toEqual([null, 40])
    await look()
    const { id } = quarantine()
    journal.close()
    open()
    await look()
    expect([quarantine().id, zeroed(), changes]).toEqual([id, 0, []])
    expect(await decideFeed(shop, feed, 'approve', id)).toBe(true)
    send()
    expect(zeroed()).toBe(40)
  })

  test('is found by the comparison of a new epoch and of a new journal as well', async () => {
    journal.startEpoch(2, [])
    set(SKUS, 0)
    await look()
    expect([zeroed(), journal.held.quarantine()]).toEqual([0, null])
    await compare()
    expect([zeroed(), quarantine().zeroed]).toEqual([0, 40])
    journal.close()
    folder.remove()
    folder = testFolder()
    open()
    journal.takeFirstEpoch(3)
    await compare()
    expect([zeroed(), quarantine().zeroed]).toEqual([0, 40])
    set(SKUS.slice(1), 0)
    await look()
    expect(zeroed()).toBe(0)
  })
})

test('prices that jump are held, the rest of the feed flows; also from a journal that never knew them', async () => {
  reprice(SKUS.slice(0, 20), 2)
  set(SKUS.slice(20, 30), 8)
  await look()
  expect([quarantine().reasons, quarantine().repriced, rows.get('SKU-00')?.priceMinor, atEdge('SKU-25')]).toEqual([['repriced'], 20, 250, 8])
  journal.close()
  folder.remove()
  folder = testFolder()
  open()
  journal.takeFirstEpoch(2)
  await compare()
  expect([quarantine().repriced, rows.get('SKU-00')?.priceMinor]).toEqual([20, 250])
})

test('items that go are held, and come back with nothing said', async () => {
  for (const sku of SKUS.slice(0, 20)) pos.retire(sku)
  await look()
  expect(quarantine()).toMatchObject({ reasons: ['zeroed', 'removed'], removed: 20 })
  for (const sku of SKUS.slice(0, 20)) pos.put(itemOf(sku), 5)
  const before = journal.outbox.lastSeq()
  await look()
  expect([journal.held.quarantine(), journal.outbox.lastSeq()]).toEqual([null, before])
})

describe('a reconcile', () => {
  test('mends what was lost on the way, and says once that mending did not help', async () => {
    lose = (sku) => sku === 'SKU-03'
    pos.sell('SKU-03', 2)
    await look()
    await compare()
    expect(readDrift(journal)).toMatchObject({ skus: 1, units: 2, causes: { lost: 1 }, sample: [{ sku: 'SKU-03', cause: 'lost', pos: 3, edge: 5 }], unhealed: null })
    await compare()
    expect(readDrift(journal)).toMatchObject({ skus: 1, unhealed: { skus: 1, sample: [{ sku: 'SKU-03' }] } })
    lose = () => false
    await compare()
    await compare()
    expect([readDrift(journal)?.skus, readDrift(journal)?.unhealed, atEdge('SKU-03')]).toEqual([0, null, 3])
  })

  test('names the other causes, and does not call drift what is on its way', async () => {
    pos.stock.set('SKU-01', 4)
    rows.set('SKU-02', { ...rows.get('SKU-02')!, onHand: 8 })
    rows.set('GONE', { sku: 'GONE', itemHash: 'h', priceMinor: 1, onHand: 1, epoch: 1, seq: 1, asOf: 1 })
    pos.sell('SKU-04', 1)
    await captureChanges(shop, feed)
    const before = journal.outbox.lastSeq()
    await reconcile(shop, edge, () => {}, feed)
    expect(readDrift(journal)).toMatchObject({ skus: 3, units: 4, causes: { never_told: 1, other_number: 1, not_in_pos: 1 } })
    expect(journal.outbox.lastSeq()).toBe(before + 3)
    send()
    expect([atEdge('SKU-01'), atEdge('SKU-02'), atEdge('SKU-04')]).toEqual([4, 5, 4])
  })

  test('that would mend more than half asks first', async () => {
    for (const sku of SKUS.slice(0, 25)) rows.set(sku, { ...rows.get(sku)!, onHand: 3 })
    await compare()
    expect(quarantine()).toMatchObject({ reasons: ['drifted'], drifted: 25 })
    expect(atEdge('SKU-00')).toBe(3)
    await decideFeed(shop, feed, 'approve', quarantine().id)
    send()
    expect(atEdge('SKU-00')).toBe(5)
  })

  test('that breaks off leaves nothing parked', async () => {
    for (const sku of SKUS.slice(0, 5)) rows.set(sku, { ...rows.get(sku)!, onHand: 3 })
    const readSnapshot = pos.readSnapshot
    pos.readSnapshot = async (after) => after === null ? { ...await readSnapshot(null, 10), done: false } : Promise.reject(new Error('the POS went away'))
    await expect(compare()).rejects.toThrow('went away')
    expect([journal.held.count(), feed.gathering]).toEqual([0, false])
  })
})
