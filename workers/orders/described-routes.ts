import { ListedSale } from '../../contract/operator-answers.ts'
import { CancelOrder, Order, PlacedAnswer, PlaceOrder, Quote, QuoteRequest, Timeline } from '../../contract/order.ts'
import { page } from '../../contract/values.ts'
import type { z } from 'zod'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' })
const AT = '2026-11-26T10:00:00.000Z'
const basket = { lines: [{ sku: 'CLO-00003', quantity: 1 }], fulfillment: { method: 'pickup' as const, storeId: 'high-street' } }
const line = { lineId: '1', sku: 'CLO-00003', name: 'Green tea, loose', quantity: 1, unit: 'each' as const, unitPrice: usd(1299), taxIncluded: false, taxRate: '8.875', lineTotal: usd(1299) }
const totals = { subtotal: usd(1299), tax: usd(115), shipping: usd(0), total: usd(1414) }
const customer = { name: 'Customer', email: 'customer@shop.example' }
export const exampleOrder: z.output<typeof Order> = {
  id: 'ord_00000000000000000000000000', number: '1000-0001', channel: 'web', status: 'placed', cancelRequestedAt: null, lines: [{ ...line, cancelledQuantity: 0 }], totals, fulfillment: basket.fulfillment,
  fulfillments: [{ id: 'ord_00000000000000000000000000.1', storeId: 'high-street', status: 'pending', lines: [{ lineId: '1', quantity: 1 }], posReference: null }],
  customer, payment: null, returns: [], note: null, placedAt: AT, updatedAt: AT, version: 1, promisedAt: AT, erasedAt: null,
}
const SalePage = page(ListedSale)
exampleOf(QuoteRequest, basket)
exampleOf(PlaceOrder, { ...basket, customer })
exampleOf(CancelOrder, { lines: [{ lineId: '1', quantity: 1 }] })
nameAnswer('Quote', Quote, { lines: [line], totals, storeId: 'high-street', shortages: [], changes: [], promisedAt: AT })
nameAnswer('Order', Order, exampleOrder)
nameAnswer('PlacedAnswer', PlacedAnswer, { order: exampleOrder, accessToken: 'eyJ0b2tlbiI6ImV4YW1wbGUifQ', paymentSession: null })
nameAnswer('Timeline', Timeline, { items: [{ type: 'order.placed', occurredAt: AT, seenAt: AT, status: 'placed' }], nextCursor: null })
nameAnswer('SalePage', SalePage, { items: [{ kind: 'order', ...exampleOrder }, { kind: 'sale', storeId: 'high-street', saleId: 'S-17', total: usd(500), assignmentId: null, occurredAt: AT }], nextCursor: null })

/** What the answers of a key's calls say of its limit. */
const LIMITED = ['RateLimit-Policy', 'RateLimit'] as const
const EVENTS = { 'text/event-stream': { schema: { type: 'string', description: 'One event `timeline` for each entry, until the order is over or five minutes have passed.' } } }
const cancelAnswers = {
  200: { when: 'It is cancelled.', schema: Order },
  202: { when: 'The store was asked; the status will say what became of it.', schema: Order },
}

export const describedOrders: DescribedRoutes = () => ({
  'POST /v1/quotes': {
    id: 'createQuote', tag: 'orders', security: 'channel', summary: 'What a basket costs, and whether there is enough of it', description: 'Reserves nothing.',
    answers: { 200: { when: 'Priced; `shortages` and `changes` say what an order would be refused for.', schema: Quote, headers: ['Cache-Control', ...LIMITED] } },
    problems: ['unauthorized', 'forbidden', ...BODY_PROBLEMS, 'unknown-sku', 'unknown-store', 'store-not-taking-orders'],
  },
  'POST /v1/orders': {
    id: 'placeOrder', tag: 'orders', security: 'channel', summary: 'Place an order', description: 'Safe to send again with the same Idempotency-Key: a lost answer is fetched so. A refusal does not use the key up.',
    parameters: [{ in: 'header', name: 'Idempotency-Key', required: true, description: 'New for each order, the same for each retry.', schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' }, example: 'basket-1' }],
    answers: {
      201: { when: 'Placed: the goods are reserved. `accessToken` opens this order.', schema: PlacedAnswer, headers: ['Location', 'Cache-Control', ...LIMITED] },
      200: { when: 'The order that this key has placed before.', schema: PlacedAnswer, headers: ['Location', 'Cache-Control', ...LIMITED] },
    },
    problems: ['too-many-unpaid', 'idempotency-key-required', 'unauthorized', 'forbidden', 'out-of-stock', 'price-changed', ...BODY_PROBLEMS, 'idempotency-key-reused', 'unknown-sku', 'unknown-store', 'payment-refused', 'store-not-taking-orders'],
  },
  'GET /v1/orders/:orderId': {
    id: 'getOrder', tag: 'orders', security: 'order', summary: 'An order', answers: { 200: { when: 'As it is now.', schema: Order, headers: ['Cache-Control'] } }, problems: ['order-not-found'],
  },
  'GET /v1/orders/:orderId/timeline': {
    id: 'getTimeline', tag: 'orders', security: 'order, also by address', summary: 'What happened to an order, oldest first', description: 'With `Accept: text/event-stream` it is followed for you.',
    answers: { 200: { when: 'So far.', schema: Timeline, headers: ['Cache-Control'], content: EVENTS } }, problems: ['order-not-found', 'invalid-request'],
  },
  'POST /v1/orders/:orderId/cancel': {
    id: 'cancelOrder', tag: 'orders', security: 'order', summary: 'Cancel an order, or some of its lines', description: 'Without a body all of it. `quantity` is how many of the line in all, so that the same call again changes nothing.',
    answers: cancelAnswers, problems: ['order-not-found', 'too-late-to-cancel', ...BODY_PROBLEMS],
  },
  'GET /admin/v1/orders': {
    id: 'listSales', tag: 'operator: orders', security: 'operator', summary: 'Web orders and till sales, newest first', answers: { 200: { when: 'A page.', schema: SalePage, headers: ['Cache-Control'] } }, problems: ['unauthorized', 'invalid-request'],
  },
  'GET /admin/v1/orders/:orderId': { id: 'readOrder', tag: 'operator: orders', security: 'operator', summary: 'Any order', answers: { 200: { when: 'As it is now.', schema: Order } }, problems: ['unauthorized', 'order-not-found'] },
  'GET /admin/v1/orders/:orderId/timeline': { id: 'readTimeline', tag: 'operator: orders', security: 'operator', summary: 'What happened to any order', answers: { 200: { when: 'So far.', schema: Timeline } }, problems: ['unauthorized', 'order-not-found'] },
  'POST /admin/v1/orders/:orderId/reroute': {
    id: 'rerouteOrder', tag: 'operator: orders', security: 'operator', summary: 'Send it to another store', answers: { 202: { when: 'Another store is looked for.', schema: Order } }, problems: ['unauthorized', 'forbidden', 'order-not-found', 'conflict'],
  },
  'POST /admin/v1/orders/:orderId/cancel': {
    id: 'cancelAnyOrder', tag: 'operator: orders', security: 'operator', summary: 'Cancel any order, or some of its lines', answers: cancelAnswers, problems: ['unauthorized', 'forbidden', 'order-not-found', 'too-late-to-cancel', ...BODY_PROBLEMS],
  },
})
