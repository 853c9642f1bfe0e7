import { refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import { ASSIGNMENTS_PER_ORDER_MAX, carried, isLive, isRecalled, isSettled, isUndelivered, isUnreserved, quantityIn, unassignedLines } from './assignment.ts'
import { HAND_OVER_WITHIN_MS, noted, withCancelled } from './order.ts'
import type { AssignmentRecord, LineQuantity, OrderRecord } from './port.ts'

export type LinesRefusal = { reason: 'too-late-to-cancel'; status: string } | { reason: 'unknown-line'; lineId: string }

const isCancellable = (assignment: AssignmentRecord): boolean => !isSettled(assignment) && assignment.progress !== 'shipped' && isLive(assignment)
/** What is least far goes first: no store is bothered for what another has not heard of. */
const turnOf = (assignment: AssignmentRecord): number => (isUnreserved(assignment) ? 0 : isUndelivered(assignment) ? 1 : assignment.state === 'accepted' ? 3 : 2)

/**
 * The shopper's wish, written down before any store hears of it. `wanted` is how many of each line are to be cancelled in all;
 * `null`: everything. What no store has is cancelled at once; of the rest whole parts are asked back. The same order when
 * there is nothing more to ask for.
 */
export function askedToCancel(order: OrderRecord, wanted: readonly LineQuantity[] | null, now: number): Result<OrderRecord, LinesRefusal> {
  const unknown = wanted?.find(({ lineId }) => !order.purchase.lines.some((line) => line.lineId === lineId))
  if (unknown) return refused({ reason: 'unknown-line', lineId: unknown.lineId })
  const tooLate = refused({ reason: 'too-late-to-cancel' as const, status: order.status })
  const askedFor = order.assignments.filter(isRecalled).flatMap((each) => each.recall?.cancels ?? [])
  let still = order.purchase.lines.map(({ lineId, quantity }) => ({
    lineId, quantity: Math.max(0, Math.min(quantity, wanted ? quantityIn(wanted, lineId) : quantity) - quantityIn(order.cancelled, lineId) - quantityIn(askedFor, lineId)),
  }))
  if (sum(still) === 0) return { ok: true, value: order }

  let next = withCancelled(order, still)
  still = without(still, unassignedLines(order))
  const recalls = new Map<string, LineQuantity[]>()
  for (const part of order.assignments.filter(isCancellable).sort((a, b) => turnOf(a) - turnOf(b))) {
    const free = without(carried(part), part.recall?.cancels ?? [])
    const takes = free.map(({ lineId, quantity }) => ({ lineId, quantity: Math.min(quantity, quantityIn(still, lineId)) })).filter(({ quantity }) => quantity > 0)
    if (takes.length > 0) recalls.set(part.assignmentId, takes)
    still = without(still, takes)
  }
  const isPartly = order.assignments.some((each) => recalls.has(each.assignmentId) && sum(without(carried(each), [...(each.recall?.cancels ?? []), ...(recalls.get(each.assignmentId) ?? [])])) > 0)
  const nothingDone = recalls.size === 0 && next === order
  if (nothingDone || (wanted && sum(still) > 0) || (isPartly && order.assignments.length >= ASSIGNMENTS_PER_ORDER_MAX)) return tooLate

  next = { ...next, assignments: next.assignments.map((each) => {
    const takes = recalls.get(each.assignmentId)
    return takes ? { ...each, recall: { cancels: [...(each.recall?.cancels ?? []), ...takes], elsewhere: each.recall?.elsewhere ?? false } } : each
  }) }
  if (recalls.size > 0) next = { ...next, cancelRequestedAt: order.cancelRequestedAt ?? now, dueAt: now + HAND_OVER_WITHIN_MS }
  return { ok: true, value: noted(order, next, recalls.size > 0 ? { type: 'order.cancel_requested', occurredAt: now, seenAt: now } : null, now) }
}

/** An operator wants it elsewhere: what waits at the desk goes on, and what no store has accepted is asked back. Nothing of it is cancelled. */
export function askedElsewhere(order: OrderRecord, isHeld: (assignment: AssignmentRecord) => boolean, isAskedBack: (assignment: AssignmentRecord) => boolean, now: number): OrderRecord {
  const assignments = order.assignments.map((each): AssignmentRecord => {
    if (isHeld(each)) return { ...each, released: true }
    return isAskedBack(each) && !isRecalled(each) ? { ...each, recall: { cancels: [], elsewhere: true } } : each
  })
  if (assignments.every((each, place) => each === order.assignments[place])) return order
  return noted(order, { ...order, assignments }, { type: 'order.reroute_requested', occurredAt: now, seenAt: now }, now)
}

const sum = (lines: readonly LineQuantity[]): number => lines.reduce((total, { quantity }) => total + quantity, 0)
const without = (lines: readonly LineQuantity[], taken: readonly LineQuantity[]): LineQuantity[] =>
  lines.map(({ lineId, quantity }) => ({ lineId, quantity: Math.max(0, quantity - quantityIn(taken, lineId)) }))
