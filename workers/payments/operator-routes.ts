import { Hono } from 'hono'
import type { Context } from 'hono'
import { sha256Hex } from '../../contract/canonical.ts'
import { ORDER_BODY_BYTES_MAX } from '../../contract/limits.ts'
import { ConfirmPayment, RequestRefund, RetryPayment } from '../../contract/payment.ts'
import { body } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { idempotencyKey } from '../gateway/idempotency-key.ts'
import { problem } from '../gateway/problem.ts'
import { log } from '../log.ts'
import { toOrder } from '../orders/order.ts'
import { orderProblem } from '../orders/refuse.ts'
import { confirmByHand, refundOrder, retryPayment } from './by-hand.ts'
import type { ByHandRefusal } from './by-hand.ts'
import { toOperatorPayment } from './payment.ts'

/** Of the hash of an idempotency key: names a refund for good, and is short enough to be read out. */
const REFUND_ID_LENGTH = 16
const NO_STORE = { 'Cache-Control': 'no-store' }

/** An order's money, mounted at `/admin/v1/orders` behind the gateway's authentication. */
export const operatorPayments = new Hono<AppEnv>()

operatorPayments.get('/:orderId/payment', async (c) => {
  const order = await c.var.ports.orders.find(c.req.param('orderId'))
  if (!order) return problem(c, 'order-not-found', 'There is no such order.')
  const payment = toOperatorPayment(order)
  return payment ? c.json(payment, 200, NO_STORE) : problem(c, 'payment-not-due', 'This order is paid at the counter: its money is the till\'s.')
})

operatorPayments.post('/:orderId/payment/confirm', body(ConfirmPayment, ORDER_BODY_BYTES_MAX), async (c) => {
  const { ports, actor, requestId } = c.var
  const { parsed } = c.req.valid('json')
  const confirmed = await confirmByHand({ ...ports, log }, c.req.param('orderId'), parsed, requestId)
  if (!confirmed.ok) return refuse(c, confirmed.refusal)
  await ports.audit.record({ actor, action: 'payment.confirm', subject: confirmed.value.orderId, detail: `${parsed.amount.amountMinor} ${parsed.amount.currency}, ${parsed.reference}` })
  return c.json(toOrder(confirmed.value), 200, NO_STORE)
})

operatorPayments.post('/:orderId/payment/retry', body(RetryPayment, ORDER_BODY_BYTES_MAX), async (c) => {
  const { ports, actor, requestId } = c.var
  const retried = await retryPayment({ ...ports, log }, c.req.param('orderId'), requestId)
  if (!retried.ok) return refuse(c, retried.refusal)
  await ports.audit.record({ actor, action: 'payment.retry', subject: retried.value.orderId, detail: c.req.valid('json').parsed.why })
  return c.json(toOrder(retried.value), 202, NO_STORE)
})

operatorPayments.post('/:orderId/refunds', idempotencyKey, body(RequestRefund, ORDER_BODY_BYTES_MAX), async (c) => {
  const { ports, actor, requestId } = c.var
  const { parsed } = c.req.valid('json')
  const orderId = c.req.param('orderId')
  const refundId = `rf_${(await sha256Hex(`${orderId} ${c.req.header('Idempotency-Key') ?? ''}`)).slice(0, REFUND_ID_LENGTH)}`
  const refunded = await refundOrder({ ...ports, log }, orderId, { refundId, ...parsed }, requestId)
  if (!refunded.ok) return refuse(c, refunded.refusal)
  await ports.audit.record({ actor, action: 'payment.refund', subject: orderId, detail: parsed.why })
  return c.json(toOrder(refunded.value), 202, NO_STORE)
})

const refuse = (c: Context<AppEnv>, refusal: ByHandRefusal): Response => {
  const { type, detail, extra } = orderProblem(refusal)
  return problem(c, type, detail, extra)
}
