import type { Assignment } from '../../contract/assignment.ts'
import { toInstant } from '../../contract/clock.ts'
import type { Order, TimelineEvent } from '../../contract/order.ts'
import { isFinal, mayBecome } from '../../contract/status.ts'
import type { OrderStatus } from '../../contract/status.ts'
import { findAssignment, isGivenUp, isSettled, isUndelivered } from './assignment.ts'
import type { AssignmentRecord, OrderRecord, TimelineEntry } from './port.ts'

/** Placement and hand-over take a second; after this the sweep takes the order into its own hands. */
export const HAND_OVER_WITHIN_MS = 30_000
/** The broom asks D1 about a reservation this long after it was made. */
export const PLACEMENT_RESERVATION_MS = 60_000
/** A payment page left open this long is an abandoned basket. */
export const PAYMENT_RESERVATION_MS = 15 * 60_000
/** A long life of an order is thirty entries; more is a loop somewhere, and the row must stay small. */
const TIMELINE_MAX = 200

/** A copy with one assignment changed, a line in the timeline, and what follows from both: status, and whether anything is owed. */
export function changed(
  order: OrderRecord,
  assignmentId: string | null,
  change: Partial<AssignmentRecord>,
  entry: TimelineEntry,
  now: number,
  status?: OrderStatus,
): OrderRecord {
  const assignments = order.assignments.map((each) => (each.assignmentId === assignmentId ? { ...each, ...change } : each))
  const moves = status !== undefined && mayBecome(order.status, status)
  const next = { ...order, assignments, status: moves ? status : order.status, updatedAt: now, version: order.version + 1 }
  const answer = isTooLateToCancel(next) ? [{ type: 'order.cancel_refused', occurredAt: entry.occurredAt, seenAt: now }] : []
  const timeline = [...order.timeline, moves ? { ...entry, status } : entry, ...answer].slice(-TIMELINE_MAX)
  const settled = answer.length > 0 ? { ...next, cancelRequestedAt: null } : next
  return { ...settled, timeline, dueAt: nextDue(settled, now) }
}

/** The goods were handed out while the wish to cancel was on its way: no store is left to answer it, so that is the answer. */
const isTooLateToCancel = ({ cancelRequestedAt, assignments }: OrderRecord): boolean =>
  cancelRequestedAt !== null && assignments.every(isSettled) && !assignments.every(isGivenUp)

/** When the sweep must look again: while a store has not got its work, a cancel has no answer, or a payment is awaited. */
export function nextDue(order: OrderRecord, now: number): number | null {
  if (isFinal(order.status)) return null
  if (order.status === 'awaiting_payment') return order.placedAt + PAYMENT_RESERVATION_MS
  const owes = order.assignments.some(isUndelivered) || (order.cancelRequestedAt !== null && order.assignments.some((each) => !isSettled(each)))
  return owes ? (order.dueAt ?? now + HAND_OVER_WITHIN_MS) : null
}

/** The store has it in its journal. Unchanged when that was known, or more is. */
export function handedOver(order: OrderRecord, assignmentId: string, now: number): OrderRecord {
  const assignment = findAssignment(order, assignmentId)
  if (!assignment || !isUndelivered(assignment)) return order
  const entry = { type: 'order.sent_to_store', occurredAt: now, seenAt: now, storeId: assignment.storeId, assignmentId }
  return changed(order, assignmentId, { state: 'journaled' }, entry, now, 'sent_to_store')
}

/** Taken back before any store was offered it; the order ends with its last assignment. */
export function struckBeforeOffer(order: OrderRecord, assignmentId: string, now: number): OrderRecord {
  const assignment = findAssignment(order, assignmentId)
  if (!assignment || isSettled(assignment)) return order
  const entry = { type: 'order.cancelled', occurredAt: now, seenAt: now, storeId: assignment.storeId, assignmentId }
  const others = order.assignments.filter((each) => each.assignmentId !== assignmentId)
  return changed(order, assignmentId, { state: 'struck' }, entry, now, others.every(isGivenUp) ? 'cancelled' : undefined)
}

/** The store's connector would not take it in this form: a person decides what becomes of the order. */
export function refusedByStore(order: OrderRecord, assignmentId: string, now: number): OrderRecord {
  const assignment = findAssignment(order, assignmentId)
  if (!assignment || isSettled(assignment)) return order
  const entry = { type: 'order.rejected', occurredAt: now, seenAt: now, storeId: assignment.storeId, assignmentId, detail: 'invalid' }
  return changed(order, assignmentId, { state: 'rejected', reason: 'invalid' }, entry, now)
}

/** The shopper asked; what is already with a store stays as it is until the store has answered. With no store left, it ends. */
export function cancelRequested(order: OrderRecord, now: number): OrderRecord {
  if (order.assignments.every(isGivenUp)) return changed(order, null, {}, { type: 'order.cancelled', occurredAt: now, seenAt: now }, now, 'cancelled')
  if (order.cancelRequestedAt !== null) return order
  const entry = { type: 'order.cancel_requested', occurredAt: now, seenAt: now }
  return changed({ ...order, cancelRequestedAt: now, dueAt: now + HAND_OVER_WITHIN_MS }, null, {}, entry, now)
}

/** Nobody paid in time, or the shopper left before paying: no store has heard of it. */
export function cancelledUnpaid(order: OrderRecord, detail: string, now: number): OrderRecord {
  const struck = order.assignments.map((each) => (isSettled(each) ? each : { ...each, state: 'struck' as const }))
  return changed({ ...order, assignments: struck }, null, {}, { type: 'order.cancelled', occurredAt: now, seenAt: now, detail }, now, 'cancelled')
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
    lines: order.purchase.lines.flatMap(({ lineId, sku, name, unit, unitPrice, taxIncluded, taxRate }) => {
      const quantity = quantityOf.get(lineId)
      return quantity === undefined ? [] : [{ lineId, sku, name, quantity, unit, unitPrice, taxIncluded, taxRate }]
    }),
    totals: order.purchase.totals,
    fulfillment: order.purchase.fulfillment,
    customer: order.purchase.customer,
    note: order.purchase.note,
    ...(maybeWritten ? { maybeWritten } : {}),
  }
}

/** As the contract shows it. */
export function toOrder(order: OrderRecord): Order {
  return {
    id: order.orderId,
    number: order.number,
    channel: order.channel,
    status: order.status,
    cancelRequestedAt: order.cancelRequestedAt === null ? null : toInstant(order.cancelRequestedAt),
    lines: order.purchase.lines,
    totals: order.purchase.totals,
    fulfillment: order.purchase.fulfillment,
    fulfillments: order.assignments.map((each) => ({
      id: each.assignmentId,
      storeId: each.storeId,
      status: each.state === 'accepted' && each.progress !== null ? each.progress : each.state,
      lines: each.lines,
      posReference: each.posReference,
    })),
    customer: order.purchase.customer,
    payment: order.purchase.payment,
    note: order.purchase.note,
    placedAt: toInstant(order.placedAt),
    updatedAt: toInstant(order.updatedAt),
    version: order.version,
  }
}

export const toTimelineEvent = ({ occurredAt, seenAt, ...entry }: TimelineEntry): TimelineEvent =>
  ({ ...entry, occurredAt: toInstant(occurredAt), seenAt: toInstant(seenAt) })
