import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toInstant } from '../../contract/clock.ts'
import type { StateRow } from '../../contract/connect.ts'
import { ok, refused } from '../../contract/result.ts'
import { acceptOrder, type Shop } from '../delivery/accept-order.ts'
import { receiveOrder } from '../delivery/receive-order.ts'
import type { Edge } from '../edge/edge-client.ts'
import { hashOfItem } from '../journal/baseline.ts'
import type { Journal } from '../journal/journal.ts'
import { assignmentId, assignmentOf, itemOf, memoryPos, NOW, openTestJournal, shopOf, testFolder, waitingEvents, type MemoryPos } from '../test-shop.ts'
import { captureChanges } from './capture.ts'
import { reconcile } from './reconcile.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
let pos: MemoryPos
let shop: Shop

beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  pos = memoryPos({ A: 10, B: 3 })
  shop = shopOf(journal, pos)
})
afterEach(() => {
  journal.close()
  folder.remove()
})

const ID = assignmentId(1)
const occurredAt = toInstant(NOW)

/** An edge that only tells its state, in pages of one row. */
function stateOf(rows: StateRow[]): Edge {
  const none = () => Promise.reject(new Error('not asked for here'))
  return {
    takeEpoch: none, sendEvents: none, heartbeat: none, pending: none,
    state: async (cursor) => {
      const at = Number(cursor ?? 0)
      return ok({ items: rows.slice(at, at + 1), nextCursor: at + 1 < rows.length ? String(at + 1) : null })
    },
  }
}
const row = (sku: string, itemHash: string | null, onHand: number | null): StateRow => ({ sku, itemHash, onHand, epoch: 1, seq: 1, asOf: 0 })
const fresh = (): unknown[] => waitingEvents(journal).filter(({ seq }) => seq > journal.outbox.acked().seq)

async function synced(): Promise<void> {
  await reconcile(shop, stateOf([row('A', hashOfItem(itemOf('A')), 10), row('B', hashOfItem(itemOf('B')), 3)]), () => {})
}

