import { ok, refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import type { Money } from '../../contract/values.ts'
import { changeOrder } from '../orders/change-order.ts'
import type { LineQuantity, OrderRecord } from '../orders/port.ts'
import { hearPaid } from './hear-payment.ts'
import type { HearPorts } from './hear-payment.ts'
import { refundableMinor, valueOf } from './owed.ts'
import { kept, paid, withRefund } from './payment.ts'
import { askSettling } from './settle-payment.ts'

/** What operators do about money. */
export type ByHandRefusal =
  | { reason: 'order-not-found' }
  | { reason: 'nothing-to-confirm'; said: string }
  | { reason: 'not-the-amount'; expected: Money }
  | { reason: 'unknown-line'; lineId: string }
  | { reason: 'too-much-to-refund'; most: Money }
type Decided = { order: OrderRecord; refusal?: ByHandRefusal }

/** Money that people took has come, all of it. Said again it changes nothing. */
export async function confirmByHand(ports: HearPorts, orderId: string, { amount, reference }: { amount: Money; reference: string }, requestId: string): Promise<Result<OrderRecord, ByHandRefusal>> {
  const after = await changeOrder<Decided>(ports.orders, orderId, (order) => {
    const { payment, purchase: { totals: { total } } } = order
    if (payment?.provider !== 'manual') return { order, refusal: { reason: 'nothing-to-confirm', said: payment ? `${payment.provider} says itself when it is paid` : 'it is paid at the counter' } }
    if (payment.state === 'captured' && payment.reference === reference) return { order }
    if (order.status !== 'awaiting_payment') return { order, refusal: { reason: 'nothing-to-confirm', said: `the order is ${order.status}` } }
    if (amount.amountMinor !== payment.amountMinor || amount.currency !== total.currency) return { order, refusal: { reason: 'not-the-amount', expected: { amountMinor: payment.amountMinor, currency: total.currency } } }
    return { order: paid(order, { ...payment, reference, state: 'captured', capturedMinor: payment.amountMinor }, 'payment.captured', ports.clock()) }
  })
  if (!after) return refused({ reason: 'order-not-found' })
  if (after.refusal) return refused(after.refusal)
  await hearPaid(ports, after.order, requestId)
  return ok(after.order)
}

/** So much goes back, or what these lines cost. The same `refundId` again changes nothing. */
export async function refundOrder(ports: HearPorts, orderId: string, asked: { refundId: string; amount?: Money | undefined; lines?: LineQuantity[] | undefined; why: string }, requestId: string): Promise<Result<OrderRecord, ByHandRefusal>> {
  const { refundId, amount, lines = [], why } = asked
  const after = await changeOrder<Decided>(ports.orders, orderId, (order) => {
    if (order.payment?.refunds.some((each) => each.refundId === refundId)) return { order }
    const { currency } = order.purchase.totals.total
    const unknown = lines.find(({ lineId }) => !order.purchase.lines.some((line) => line.lineId === lineId))
    if (unknown) return { order, refusal: { reason: 'unknown-line', lineId: unknown.lineId } }
    const amountMinor = amount?.amountMinor ?? valueOf(order, lines)
    const most = refundableMinor(order)
    if (amountMinor === null || amountMinor > most || (amount && amount.currency !== currency)) return { order, refusal: { reason: 'too-much-to-refund', most: { amountMinor: most, currency } } }
    const now = ports.clock()
    return { order: withRefund(order, { refundId, amountMinor, why, lines, state: 'owed', reference: null, at: now }, now) }
  })
  if (!after) return refused({ reason: 'order-not-found' })
  if (after.refusal) return refused(after.refusal)
  await askSettling(ports, after.order, requestId)
  return ok(after.order)
}

/** A person has mended what the provider would not do: it is asked once more. Where nothing is the matter nothing comes of it. */
export async function retryPayment(ports: HearPorts, orderId: string, requestId: string): Promise<Result<OrderRecord, ByHandRefusal>> {
  const after = await changeOrder<Decided>(ports.orders, orderId, (order) => {
    if (!order.payment) return { order, refusal: { reason: 'nothing-to-confirm', said: 'it is paid at the counter' } }
    const { trouble, ...payment } = order.payment
    if (trouble === undefined) return { order }
    return { order: kept(order, payment, 'payment.retried', ports.clock()) }
  })
  if (!after) return refused({ reason: 'order-not-found' })
  if (after.refusal) return refused(after.refusal)
  await askSettling(ports, after.order, requestId)
  return ok(after.order)
}
