import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PlacedAnswer } from '../../contract/order.ts'
import { OperatorPayment } from '../../contract/payment.ts'
import { call, expectAnswer } from '../local/edge-api.ts'
import { openStores } from '../local/stores.ts'
import type { Stores } from '../local/stores.ts'
import { until } from '../local/until.ts'
import { startFakeStripe } from './fake-stripe.ts'
import type { FakeStripe } from './fake-stripe.ts'

const ADMIN_TOKEN = 'payments-admin-token'
const SETTLED_WITHIN_MS = 20_000

let dir: string
let house: Stores
let stripe: FakeStripe
let key: string

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-payments-'))
  stripe = await startFakeStripe()
  house = await openStores(dir, ADMIN_TOKEN, { main: [{ sku: 'TEA', pieces: 30, priceMinor: 1250 }, { sku: 'CUP', pieces: 5, priceMinor: 399 }] },
    { STRIPE_SECRET_KEY: stripe.secretKey, STRIPE_WEBHOOK_SECRET: `whsec_of_before ${stripe.webhookSecret}`, STRIPE_API_URL: stripe.url })
  await house.operator.registerChannel({ channelId: 'paid', name: 'Paid online', paymentProviders: ['stripe', 'manual'], limits: { unpaidUnitsPerAddress: 1_000 } })
  key = await house.operator.issueKey('paid', 'secret')
})
afterAll(async () => {
  await house.close()
  await stripe.close()
  await rm(dir, { recursive: true, force: true })
})

const authorized = () => ({ Authorization: `Bearer ${key}` })
const basket = (more: object = {}) => ({ lines: [{ sku: 'TEA', quantity: 2 }, { sku: 'CUP', quantity: 1 }], fulfillment: { method: 'pickup', storeId: 'main' }, customer: { name: 'Shopper', email: 'shopper@shop.example' }, ...more })
const place = (idempotencyKey = randomUUID(), more: object = {}) => house.web.place(basket(more), idempotencyKey, key)
const order = async (id: string) => (await call(house.edge.ready.url, { path: `/v1/orders/${id}`, headers: authorized() })).body as { status: string; payment: { status: string; captured: { amountMinor: number }; refunded: { amountMinor: number } } }
const tell = ({ body, signature }: { body: string; signature: string }) => call(house.edge.ready.url, { path: '/payments/stripe', headers: { 'Stripe-Signature': signature, 'Content-Type': 'application/json' }, raw: body })
const admin = (id: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  call(house.edge.ready.url, { method: body === undefined ? 'GET' : 'POST', path: `/admin/v1/orders/${id}${path}`, headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, ...headers }, ...(body === undefined ? {} : { body }) })
const tickets = (number: string) => house.stores.get('main')?.till.ticketsOfOrder(number) ?? []

async function checkout() {
  const answer = expectAnswer(await place(), 201, PlacedAnswer)
  const intent = [...stripe.intents.values()].find(({ metadata }) => metadata['orderId'] === answer.order.id)
  if (!intent) throw new Error('no payment was made')
  return { ...answer, intent }
}
async function paidAndTaken() {
  const made = await checkout()
  stripe.pay(made.intent.id)
  expect((await tell(stripe.event('payment_intent.amount_capturable_updated', made.intent.id))).status).toBe(200)
  await until('the money taken', SETTLED_WITHIN_MS, async () => (await order(made.order.id)).payment.status === 'captured')
  return made
}

