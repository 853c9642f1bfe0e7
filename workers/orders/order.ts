import type { Assignment } from '../../contract/assignment.ts'
import { toInstant } from '../../contract/clock.ts'
import type { Order, TimelineEvent } from '../../contract/order.ts'
import { isFinal, mayBecome } from '../../contract/status.ts'
import type { PaymentProviderName } from '../../contract/payment.ts'
import type { OrderStatus } from '../../contract/status.ts'
import {
  carried, findAssignment, isGivenUp, isLive, isRecalled, isSettled, isUndelivered, isUnreserved, missingLines, newAssignment, quantityIn, unassignedLines,
} from './assignment.ts'
import { owed, wordWithMoney } from '../payments/owed.ts'
import type { RefundRecord } from '../payments/port.ts'
import { toReturn } from '../returns/to-return.ts'
import type { Part } from './plan.ts'
import type { AssignmentRecord, LineQuantity, OrderRecord, TimelineEntry } from './port.ts'

/** Placement and hand-over take a second; after this the sweep takes the order into its own hands. */
export const HAND_OVER_WITHIN_MS = 30_000
/** The broom asks D1 about a reservation this long after it was made. */
export const PLACEMENT_RESERVATION_MS = 60_000
/** A payment page left open this long is an abandoned basket. */
export const PAYMENT_RESERVATION_MS = 15 * 60_000
/** A bank transfer takes two working days, and a week-end. */
const TRANSFER_RESERVATION_MS = 4 * 24 * 60 * 60_000
/** For how long goods wait for their money. `null`: it is paid at the counter. */
export const paymentReservationMs = (provider: PaymentProviderName | null): number => (provider === null ? 0 : provider === 'manual' ? TRANSFER_RESERVATION_MS : PAYMENT_RESERVATION_MS)
/**
 * What another store could send need not wait a day for one that is silent: staff who look once in half an hour are in time, and
 * a parcel still leaves the same day.
 */
export const REPLACEABLE_ACCEPT_WITHIN_MS = 30 * 60_000
/** A long life of an order is thirty entries; more is a loop somewhere, and the row must stay small. */
const TIMELINE_MAX = 200

/** A copy with one assignment changed, a line in the timeline, and what follows from both. */
export function changed(order: OrderRecord, assignmentId: string, change: Partial<AssignmentRecord>, entry: TimelineEntry, now: number): OrderRecord {
  const before = findAssignment(order, assignmentId)
  if (!before) return order
  const after = { ...before, ...change }
  let next: OrderRecord = { ...order, assignments: order.assignments.map((each) => (each === before ? after : each)) }
  const givesBack = isGivenUp(after) && !isGivenUp(before)
  if ((givesBack || change.accepted) && after.recall) next = withWishMet(next, after, after.recall)
  // A pickup goes nowhere else; what was only asked back to be made smaller comes to its store again.
  const goesOn = order.purchase.fulfillment.method === 'ship' || (after.recall && after.state !== 'rejected')
  if ((givesBack || change.accepted) && !goesOn) next = withCancelled(next, missingLines(next))
  return noted(order, next, entry, now)
}

/** What its store does not send was asked to be cancelled: it is, before anybody looks for another store. The rest of the wish stands. */
function withWishMet(order: OrderRecord, asked: AssignmentRecord, recall: NonNullable<AssignmentRecord['recall']>): OrderRecord {
  const next = withCancelled(order, recall.cancels)
  const stillAsked = (lineId: string): number => quantityIn(recall.cancels, lineId) - quantityIn(next.cancelled, lineId) + quantityIn(order.cancelled, lineId)
  const cancels = [...new Set(recall.cancels.map(({ lineId }) => lineId))].map((lineId) => ({ lineId, quantity: stillAsked(lineId) })).filter(({ quantity }) => quantity > 0)
  return { ...next, assignments: next.assignments.map((each) => (each === asked ? { ...asked, recall: { ...recall, cancels } } : each)) }
}

