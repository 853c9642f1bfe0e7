import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startFakeStripe } from '../../journeys/payments/fake-stripe.ts'
import type { FakeStripe } from '../../journeys/payments/fake-stripe.ts'
import { house } from '../orders/test-house.ts'
import { hearProvider } from '../payments/hear-provider.ts'
import { openSession } from '../payments/open-session.ts'
import { createStripe } from '../payments/stripe-transport.ts'
import { changeReturn, hearTillReturn } from './hear-return.ts'
import { announced, received, returnable, withdrawn } from './return.ts'

let stripe: FakeStripe
beforeEach(async () => void (stripe = await startFakeStripe()))
afterEach(() => stripe.close())

type House = ReturnType<typeof house>
const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' })

/** Two of A and one of B (3.00), with the shopper; `online`: paid by card. */
async function given(online: boolean): Promise<House> {
  const self = house({ first: { A: 10, B: 10 } })
  if (online) self.provider = createStripe({ secretKey: stripe.secretKey, webhookSecrets: [], apiUrl: stripe.url })
  await self.ship([{ sku: 'A', quantity: 2 }, { sku: 'B', quantity: 1 }], !online)
  if (online) {
    await openSession(self.ports, self.order(), 'r')
    stripe.pay(self.order().payment?.reference ?? '')
    await hearProvider(self.ports, 'stripe', self.order().payment?.reference ?? '', 'r')
  }
  await self.settle()
  await self.accept(1, { A: 8, B: 9 })
  await self.settle()
  await self.tell(1, 'order.status_changed', { status: 'shipped' })
  await self.tell(1, 'order.status_changed', { status: 'completed' })
  return self
}
const announce = (self: House, returnId: string, lines: { lineId: string; quantity: number }[], more: { method?: 'post' | 'in_store'; refund?: 'provider' | 'till' | 'none' } = {}) =>
  changeReturn(self.ports, self.order().orderId, 'r', (order, now) => announced(order, { returnId, lines, method: 'post', why: null, ...more }, now))
const receive = (self: House, returnId: string) => changeReturn(self.ports, self.order().orderId, 'r', (order, now) => received(order, returnId, null, now))
const ticket = (self: House, saleId: string, lines: Record<string, number>, storeId = 'first') => hearTillReturn(self.ports, storeId, {
  saleId, kind: 'return', total: usd(-1), assignmentId: `${self.order().orderId}.1`, lines: Object.entries(lines).map(([sku, quantity]) => ({ sku, quantity: -quantity, unitPrice: usd(100), lineTotal: usd(-100 * quantity) })),
}, 'r')
const returns = (self: House) => self.order().returns.map(({ status, refund, lines }) => `${status} ${refund} ${lines.map(({ lineId, quantity }) => `${lineId}×${quantity}`).join(' ')}`)