describe('a capture', () => {
  beforeEach(synced)

  test('tells a sale and its level, and nothing when asked again', async () => {
    pos.sell('A', 2)
    await captureChanges(shop)
    expect(fresh()).toMatchObject([
      { type: 'stock.counted', data: { sku: 'A', onHand: 8, asOf: 0 } },
      { type: 'sale.recorded', data: { kind: 'sale', lines: [{ sku: 'A', quantity: 2, unitPrice: { amountMinor: 250, currency: 'EUR' } }] } },
    ])
    const { more } = await captureChanges(shop)
    expect(more).toBe(false)
    expect(fresh()).toHaveLength(2)
  })

  test('vouches for a level up to what was told before the till was read, and not for what was told meanwhile', async () => {
    const slow = memoryPos({ A: 10, B: 3 }, {}, async () => {
      if (journal.outbox.lastSeq() === 0) journal.append([{ type: 'order.journaled', occurredAt, data: { assignmentId: ID } }])
    })
    slow.sell('A', 2)
    await captureChanges(shopOf(journal, slow))
    expect(fresh()).toMatchObject([{ type: 'order.journaled', seq: 1 }, { type: 'stock.counted', seq: 2, data: { sku: 'A', onHand: 8, asOf: 0 } }, { type: 'sale.recorded' }])
  })

  test('tells a new price once, and an item that went', async () => {
    pos.put(itemOf('A', 'New name'))
    pos.retire('B')
    await captureChanges(shop)
    pos.put(itemOf('A', 'New name'))
    await captureChanges(shop)
    expect(fresh()).toMatchObject([{ type: 'catalog.item_upserted', data: { name: 'New name' } }, { type: 'catalog.item_removed', data: { sku: 'B' } }])
  })

  test('keeps cursor and events in one commit: a crash before it reads the same again', async () => {
    pos.sell('A', 2)
    const cursor = journal.meta.get('posCursor')
    const broken: Shop = { ...shop, now: () => { throw new Error('power cut') } }
    await expect(captureChanges(broken)).rejects.toThrow('power cut')
    expect(journal.meta.get('posCursor')).toBe(cursor)
    await captureChanges(shop)
    expect(fresh()).toHaveLength(2)
  })

  test('tells the staff\'s progress, and their refusal with the levels of all its SKUs', async () => {
    receiveOrder(journal, assignmentOf(1, { A: 4, B: 1 }), NOW)
    await acceptOrder(shop, journal.inbox.get(ID)!, new Map())
    journal.outbox.markAcked(2)
    pos.staff({ kind: 'progress', status: 'picking', assignmentId: ID, occurredAt })
    await captureChanges(shop)
    expect(fresh()).toMatchObject([{ type: 'order.status_changed', data: { assignmentId: ID, status: 'picking' } }])
    journal.outbox.markAcked(3)

    pos.staff({ kind: 'refused', reason: 'out_of_stock', assignmentId: ID, occurredAt })
    await captureChanges(shop)
    expect(fresh().at(-1)).toMatchObject({ type: 'order.rejected', data: { reason: 'out_of_stock', levels: [{ sku: 'A', onHand: 10 }, { sku: 'B', onHand: 3 }] } })
    expect(journal.inbox.get(ID)).toMatchObject({ state: 'rejected', progress: 'picking' })
  })

  test('an order is accepted before anything the staff do with it is told', async () => {
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    const accepting = acceptOrder(shop, journal.inbox.get(ID)!, new Map())
    while (!pos.orders.has(ID)) await Promise.resolve()
    pos.staff({ kind: 'progress', status: 'picking', assignmentId: ID, occurredAt })
    await Promise.all([captureChanges(shop), accepting])
    expect(waitingEvents(journal).map(({ type }) => type).filter((type) => type.startsWith('order.'))).toEqual(['order.journaled', 'order.accepted', 'order.status_changed'])
  })

  test('of a POS that takes goods off later tells when they fell, with all levels', async () => {
    pos.capabilities.stockFallsAt = 'later'
    receiveOrder(journal, assignmentOf(1, { A: 4, B: 1 }), NOW)
    await acceptOrder(shop, journal.inbox.get(ID)!, new Map())
    expect(fresh().at(-1)).toMatchObject({ type: 'order.accepted', data: { stockFell: false, levels: [{ sku: 'A', onHand: 10 }, { sku: 'B', onHand: 3 }] } })
    journal.outbox.markAcked(2)
    pos.staff({ kind: 'stock-fell', assignmentId: ID, occurredAt })
    await captureChanges(shop)
    expect(fresh().at(-1)).toMatchObject({ type: 'order.stock_fell', data: { lines: [{ lineId: 'l1', quantity: 4 }, { lineId: 'l2', quantity: 1 }], levels: [{ sku: 'A', onHand: 6 }, { sku: 'B', onHand: 2 }] } })
    expect(journal.inbox.get(ID)?.stockFell).toBe(true)
  })

  test.each([
    [{ kind: 'progress', status: 'ready_for_pickup' }, 'accept', ['order.accepted', 'order.status_changed']],
    [{ kind: 'stock-fell' }, 'later', ['order.accepted']],
  ] as const)('of an order in doubt, %j is the word that the POS has it', async (change, stockFallsAt, events) => {
    pos.capabilities.duplicates = 'possible'
    pos.capabilities.stockFallsAt = stockFallsAt
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    await pos.writeOrder(assignmentOf(1, { A: 4 }))
    journal.inbox.change(ID, { state: 'in_doubt' }, NOW)
    journal.outbox.markAcked(journal.outbox.lastSeq())
    pos.staff({ ...change, assignmentId: ID, occurredAt })
    await captureChanges(shop)
    const told = waitingEvents(journal).filter(({ type }) => type.startsWith('order.'))
    expect(told.map(({ type }) => type)).toEqual(events)
    expect(told[0]).toMatchObject({ data: { stockFell: true, levels: [{ sku: 'A', onHand: 6 }] } })
    expect(journal.inbox.get(ID)).toMatchObject({ state: 'done', stockFell: true })
  })

  test('tells of an order this journal never had all the same', async () => {
    pos.orders.set(ID, { posReference: 'T9', state: 'open', fell: false, assignment: assignmentOf(1, { A: 4 }) })
    pos.staff({ kind: 'stock-fell', assignmentId: ID, occurredAt })
    await captureChanges(shop)
    expect(fresh().at(-1)).toMatchObject({ type: 'order.stock_fell', data: { assignmentId: ID, levels: [{ sku: 'A', onHand: 6 }] } })
  })
})

