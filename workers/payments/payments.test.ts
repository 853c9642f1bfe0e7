import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startFakeStripe } from '../../journeys/payments/fake-stripe.ts'
import type { FakeStripe } from '../../journeys/payments/fake-stripe.ts'
import { house } from '../orders/test-house.ts'
import { confirmByHand, refundOrder, retryPayment } from './by-hand.ts'
import { hearProvider } from './hear-provider.ts'
import { openSession } from './open-session.ts'
import { createStripe } from './stripe-transport.ts'

const MINUTE = 60_000
let stripe: FakeStripe
// Each test's order has the same id, and so the same idempotency keys.
beforeEach(async () => void (stripe = await startFakeStripe()))
afterEach(() => stripe.close())

/** A shop with ten of A and B at one or two stores, whose channel is paid by Stripe. */
function shop(stock: Parameters<typeof house>[0] = { first: { A: 10, B: 10 } }) {
  const self = house(stock)
  self.provider = createStripe({ secretKey: stripe.secretKey, webhookSecrets: [], apiUrl: stripe.url })
  const id = () => self.order().payment?.reference ?? ''
  return Object.assign(self, {
    /** Places two of A and one of B (3.00), and opens the payment. */
    async checkout() {
      await self.ship([{ sku: 'A', quantity: 2 }, { sku: 'B', quantity: 1 }], false)
      return openSession(self.ports, self.order(), 'r')
    },
    pay: () => stripe.pay(id()),
    told: async (times = 1) => {
      for (let n = 0; n < times; n++) await hearProvider(self.ports, 'stripe', id(), 'r')
      await self.settle()
    },
    intent: () => stripe.intents.get(id()),
    payment: () => self.order().payment,
    later: async (ms: number) => {
      self.now += ms
      for (const storeId of Object.keys(stock)) self.beat(storeId)
      await self.sweep()
      await self.settle()
    },
    refund: (refundId: string, amountMinor: number) => refundOrder(self.ports, self.order().orderId, { refundId, amount: { amountMinor, currency: 'USD' }, why: 'broken' }, 'r'),
  })
}

/** Paid, and the store has all of it. */
async function captured() {
  const self = shop()
  await self.checkout()
  self.pay()
  await self.told()
  await self.accept(1, { A: 8, B: 9 })
  await self.settle()
  return self
}

