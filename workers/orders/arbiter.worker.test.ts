import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { DueReservation } from '../inventory/port.ts'
import { createArbiter } from './arbiter.ts'
import { createOrderBook } from './d1-orders.ts'
import { ASSIGNMENT_ID, ORDER_ID, placedOrder } from './test-orders.ts'

const arbiter = createArbiter(env.DB)
const orders = createOrderBook(env.DB)
const due = (attempt: string, state: 'reserved' | 'confirmed' = 'reserved'): DueReservation => ({ assignmentId: ASSIGNMENT_ID, attempt: { id: attempt, bodyHash: 'hash-1' }, state })
const orderOf = (attempt: string) => placedOrder({ attempt, assignments: placedOrder().assignments.map((each) => ({ ...each, attempt })) })

beforeEach(async () => {
  await env.DB.exec('DELETE FROM orders')
})

describe("the order's primary key is the only arbiter", () => {
  it('the broom that takes the key first releases, and the slow placement of that attempt no longer goes in', async () => {
    expect(await arbiter([due('try-1')], 1)).toEqual(['release'])
    expect(await orders.insert(orderOf('try-1'))).toBe(false)
    expect(await orders.find(ORDER_ID)).toBeNull()
  })

  it('the placement that goes in first is confirmed, whatever the broom asks after', async () => {
    expect(await orders.insert(orderOf('try-1'))).toBe(true)
    expect(await arbiter([due('try-1')], 1)).toEqual(['confirm'])
    expect((await orders.find(ORDER_ID))?.attempt).toBe('try-1')
  })

  it('a struck key may be taken by a new attempt, and then the old one stays out', async () => {
    await arbiter([due('try-1')], 1)
    expect(await orders.insert(orderOf('try-2'))).toBe(true)
    expect(await orders.insert(orderOf('try-1'))).toBe(false)
    expect(await arbiter([due('try-1'), due('try-2')], 2)).toEqual(['release', 'confirm'])
  })

  it('every struck attempt is remembered, in any order of striking and trying', async () => {
    expect(await arbiter([due('try-1'), due('try-2'), due('try-3')], 1)).toEqual(['release', 'release', 'release'])
    for (const attempt of ['try-1', 'try-2', 'try-3']) expect(await orders.insert(orderOf(attempt))).toBe(false)
    expect(await orders.insert(orderOf('try-4'))).toBe(true)
  })

  it('two tries at once: one row goes in, the other attempt is released', async () => {
    const went = await Promise.all([orders.insert(orderOf('try-1')), orders.insert(orderOf('try-2'))])
    expect(went.filter(Boolean)).toHaveLength(1)
    const winner = went[0] ? 'try-1' : 'try-2'
    expect(await arbiter([due('try-1'), due('try-2')], 1)).toEqual(['try-1', 'try-2'].map((attempt) => (attempt === winner ? 'confirm' : 'release')))
  })

  it('a confirmed reservation is released once its assignment is over, and takes no key', async () => {
    expect(await arbiter([due('try-1', 'confirmed')], 1)).toEqual(['missing'])
    expect(await orders.insert(orderOf('try-1'))).toBe(true)
    expect(await arbiter([due('try-1', 'confirmed')], 1)).toEqual(['confirm'])
    const order = orderOf('try-1')
    await orders.update({ ...order, assignments: order.assignments.map((each) => ({ ...each, state: 'voided' })), version: 2 }, 1)
    expect(await arbiter([due('try-1', 'confirmed')], 1)).toEqual(['release'])
  })

  it('a reserve that came after its goods had left is released: nothing else would ever end it', async () => {
    const order = orderOf('try-1')
    await orders.insert({ ...order, assignments: order.assignments.map((each) => ({ ...each, state: 'accepted', fellAt: { epoch: 1, seq: 4 } })) })
    expect(await arbiter([due('try-1')], 1)).toEqual(['release'])
    expect(await arbiter([due('try-1', 'confirmed')], 1)).toEqual(['confirm'])
  })

  it('what waits for its payment is left alone', async () => {
    await orders.insert({ ...orderOf('try-1'), status: 'awaiting_payment' })
    expect(await arbiter([due('try-1')], 1)).toEqual(['wait'])
  })
})

describe('the row of an order', () => {
  it('comes back as it was written', async () => {
    await orders.insert(placedOrder())
    expect(await orders.find(ORDER_ID)).toMatchObject(placedOrder())
  })
  it('is changed only over the version that was read', async () => {
    await orders.insert(placedOrder())
    expect(await orders.update(placedOrder({ status: 'accepted', version: 2 }), 1)).toBe(true)
    expect(await orders.update(placedOrder({ status: 'cancelled', version: 2 }), 1)).toBe(false)
    expect((await orders.find(ORDER_ID))?.status).toBe('accepted')
  })
  it('is due until nothing is owed', async () => {
    await orders.insert(placedOrder())
    expect(await orders.due(30_999, 10)).toHaveLength(0)
    expect(await orders.due(31_000, 10)).toHaveLength(1)
    await orders.setDue({ orderId: ORDER_ID, version: 7 }, null)
    expect(await orders.due(31_000, 10)).toHaveLength(1)
    await orders.setDue(placedOrder(), null)
    expect(await orders.due(Number.MAX_SAFE_INTEGER, 10)).toHaveLength(0)
  })
})