describe('an order that is paid by card', () => {
  it('comes to the till once it is paid, at the amount the till books, and is captured once the till has it', async () => {
    const { order: { id, number, totals }, intent, paymentSession } = await checkout()
    expect(paymentSession).toEqual({ provider: 'stripe', clientSecret: intent.client_secret })
    expect([intent.amount, intent.currency]).toEqual([totals.total.amountMinor, 'usd'])
    expect(tickets(number)).toEqual([])
    stripe.pay(intent.id)
    // A forged word, one of an old secret's forger, one that is too old and one for another body: none is believed.
    const honest = stripe.event('payment_intent.amount_capturable_updated', intent.id)
    for (const bad of [
      { ...honest, signature: 't=1,v1=00' }, { ...honest, body: `${honest.body} ` }, { ...honest, signature: '' },
      stripe.event('payment_intent.amount_capturable_updated', intent.id, { secret: 'whsec_forged' }),
      stripe.event('payment_intent.amount_capturable_updated', intent.id, { at: Math.floor(Date.now() / 1000) - 301 }),
    ]) expect((await tell(bad)).status).toBe(401)
    expect((await order(id)).status).toBe('awaiting_payment')
    // The true one, five times at once, after one that tells of later.
    expect((await tell(stripe.event('payment_intent.succeeded', intent.id))).status).toBe(200)
    expect((await Promise.all(Array.from({ length: 5 }, () => tell(honest)))).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    await until('the order in the till', SETTLED_WITHIN_MS, () => tickets(number).length > 0)
    await until('the money taken', SETTLED_WITHIN_MS, async () => (await order(id)).payment.status === 'captured')
    expect(tickets(number)).toMatchObject([{ total_minor: intent.amount }])
    expect(stripe.intents.get(intent.id)).toMatchObject({ status: 'succeeded', amount_received: totals.total.amountMinor })
    // An event that comes late, or of another account's shop, changes nothing.
    expect((await tell(stripe.event('payment_intent.created', intent.id))).body).toMatchObject({ outcome: 'applied' })
    expect((await tell(stripe.event('customer.created', intent.id, { object: { object: 'customer', id: 'cus_1' } }))).body).toEqual({ outcome: 'superseded' })
    expect((await order(id)).payment).toMatchObject({ status: 'captured', captured: { amountMinor: intent.amount }, refunded: { amountMinor: 0 } })
  })

  it('cancelled after the till had it: the till takes it back, and the money goes back', async () => {
    const { order: { id, number } } = await paidAndTaken()
    await call(house.edge.ready.url, { method: 'POST', path: `/v1/orders/${id}/cancel`, headers: authorized() })
    await until('the money back', SETTLED_WITHIN_MS, async () => (await order(id)).status === 'refunded')
    expect(tickets(number)).toMatchObject([{ state: 'void' }])
    expect((await order(id)).payment.refunded.amountMinor).toBe(2899)
  })

  it('is refunded in part by an operator, once for each key', async () => {
    const { order: { id }, intent } = await paidAndTaken()
    const refund = { lines: [{ lineId: '1', quantity: 1 }], why: 'one was broken' }
    const sent = randomUUID()
    for (let n = 0; n < 2; n++) expect((await admin(id, '/refunds', refund, { 'Idempotency-Key': sent })).status).toBe(202)
    await until('the refund', SETTLED_WITHIN_MS, async () => (await order(id)).payment.refunded.amountMinor === 1250)
    expect(stripe.refunds.filter(({ payment_intent: of }) => of === intent.id)).toHaveLength(1)
    expect((await admin(id, '/refunds', { amount: { amountMinor: 9_999, currency: 'USD' }, why: 'typed wrong' }, { 'Idempotency-Key': randomUUID() })).body).toMatchObject({ type: expect.stringMatching(/too-much-to-refund$/), refundable: { amountMinor: 1649 } })
    expect((await admin(id, '/refunds', refund)).status).toBe(400)
    expect(expectAnswer(await admin(id, '/payment'), 200, OperatorPayment)).toMatchObject({ reference: intent.id, trouble: null, refunds: [{ why: 'one was broken', status: 'succeeded' }] })
  })
})

describe('a provider that is away', () => {
  it('loses no checkout: the same call again goes on', async () => {
    stripe.setAway(true)
    const idempotencyKey = randomUUID()
    expect((await place(idempotencyKey)).status).toBe(503)
    stripe.setAway(false)
    expect(expectAnswer(await place(idempotencyKey), 200, PlacedAnswer)).toMatchObject({ order: { status: 'awaiting_payment' }, paymentSession: { provider: 'stripe' } })
  })

  it('what it tells while it cannot be asked is told again', async () => {
    const { order: { id }, intent } = await checkout()
    stripe.pay(intent.id)
    const event = stripe.event('payment_intent.amount_capturable_updated', intent.id)
    stripe.setAway(true)
    expect((await tell(event)).status).toBe(503)
    stripe.setAway(false)
    expect((await tell(event)).status).toBe(200)
    await until('the order accepted', SETTLED_WITHIN_MS, async () => (await order(id)).payment.status === 'captured')
  })
})

describe('other ways to pay', () => {
  it('by transfer, confirmed by an operator', async () => {
    const { order: { id, number, totals: { total } }, paymentSession } = expectAnswer(await place(randomUUID(), { payment: { provider: 'manual' } }), 201, PlacedAnswer)
    expect(paymentSession).toBeNull()
    expect((await admin(id, '/payment/confirm', { amount: { ...total, amountMinor: 1 }, reference: 'transfer 17' })).status).toBe(422)
    expect((await admin(id, '/payment/confirm', { amount: total, reference: 'transfer 17' })).status).toBe(200)
    await until('the order in the till', SETTLED_WITHIN_MS, () => tickets(number).length === 1)
  })

  it('that the channel does not offer are refused, and say what it offers', async () => {
    expect((await place(randomUUID(), { payment: { provider: 'in_store' } })).body).toMatchObject({ status: 422, errors: [{ path: '/payment/provider', message: 'expected one of stripe, manual' }] })
  })
})
