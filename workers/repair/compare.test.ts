import { describe, expect, it } from 'vitest'
import { ORDER_ID, placedOrder } from '../orders/test-orders.ts'
import { adopt, compare, knownOf } from './compare.ts'
import type { Known } from './compare.ts'

const part = (n: number, more: Partial<Known> = {}): Known => ({ assignmentId: `${ORDER_ID}.${n}`, storeId: `store-${n}`, attempt: null, link: 'handed-over', reserved: [], ...more })
const [first] = placedOrder().assignments
const order = placedOrder()

describe('what is known besides D1', () => {
  it('is what links look after and what is confirmed; a reservation that may still be placed is the broom\'s', () => {
    const reservation = (assignmentId: string, state: 'reserved' | 'confirmed') => ({ storeId: 'main', sku: 'A', assignmentId, attempt: 'try', quantity: 2, state })
    expect(knownOf([reservation('x.1', 'reserved'), reservation('y.1', 'confirmed'), reservation('z.1', 'reserved')], [{ storeId: 'main', work: { assignmentId: 'z.1', state: 'offered' } }])).toEqual([
      { assignmentId: 'z.1', storeId: 'main', attempt: 'try', link: 'offered', reserved: [{ sku: 'A', quantity: 2 }] },
      { assignmentId: 'y.1', storeId: 'main', attempt: 'try', link: null, reserved: [{ sku: 'A', quantity: 2 }] },
    ])
  })
})

describe('compared with D1', () => {
  it('is there, is a part that the order lacks, or is missing', () => {
    const there = part(1, { storeId: first?.storeId ?? '' })
    expect(compare([there, part(2), { ...part(1), assignmentId: 'ord_other.1' }], [order])).toEqual({ missing: [{ ...part(1), assignmentId: 'ord_other.1' }], strays: new Map([[ORDER_ID, [part(2)]]]) })
  })

  it('is missing where another store stands at its number, the order is over, or the number is none', () => {
    for (const [known, orders] of [[part(1), [order]], [part(2), [{ ...order, status: 'completed' as const }]], [part(9), [order]]] as const) {
      expect(compare([known], orders)).toEqual({ missing: [known], strays: new Map() })
    }
  })
})

describe('an order that gets back what it lacks', () => {
  it('has every line in it until the store says which, and a number that nobody knows as given back', () => {
    const after = adopt(order, [part(3, { attempt: 'try-3' })], () => 'new', 9_000)
    expect(after.assignments.map(({ assignmentId, storeId, state, lines }) => [assignmentId, storeId, state, lines.length])).toEqual([
      [`${ORDER_ID}.1`, first?.storeId, first?.state, first?.lines.length], [`${ORDER_ID}.2`, 'store-3', 'struck', 0], [`${ORDER_ID}.3`, 'store-3', 'journaled', order.purchase.lines.length],
    ])
    expect([after.version, after.assignments[2]?.attempt, after.timeline.at(-1)]).toEqual([order.version + 1, 'try-3', expect.objectContaining({ type: 'order.assigned', assignmentId: `${ORDER_ID}.3` })])
  })

  it('is left as it is when it has them all', () => {
    const after = adopt(order, [part(2)], () => 'new', 9_000)
    expect(adopt(after, [part(2)], () => 'new', 9_001)).toBe(after)
  })
})