describe('a checkout that is paid', () => {
  it('waits for its money, and the same call again is answered the same', async () => {
    const self = shop()
    const first = await self.checkout()
    expect(first).toMatchObject({ ok: true, value: { session: { provider: 'stripe', clientSecret: self.intent()?.client_secret }, order: { status: 'awaiting_payment' } } })
    expect(await openSession(self.ports, self.order(), 'r')).toMatchObject({ value: { session: { clientSecret: self.intent()?.client_secret } } })
    expect(self.intent()).toMatchObject({ amount: 300, currency: 'usd', capture_method: 'manual', metadata: { orderId: self.order().orderId } })
    expect(stripe.calls.filter((call) => call === 'POST /v1/payment_intents')).toHaveLength(1)
    await self.told()
    expect(self.order().status).toBe('awaiting_payment')
    expect(self.pushed).toEqual([])
  })

  it('goes to its store once Stripe says that the money is set aside, and is captured once the store has accepted', async () => {
    const self = shop()
    await self.checkout()
    self.pay()
    await self.told(3)
    expect([self.order().status, self.pushed, self.intent()?.status]).toEqual(['sent_to_store', ['first 1'], 'requires_capture'])
    await self.accept(1, { A: 8, B: 9 })
    expect(self.intent()?.status).toBe('requires_capture')
    await self.settle()
    expect(self.intent()).toMatchObject({ status: 'succeeded', amount_received: 300 })
    await self.told(2)
    expect(self.payment()).toMatchObject({ state: 'captured', capturedMinor: 300, refundedMinor: 0 })
    expect(self.order().timeline.map(({ type }) => type)).toEqual(['order.placed', 'payment.authorized', 'order.sent_to_store', 'order.accepted', 'payment.captured'])
    expect(self.order().dueAt).toBeNull()
  })

  it('the word that it is paid is lost: the sweep asks before it gives the order up', async () => {
    const self = shop()
    await self.checkout()
    self.pay()
    await self.later(15 * MINUTE + 1)
    expect(self.order().status).toBe('sent_to_store')
  })

  it('nobody pays: its goods are free again, and nobody can pay any more', async () => {
    const self = shop()
    await self.checkout()
    await self.later(15 * MINUTE + 1)
    expect([self.order().status, self.weight('A', 'first'), self.intent()?.status, self.payment()?.state]).toEqual(['cancelled', 0, 'canceled', 'voided'])
    await self.told()
    expect(self.order().status).toBe('cancelled')
  })

  it('the provider is away at the checkout: the order waits, and the same call again goes on', async () => {
    const self = shop()
    stripe.setAway(true)
    await expect(self.checkout()).rejects.toThrow('Stripe cannot be reached')
    expect(self.order().status).toBe('awaiting_payment')
    stripe.setAway(false)
    expect(await openSession(self.ports, self.order(), 'r')).toMatchObject({ ok: true, value: { session: { provider: 'stripe' } } })
  })

  it('the provider will not have it: the goods are free at once, and every call says so', async () => {
    const self = house({ first: { A: 10 } })
    self.provider = { ...createStripe({ secretKey: stripe.secretKey, webhookSecrets: [], apiUrl: stripe.url }), create: async () => ({ ok: false, said: 'Amount must be at least 50 cents' }) }
    await self.ship([{ sku: 'A', quantity: 2 }], false)
    for (let n = 0; n < 2; n++) expect(await openSession(self.ports, self.order(), 'r')).toEqual({ ok: false, refusal: { reason: 'payment-refused', said: 'Amount must be at least 50 cents' } })
    expect([self.order().status, self.weight('A', 'first')]).toEqual(['cancelled', 0])
  })
})

describe('paid after it was given up', () => {
  /** Stripe was away when the time was over, so the shopper could still pay. */
  async function lateShop(stock?: Parameters<typeof house>[0]) {
    const self = shop(stock)
    await self.checkout()
    stripe.setAway(true)
    self.now += 15 * MINUTE + 1
    await self.sweep()
    await self.settle().catch(() => undefined)
    expect([self.order().status, self.weight('A', 'first')]).toEqual(['cancelled', 0])
    stripe.setAway(false)
    self.pay()
    for (const storeId of Object.keys(stock ?? { first: {} })) self.beat(storeId)
    return self
  }

  it('takes the goods again, whole', async () => {
    const self = await lateShop()
    await self.told(2)
    expect([self.order().status, self.weight('A', 'first'), self.parts()]).toEqual(['sent_to_store', 2, ['first struck', 'first journaled']])
    await self.accept(2, { A: 8, B: 9 })
    await self.settle()
    expect(self.intent()).toMatchObject({ status: 'succeeded', amount_received: 300 })
  })

  it('or at another store', async () => {
    const self = await lateShop({ first: { A: 10, B: 10 }, second: { A: 5, B: 5 } })
    await self.ports.inventory.apply([{ type: 'level', storeId: 'first', sku: 'B', onHand: 0, epoch: 1, asOf: 5, seq: 6, at: self.now }])
    await self.told()
    expect(self.parts().at(-1)).toBe('second journaled')
  })

  it('or lets the money go when one of them is gone', async () => {
    const self = await lateShop()
    await self.ports.inventory.apply([{ type: 'level', storeId: 'first', sku: 'B', onHand: 0, epoch: 1, asOf: 5, seq: 6, at: self.now }])
    await self.told()
    expect([self.order().status, self.weight('A', 'first'), self.intent()?.status, self.payment()?.state]).toEqual(['cancelled', 0, 'canceled', 'voided'])
  })

  it('not when the shopper cancelled it', async () => {
    const self = shop()
    await self.checkout()
    stripe.setAway(true)
    await self.cancel()
    await self.settle().catch(() => undefined)
    stripe.setAway(false)
    self.pay()
    await self.told()
    expect([self.order().status, self.intent()?.status]).toEqual(['cancelled', 'canceled'])
  })
})

