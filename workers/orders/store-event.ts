import { fromInstant } from '../../contract/clock.ts'
import type { Level, OrderEvent } from '../../contract/events.ts'
import { isAfter } from '../../contract/position.ts'
import type { Position } from '../../contract/position.ts'
import { mayBecome } from '../../contract/status.ts'
import type { CounterCommand } from '../inventory/port.ts'
import type { LinkProgress } from '../stores/port.ts'
import { findAssignment, isGivenUp, isSettled, reservedSkus } from './assignment.ts'
import { changed } from './order.ts'
import type { AssignmentRecord, OrderRecord } from './port.ts'

/** Levels a store read back after the event's seq was given: they count as of that seq. */
export function levelCommands(storeId: string, position: Position, levels: readonly Level[], now: number): CounterCommand[] {
  return levels.map(({ sku, onHand }) => ({ type: 'level', storeId, sku, onHand, epoch: position.epoch, asOf: position.seq, seq: position.seq, at: now }))
}

/** What an event says to the counters, whatever the order's status says (rules.md 7): reservations first, then the levels. */
export function counterCommands(order: OrderRecord, assignment: AssignmentRecord, event: OrderEvent, epoch: number, now: number): CounterCommand[] {
  const position = { epoch, seq: event.seq }
  const { storeId, assignmentId } = assignment
  const each = (make: (sku: string) => CounterCommand): CounterCommand[] => reservedSkus(order, assignment).map(make)
  const fell = () => each((sku) => ({ type: 'fell', storeId, sku, assignmentId, position }))
  const release = () => each((sku) => ({ type: 'release', storeId, sku, assignmentId, at: now }))
  const levels = 'levels' in event.data ? levelCommands(storeId, position, event.data.levels ?? [], now) : []
  switch (event.type) {
    case 'order.journaled':
    case 'order.in_doubt':
      return []
    case 'order.accepted':
      return [...(event.data.stockFell ? fell() : each((sku) => ({ type: 'confirm', storeId, sku, assignmentId }))), ...levels]
    case 'order.stock_fell':
      return [...fell(), ...levels]
    case 'order.status_changed':
      return [...(event.data.stockFell ? fell() : []), ...levels]
    case 'order.rejected':
      return [...release(), ...levels]
    case 'order.cancel_result':
      return [...(event.data.outcome === 'refused' ? [] : release()), ...levels]
  }
}

/** What came of an event: the order after it, and what a person or the store must be told. */
export type Applied = {
  order: OrderRecord
  /** How far the link may forget the assignment: said after every event, for the last one may have crashed before it said so. */
  progress: LinkProgress
  /** A sentence for the desk. */
  desk?: string
  /** The store holds goods for an order that is given away: ask it to take them back. */
  takeBack?: true
}

const DESK_REASONS: ReadonlySet<string> = new Set(['price_mismatch', 'unknown_sku', 'invalid'])

/**
 * Applies a store's word to an order. Never refuses a late or repeated event: it may still fill what is empty. The version
 * rises only when something changed.
 */
export function applyStoreEvent(order: OrderRecord, event: OrderEvent, epoch: number, now: number): Applied | null {
  const assignment = findAssignment(order, event.data.assignmentId)
  if (!assignment) return null
  const decided = decide(order, assignment, event, epoch, now)
  const after = findAssignment(decided.order, assignment.assignmentId) ?? assignment
  // Without its reference the acceptance itself is still owed, whatever was told after it.
  const told = after.state === 'in_doubt' || (after.state === 'accepted' && after.posReference !== null)
  return { ...decided, progress: isSettled(after) ? 'final' : told ? 'outcome' : 'journaled' }
}

type Decided = Omit<Applied, 'progress'>

function decide(order: OrderRecord, assignment: AssignmentRecord, event: OrderEvent, epoch: number, now: number): Decided {
  const position = { epoch, seq: event.seq }
  const seen: Base = { order, assignment, position, now, occurredAt: fromInstant(event.occurredAt) }
  switch (event.type) {
    case 'order.journaled':
      return { order: assignment.state === 'pending' || assignment.state === 'offered' ? step(seen, { state: 'journaled' }, 'order.sent_to_store', 'sent_to_store') : order }
    case 'order.accepted':
      return accepted(seen, event.data)
    case 'order.stock_fell':
      if (assignment.fellAt !== null) return { order }
      return { order: step(seen, { fellAt: position }, 'order.stock_fell') }
    case 'order.rejected':
      return rejected(seen, event.data)
    case 'order.in_doubt':
      if (assignment.state === 'accepted' || assignment.state === 'in_doubt' || isSettled(assignment)) return { order }
      return {
        order: step(seen, { state: 'in_doubt' }, 'order.in_doubt'),
        desk: 'The store cannot tell whether its till took the order. Look for its reference in the till, then cancel it or let the store accept it.',
      }
    case 'order.cancel_result':
      return cancelResult(seen, event.data.outcome)
    case 'order.status_changed':
      return progressed(seen, event.data)
  }
}

