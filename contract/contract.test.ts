import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical.ts'
import { EMPTY_DIGEST, nextDigest } from './digest.ts'
import { StoreEvent } from './events.ts'
import { PlaceOrder } from './order.ts'
import { fieldErrors } from './problem.ts'
import { Item, itemHash } from './product.ts'
import { isFinal, mayBecome, OrderStatus } from './status.ts'
import { Sku } from './values.ts'

const item = { sku: 'A-1', name: 'Tea', price: { amountMinor: 499, currency: 'USD' }, taxIncluded: false, taxRate: '8.875' }

describe('SKUs', () => {
  it.each(['A', '00123', 'käse-1', '茶', 'a/b?c#d%', 'x'.repeat(64)])('keeps %s as it is', (sku) => expect(Sku.parse(sku)).toBe(sku))
  it.each(['', ' ', '.', '..', 'a b', 'a\n', 'x'.repeat(65), '\u0000', '\ud800', '\u200b'])('refuses %j', (sku) => expect(Sku.safeParse(sku).success).toBe(false))
})

describe('the rolling digest', () => {
  it('starts from SHA-256 of nothing', () => expect(EMPTY_DIGEST).toBe(createHash('sha256').digest('hex')))
  it('is SHA-256 of the last digest and the event in RFC 8785 form', async () => {
    const event = { type: 'x', seq: 1, data: { b: 2, a: 'é' } }
    const expected = createHash('sha256').update(`${EMPTY_DIGEST}{"data":{"a":"é","b":2},"seq":1,"type":"x"}`).digest('hex')
    expect(await nextDigest(EMPTY_DIGEST, event)).toBe(expected)
  })
  it('writes numbers as RFC 8785 does', () => expect(canonicalJson([1e21, 0.1, -0, 1.0])).toBe('[1e+21,0.1,0,1]'))
})

describe('items', () => {
  it('hash alike whether a default is said or left out', async () => {
    expect(await itemHash(Item.parse(item))).toBe(await itemHash(Item.parse({ ...item, unit: 'each', brand: null, tracked: true, identifiers: [], somethingNew: 1 })))
  })
})

describe('bad input is named by JSON pointer', () => {
  it.each([
    [{ lines: [{ sku: 'A', quantity: -1 }] }, '/lines/0/quantity'],
    [{ lines: [{ sku: 'A', quantity: 1.5 }] }, '/lines/0/quantity'],
    [{ lines: [{ sku: 'A', quantity: '1' }] }, '/lines/0/quantity'],
    [{ lines: [] }, '/lines'],
    [{ lines: Array.from({ length: 101 }, () => ({ sku: 'A', quantity: 1 })) }, '/lines'],
    [{ fulfillment: { method: 'pigeon' } }, '/fulfillment/method'],
    [{ customer: { name: 'A', email: 'no' } }, '/customer/email'],
  ])('%#', (change, path) => {
    const order = { lines: [{ sku: 'A', quantity: 1 }], fulfillment: { method: 'pickup', storeId: 'main' }, customer: { name: 'A', email: 'a@b.example' }, ...change }
    const parsed = PlaceOrder.safeParse(order)
    expect(parsed.success).toBe(false)
    expect(parsed.error && fieldErrors(parsed.error).map((error) => error.path)).toContain(path)
  })
})

describe('events', () => {
  it('ignore fields they do not know', () => {
    const event = StoreEvent.parse({ seq: 1, type: 'stock.counted', occurredAt: '2026-11-24T08:00:00+01:00', data: { sku: 'A', onHand: -3, asOf: 0, mood: 'good' }, extra: true })
    expect(event.data).toEqual({ sku: 'A', onHand: -3, asOf: 0 })
  })
})

describe('the status table', () => {
  it('never leaves a final status but for refunds, and never goes back', () => {
    for (const from of OrderStatus.options) {
      for (const to of OrderStatus.options) {
        if (isFinal(from) && mayBecome(from, to)) expect(['refunded', 'partially_refunded']).toContain(to)
        if (mayBecome(from, to)) expect(mayBecome(to, from)).toBe(false)
      }
    }
  })
  it('may jump over what was not heard of', () => {
    expect(mayBecome('placed', 'completed')).toBe(true)
    expect(mayBecome('picking', 'accepted')).toBe(false)
    expect(mayBecome('completed', 'cancelled')).toBe(false)
  })
})
