import { fromInstant } from '../../contract/clock.ts'
import type { Level, OrderEvent } from '../../contract/events.ts'
import { isAfter } from '../../contract/position.ts'
import type { Position } from '../../contract/position.ts'
import { mayBecome } from '../../contract/status.ts'
import type { CounterCommand } from '../inventory/port.ts'
import type { LinkProgress } from '../stores/port.ts'
import { acceptedLess, countedDemand, findAssignment, isAtDesk, isGivenUp, isSettled, missingLines, reservedSkus, unassignedLines } from './assignment.ts'
import { changed, whyGivenBack } from './order.ts'
import type { AssignmentRecord, LineQuantity, OrderRecord } from './port.ts'

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
      return [...acceptance(order, assignment, event.data, position, now), ...levels]
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

/** What the store did not accept is given back at once: its POS never took that off. The rest weighs as ever. */
function acceptance(order: OrderRecord, assignment: AssignmentRecord, data: Extract<OrderEvent, { type: 'order.accepted' }>['data'], position: Position, now: number): CounterCommand[] {
  const { storeId, assignmentId } = assignment
  const less = acceptedLess(assignment, data.lines)
  const kept = less && new Map(countedDemand(order.purchase, less).map(({ sku, quantity }) => [sku, quantity]))
  return reservedSkus(order, assignment).map((sku): CounterCommand => {
    const quantity = kept ? kept.get(sku) ?? 0 : undefined
    if (quantity === 0) return { type: 'release', storeId, sku, assignmentId, at: now }
    const about = { storeId, sku, assignmentId, ...(quantity === undefined ? {} : { quantity }) }
    return data.stockFell ? { type: 'fell', ...about, position } : { type: 'confirm', ...about }
  })
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
      return { order: assignment.state === 'pending' || assignment.state === 'offered' ? step(seen, { state: 'journaled' }, 'order.sent_to_store') : order }
    case 'order.accepted':
      return accepted(seen, event.data)
    case 'order.stock_fell':
      if (assignment.fellAt !== null) return { order }
      return { order: step(seen, { fellAt: position }, 'order.stock_fell') }
    case 'order.rejected':
      return rejected(seen, event.data)
    case 'order.in_doubt':
      if (isSettled(assignment)) return { order }
      if (assignment.state === 'accepted') {
        // An older doubt was ended by the acceptance; a newer one means that the till no longer has what it took.
        const isNews = assignment.position === null || isAfter(position, assignment.position)
        return { order, ...(isNews ? { desk: `The store's till no longer has this order: ${event.data.detail}. Its staff were asked to look for it; cancel it, or let the store accept it once more.` } : {}) }
      }
      return {
        // Told again it is asked again: whoever noted it may have died before the desk heard.
        order: assignment.state === 'in_doubt' ? order : step(seen, { state: 'in_doubt' }, 'order.in_doubt'),
        desk: 'The store cannot tell whether its till took the order. Look for its reference in the till, then cancel it or let the store accept it.',
      }
    case 'order.cancel_result':
      return cancelResult(seen, event.data.outcome)
    case 'order.status_changed':
      return progressed(seen, event.data)
  }
}

type Base = { order: OrderRecord; assignment: AssignmentRecord; position: Position; now: number; occurredAt: number }

function step(seen: Base, change: Partial<AssignmentRecord>, type: string, detail?: string): OrderRecord {
  const { order, assignment, position, now, occurredAt } = seen
  const newest = assignment.position === null || isAfter(position, assignment.position) ? position : assignment.position
  const entry = { type, occurredAt, seenAt: now, storeId: assignment.storeId, assignmentId: assignment.assignmentId, ...(detail === undefined ? {} : { detail }) }
  return changed(order, assignment.assignmentId, { ...change, position: newest }, entry, now)
}

function accepted(seen: Base, data: Extract<OrderEvent, { type: 'order.accepted' }>['data']): Decided {
  const { order, assignment, position } = seen
  const posReference = assignment.posReference ?? data.posReference
  const fellAt = assignment.fellAt ?? (data.stockFell ? position : null)
  const known = posReference === assignment.posReference && fellAt === assignment.fellAt
  if (isGivenUp(assignment)) {
    // An older acceptance that comes after its own refusal is only late; a newer one means that goods are set aside for nobody.
    const late = !assignment.unanswered && assignment.position !== null && !isAfter(position, assignment.position)
    if (late) return { order: known ? order : step(seen, { posReference, fellAt }, 'order.accepted') }
    return { order, takeBack: true, desk: `The store accepted (${data.posReference}) what had been ${assignment.state}. It was asked to take it back.` }
  }
  if (assignment.state === 'accepted' && known) return { order }
  const less = assignment.accepted ?? acceptedLess(assignment, data.lines)
  return { order: step(seen, { state: 'accepted', posReference, fellAt, ...(less ? { accepted: less } : {}) }, 'order.accepted') }
}

function rejected(seen: Base, data: Extract<OrderEvent, { type: 'order.rejected' }>['data']): Decided {
  const { order, assignment, position } = seen
  if (isSettled(assignment)) return { order: assignment.unanswered ? step(seen, { unanswered: false }, 'order.taken_back', data.reason) : order, ...atDesk(order, assignment) }
  if (assignment.state === 'accepted' && assignment.position !== null && !isAfter(position, assignment.position)) return { order }
  const after = step(seen, { state: 'rejected', reason: data.reason }, 'order.rejected', data.reason)
  return { order: after, ...atDesk(after, findAssignment(after, assignment.assignmentId)) }
}

const piecesIn = (lines: readonly LineQuantity[]): number => lines.reduce((sum, { quantity }) => sum + quantity, 0)

/** What a person must be told of a refusal, also when it is told again: whoever noted it may have died before the desk heard. */
function atDesk(order: OrderRecord, refusal: AssignmentRecord | undefined): { desk?: string } {
  const waits = refusal !== undefined && isAtDesk(refusal) && piecesIn(unassignedLines(order)) > piecesIn(missingLines(order))
  return waits ? { desk: `The store refused the order: ${refusal.reason}. Mend the cause, then cancel it or send it elsewhere.` } : {}
}

function cancelResult(seen: Base, outcome: 'struck' | 'voided' | 'refused'): Decided {
  const { order, assignment, position } = seen
  if (isSettled(assignment)) {
    if (!assignment.unanswered) return { order }
    // Its reservation stays: the goods are set aside in that shop, whether its stock has fallen or not.
    if (outcome === 'refused') return { order, desk: 'The store keeps what it was too late to accept and was given away. Have its staff put the goods back.' }
    return { order: step(seen, { unanswered: false }, 'order.taken_back', outcome) }
  }
  // Not newer than what is known: it answers an earlier wish, and the one that stands is asked until it has its own answer.
  const isNews = assignment.position === null || isAfter(position, assignment.position)
  if (outcome === 'refused') return { order: assignment.recall && isNews ? step(seen, { recall: null }, 'order.cancel_refused') : order }
  return { order: step(seen, { state: outcome, reason: whyGivenBack(assignment) }, 'order.taken_back', outcome) }
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
  return { order: step(seen, change, 'order.status_changed', data.status) }
}