/** What follows from a change of an order: its status, what the timeline tells, and whether anything is owed. */
export function noted(before: OrderRecord, after: OrderRecord, entry: TimelineEntry | null, now: number): OrderRecord {
  const word = wordWithMoney(statusOf(after), after)
  const moves = mayBecome(before.status, word) && (before.status !== 'awaiting_payment' || word === 'cancelled')
  const status = moves ? word : before.status
  const entries = entry ? [entry] : []
  if (after.cancelled !== before.cancelled) {
    const type = status === 'cancelled' ? 'order.cancelled' : 'order.lines_cancelled'
    entries.push({ type, occurredAt: now, seenAt: now, detail: linesInWords(after, before.cancelled) })
  }
  const last = entries.at(-1)
  if (moves && last) entries[entries.length - 1] = { ...last, status }
  const assignments = after.assignments.map((each) => (isTooLateToGiveBack(each) ? { ...each, recall: null } : each))
  const answer = after.assignments.some(isTooLateToGiveBack) ? [{ type: 'order.cancel_refused', occurredAt: entry?.occurredAt ?? now, seenAt: now }] : []
  const isAsked = status === 'cancelled' || assignments.some(isRecalled)
  const next = {
    ...after, assignments, status, updatedAt: now, version: before.version + 1, timeline: [...before.timeline, ...entries, ...answer].slice(-TIMELINE_MAX),
    cancelRequestedAt: isAsked ? after.cancelRequestedAt : null,
  }
  return { ...next, dueAt: nextDue(next, now) }
}

/** The goods were handed out while the wish to have them back was on its way: its store has nothing left to answer it with, so that is the answer. */
const isTooLateToGiveBack = (assignment: AssignmentRecord): boolean => isSettled(assignment) && !isGivenUp(assignment) && (assignment.recall ?? null) !== null

/** What else of these lines is cancelled now, as far as no store has it. */
export function withCancelled(order: OrderRecord, lines: readonly LineQuantity[]): OrderRecord {
  const takes = unassignedLines(order).map(({ lineId, quantity }) => ({ lineId, quantity: Math.min(quantity, quantityIn(lines, lineId)) })).filter(({ quantity }) => quantity > 0)
  if (takes.length === 0) return order
  const ids = new Set([...order.cancelled, ...takes].map(({ lineId }) => lineId))
  return { ...order, cancelled: [...ids].map((lineId) => ({ lineId, quantity: quantityIn(order.cancelled, lineId) + quantityIn(takes, lineId) })) }
}

function linesInWords({ purchase, cancelled }: OrderRecord, before: readonly LineQuantity[]): string {
  return purchase.lines.flatMap(({ lineId, sku }) => {
    const more = quantityIn(cancelled, lineId) - quantityIn(before, lineId)
    return more > 0 ? [`${more} × ${sku}`] : []
  }).join(', ')
}

const wordOf = ({ state, progress }: AssignmentRecord): OrderStatus =>
  state === 'accepted' ? progress ?? 'accepted' : state === 'journaled' || state === 'in_doubt' ? 'sent_to_store' : 'placed'

/** An order is as far as the last of its parts; what has no store yet is a part too. With nothing left to deliver it is cancelled. */
function statusOf(order: OrderRecord): OrderStatus {
  const words = order.assignments.filter(isLive).map(wordOf)
  if (unassignedLines(order).length > 0) words.push('placed')
  return words.length === 0 ? 'cancelled' : words.reduce((least, word) => (mayBecome(word, least) ? word : least))
}

/** Whether a part of it has to find a store. */
export const owesRouting = (order: OrderRecord): boolean =>
  !isFinal(order.status) && order.status !== 'awaiting_payment' && (order.assignments.some(isUnreserved) || missingLines(order).length > 0)

/** It may go to another store if its own lets it lie. One in doubt waits for a person (rules.md 2). */
export const isReplaceable = (order: OrderRecord, assignment: AssignmentRecord): boolean =>
  order.purchase.fulfillment.method === 'ship' && (isUndelivered(assignment) || assignment.state === 'journaled')

/** When the sweep must look again: while something has no store, a store has not got or accepted its work, a cancel has no answer, a payment is awaited, or money is to be moved. */
export function nextDue(order: OrderRecord, now: number): number | null {
  const soon = Math.min(order.dueAt ?? Infinity, now + HAND_OVER_WITHIN_MS)
  if (isFinal(order.status)) return owed(order) ? soon : null
  if (order.status === 'awaiting_payment') return order.placedAt + paymentReservationMs(order.payment?.provider ?? 'stripe')
  if (owed(order) || owesRouting(order) || order.assignments.some((each) => isUndelivered(each) || isRecalled(each))) return soon
  return order.assignments.some((each) => isReplaceable(order, each)) ? (order.dueAt ?? soon) : null
}