describe('what is not delivered is not paid for', () => {
  it('cancelled before the store had it: the money is let go', async () => {
    const self = shop()
    await self.checkout()
    self.pay()
    await hearProvider(self.ports, 'stripe', self.payment()?.reference ?? '', 'r')
    await self.cancel()
    await self.settle()
    expect([self.order().status, self.intent()?.status, self.payment()?.state]).toEqual(['cancelled', 'canceled', 'voided'])
  })

  it('the store refuses, and no other has it: the money is let go', async () => {
    const self = shop()
    await self.checkout()
    self.pay()
    await self.told()
    await self.refuse(1, 'out_of_stock', { A: 0, B: 0 })
    await self.settle()
    expect([self.order().status, self.intent()?.status]).toEqual(['cancelled', 'canceled'])
  })

  it('the store has less: only that is captured', async () => {
    const self = shop()
    await self.checkout()
    self.pay()
    await self.told()
    await self.accept(1, { A: 9, B: 9 }, [{ lineId: '1', quantity: 1 }, { lineId: '2', quantity: 1 }])
    await self.ports.inventory.apply([{ type: 'level', storeId: 'first', sku: 'A', onHand: 0, epoch: 1, asOf: 9, seq: 9, at: self.now }])
    await self.settle()
    expect(self.intent()).toMatchObject({ status: 'succeeded', amount_received: 200 })
    await self.told()
    expect(self.payment()).toMatchObject({ capturedMinor: 200, refundedMinor: 0 })
  })

  it('cancelled after it was captured: it goes back by itself, once', async () => {
    const self = await captured()
    await self.cancel()
    await self.answerCancel(1, 'voided', { A: 10, B: 10 })
    await self.settle()
    await self.told(2)
    await self.later(MINUTE)
    expect([self.order().status, self.payment()?.refundedMinor, stripe.refunds.filter((each) => each.payment_intent === self.payment()?.reference).map(({ amount }) => amount)]).toEqual(['refunded', 300, [300]])
  })
})

describe('refunds', () => {
  it('in part, then the rest; the same again changes nothing, and more than was paid never goes back', async () => {
    const self = await captured()
    expect(await self.refund('rf_1', 120)).toMatchObject({ ok: true })
    expect(await self.refund('rf_1', 120)).toMatchObject({ ok: true })
    await self.settle()
    expect(self.payment()).toMatchObject({ refundedMinor: 120, refunds: [{ state: 'succeeded', amountMinor: 120 }] })
    expect(await self.refund('rf_2', 181)).toEqual({ ok: false, refusal: { reason: 'too-much-to-refund', most: { amountMinor: 180, currency: 'USD' } } })
    await self.tell(1, 'order.status_changed', { status: 'completed' })
    expect(self.order().status).toBe('partially_refunded')
    await self.refund('rf_3', 180)
    await self.settle()
    expect([self.order().status, self.payment()?.refundedMinor]).toEqual(['refunded', 300])
  })

  it('of lines: what they cost', async () => {
    const self = await captured()
    await refundOrder(self.ports, self.order().orderId, { refundId: 'rf_1', lines: [{ lineId: '1', quantity: 1 }], why: 'broken' }, 'r')
    await self.settle()
    expect(self.payment()?.refundedMinor).toBe(100)
    expect(await refundOrder(self.ports, self.order().orderId, { refundId: 'rf_2', lines: [{ lineId: '9', quantity: 1 }], why: 'broken' }, 'r')).toMatchObject({ refusal: { reason: 'unknown-line' } })
  })

  it('at Stripe itself are taken over, and count', async () => {
    const self = await captured()
    stripe.refundAtStripe(self.payment()?.reference ?? '', 250)
    await self.told(2)
    expect(self.payment()?.refundedMinor).toBe(250)
    expect(await self.refund('rf_1', 100)).toMatchObject({ ok: false })
  })

  it('that Stripe will not make wait for a person, and are tried no more', async () => {
    const self = await captured()
    stripe.refundsBecome('failed')
    await self.refund('rf_1', 100)
    await self.settle()
    expect(self.payment()?.refunds).toMatchObject([{ state: 'failed' }])
    expect(self.letters.map(({ reason }) => reason)).toEqual(['needs_person'])
    await self.later(MINUTE)
    expect(self.letters).toHaveLength(1)
    stripe.refundsBecome('succeeded')
    expect(await self.refund('rf_2', 300)).toMatchObject({ ok: true })
  })
})

