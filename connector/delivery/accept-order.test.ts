import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createWriter } from './writer.ts'
import { acceptOrder, type Shop } from './accept-order.ts'
import { askedAgain, receiveOrder } from './receive-order.ts'
import { requestCancel } from './request-cancel.ts'
import type { Journal } from '../journal/journal.ts'
import type { NumberedEvent } from '../journal/outgoing-event.ts'
import type { Pos } from '../pos/port.ts'
import { assignmentId, assignmentOf, memoryPos, NOW, openTestJournal, shopOf, silent, testFolder, waitingEvents, type MemoryPos } from '../test-shop.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
let pos: MemoryPos

beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  pos = memoryPos({ A: 10, B: 3 })
})
afterEach(() => {
  journal.close()
  folder.remove()
})

const ID = assignmentId(1)
/** What the connector does after a crash: the journal is opened again, the POS is as it was. */
function restart(): void {
  journal.close()
  journal = openTestJournal(folder.file('journal.sqlite'))
  pos.fail = null
}

/** Works the inbox until nothing is left to do. */
async function work(shop: Shop = shopOf(journal, pos)): Promise<void> {
  const stop = new AbortController()
  const writer = createWriter(shop, silent, () => 0)
  const running = writer.run(stop.signal)
  for (let n = 0; n < 400 && journal.inbox.unfinished() > 0; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    if (shop.pos.capabilities.duplicates === 'never' || journal.inbox.unfinished() === 0) continue
    journal.outbox.markAcked(journal.outbox.lastSeq())
    writer.edgeAnswered()
  }
  stop.abort()
  await running
}

const eventsOf = (type: NumberedEvent['type']): NumberedEvent[] => waitingEvents(journal).filter((event) => event.type === type)

describe('an order', () => {
  test('is written to the POS once and accepted with the levels read back', async () => {
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    await work()
    expect(pos.stock.get('A')).toBe(6)
    expect(waitingEvents(journal)).toMatchObject([
      { seq: 1, type: 'order.journaled', data: { assignmentId: ID } },
      { seq: 2, type: 'order.accepted', data: { assignmentId: ID, posReference: 'T1', stockFell: true, lines: [{ lineId: 'l1', quantity: 4 }], levels: [{ sku: 'A', onHand: 6 }] } },
    ])
    expect(journal.baseline.of(['A']).get('A')).toMatchObject({ onHand: 6, asOf: 2 })
  })

  test('that the POS refuses is rejected with its reason and the level the store has', async () => {
    receiveOrder(journal, assignmentOf(1, { B: 4 }), NOW)
    await work()
    expect(eventsOf('order.rejected')).toMatchObject([{ data: { reason: 'out_of_stock', levels: [{ sku: 'B', onHand: 3 }] } }])
    expect(journal.inbox.get(ID)).toMatchObject({ state: 'rejected', reason: 'out_of_stock' })
  })

  test('whose time is over is never written', async () => {
    receiveOrder(journal, assignmentOf(1, { A: 1 }), NOW)
    await work(shopOf(journal, pos, () => NOW + 600_001))
    expect(pos.writes).toEqual([])
    expect(eventsOf('order.rejected')).toMatchObject([{ data: { reason: 'expired' } }])
  })

  test('that is already in the POS is accepted although its time is over, with how far the staff have come', async () => {
    receiveOrder(journal, assignmentOf(1, { A: 1 }), NOW)
    await pos.writeOrder(assignmentOf(1, { A: 1 }))
    pos.orders.get(ID)!.state = 'ready'
    await work(shopOf(journal, pos, () => NOW + 600_001))
    expect(waitingEvents(journal).slice(1)).toMatchObject([{ type: 'order.accepted' }, { type: 'order.status_changed', data: { status: 'ready_for_pickup' } }])
    expect(pos.stock.get('A')).toBe(9)
  })

  test('with a fault does not hold up the next one', async () => {
    receiveOrder(journal, assignmentOf(1, { A: 1 }), NOW)
    receiveOrder(journal, assignmentOf(2, { A: 1 }), NOW)
    const bad: Pos = { ...pos, writeOrder: (assignment) => (assignment.assignmentId === ID ? Promise.reject(new Error('printer')) : pos.writeOrder(assignment)) }
    const stop = new AbortController()
    const running = createWriter(shopOf(journal, bad), silent).run(stop.signal)
    for (let n = 0; n < 100 && journal.inbox.unfinished() > 1; n += 1) await new Promise((resolve) => setTimeout(resolve, 5))
    stop.abort()
    await running
    expect(journal.inbox.get(assignmentId(2))?.state).toBe('done')
    expect(journal.inbox.get(ID)?.state).toBe('intent')
  })
})