describe('the first sync', () => {
  test('sends everything to an edge that has nothing, and reads changes on from before its snapshot', async () => {
    const seen = await reconcile(shop, stateOf([]), () => {})
    expect(seen).toEqual({ compared: 2, events: 4, total: null })
    expect(journal.meta.get('synced')).toBe('1')
    pos.sell('A', 1)
    await captureChanges(shop)
    expect(waitingEvents(journal).map(({ type }) => type)).toEqual([
      'catalog.item_upserted', 'catalog.item_upserted', 'stock.counted', 'stock.counted', 'stock.counted', 'sale.recorded',
    ])
  })

  test('sends nothing of what the edge has just so, the differences, and what is gone as removed', async () => {
    await reconcile(shop, stateOf([row('A', hashOfItem(itemOf('A')), 10), row('B', hashOfItem(itemOf('B')), 99), row('OLD', 'hash', 1)]), () => {})
    expect(fresh()).toMatchObject([{ type: 'stock.counted', data: { sku: 'B', onHand: 3 } }, { type: 'catalog.item_removed', data: { sku: 'OLD' } }])
  })

  test('that breaks off is begun again and does not say twice what it said', async () => {
    pos.fail = { at: 'readSnapshot', when: 'after' }
    await expect(reconcile(shop, stateOf([]), () => {})).rejects.toThrow()
    expect(journal.meta.get('synced')).toBeNull()
    pos.fail = null
    await reconcile(shop, stateOf([]), () => {})
    expect(fresh()).toHaveLength(4)
  })

  test('does not begin while the edge does not tell its state', async () => {
    const closed: Edge = { ...stateOf([]), state: async () => refused({ status: 503, problem: 'try-again', retryAfterMs: null, expectedSeq: null, holder: null }) }
    await expect(reconcile(shop, closed, () => {})).rejects.toThrow(/does not tell its state/)
    expect(fresh()).toEqual([])
  })
})

test('a comparison vouches for its levels up to what was told before the page was read, and not for what was told meanwhile', async () => {
  const slow = memoryPos({ A: 10, B: 3 })
  const meanwhile: Shop = shopOf(journal, { ...slow, async readSnapshot(afterSku, limit) {
    const page = await slow.readSnapshot(afterSku, limit)
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    return page
  } })
  await reconcile(meanwhile, stateOf([]), () => {})
  expect(waitingEvents(journal)[0]).toMatchObject({ type: 'order.journaled', seq: 1 })
  expect(waitingEvents(journal).filter(({ type }) => type === 'stock.counted')).toMatchObject([{ data: { sku: 'A', asOf: 0 } }, { data: { sku: 'B', asOf: 0 } }])
})

test('a reconcile that finds nothing different numbers nothing and tells of no change', async () => {
  await synced()
  const before = journal.outbox.lastSeq()
  for (let n = 0; n < 3; n += 1) await synced()
  expect(journal.outbox.lastSeq()).toBe(before)
})

test('a reconcile that a new epoch overtakes is not taken for done', async () => {
  journal.takeFirstEpoch(1)
  const edge: Edge = { ...stateOf([]), state: async () => {
    journal.startEpoch(2, [])
    return ok({ items: [], nextCursor: null })
  } }
  await expect(reconcile(shop, edge, () => {})).rejects.toThrow(/new epoch/)
  expect(journal.meta.get('reconcileWanted')).toBe('1')
})

test('a renamed item and a SKU that is another\'s now are told with the reading that found them', async () => {
  const read = pos.readChanges
  pos.readChanges = async (cursor) => ({ ...await read(cursor), renamed: [{ sku: 'A-2', formerSku: 'A' }], reused: ['B'] })
  await captureChanges(shop)
  expect(waitingEvents(journal).filter(({ type }) => type === 'catalog.item_renamed' || type === 'catalog.sku_reused').map(({ data }) => data)).toEqual([{ sku: 'A-2', formerSku: 'A' }, { sku: 'B' }])
})