const entryOf = (type: string, { storeId, assignmentId }: AssignmentRecord, now: number, detail?: string): TimelineEntry =>
  ({ type, occurredAt: now, seenAt: now, storeId, assignmentId, ...(detail === undefined ? {} : { detail }) })

/** The store has it in its journal. Unchanged when that was known, or more is. */
export function handedOver(order: OrderRecord, assignmentId: string, now: number): OrderRecord {
  const assignment = findAssignment(order, assignmentId)
  if (!assignment || !isUndelivered(assignment)) return order
  return changed(order, assignmentId, { state: 'journaled' }, entryOf('order.sent_to_store', assignment, now), now)
}

/** Taken back before its store was offered it: for a cancel, or because the store let it lie. */
export function struckBeforeOffer(order: OrderRecord, assignmentId: string, now: number): OrderRecord {
  const assignment = findAssignment(order, assignmentId)
  if (!assignment || isSettled(assignment)) return order
  return changed(order, assignmentId, { state: 'struck', reason: whyGivenBack(assignment), unreserved: false }, entryOf('order.taken_back', assignment, now), now)
}

/** A store that gives back what was to go elsewhere, or what nobody asked back, is not asked again. */
export const whyGivenBack = ({ recall }: AssignmentRecord): AssignmentRecord['reason'] => (recall && !recall.elsewhere ? null : 'expired')

/** Its store has let the time to accept it pass. Whether it has the goods set aside is not known until it speaks. */
export function givenAway(order: OrderRecord, assignmentId: string, now: number): OrderRecord {
  const assignment = findAssignment(order, assignmentId)
  if (!assignment || !isReplaceable(order, assignment)) return order
  return changed(order, assignmentId, { state: 'rejected', reason: 'expired', unanswered: true }, entryOf('order.rejected', assignment, now, 'expired'), now)
}

/** The store's connector would not take it in this form: a person decides what becomes of the order. Not of what its journal has by another way. */
export function refusedByStore(order: OrderRecord, assignmentId: string, now: number): OrderRecord {
  const assignment = findAssignment(order, assignmentId)
  if (!assignment || !isUndelivered(assignment)) return order
  return changed(order, assignmentId, { state: 'rejected', reason: 'invalid' }, entryOf('order.rejected', assignment, now, 'invalid'), now)
}

/** New parts for what is missing, written down before anything is reserved for them. */
export function assignedAnew(order: OrderRecord, parts: readonly Part[], attempt: string, acceptWithinMs: number | null, now: number): OrderRecord {
  const anew = parts.map((part, index): AssignmentRecord => ({
    ...newAssignment(`${order.orderId}.${order.assignments.length + index + 1}`, part, attempt), unreserved: true, assignedAt: now, ...(acceptWithinMs === null ? {} : { acceptWithinMs }),
  }))
  return noted(order, { ...order, assignments: [...order.assignments, ...anew] }, null, now)
}

/** The goods of a new part are reserved: it is its store's. */
export function assigned(order: OrderRecord, assignmentId: string, now: number): OrderRecord {
  const assignment = findAssignment(order, assignmentId)
  if (!assignment || !isUnreserved(assignment)) return order
  return changed(order, assignmentId, { unreserved: false }, entryOf('order.assigned', assignment, now), now)
}

/** The counters had not enough for a new part after all (`out_of_stock`), or an earlier try of it was released (`null`). */
export function notAssigned(order: OrderRecord, assignmentId: string, reason: 'out_of_stock' | null, now: number): OrderRecord {
  const assignment = findAssignment(order, assignmentId)
  if (!assignment || !isUnreserved(assignment)) return order
  return changed(order, assignmentId, { state: reason ? 'rejected' : 'struck', reason, unreserved: false }, entryOf('order.rejected', assignment, now, reason ?? 'released'), now)
}

/** No store has what is missing: it is cancelled, and the shopper told. */
export const missingCancelled = (order: OrderRecord, now: number): OrderRecord => noted(order, withCancelled(order, missingLines(order)), null, now)

const UNPAID = { expired: 'not paid in time', cancelled: 'cancelled before it was paid', refused: 'the payment was given up' }