describe('a crash', () => {
  const points: { at: keyof Pos; when: 'before' | 'after' }[] = [
    { at: 'findOrder', when: 'before' }, { at: 'findOrder', when: 'after' },
    { at: 'writeOrder', when: 'before' }, { at: 'writeOrder', when: 'after' },
    { at: 'readLevels', when: 'before' }, { at: 'readLevels', when: 'after' },
  ]
  test.each(points)('$when $at leaves one order in the POS and one acceptance', async (point) => {
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    pos.fail = point
    const row = journal.inbox.get(ID)!
    await expect(acceptOrder(shopOf(journal, pos), row, new Map())).rejects.toThrow(point.at)
    expect(journal.inbox.get(ID)?.state).toBe('intent')
    restart()
    await work()
    expect(pos.orders.size).toBe(1)
    expect(pos.stock.get('A')).toBe(6)
    expect(eventsOf('order.accepted')).toHaveLength(1)
    expect(eventsOf('order.accepted')).toMatchObject([{ data: { levels: [{ sku: 'A', onHand: 6 }] } }])
  })

  test('while a POS that cannot be searched was writing is reported in doubt, and nothing is written again', async () => {
    pos = memoryPos({ A: 10 }, { duplicates: 'possible' })
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    journal.inbox.change(ID, { state: 'intent' }, NOW)
    restart()
    await work()
    expect(pos.writes).toEqual([])
    expect(eventsOf('order.in_doubt')).toHaveLength(1)
    expect(journal.inbox.get(ID)?.state).toBe('in_doubt')
  })

  test('of such a POS in the middle of a write is in doubt at once', async () => {
    pos = memoryPos({ A: 10 }, { duplicates: 'possible' })
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    pos.fail = { at: 'writeOrder', when: 'after' }
    await work()
    expect(pos.writes).toHaveLength(1)
    expect(journal.inbox.get(ID)?.state).toBe('in_doubt')
  })

  test('of such a POS waits with the first write until the edge has confirmed the INTENT', async () => {
    pos = memoryPos({ A: 10 }, { duplicates: 'possible' })
    const shop = shopOf(journal, pos)
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    const writer = createWriter(shop, silent)
    const never = new AbortController().signal
    expect(await writer.once(never)).toBe(false)
    journal.outbox.markAcked(1)
    expect(await writer.once(never)).toBe(false)
    expect(pos.writes).toEqual([])
    journal.outbox.markAcked(2)
    expect(await writer.once(never)).toBe(true)
    expect(pos.stock.get('A')).toBe(6)
  })

  test('of such a POS under another epoch is in doubt: the journal may be an old copy', async () => {
    pos = memoryPos({ A: 10 }, { duplicates: 'possible' })
    const shop = shopOf(journal, pos)
    journal.takeFirstEpoch(1)
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    const writer = createWriter(shop, silent)
    const never = new AbortController().signal
    await writer.once(never)
    journal.startEpoch(2, journal.outbox.allWaiting())
    journal.outbox.markAcked(2)
    await writer.once(never)
    expect(pos.writes).toEqual([])
    expect(journal.inbox.get(ID)?.state).toBe('in_doubt')
  })

  test('of a store that another connector may hold waits, and so does its void', async () => {
    let held = false
    const shop: Shop = { ...shopOf(journal, pos), holdsStore: () => held }
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    const writer = createWriter(shop, silent)
    const never = new AbortController().signal
    expect(await writer.once(never)).toBe(false)
    expect(pos.writes).toEqual([])
    held = true
    expect(await writer.once(never)).toBe(true)
    held = false
    requestCancel(journal, ID, NOW)
    expect(await writer.once(never)).toBe(false)
    expect(pos.stock.get('A')).toBe(6)
    held = true
    expect(await writer.once(never)).toBe(true)
    expect(pos.stock.get('A')).toBe(10)
  })

  test('of such a POS before any write is no doubt: the order is written', async () => {
    pos = memoryPos({ A: 10 }, { duplicates: 'possible' })
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    pos.fail = { at: 'findOrder', when: 'before' }
    setTimeout(() => { pos.fail = null }, 30)
    await work()
    expect(journal.inbox.get(ID)?.state).toBe('done')
  })
})