describe('a provider that says no', () => {
  it('is asked no more until a person says so', async () => {
    const self = shop()
    await self.checkout()
    self.pay()
    await self.told()
    const honest = self.provider
    if (!honest) throw new Error('no provider')
    let asked = 0
    self.provider = { ...honest, capture: async () => ({ ok: false, said: `no, ${++asked}` }) }
    await self.accept(1, { A: 8, B: 9 })
    await self.settle()
    await self.later(MINUTE)
    expect([asked, self.payment()?.trouble, self.letters.length]).toEqual([1, 'capture: no, 1', 1])
    self.provider = honest
    expect(await retryPayment(self.ports, self.order().orderId, 'r')).toMatchObject({ ok: true })
    await self.settle()
    expect(self.intent()?.status).toBe('succeeded')
    const { version } = self.order()
    expect(await retryPayment(self.ports, self.order().orderId, 'r')).toMatchObject({ ok: true, value: { version } })
  })

  it('a payment over another amount confirms nothing', async () => {
    const self = shop()
    await self.checkout()
    const intent = self.intent()
    if (!intent) throw new Error('no intent')
    intent.amount = 3
    self.pay()
    await self.told()
    expect([self.order().status, self.pushed, self.letters.length]).toEqual(['awaiting_payment', [], 1])
  })

  it('what was set aside lapses while the store has the order: a person is told', async () => {
    const self = shop()
    await self.checkout()
    self.pay()
    await self.told()
    Object.assign(self.intent() ?? {}, { status: 'canceled' })
    await self.told(2)
    expect([self.order().status, self.payment()?.state, self.letters.length]).toEqual(['sent_to_store', 'voided', 1])
  })

  it('a payment whose order is not there is a letter, and one of another shop is none', async () => {
    const self = shop()
    await self.checkout()
    Object.assign(self.intent()?.metadata ?? {}, { orderId: 'ord_zzzzzzzzzzzzzzzzzzzzzzzzzz' })
    await self.told(2)
    expect(self.letters.map(({ reason }) => reason)).toEqual(['unmatched', 'unmatched'])
    expect(new Set(self.letters.map(({ letterId }) => letterId)).size).toBe(1)
    Object.assign(self.intent()?.metadata ?? {}, { orderId: 'order-17' })
    expect(await hearProvider(self.ports, 'stripe', self.payment()?.reference ?? '', 'r')).toBe('superseded')
  })
})

describe('money that people take', () => {
  const confirm = (self: ReturnType<typeof house>, amountMinor: number, reference = 'transfer 17') => confirmByHand(self.ports, self.order().orderId, { amount: { amountMinor, currency: 'USD' }, reference }, 'r')
  it('comes when an operator says so, all of it and once', async () => {
    const self = house({ first: { A: 10 } })
    await self.ship([{ sku: 'A', quantity: 2 }], false)
    expect(await confirm(self, 199)).toMatchObject({ refusal: { reason: 'not-the-amount', expected: { amountMinor: 200 } } })
    expect(await confirm(self, 200)).toMatchObject({ ok: true, value: { status: 'placed' } })
    expect(await confirm(self, 200)).toMatchObject({ ok: true })
    expect(await confirm(self, 200, 'transfer 18')).toMatchObject({ refusal: { reason: 'nothing-to-confirm' } })
    await self.settle()
    expect(self.pushed).toEqual(['first 1'])
    await refundOrder(self.ports, self.order().orderId, { refundId: 'rf_1', amount: { amountMinor: 50, currency: 'USD' }, why: 'late' }, 'r')
    expect(self.order().payment).toMatchObject({ refundedMinor: 50, refunds: [{ state: 'succeeded' }] })
  })
})
