import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OrderEvent } from '../../contract/events.ts'
import { askedToCancel } from './cancel-lines.ts'
import { struckBeforeOffer } from './order.ts'
import type { OrderRecord } from './port.ts'
import { applyStoreEvent, counterCommands } from './store-event.ts'
import { ASSIGNMENT_ID, placedOrder } from './test-orders.ts'

const EPOCH = 1
const assignmentId = ASSIGNMENT_ID
const levels = [{ sku: 'A', onHand: 5 }, { sku: 'B', onHand: 6 }]
const event = (seq: number, type: OrderEvent['type'], data: object): OrderEvent =>
  ({ seq, type, occurredAt: '2026-11-24T10:00:00Z', data: { assignmentId, ...data } }) as OrderEvent
const journaled = (seq: number) => event(seq, 'order.journaled', {})
const accepted = (seq: number, stockFell = true) => event(seq, 'order.accepted', { posReference: 'T-7', stockFell, lines: [], levels: stockFell ? levels : [] })
const changedTo = (seq: number, status: string) => event(seq, 'order.status_changed', { status })
const rejected = (seq: number, reason: string) => event(seq, 'order.rejected', { reason, levels })
const cancelled = (seq: number, outcome: string) => event(seq, 'order.cancel_result', { outcome })

const cancelRequested = (order: OrderRecord, now: number): OrderRecord => {
  const asked = askedToCancel(order, null, now)
  return asked.ok ? asked.value : expect.fail('refused')
}
const apply = (order: OrderRecord, each: OrderEvent): OrderRecord => applyStoreEvent(order, each, EPOCH, 2000)?.order ?? order
const told = (events: OrderEvent[], from = placedOrder()): OrderRecord => events.reduce(apply, from)
/** What must be the same whatever way the messages took. The timeline shows the way itself. */
const essence = (order: OrderRecord) => ({
  status: order.status,
  ...(({ state, progress, posReference, reason, fellAt }) => ({ state, progress, posReference, reason, fellAt }))(order.assignments[0] ?? expect.fail('no assignment')),
})

const histories: Record<string, OrderEvent[]> = {
  'handed over the counter': [journaled(3), accepted(4), changedTo(6, 'picking'), changedTo(8, 'ready_for_pickup'), changedTo(9, 'completed')],
  'refused for want of stock': [journaled(3), rejected(4, 'out_of_stock')],
  'accepted, then refused by the staff': [journaled(3), accepted(4), rejected(7, 'out_of_stock')],
  'struck before the till had it': [journaled(3), cancelled(5, 'struck')],
  'taken back out of the till': [journaled(3), accepted(4), cancelled(6, 'voided')],
  'stock falls when the cashier completes it': [journaled(3), accepted(4, false), event(8, 'order.stock_fell', { lines: [], levels }), changedTo(9, 'completed')],
}

describe.each(Object.entries(histories))('%s', (_, history) => {
  it('ends the same in any order and any number of times', () => {
    const expected = essence(told(history))
    const shuffles = fc.array(fc.nat(history.length - 1), { maxLength: 12 }).chain((extra) =>
      fc.shuffledSubarray([...history, ...extra.map((index) => history[index] ?? journaled(3))], { minLength: history.length + extra.length }))
    fc.assert(fc.property(shuffles, (events) => {
      expect(essence(told(events))).toEqual(expected)
    }), { numRuns: 200 })
  })

  it('changes nothing when all of it is said again', () => {
    const order = told(history)
    expect(told(history, order)).toBe(order)
  })
})

