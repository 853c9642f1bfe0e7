import { describe, expect, it } from 'vitest'
import { judge } from './arbiter.ts'
import { ASSIGNMENTS_PER_ORDER_MAX } from './assignment.ts'
import { toOrder } from './order.ts'
import { reroute } from './reroute.ts'
import { house } from './test-house.ts'

const MINUTE = 60_000
const one = [{ sku: 'A', quantity: 2 }]
const cancelledOf = (at: ReturnType<typeof house>) => toOrder(at.order()).lines.map(({ cancelledQuantity }) => cancelledQuantity)
/** What the broom would hear of a part's reservation. */
const verdict = (at: ReturnType<typeof house>, n: number) => {
  const { status, assignments } = at.order()
  const { assignmentId, attempt } = assignments[n - 1] ?? expect.fail('no such part')
  return judge({ status, abandoned: '', assignments }, { assignmentId, attempt: { id: attempt, bodyHash: '' }, state: 'confirmed' })
}

describe('a store that refuses', () => {
  it('for want of stock: another gets it, accepts, and the first holds nothing', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(one)
    await at.settle()
    await at.refuse(1, 'out_of_stock', { A: 0 })
    await at.settle()
    expect(at.pushed).toEqual(['near 1', 'far 2'])
    expect([at.weight('A', 'near'), at.weight('A', 'far')]).toEqual([0, 2])
    await at.accept(2, { A: 3 })
    expect(at.parts()).toEqual(['near rejected', 'far accepted'])
    expect(at.order()).toMatchObject({ status: 'accepted', dueAt: null, cancelled: [] })
    expect(at.free('A', 'far')).toBe(3)
    expect(at.order().timeline.map(({ type }) => type)).toEqual(['order.placed', 'order.sent_to_store', 'order.rejected', 'order.assigned', 'order.sent_to_store', 'order.accepted'])
  })

  it.each(['price_mismatch', 'unknown_sku', 'invalid'])('with %s: a person hears of it, never another store', async (reason) => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(one)
    await at.settle()
    await at.refuse(1, reason)
    await at.settle()
    await at.sweep()
    expect(at.parts()).toEqual(['near rejected'])
    expect(at.letters).toHaveLength(1)
    expect(at.order()).toMatchObject({ status: 'sent_to_store', dueAt: null })
  })

  it('and nobody else has it: cancelled, released, told', async () => {
    const at = house({ near: { A: 5 }, far: { A: 1 } })
    await at.ship([{ sku: 'A', quantity: 2 }])
    await at.settle()
    await at.refuse(1, 'out_of_stock', { A: 0 })
    await at.settle()
    // What there is, is sent; the rest is cancelled.
    expect(at.parts()).toEqual(['near rejected', 'far journaled'])
    expect(cancelledOf(at)).toEqual([1])
    await at.refuse(2, 'store_closed')
    await at.settle()
    expect(at.order()).toMatchObject({ status: 'cancelled', dueAt: null })
    expect(cancelledOf(at)).toEqual([2])
    expect(at.order().timeline.slice(-1)).toMatchObject([{ type: 'order.cancelled', status: 'cancelled', detail: '1 × A' }])
    expect([at.weight('A', 'near'), at.weight('A', 'far')]).toEqual([0, 0])
  })

  it('is not asked again, and an order asks no more often than it may', async () => {
    const at = house(Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`s${String(n).padStart(2, '0')}`, { A: 5 }])))
    await at.ship(one)
    await at.settle()
    for (let n = 1; n <= ASSIGNMENTS_PER_ORDER_MAX; n++) {
      await at.refuse(n, 'out_of_stock')
      await at.settle()
    }
    expect(at.order().assignments).toHaveLength(ASSIGNMENTS_PER_ORDER_MAX)
    expect(new Set(at.order().assignments.map(({ storeId }) => storeId)).size).toBe(ASSIGNMENTS_PER_ORDER_MAX)
    expect(at.order().status).toBe('cancelled')
  })

  it('of a split order loses only its own part; the order is as far as the last', async () => {
    const at = house({ near: { A: 2 }, far: { B: 1 }, spare: { B: 1 } })
    await at.ship([...one, { sku: 'B', quantity: 1 }])
    await at.settle()
    await at.accept(1, { A: 0 })
    expect(at.order().status).toBe('sent_to_store')
    await at.refuse(2, 'out_of_stock', { B: 0 })
    await at.settle()
    expect(at.parts()).toEqual(['near accepted', 'far rejected', 'spare journaled'])
    await at.accept(3, { B: 0 })
    expect(at.order().status).toBe('accepted')
    await at.tell(1, 'order.status_changed', { status: 'completed' })
    expect(at.order().status).toBe('accepted')
    await at.tell(3, 'order.status_changed', { status: 'completed' })
    expect(at.order().status).toBe('completed')
  })
})