type Base = { order: OrderRecord; assignment: AssignmentRecord; position: Position; now: number; occurredAt: number }

function step(seen: Base, change: Partial<AssignmentRecord>, type: string, status?: Parameters<typeof changed>[5], detail?: string): OrderRecord {
  const { order, assignment, position, now, occurredAt } = seen
  const newest = assignment.position === null || isAfter(position, assignment.position) ? position : assignment.position
  const entry = { type, occurredAt, seenAt: now, storeId: assignment.storeId, assignmentId: assignment.assignmentId, ...(detail === undefined ? {} : { detail }) }
  return changed(order, assignment.assignmentId, { ...change, position: newest }, entry, now, status)
}

function accepted(seen: Base, data: Extract<OrderEvent, { type: 'order.accepted' }>['data']): Decided {
  const { order, assignment, position } = seen
  const posReference = assignment.posReference ?? data.posReference
  const fellAt = assignment.fellAt ?? (data.stockFell ? position : null)
  const known = posReference === assignment.posReference && fellAt === assignment.fellAt
  if (isGivenUp(assignment)) {
    // An older acceptance that comes after its own refusal is only late; a newer one means that goods are set aside for nobody.
    const late = assignment.position !== null && !isAfter(position, assignment.position)
    if (late) return { order: known ? order : step(seen, { posReference, fellAt }, 'order.accepted') }
    return { order, takeBack: true, desk: `The store accepted (${data.posReference}) what had been ${assignment.state}. It was asked to take it back.` }
  }
  if (assignment.state === 'accepted' && known) return { order }
  const short = data.lines.length > 0 && assignment.lines.some((line) => (data.lines.find((each) => each.lineId === line.lineId)?.quantity ?? 0) < line.quantity)
  return {
    order: step(seen, { state: 'accepted', posReference, fellAt }, 'order.accepted', 'accepted'),
    ...(short ? { desk: 'The store accepted less than was ordered. Agree with the customer, then cancel or complete by hand.' } : {}),
  }
}

function rejected(seen: Base, data: Extract<OrderEvent, { type: 'order.rejected' }>['data']): Decided {
  const { order, assignment, position } = seen
  if (isSettled(assignment)) return { order }
  if (assignment.state === 'accepted' && assignment.position !== null && !isAfter(position, assignment.position)) return { order }
  const others = order.assignments.filter((each) => each !== assignment)
  const toDesk = DESK_REASONS.has(data.reason) && order.cancelRequestedAt === null
  const ends = !toDesk && others.every(isGivenUp)
  const after = step(seen, { state: 'rejected', reason: data.reason }, 'order.rejected', ends ? 'cancelled' : undefined, data.reason)
  return { order: after, ...(toDesk ? { desk: `The store refused the order: ${data.reason}. Mend the cause, then cancel or place it again.` } : {}) }
}

function cancelResult(seen: Base, outcome: 'struck' | 'voided' | 'refused'): Decided {
  const { order, assignment } = seen
  if (isSettled(assignment)) return { order }
  if (outcome === 'refused') {
    const asked = { ...seen, order: { ...order, cancelRequestedAt: null, dueAt: null } }
    return { order: order.cancelRequestedAt === null ? order : step(asked, {}, 'order.cancel_refused') }
  }
  const others = order.assignments.filter((each) => each !== assignment)
  return { order: step(seen, { state: outcome }, 'order.cancelled', others.every(isGivenUp) ? 'cancelled' : undefined, outcome) }
}

function progressed(seen: Base, data: Extract<OrderEvent, { type: 'order.status_changed' }>['data']): Decided {
  const { order, assignment, position } = seen
  if (isGivenUp(assignment)) {
    return { order, desk: `The store reports "${data.status}" for what had been ${assignment.state}.` }
  }
  const current = assignment.progress ?? (assignment.state === 'accepted' ? 'accepted' : 'sent_to_store')
  const fellAt = assignment.fellAt ?? (data.stockFell ? position : null)
  const forward = mayBecome(current, data.status)
  if (!forward && fellAt === assignment.fellAt) return { order }
  const change = forward ? { state: 'accepted' as const, progress: data.status, fellAt } : { fellAt }
  const behind = order.assignments.some((each) => each !== assignment && !isGivenUp(each) && each.progress !== data.status)
  return { order: step(seen, change, 'order.status_changed', behind ? undefined : data.status, data.status) }
}