describe('an order', () => {
  it('is cancelled when its only store refuses for want of stock, and never silently', () => {
    const order = told(histories['refused for want of stock'] ?? [])
    expect(order.status).toBe('cancelled')
    expect(order.timeline.slice(-2)).toMatchObject([{ type: 'order.rejected', detail: 'out_of_stock' }, { type: 'order.cancelled', status: 'cancelled' }])
    expect(order.dueAt).toBeNull()
  })

  it.each(['price_mismatch', 'unknown_sku', 'invalid'] as const)('goes to the desk when a store refuses it as %s', (reason) => {
    const applied = applyStoreEvent(placedOrder(), rejected(4, reason), EPOCH, 2000)
    expect(applied?.desk).toContain(reason)
    expect(applied?.order.status).toBe('placed')
    // Whoever noted it may have died before the desk heard.
    const again = applied && applyStoreEvent(applied.order, rejected(4, reason), EPOCH, 3000)
    expect(again).toMatchObject({ desk: applied?.desk, order: applied?.order })
  })

  it('of which another store has refused the rest of a line goes to the desk all the same', () => {
    const order = placedOrder()
    const part = (assignmentId: string, quantity: number) => ({ ...(order.assignments[0] ?? expect.fail('no assignment')), assignmentId, lines: [{ lineId: '1', quantity }] })
    const shipped = { ...order.purchase.fulfillment, method: 'ship' as const, address: { name: 'T', line1: '1 Road', city: 'X', postalCode: '1', country: 'US' } }
    const split = { ...order, purchase: { ...order.purchase, lines: order.purchase.lines.slice(0, 1), fulfillment: shipped }, assignments: [part(assignmentId, 1), { ...part(`${assignmentId.slice(0, -1)}2`, 1), state: 'rejected' as const, reason: 'out_of_stock' as const }] }
    expect(applyStoreEvent(split, rejected(4, 'unknown_sku'), EPOCH, 2000)?.desk).toContain('unknown_sku')
  })

  it('in doubt goes to the desk as often as it is told', () => {
    const first = applyStoreEvent(placedOrder(), event(4, 'order.in_doubt', { detail: 'lost' }), EPOCH, 2000) ?? expect.fail('nothing')
    expect(first.desk).toBeDefined()
    expect(applyStoreEvent(first.order, event(4, 'order.in_doubt', { detail: 'lost' }), EPOCH, 3000)).toMatchObject({ desk: first.desk, order: first.order })
  })

  it('of what the store had accepted is for a person too, and changes nothing; an older doubt is over', () => {
    const { order } = applyStoreEvent(placedOrder(), event(4, 'order.accepted', { posReference: 'T1', stockFell: true, lines: [], levels: [] }), EPOCH, 2000) ?? expect.fail('nothing')
    const detail = 'the till had this order as T1 and no longer has it'
    expect(applyStoreEvent(order, event(5, 'order.in_doubt', { detail }), EPOCH, 3000)).toMatchObject({ order, desk: expect.stringContaining(detail) })
    expect(applyStoreEvent(order, event(3, 'order.in_doubt', { detail }), EPOCH, 3000)?.desk).toBeUndefined()
  })

  it('asks the store to take back what it accepts after it was given away', () => {
    const struck = struckBeforeOffer(placedOrder(), assignmentId, 1500)
    const applied = applyStoreEvent(struck, accepted(4), EPOCH, 2000)
    expect(applied).toMatchObject({ takeBack: true, order: struck })
    expect(applied?.desk).toBeDefined()
  })

  it('keeps its status while a cancel is asked for, and forgets the wish when the store refuses or has handed it out', () => {
    const asked = cancelRequested(told([journaled(3), accepted(4)]), 3000)
    expect(asked).toMatchObject({ status: 'accepted', cancelRequestedAt: 3000, dueAt: 33_000 })
    expect(apply(asked, cancelled(9, 'refused'))).toMatchObject({ status: 'accepted', cancelRequestedAt: null, dueAt: null })
    expect(apply(asked, cancelled(9, 'voided'))).toMatchObject({ status: 'cancelled', dueAt: null })
    const handedOut = apply(asked, changedTo(8, 'completed'))
    expect(handedOut).toMatchObject({ status: 'completed', cancelRequestedAt: null, dueAt: null })
    expect(handedOut.timeline.at(-1)).toMatchObject({ type: 'order.cancel_refused' })
    expect(apply(handedOut, cancelled(9, 'refused'))).toBe(handedOut)
  })

  it('does not leave completed for a late refusal', () => {
    const done = told(histories['handed over the counter'] ?? [])
    expect(apply(done, rejected(12, 'out_of_stock'))).toBe(done)
    expect(apply(done, cancelled(13, 'voided'))).toBe(done)
  })

  it('owes the sweep nothing once the store has it', () => {
    expect(placedOrder().dueAt).not.toBeNull()
    expect(told([journaled(3)])).toMatchObject({ status: 'sent_to_store', dueAt: null })
  })
})

describe('how far the link may forget', () => {
  const told = (...events: OrderEvent[]) => {
    let order = placedOrder()
    let progress: string | undefined
    for (const each of events) {
      const applied = applyStoreEvent(order, each, EPOCH, 2000)
      order = applied?.order ?? order
      progress = applied?.progress
    }
    return progress
  }
  it.each([
    ['journaled while no acceptance was heard', [journaled(3)], 'journaled'],
    ['an outcome once it is accepted', [journaled(3), accepted(4)], 'outcome'],
    ['still journaled when the acceptance was lost and the staff go on', [journaled(3), changedTo(6, 'picking')], 'journaled'],
    ['still journaled when a cancel was refused and no acceptance was heard', [journaled(3), cancelled(6, 'refused')], 'journaled'],
    ['an outcome when the lost acceptance is told again', [journaled(3), changedTo(6, 'picking'), accepted(9)], 'outcome'],
    ['all of it when it is over', [accepted(4), changedTo(9, 'completed')], 'final'],
  ] as const)('%s', (_, events, progress) => expect(told(...events)).toBe(progress))
})

describe('what the counters are told', () => {
  const commands = (each: OrderEvent) => {
    const order = placedOrder()
    return counterCommands(order, order.assignments[0] ?? expect.fail('no assignment'), each, EPOCH, 2000)
  }

  it('an acceptance lets each counted SKU fall at its seq, then brings levels read after it', () => {
    expect(commands(accepted(4))).toEqual([
      { type: 'fell', storeId: 'main', sku: 'A', assignmentId, position: { epoch: 1, seq: 4 } },
      { type: 'fell', storeId: 'main', sku: 'B', assignmentId, position: { epoch: 1, seq: 4 } },
      { type: 'level', storeId: 'main', sku: 'A', onHand: 5, epoch: 1, asOf: 4, seq: 4, at: 2000 },
      { type: 'level', storeId: 'main', sku: 'B', onHand: 6, epoch: 1, asOf: 4, seq: 4, at: 2000 },
    ])
  })
  it('an acceptance without stock falling only confirms', () => expect(commands(accepted(4, false)).map((each) => each.type)).toEqual(['confirm', 'confirm']))
  it('a refusal releases', () => expect(commands(rejected(4, 'expired')).slice(0, 2).map((each) => each.type)).toEqual(['release', 'release']))
  it('a refused cancel releases nothing', () => expect(commands(cancelled(4, 'refused'))).toEqual([]))
})
