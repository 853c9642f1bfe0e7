import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Quote } from '../../contract/order.ts'
import { Product } from '../../contract/product.ts'
import { call, expectAnswer, placed } from '../local/edge-api.ts'
import { openStores } from '../local/stores.ts'
import type { Shelf, Stores } from '../local/stores.ts'
import { until } from '../local/until.ts'

const SETTLED_WITHIN_MS = 20_000
let dir: string
let house: Stores
let key: string

const item = (sku: string, amountMinor: number, taxRate: string, taxIncluded: boolean, currency = 'USD', unit: 'each' | 'g' = 'each'): Shelf =>
  ({ sku, pieces: 5_000, priceMinor: amountMinor, item: { price: { amountMinor, currency }, taxRate, taxIncluded, unit } })
const SHELVES = {
  // Net prices and rates with three decimals; gross prices of two rates; yen, which have no cents; dinars, which have thousandths.
  newyork: [item('NET-A', 1_299, '8.875', false), item('NET-B', 105, '8.875', false), item('NET-C', 333, '4.5', false), item('NET-G', 1_999, '8.875', false, 'USD', 'g')],
  london: [item('GROSS-A', 1_999, '20', true, 'GBP'), item('GROSS-B', 333, '5', true, 'GBP'), item('GROSS-C', 101, '20', true, 'GBP')],
  tokyo: [item('YEN-A', 105, '10', false, 'JPY'), item('YEN-B', 98, '8', false, 'JPY'), item('YEN-C', 333, '8', true, 'JPY')],
  kuwait: [item('FILS-A', 1_235, '5', false, 'KWD'), item('FILS-B', 999, '5', true, 'KWD')],
}
type StoreId = keyof typeof SHELVES

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-prices-'))
  house = await openStores(dir, 'prices-admin-token', SHELVES)
  await house.operator.registerChannel({ channelId: 'members', name: 'Members', payInStore: true, limits: { unpaidUnitsPerAddress: 1_000_000, unpaidUnitsPerKey: 1_000_000 } })
  key = await house.operator.issueKey('members', 'secret')
})
afterAll(async () => {
  await house.close()
  await rm(dir, { recursive: true, force: true })
})

const base = () => house.edge.ready.url
const product = async (sku: string, query = '') => expectAnswer(await call(base(), { path: `/v1/products/${sku}${query}` }), 200, Product)
const quote = async (storeId: string, lines: { sku: string; quantity: number }[], by = house.keys.publishable) =>
  expectAnswer(await call(base(), { path: '/v1/quotes', headers: { Authorization: `Bearer ${by}` }, body: { lines, fulfillment: { method: 'pickup', storeId } } }), 200, Quote)
const ticketOf = async (storeId: StoreId, number: string) => {
  const till = house.stores.get(storeId)?.till
  const [ticket] = await until('the order in the till', SETTLED_WITHIN_MS, () => { const found = till?.ticketsOfOrder(number) ?? []; return found.length > 0 ? found : null })
  if (!till || !ticket) throw new Error('there is no ticket')
  return { ticket, lines: till.lines(ticket.ticket_id) }
}

/** Shown, quoted, ordered and booked: the same numbers, each asked of whoever has them. */
async function sameEverywhere(storeId: StoreId, basket: Record<string, number>, { channel, by }: { channel: string; by: string } = { channel: 'web', by: house.keys.publishable }) {
  const lines = await Promise.all(Object.entries(basket).map(async ([sku, quantity]) => ({ sku, quantity, expectedUnitPrice: (await product(sku, `?channel=${channel}&storeId=${storeId}`)).price })))
  const quoted = await quote(storeId, lines, by)
  expect(quoted.changes).toEqual([])
  const { order } = await placed(await house.web.place({ lines, fulfillment: { method: 'pickup', storeId }, customer: { name: 'Shopper', email: 'shopper@shop.example' } }, randomUUID(), by))
  expect(order.totals).toEqual(quoted.totals)
  const booked = await ticketOf(storeId, order.number)
  expect(booked.ticket).toMatchObject({ total_minor: order.totals.total.amountMinor, tax_minor: order.totals.tax.amountMinor })
  expect(booked.lines.map(({ sku, unit_price_minor: price, line_total_minor: total, tax_minor: tax }) => [sku, price, total, tax])).toEqual(order.lines.map(({ sku, unitPrice, lineTotal, taxAmount }) => [sku, unitPrice.amountMinor, lineTotal.amountMinor, taxAmount?.amountMinor]))
  return order
}
const round = (storeId: StoreId, rounding: object) => house.operator.send(`/stores/${storeId}`, 'PATCH', { rounding })
const setPrices = (prices: object[]) => house.operator.send('/channels/members/prices', 'PUT', { prices })

describe.each([
  ['newyork', { 'NET-A': 3, 'NET-B': 1, 'NET-C': 7 }],
  ['newyork', { 'NET-B': 3, 'NET-G': 751 }],
  ['london', { 'GROSS-A': 2, 'GROSS-B': 3, 'GROSS-C': 1 }],
  ['tokyo', { 'YEN-A': 3, 'YEN-B': 5, 'YEN-C': 1 }],
  ['kuwait', { 'FILS-A': 3, 'FILS-B': 7 }],
] as const)('%s sells %j', (storeId, basket) => {
  it.each([{ tax: 'line', mode: 'half_up' }, { tax: 'order', mode: 'half_up' }, { tax: 'order', mode: 'half_even' }, { tax: 'line', mode: 'down' }])('at the same numbers everywhere, rounded by %j', async (rounding) => {
    expect((await round(storeId, rounding)).status).toBe(200)
    await sameEverywhere(storeId, basket)
  })
})