describe('by post', () => {
  it('paid online: the money goes back once the goods are there, once, and no stock is moved', async () => {
    const self = await given(true)
    const shelf = self.counter('A', 'first')
    expect(await announce(self, 'ret_1', [{ lineId: '1', quantity: 1 }])).toMatchObject({ ok: true })
    expect(await announce(self, 'ret_1', [{ lineId: '1', quantity: 2 }])).toMatchObject({ ok: true })
    await self.settle()
    expect(stripe.refunds).toEqual([])
    for (let n = 0; n < 3; n++) expect(await receive(self, 'ret_1')).toMatchObject({ ok: true })
    await self.settle()
    expect(stripe.refunds.map(({ amount }) => amount)).toEqual([100])
    expect([self.order().status, returns(self)]).toEqual(['partially_refunded', ['received provider 1×1']])
    expect(self.counter('A', 'first')).toEqual(shelf)
  })

  it('all of it, piece by piece, gives back what it cost', async () => {
    const self = await given(true)
    for (const [n, lines] of [[{ lineId: '1', quantity: 1 }], [{ lineId: '1', quantity: 1 }], [{ lineId: '2', quantity: 1 }]].entries()) {
      await announce(self, `ret_${n}`, lines)
      await receive(self, `ret_${n}`)
      await self.settle()
    }
    expect([self.order().status, self.order().payment?.refundedMinor]).toEqual(['refunded', 300])
  })

  it('no more than was had, and nothing that has not left the shop', async () => {
    const self = await given(true)
    expect(await announce(self, 'ret_1', [{ lineId: '1', quantity: 3 }])).toEqual({ ok: false, refusal: { reason: 'not-returnable', lineId: '1', most: 2 } })
    expect(await announce(self, 'ret_1', [{ lineId: '9', quantity: 1 }])).toEqual({ ok: false, refusal: { reason: 'unknown-line', lineId: '9' } })
    await announce(self, 'ret_1', [{ lineId: '1', quantity: 2 }])
    expect(await announce(self, 'ret_2', [{ lineId: '1', quantity: 1 }])).toEqual({ ok: false, refusal: { reason: 'not-returnable', lineId: '1', most: 0 } })
    const open = house({ first: { A: 10 } })
    await open.ship([{ sku: 'A', quantity: 1 }])
    expect(returnable(open.order(), '1')).toBe(0)
  })

  it('withdrawn, it can be announced anew; received, it cannot be withdrawn', async () => {
    const self = await given(true)
    await announce(self, 'ret_1', [{ lineId: '1', quantity: 2 }])
    const withdraw = (returnId: string) => changeReturn(self.ports, self.order().orderId, 'r', (order, now) => withdrawn(order, returnId, now))
    expect(await withdraw('ret_1')).toMatchObject({ ok: true })
    expect(await receive(self, 'ret_1')).toEqual({ ok: false, refusal: { reason: 'return-settled', status: 'withdrawn' } })
    expect(await announce(self, 'ret_2', [{ lineId: '1', quantity: 2 }])).toMatchObject({ ok: true })
    await receive(self, 'ret_2')
    expect(await withdraw('ret_2')).toEqual({ ok: false, refusal: { reason: 'return-settled', status: 'received' } })
    expect(await withdraw('ret_9')).toEqual({ ok: false, refusal: { reason: 'return-not-found' } })
  })

  it('an exchange gives no money back, and what a person gave back already is not given twice', async () => {
    const self = await given(true)
    await announce(self, 'ret_1', [{ lineId: '1', quantity: 1 }], { refund: 'none' })
    await receive(self, 'ret_1')
    await self.settle()
    expect(stripe.refunds).toEqual([])
  })
})

describe('at the till', () => {
  it('a web order is recognised; the till has paid for it, and its ticket counts once', async () => {
    const self = await given(false)
    for (let n = 0; n < 2; n++) await ticket(self, 'R-1', { A: 1 })
    expect([returns(self), self.order().status]).toEqual([['received till 1×1'], 'partially_refunded'])
    await ticket(self, 'R-2', { A: 1, B: 1 })
    expect([returns(self), self.order().status]).toEqual([['received till 1×1', 'received till 1×1 2×1'], 'refunded'])
    expect(self.letters).toEqual([])
  })

  it('what was announced is what was awaited, and its provider gives the money back', async () => {
    const self = await given(true)
    await announce(self, 'ret_1', [{ lineId: '1', quantity: 2 }], { method: 'in_store' })
    for (let n = 0; n < 2; n++) await ticket(self, 'R-1', { A: 2 })
    await self.settle()
    expect(returns(self)).toEqual(['received provider 1×2'])
    expect(stripe.refunds.map(({ amount }) => amount)).toEqual([200])
  })

  it('more than the order had is a question to a person, and another shop\'s word is none', async () => {
    const self = await given(false)
    await ticket(self, 'R-1', { A: 3 }, 'elsewhere')
    expect(returns(self)).toEqual([])
    await ticket(self, 'R-1', { A: 3, C: 1 })
    expect(returns(self)).toEqual(['received till 1×2'])
    expect(self.letters).toMatchObject([{ queue: 'returns', reason: 'needs_person', lastError: expect.stringContaining('1 × A, 1 × C') }])
  })
})
