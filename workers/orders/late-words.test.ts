import { describe, expect, it } from 'vitest'
import { toOrder } from './order.ts'
import { reroute } from './reroute.ts'
import { house } from './test-house.ts'

const three = [{ sku: 'A', quantity: 3 }]
const cancelledOf = (at: ReturnType<typeof house>) => toOrder(at.order()).lines.map(({ cancelledQuantity }) => cancelledQuantity)

describe('a cancel on its way while the store accepts less', () => {
  it('of everything: what it did not accept is cancelled, not sent by another', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(three)
    await at.settle()
    await at.cancel()
    await at.accept(1, {}, [{ lineId: '1', quantity: 1 }])
    await at.settle()
    expect(at.parts()).toEqual(['near accepted'])
    expect(cancelledOf(at)).toEqual([2])
    await at.answerCancel(1, 'voided', { A: 5 })
    await at.settle()
    expect(at.order()).toMatchObject({ status: 'cancelled', dueAt: null })
  })

  it('of some: what it did not accept is what was cancelled', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(three)
    await at.settle()
    await at.cancel([{ lineId: '1', quantity: 2 }])
    await at.accept(1, {}, [{ lineId: '1', quantity: 1 }])
    await at.settle()
    expect(at.parts()).toEqual(['near accepted'])
    expect(cancelledOf(at)).toEqual([2])
    // Who accepted less is not asked again.
    await at.answerCancel(1, 'voided', { A: 5 })
    await at.settle()
    expect(at.parts()).toEqual(['near voided', 'far journaled'])
    expect([cancelledOf(at), at.weight('A', 'near'), at.weight('A', 'far')]).toEqual([[2], 0, 1])
  })
})

describe('a word that comes late', () => {
  it('a refused push says nothing of what the store has accepted meanwhile', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(three)
    const { transport } = at.ports.links
    Object.assign(at.ports.links, { transport: (store: Parameters<typeof transport>[0]) => ({
      ...transport(store),
      put: async () => {
        await at.accept(1, {})
        return { kind: 'refused', status: 422 }
      },
    }) })
    await at.settle()
    expect(at.parts()).toEqual(['near accepted'])
    expect(at.weight('A', 'near')).toBe(3)
    expect(at.letters).toHaveLength(1)
  })

  it('the answer to an earlier cancel does not answer a later one', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(three)
    await at.settle()
    await at.cancel()
    await at.tell(1, 'order.cancel_result', { outcome: 'refused' })
    await at.cancel()
    await at.again()
    expect(at.order().cancelRequestedAt).not.toBeNull()
    await at.answerCancel(1, 'struck')
    await at.settle()
    expect(at.order().status).toBe('cancelled')
  })
})

describe('an operator', () => {
  it('is told when nothing is left to send elsewhere', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(three)
    await at.settle()
    await at.refuse(1, 'price_mismatch')
    await reroute(at.ports, at.order().orderId, 'r')
    await at.settle()
    await at.accept(2, { A: 2 })
    expect(await reroute(at.ports, at.order().orderId, 'r')).toMatchObject({ ok: false, refusal: { reason: 'nothing-to-reroute' } })
  })
  it('does not take from a shopper what is being paid', async () => {
    const at = house({ near: { A: 5 }, far: { A: 5 } })
    await at.ship(three, false)
    expect(await reroute(at.ports, at.order().orderId, 'r')).toMatchObject({ ok: false, refusal: { reason: 'nothing-to-reroute' } })
    expect([at.parts(), at.weight('A', 'near')]).toEqual([['near pending'], 3])
  })
})