it('a store whose till rounds receipts as a whole is not asked for what its lines alone would come to', async () => {
  await round('newyork', { tax: 'line', mode: 'half_up' })
  const apart = (await quote('newyork', [{ sku: 'NET-B', quantity: 1 }, { sku: 'NET-B', quantity: 1 }, { sku: 'NET-B', quantity: 1 }])).totals.tax.amountMinor
  await round('newyork', { tax: 'order', mode: 'half_up' })
  const together = (await quote('newyork', [{ sku: 'NET-B', quantity: 1 }, { sku: 'NET-B', quantity: 1 }, { sku: 'NET-B', quantity: 1 }])).totals.tax.amountMinor
  expect([apart, together]).toEqual([27, 28])
})

describe('a channel with a list of its own', () => {
  it('shows, sells and has its tills book its own prices; others go on with the tills\'', async () => {
    expect((await setPrices([{ sku: 'GROSS-A', price: { amountMinor: 1_499, currency: 'GBP' } }, { sku: 'GROSS-A', storeId: 'london', price: { amountMinor: 1_450, currency: 'GBP' } }])).body).toEqual({ prices: 2, unknown: [] })
    await until('the price on the web', SETTLED_WITHIN_MS, async () => (await product('GROSS-A', '?channel=members')).price.amountMinor === 1_499)
    expect([(await product('GROSS-A', '?channel=members&storeId=london')).price.amountMinor, (await product('GROSS-A')).price.amountMinor]).toEqual([1_450, 1_999])
    const order = await sameEverywhere('london', { 'GROSS-A': 3 }, { channel: 'members', by: key })
    expect(order.totals.total.amountMinor).toBe(4_350)
    expect((await sameEverywhere('london', { 'GROSS-A': 3 })).totals.total.amountMinor).toBe(5_997)
  })

  it('turns at its moment, and a basket with the old price is told of both', async () => {
    const validFrom = Date.now() + 2_000
    const at = (ms: number) => new Date(ms).toISOString()
    await setPrices([{ sku: 'GROSS-C', price: { amountMinor: 90, currency: 'GBP' }, validFrom: at(validFrom), validTo: at(validFrom + 3_000) }])
    expect((await quote('london', [{ sku: 'GROSS-C', quantity: 1 }], key)).lines[0]?.unitPrice.amountMinor).toBe(101)
    await sleep(Math.max(0, validFrom - Date.now()) + 50)
    const late = await house.web.place({ lines: [{ sku: 'GROSS-C', quantity: 1, expectedUnitPrice: { amountMinor: 101, currency: 'GBP' } }], fulfillment: { method: 'pickup', storeId: 'london' }, customer: { name: 'S', email: 's@shop.example' } }, randomUUID(), key)
    expect(late.body).toMatchObject({ status: 409, changes: [{ sku: 'GROSS-C', expected: { amountMinor: 101 }, actual: { amountMinor: 90 } }] })
    await sleep(Math.max(0, validFrom + 3_000 - Date.now()) + 50)
    expect((await quote('london', [{ sku: 'GROSS-C', quantity: 1 }], key)).lines[0]?.unitPrice.amountMinor).toBe(101)
  })

  it('refuses what no till could book, all of the call', async () => {
    const wrong = await setPrices([{ sku: 'GROSS-B', price: { amountMinor: 1, currency: 'GBP' } }, { sku: 'GROSS-A', price: { amountMinor: 1, currency: 'USD' } }])
    expect(wrong.body).toMatchObject({ status: 422, errors: [{ path: '/prices/1/price/currency', message: 'expected GBP, in which the stores sell GROSS-A' }] })
    expect((await quote('london', [{ sku: 'GROSS-B', quantity: 1 }], key)).lines[0]?.unitPrice.amountMinor).toBe(333)
    for (const prices of [[{ sku: 'A', price: { amountMinor: -1, currency: 'GBP' } }], [{ sku: 'A', price: { amountMinor: 1.5, currency: 'GBP' } }], [{ sku: 'A', price: { amountMinor: 1, currency: 'GBP' }, validFrom: '2026-01-02T00:00:00Z', validTo: '2026-01-01T00:00:00Z' }], []]) expect((await setPrices(prices)).status).toBe(422)
    expect((await setPrices([{ sku: 'LATER', price: { amountMinor: 1, currency: 'GBP' } }])).body).toEqual({ prices: 1, unknown: ['LATER'] })
  })
})

it('a store promises by its hours, and the order keeps the promise it was given', async () => {
  await house.operator.send('/stores/tokyo', 'PATCH', { pickupLeadMinutes: 45 })
  const before = Date.now()
  const { order } = await placed(await house.web.place({ lines: [{ sku: 'YEN-A', quantity: 1 }], fulfillment: { method: 'pickup', storeId: 'tokyo' }, customer: { name: 'S', email: 's@shop.example' } }, randomUUID()))
  const minutes = (Date.parse(order.promisedAt ?? '') - before) / 60_000
  expect(minutes).toBeGreaterThan(44.9)
  expect(minutes).toBeLessThan(46)
  await house.operator.send('/stores/tokyo', 'PATCH', { pickupLeadMinutes: null })
  expect((await house.web.order(order.id)).promisedAt).toBe(order.promisedAt)
  expect((await quote('tokyo', [{ sku: 'YEN-A', quantity: 1 }])).promisedAt).toBeNull()
})