/** Nobody paid in time, or the shopper left before paying: no store has heard of it. */
export function cancelledUnpaid(order: OrderRecord, why: 'expired' | 'cancelled' | 'refused', now: number): OrderRecord {
  const payment = order.payment && why === 'expired' ? { ...order.payment, expired: true as const } : order.payment
  const struck = { ...order, payment, assignments: order.assignments.map((each) => (isSettled(each) ? each : { ...each, state: 'struck' as const })) }
  return noted(order, withCancelled(struck, unassignedLines(struck)), { type: 'order.unpaid', occurredAt: now, seenAt: now, detail: UNPAID[why] }, now)
}

/** The body a store gets. Built only from what never changes, so that push, pull and every repetition carry the same. */
export function assignmentBody(order: OrderRecord, assignment: AssignmentRecord, acceptBy: number, maybeWritten = false): Assignment {
  const quantityOf = new Map(assignment.lines.map((line) => [line.lineId, line.quantity]))
  return {
    assignmentId: assignment.assignmentId,
    orderId: order.orderId,
    storeId: assignment.storeId,
    number: order.number,
    placedAt: toInstant(order.placedAt),
    acceptBy: toInstant(acceptBy),
    lines: order.purchase.lines.flatMap(({ lineId, sku, name, unit, unitPrice, taxIncluded, taxRate, quantity: bought, lineTotal, taxAmount }) => {
      const quantity = quantityOf.get(lineId)
      // Of a line that several stores share each books its own part.
      const amounts = quantity === bought && taxAmount ? { lineTotal, taxAmount } : {}
      return quantity === undefined ? [] : [{ lineId, sku, name, quantity, unit, unitPrice, taxIncluded, taxRate, ...amounts }]
    }),
    totals: order.purchase.totals,
    fulfillment: order.purchase.fulfillment,
    customer: order.purchase.customer,
    note: order.purchase.note,
    ...(maybeWritten ? { maybeWritten } : {}),
    ...(order.purchase.promisedAt === undefined ? {} : { promisedAt: toInstant(order.purchase.promisedAt) }),
    ...(order.purchase.traceparent === undefined ? {} : { traceparent: order.purchase.traceparent }),
  }
}

/** `null` where it is paid at the counter, and nobody said so. */
function toPayment({ payment, purchase: { payment: named, totals: { total: { currency } } } }: OrderRecord): Order['payment'] {
  const money = (amountMinor: number) => ({ amountMinor, currency })
  if (!payment) return named && { provider: named.provider, status: 'in_store', captured: money(0), refunded: money(0), refunds: [] }
  const { provider, state, capturedMinor, refundedMinor, refunds } = payment
  return { provider, status: state, captured: money(capturedMinor), refunded: money(refundedMinor), refunds: refunds.map((refund) => toRefund(refund, currency)) }
}

export const toRefund = ({ refundId, amountMinor, state, at }: RefundRecord, currency: string): NonNullable<Order['payment']>['refunds'][number] =>
  ({ id: refundId, amount: { amountMinor, currency }, status: state === 'owed' ? 'pending' : state, at: toInstant(at) })

/** As the contract shows it. */
export function toOrder(order: OrderRecord): Order {
  return {
    id: order.orderId,
    number: order.number,
    channel: order.channel,
    status: order.status,
    cancelRequestedAt: order.cancelRequestedAt === null ? null : toInstant(order.cancelRequestedAt),
    lines: order.purchase.lines.map((line) => ({ ...line, cancelledQuantity: quantityIn(order.cancelled, line.lineId) })),
    totals: order.purchase.totals,
    fulfillment: order.purchase.fulfillment,
    fulfillments: order.assignments.map((each) => ({
      id: each.assignmentId,
      storeId: each.storeId,
      status: each.state === 'accepted' && each.progress !== null ? each.progress : each.state,
      lines: isGivenUp(each) ? each.lines : carried(each),
      posReference: each.posReference,
    })),
    customer: order.purchase.customer,
    payment: toPayment(order),
    returns: order.returns.map(toReturn),
    note: order.purchase.note,
    placedAt: toInstant(order.placedAt),
    updatedAt: toInstant(order.updatedAt),
    version: order.version,
    promisedAt: order.purchase.promisedAt === undefined ? null : toInstant(order.purchase.promisedAt),
    erasedAt: order.erasedAt === null ? null : toInstant(order.erasedAt),
  }
}

export const toTimelineEvent = ({ occurredAt, seenAt, ...entry }: TimelineEntry): TimelineEvent =>
  ({ ...entry, occurredAt: toInstant(occurredAt), seenAt: toInstant(seenAt) })
