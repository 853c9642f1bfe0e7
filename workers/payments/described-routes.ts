import { Order } from '../../contract/order.ts'
import { ConfirmPayment, OperatorPayment, RequestRefund, RetryPayment } from '../../contract/payment.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' })
const AT = '2026-11-27T10:00:00.000Z'
exampleOf(ConfirmPayment, { amount: usd(1414), reference: 'transfer 17' })
exampleOf(RequestRefund, { lines: [{ lineId: '1', quantity: 1 }], why: 'one was broken' })
exampleOf(RetryPayment, { why: 'the card was unblocked' })
nameAnswer('Payment', OperatorPayment, {
  provider: 'stripe', status: 'captured', reference: 'pi_3Q', amount: usd(1414), captured: usd(1414), refunded: usd(500), trouble: null,
  refunds: [{ id: 'rf_0a1b2c3d4e5f6071', amount: usd(500), status: 'succeeded', at: AT, why: 'one was broken', reference: 're_3Q', lines: [{ lineId: '1', quantity: 1 }] }],
})

const base = { tag: 'operator: payments', security: 'operator' } as const
const PROBLEMS = ['unauthorized', 'forbidden', 'order-not-found', 'payment-not-due', ...BODY_PROBLEMS] as const

export const describedPayments: DescribedRoutes = () => ({
  'GET /admin/v1/orders/:orderId/payment': { ...base, id: 'readPayment', summary: 'What became of an order\'s money', answers: { 200: { when: 'As its provider said last.', schema: OperatorPayment, headers: ['Cache-Control'] } }, problems: ['unauthorized', 'order-not-found', 'payment-not-due'] },
  'POST /admin/v1/orders/:orderId/payment/confirm': { ...base, id: 'confirmPayment', summary: 'Money that people took has come', description: 'For the provider `manual`: all of it, by transfer or otherwise. The order then goes to its stores.', answers: { 200: { when: 'Paid.', schema: Order, headers: ['Cache-Control'] } }, problems: PROBLEMS },
  'POST /admin/v1/orders/:orderId/payment/retry': { ...base, id: 'retryPayment', summary: 'Ask the provider once more', description: 'For a payment in `trouble`, once a person has mended what the provider would not do.', answers: { 202: { when: 'It is asked.', schema: Order, headers: ['Cache-Control'] } }, problems: PROBLEMS },
  'POST /admin/v1/orders/:orderId/refunds': {
    ...base, id: 'refundOrder', summary: 'Give money back', description: 'So much, or what these lines cost. Safe to send again with the same Idempotency-Key.',
    parameters: [{ in: 'header', name: 'Idempotency-Key', required: true, description: 'New for each refund, the same for each retry.', schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' }, example: 'refund-1' }],
    answers: { 202: { when: 'It is on its way; `payment.refunds` says what became of it.', schema: Order, headers: ['Cache-Control'] } }, problems: ['idempotency-key-required', 'too-much-to-refund', ...PROBLEMS],
  },
})