describe('a cancel', () => {
  test('of what never came leaves a tombstone, and a late delivery is refused', async () => {
    expect(requestCancel(journal, ID, NOW)).toBe('struck')
    expect(receiveOrder(journal, assignmentOf(1, { A: 1 }), NOW)).toEqual({ kind: 'struck' })
    await work()
    expect(requestCancel(journal, ID, NOW)).toBe('settled')
    expect(eventsOf('order.cancel_result')).toMatchObject([{ data: { outcome: 'struck' } }])
  })

  test.each(['never heard of', 'only received'] as const)('of what the journal has %s, but a lost journal wrote to the POS, takes it out of the POS', async (known) => {
    await pos.writeOrder(assignmentOf(1, { A: 4 }))
    if (known === 'only received') receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    requestCancel(journal, ID, NOW)
    await work()
    expect(pos.stock.get('A')).toBe(10)
    expect(eventsOf('order.cancel_result')).toMatchObject([{ data: { outcome: 'voided' } }])
    expect(receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW).kind).not.toBe('journaled')
    await work()
    expect(pos.stock.get('A')).toBe(10)
  })

  test('before the POS write strikes the order: the POS never sees it', async () => {
    receiveOrder(journal, assignmentOf(1, { A: 1 }), NOW)
    expect(requestCancel(journal, ID, NOW)).toBe('struck')
    await work()
    expect(pos.writes).toEqual([])
    expect(eventsOf('order.cancel_result')).toMatchObject([{ data: { outcome: 'struck' } }])
  })

  test('while the write is tried again strikes it too, once the POS says it has nothing', async () => {
    receiveOrder(journal, assignmentOf(1, { A: 1 }), NOW)
    pos.fail = { at: 'writeOrder', when: 'before' }
    await expect(acceptOrder(shopOf(journal, pos), journal.inbox.get(ID)!, new Map())).rejects.toThrow()
    pos.fail = null
    pos.writes.length = 0
    expect(requestCancel(journal, ID, NOW)).toBe('requested')
    await work()
    expect(pos.writes).toEqual([])
    expect(journal.inbox.get(ID)).toMatchObject({ state: 'struck', cancel: 'done' })
  })

  test('of a written order takes it out of the POS and tells the levels', async () => {
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    await work()
    expect(requestCancel(journal, ID, NOW)).toBe('requested')
    await work()
    expect(pos.stock.get('A')).toBe(10)
    expect(eventsOf('order.cancel_result')).toMatchObject([{ data: { outcome: 'voided', levels: [{ sku: 'A', onHand: 10 }] } }])
  })

  test.each(['before', 'after'] as const)('survives a crash %s the void', async (when) => {
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    await work()
    requestCancel(journal, ID, NOW)
    pos.fail = { at: 'voidOrder', when }
    const stop = new AbortController()
    const running = createWriter(shopOf(journal, pos), silent).run(stop.signal)
    await new Promise((resolve) => setTimeout(resolve, 20))
    stop.abort()
    await running
    restart()
    await work()
    expect(pos.stock.get('A')).toBe(10)
    expect(eventsOf('order.cancel_result')).toMatchObject([{ data: { outcome: 'voided', levels: [{ sku: 'A', onHand: 10 }] } }])
  })

  test('of an order that has left the shop is refused', async () => {
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    await work()
    pos.orders.get(ID)!.state = 'done'
    requestCancel(journal, ID, NOW)
    await work()
    expect(eventsOf('order.cancel_result')).toMatchObject([{ data: { outcome: 'refused' } }])
    expect(journal.inbox.get(ID)).toMatchObject({ state: 'done', cancel: 'refused' })
  })
})

describe('asked again', () => {
  test('a known outcome is a new event with levels read now', async () => {
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    await work()
    journal.outbox.markAcked(2)
    pos.sell('A', 1)
    expect(askedAgain(journal, ID, NOW)).toBe(true)
    await work()
    expect(waitingEvents(journal)).toMatchObject([{ seq: 3, type: 'order.accepted', data: { posReference: 'T1', levels: [{ sku: 'A', onHand: 5 }] } }])
  })

  test('an outcome still on its way is not said twice, an unknown or unfinished one not at all', async () => {
    expect(askedAgain(journal, ID, NOW)).toBe(false)
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    expect(askedAgain(journal, ID, NOW)).toBe(false)
    await work()
    expect(askedAgain(journal, ID, NOW)).toBe(false)
  })

  test('a delivery again is known and makes no event; under a new epoch the outcome is told once more', async () => {
    journal.takeFirstEpoch(1)
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    await work()
    journal.outbox.markAcked(2)
    expect(receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)).toMatchObject({ kind: 'known', receivedAt: NOW })
    await work()
    expect(waitingEvents(journal)).toEqual([])

    journal.startEpoch(2, [])
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    await work()
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    await work()
    expect(waitingEvents(journal)).toMatchObject([{ seq: 1, type: 'order.accepted' }])
  })

  test('the same id with another body is told apart', () => {
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    expect(receiveOrder(journal, assignmentOf(1, { A: 5 }), NOW)).toEqual({ kind: 'different-body' })
    expect(receiveOrder(journal, { ...assignmentOf(1, { A: 4 }), storeId: 'main-street' }, NOW).kind).toBe('known')
  })
})