describe('a crash between writing down, reserving and handing over', () => {
  it('leaves a part that the broom keeps and the sweep brings on its way, once', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(one)
    await at.settle()
    await at.refuse(1, 'out_of_stock', { A: 0 })
    at.failReserve = true
    await expect(at.settle()).rejects.toThrow('home')
    expect(at.order().assignments[1]).toMatchObject({ storeId: 'far', unreserved: true, state: 'pending' })
    expect(verdict(at, 2)).toBe('confirm')
    at.failReserve = false
    at.now += MINUTE
    at.beat('far')
    await at.sweep()
    await at.settle()
    expect(at.pushed).toEqual(['near 1', 'far 2'])
    expect(at.weight('A', 'far')).toBe(2)
  })

  it('and a route that was lost is asked for by the sweep', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(one)
    await at.settle()
    await at.refuse(1, 'out_of_stock')
    at.takeMessages()
    at.now += MINUTE
    at.beat('far')
    await at.sweep()
    await at.settle()
    expect(at.parts()).toEqual(['near rejected', 'far journaled'])
  })
})

describe('a store that lets work lie', () => {
  it('and was never offered it: taken back at its link, and elsewhere', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(one)
    at.now += 2 * MINUTE
    at.beat('far')
    await at.settle()
    expect(at.pushed).toEqual([])
    at.now += 30 * MINUTE
    at.beat('far')
    await at.sweep()
    await at.settle()
    expect(at.parts()).toEqual(['near struck', 'far journaled'])
    expect([at.weight('A', 'near'), at.weight('A', 'far')]).toEqual([0, 2])
  })

  it('keeps its reservation after the time to accept it, until it has answered', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(one)
    await at.settle()
    at.now += 31 * MINUTE
    at.beat('far')
    await at.sweep()
    expect(at.parts()).toEqual(['near journaled'])
    at.now += 6 * MINUTE
    at.beat('far')
    await at.sweep()
    await at.settle()
    expect(at.parts()).toEqual(['near rejected', 'far journaled'])
    expect([at.weight('A', 'near'), at.weight('A', 'far')]).toEqual([2, 2])
    expect(at.asked).toContain('near 1')
    expect(verdict(at, 1)).toBe('confirm')
    await at.answerCancel(1, 'struck')
    expect([at.weight('A', 'near'), verdict(at, 1)]).toEqual([0, 'release'])
    expect(at.order().status).toBe('sent_to_store')
  })

  it('and says late that it took it: it is asked to void it, a person hears of it, and its goods are counted once', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(one)
    await at.settle()
    at.now += 37 * MINUTE
    at.beat('far')
    await at.sweep()
    await at.settle()
    await at.accept(1, { A: 3 })
    expect(at.letters).toMatchObject([{ reason: 'needs_person' }])
    expect(at.free('A', 'near')).toBe(3)
    expect(at.linkOf('near').pull(10, at.now).cancels).toHaveLength(1)
    await at.answerCancel(1, 'voided', { A: 5 })
    expect(at.free('A', 'near')).toBe(5)
    expect(at.parts()).toEqual(['near rejected', 'far journaled'])
  })

  it('is waited for longer when nobody else has it, and not for ever', async () => {
    const at = house({ near: { A: 5 }, far: { A: 0 } })
    await at.ship(one)
    await at.settle()
    at.now += 40 * MINUTE
    await at.sweep()
    expect(at.parts()).toEqual(['near journaled'])
    at.now += 25 * 60 * MINUTE
    await at.sweep()
    await at.settle()
    expect(at.order()).toMatchObject({ status: 'cancelled' })
    expect(at.weight('A', 'near')).toBe(2)
  })

  it('in doubt waits for a person', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(one)
    await at.settle()
    await at.tell(1, 'order.in_doubt', { detail: 'cannot tell' })
    at.now += 60 * MINUTE
    at.beat('far')
    await at.sweep()
    await at.settle()
    expect(at.parts()).toEqual(['near in_doubt'])
  })
})

describe('a store that accepts less', () => {
  it('keeps what it accepted; the rest is released there and sent by another', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship([{ sku: 'A', quantity: 3 }])
    await at.settle()
    await at.accept(1, {}, [{ lineId: '1', quantity: 1 }])
    // No level has come yet: what it took weighs, the rest does not.
    expect(at.free('A', 'near')).toBe(4)
    await at.settle()
    expect(at.parts()).toEqual(['near accepted', 'far journaled'])
    expect(toOrder(at.order()).fulfillments.map(({ lines }) => lines)).toEqual([[{ lineId: '1', quantity: 1 }], [{ lineId: '1', quantity: 2 }]])
    await at.accept(2, { A: 3 })
    expect(at.order()).toMatchObject({ status: 'accepted', cancelled: [] })
  })
})

