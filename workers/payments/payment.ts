import type { OperatorPayment } from '../../contract/payment.ts'
import { isFinal } from '../../contract/status.ts'
import { newAssignment } from '../orders/assignment.ts'
import { cancelledUnpaid, nextDue, noted, toRefund } from '../orders/order.ts'
import type { Part } from '../orders/plan.ts'
import type { OrderRecord } from '../orders/port.ts'
import { refundableMinor } from './owed.ts'
import type { PaymentRecord, RefundRecord, SeenPayment } from './port.ts'

/** How far money can go: what was seen earlier and is told later changes nothing. */
const STEP: Record<PaymentRecord['state'], number> = { awaited: 0, authorized: 1, captured: 2, voided: 2 }

export const newPayment = (provider: PaymentRecord['provider'], amountMinor: number): PaymentRecord =>
  ({ provider, reference: null, state: 'awaited', amountMinor, capturedMinor: 0, refundedMinor: 0, refunds: [] })

/** What the provider says of the order's payment, taken over. `desk`: a sentence for a person. The same order when nothing is new. */
export type Heard = { order: OrderRecord; desk?: string }

export function withSeen(order: OrderRecord, seen: SeenPayment, now: number): Heard {
  const { payment } = order
  if (!payment || payment.provider === 'manual') return { order, desk: `The payment ${seen.reference} names an order that is not paid this way.` }
  if (payment.reference !== null && payment.reference !== seen.reference) return { order, desk: `The payment ${seen.reference} names an order that has another one, ${payment.reference}.` }
  const { currency } = order.purchase.totals.total
  if (!isWhole(order, seen)) {
    const trouble = `${seen.reference} is over ${seen.amount.amountMinor} ${seen.amount.currency}, and the order over ${payment.amountMinor} ${currency}`
    return payment.trouble === trouble ? { order } : { order: kept(order, { ...payment, trouble }, 'payment.trouble', now), desk: `The payment ${trouble}. Nothing was confirmed; look at it at the provider.` }
  }
  const isFurther = STEP[seen.state] > STEP[payment.state]
  const next: PaymentRecord = {
    ...payment, reference: seen.reference, state: isFurther ? seen.state : payment.state,
    capturedMinor: Math.max(payment.capturedMinor, seen.capturedMinor), refundedMinor: Math.max(payment.refundedMinor, seen.refundedMinor),
  }
  if (isSame(payment, next)) return { order }
  const type = next.state !== payment.state ? `payment.${next.state}` : next.refundedMinor > payment.refundedMinor ? 'payment.refunded' : null
  if (order.status === 'awaiting_payment') {
    if (next.state === 'voided') return { order: cancelledUnpaid({ ...order, payment: next }, 'refused', now) }
    return { order: next.state === 'awaited' ? kept(order, next, null, now) : paid(order, next, `payment.${next.state}`, now) }
  }
  const after = kept(order, next, type, now)
  const isLost = next.state === 'voided' && payment.state === 'authorized' && !isFinal(order.status)
  return isLost ? { order: after, desk: 'What was set aside for the order was let go at its provider, or has lapsed: its goods are not paid for. Cancel it, or have the shopper pay at the counter.' } : { order: after }
}

/** It is over what the order costs, to the smallest coin. */
const isWhole = ({ payment, purchase }: OrderRecord, { amount }: SeenPayment): boolean =>
  amount.currency === purchase.totals.total.currency && amount.amountMinor === payment?.amountMinor

const isSame = (a: PaymentRecord, b: PaymentRecord): boolean =>
  a.reference === b.reference && a.state === b.state && a.capturedMinor === b.capturedMinor && a.refundedMinor === b.refundedMinor

/** A payment changed, with what follows for the order's word and for what is owed. */
export const kept = (order: OrderRecord, payment: PaymentRecord, type: string | null, now: number, detail?: string): OrderRecord =>
  noted(order, { ...order, payment }, type === null ? null : { type, occurredAt: now, seenAt: now, ...(detail === undefined ? {} : { detail }) }, now)

/** The money is there: the order is its stores'. */
export function paid(order: OrderRecord, payment: PaymentRecord, type: string, now: number): OrderRecord {
  const next: OrderRecord = {
    ...order, payment, status: 'placed', dueAt: null, updatedAt: now, version: order.version + 1,
    timeline: [...order.timeline, { type, occurredAt: now, seenAt: now, status: 'placed' }],
  }
  return { ...next, dueAt: nextDue(next, now) }
}

/** Paid for after it was given up for want of payment, and not erased since: its goods may be taken again. */
export function mayBeTakenAgain(order: OrderRecord, seen: SeenPayment): boolean {
  const { payment, status, erasedAt } = order
  const isOpen = status === 'cancelled' && erasedAt === null && payment?.expired === true && payment.state === 'awaited' && payment.trouble === undefined
  return isOpen && (seen.state === 'authorized' || seen.state === 'captured') && (payment.reference ?? seen.reference) === seen.reference && isWhole(order, seen)
}

/** The order as if it had never been given up, with its goods reserved anew in `parts`. */
export function takenAgain(order: OrderRecord, parts: readonly Part[], attempt: string, seen: SeenPayment, now: number): OrderRecord {
  const { expired: _, ...payment } = order.payment ?? newPayment('stripe', seen.amount.amountMinor)
  const assignments = parts.map((part, index) => ({ ...newAssignment(`${order.orderId}.${order.assignments.length + index + 1}`, part, attempt), assignedAt: now }))
  const revived: OrderRecord = { ...order, assignments: [...order.assignments, ...assignments], cancelled: [], cancelRequestedAt: null }
  return paid(revived, { ...payment, reference: seen.reference, state: seen.state, capturedMinor: seen.capturedMinor }, 'order.paid_late', now)
}

/** Written down before its provider hears of it. The same object where it stands already. */
export function withRefund(order: OrderRecord, refund: RefundRecord, now: number): OrderRecord {
  const { payment } = order
  if (!payment || payment.refunds.some(({ refundId }) => refundId === refund.refundId) || refund.amountMinor > refundableMinor(order)) return order
  // Where people move the money, it has gone back when they say so.
  const done = payment.provider === 'manual' ? { refunds: [...payment.refunds, { ...refund, state: 'succeeded' as const }], refundedMinor: payment.refundedMinor + refund.amountMinor } : { refunds: [...payment.refunds, refund] }
  return kept(order, { ...payment, ...done }, payment.provider === 'manual' ? 'payment.refunded' : 'payment.refund_requested', now)
}

export function withRefundAnswer(order: OrderRecord, refundId: string, answer: Partial<RefundRecord>, now: number): OrderRecord {
  const { payment } = order
  if (!payment) return order
  return kept(order, { ...payment, refunds: payment.refunds.map((each) => (each.refundId === refundId ? { ...each, ...answer } : each)) }, answer.state === 'failed' ? 'payment.refund_failed' : null, now)
}

/** As operators see it. */
export function toOperatorPayment(order: OrderRecord): OperatorPayment | null {
  const { payment, purchase: { totals: { total: { currency } } } } = order
  if (!payment) return null
  const money = (amountMinor: number) => ({ amountMinor, currency })
  const { provider, state, reference, amountMinor, capturedMinor, refundedMinor, trouble = null } = payment
  return {
    provider, status: state, reference, amount: money(amountMinor), captured: money(capturedMinor), refunded: money(refundedMinor), trouble,
    refunds: payment.refunds.map((refund) => ({ ...toRefund(refund, currency), why: refund.why, reference: refund.reference, lines: refund.lines })),
  }
}