describe('a cancel of some of it', () => {
  it('asks the whole part back and assigns what is still wanted anew', async () => {
    const at = house({ near: { A: 5, B: 5 } })
    await at.ship([{ sku: 'A', quantity: 3 }, { sku: 'B', quantity: 1 }])
    await at.settle()
    expect(await at.cancel([{ lineId: '1', quantity: 1 }])).toMatchObject({ ok: true, value: { done: false } })
    expect(cancelledOf(at)).toEqual([0, 0])
    // The same call again asks for nothing more.
    await at.cancel([{ lineId: '1', quantity: 1 }])
    await at.answerCancel(1, 'voided', { A: 5, B: 5 })
    await at.settle()
    expect(cancelledOf(at)).toEqual([1, 0])
    expect(at.order().assignments[1]).toMatchObject({ storeId: 'near', state: 'journaled', lines: [{ lineId: '1', quantity: 2 }, { lineId: '2', quantity: 1 }] })
    expect([at.weight('A', 'near'), at.order().cancelRequestedAt]).toEqual([2, null])
  })

  it('of what no store was offered ends at once', async () => {
    const at = house({ near: { A: 5 } })
    await at.ship([{ sku: 'A', quantity: 3 }])
    expect(await at.cancel([{ lineId: '1', quantity: 2 }])).toMatchObject({ ok: true, value: { done: true } })
    expect(cancelledOf(at)).toEqual([2])
    await at.settle()
    expect(at.parts()).toEqual(['near struck', 'near journaled'])
    expect(at.weight('A', 'near')).toBe(1)
  })

  it('that the store refuses leaves all as it was', async () => {
    const at = house({ near: { A: 5 } })
    await at.ship([{ sku: 'A', quantity: 3 }])
    await at.settle()
    await at.accept(1, { A: 2 })
    await at.cancel([{ lineId: '1', quantity: 1 }])
    await at.answerCancel(1, 'refused')
    expect(at.order()).toMatchObject({ status: 'accepted', cancelRequestedAt: null, cancelled: [], dueAt: null })
  })

  it('of all of a part ends the part, and of all parts the order', async () => {
    const at = house({ near: { A: 2 }, far: { B: 1 } })
    await at.ship([...one, { sku: 'B', quantity: 1 }])
    await at.settle()
    await at.cancel([{ lineId: '2', quantity: 1 }])
    await at.answerCancel(2, 'struck')
    await at.accept(1, { A: 0 })
    expect(at.order()).toMatchObject({ status: 'accepted' })
    expect(await at.cancel()).toMatchObject({ ok: true, value: { done: false } })
    await at.answerCancel(1, 'voided', { A: 2 })
    expect(at.order()).toMatchObject({ status: 'cancelled', dueAt: null })
    expect(cancelledOf(at)).toEqual([2, 1])
  })

  it('names lines of the order, and nothing that has left', async () => {
    const at = house({ near: { A: 5 } })
    await at.ship(one)
    await at.settle()
    expect(await at.cancel([{ lineId: '9', quantity: 1 }])).toMatchObject({ ok: false, refusal: { reason: 'unknown-line' } })
    await at.accept(1, { A: 3 })
    await at.tell(1, 'order.status_changed', { status: 'shipped' })
    expect(await at.cancel([{ lineId: '1', quantity: 1 }])).toMatchObject({ ok: false, refusal: { reason: 'too-late-to-cancel' } })
  })

  it('of a split order that one store refuses does not send the other part anywhere', async () => {
    const at = house({ near: { A: 2 }, far: { B: 1 }, spare: { A: 1, B: 1 } })
    await at.ship([...one, { sku: 'B', quantity: 1 }])
    await at.settle()
    await at.cancel()
    await at.answerCancel(1, 'refused')
    await at.answerCancel(2, 'struck')
    await at.settle()
    expect(at.parts()).toEqual(['near journaled', 'far struck'])
    expect(cancelledOf(at)).toEqual([0, 1])
    expect(at.order().cancelRequestedAt).toBeNull()
  })
})

describe('an operator', () => {
  it('sends elsewhere what a store has not accepted: it is asked back first', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(one)
    await at.settle()
    await reroute(at.ports, at.order().orderId, 'r')
    await at.settle()
    expect([at.parts(), at.asked]).toEqual([['near journaled'], ['near 1']])
    await at.answerCancel(1, 'struck')
    await at.settle()
    expect(at.parts()).toEqual(['near struck', 'far journaled'])
    expect(cancelledOf(at)).toEqual([0])
  })

  it('sends on what waited at the desk', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(one)
    await at.settle()
    await at.refuse(1, 'price_mismatch')
    await reroute(at.ports, at.order().orderId, 'r')
    await at.settle()
    expect(at.parts()).toEqual(['near rejected', 'far journaled'])
  })
})
