import type { Assignment } from '../../contract/assignment.ts'
import { toInstant } from '../../contract/clock.ts'
import { traceIdOf } from '../../contract/trace.ts'
import { hashSync } from '../journal/digest-sync.ts'
import { isUnfinished, type InboxRow } from '../journal/inbox.ts'
import type { Journal } from '../journal/journal.ts'

export type Received = { kind: 'journaled' | 'known'; receivedAt: number } | { kind: 'different-body' } | { kind: 'struck' }

/** For the log: which trace it came with, if any. */
export const traceOf = (assignment: Pick<Assignment, 'traceparent'> | null): { traceId?: string } => (assignment?.traceparent ? { traceId: traceIdOf(assignment.traceparent) } : {})

/** The same work has the same hash whichever path brought it and whenever; the store's own id and its trace may stand in it or not. */
export function bodyHashOf(assignment: Assignment): string {
  const { storeId: _storeId, maybeWritten: _maybeWritten, traceparent: _traceparent, ...body } = assignment
  return hashSync(body)
}

/**
 * Where push and pull end: the assignment is on disk, with its `order.journaled`, in one commit, before anybody is told.
 * What an earlier journal may have written to the POS begins as INTENT: looked up first, and in doubt where that is not
 * possible. `now` is epoch ms. Throws `JournalCannotWrite` when the disk refuses, or the journal has no room for more.
 */
export function receiveOrder(journal: Journal, assignment: Assignment, now: number): Received {
  const { assignmentId } = assignment
  const bodyHash = bodyHashOf(assignment)
  return journal.transaction((): Received => {
    const known = journal.inbox.get(assignmentId)
    // Cancelled before it came, and the POS would not give it back: the order stands, and this is its body.
    const standsInPos = known !== null && known.bodyHash === null && known.cancel === 'refused'
    if (!known || standsInPos) {
      journal.room.demandFor('order')
      if (known) journal.inbox.giveBody(assignmentId, { bodyHash, assignment, state: 'intent' }, now)
      else journal.inbox.insert({ assignmentId, bodyHash, assignment, state: assignment.maybeWritten ? 'intent' : 'received', cancel: 'none' }, now)
      journal.append([{ type: 'order.journaled', occurredAt: toInstant(now), data: { assignmentId } }])
      return { kind: 'journaled', receivedAt: now }
    }
    // A row without a body is work that was cancelled before it came.
    if (known.state === 'struck' || known.bodyHash === null) return { kind: 'struck' }
    if (known.bodyHash !== bodyHash) return { kind: 'different-body' }
    tellAgainUnderNewEpoch(journal, known, now)
    return { kind: 'known', receivedAt: known.receivedAt }
  })
}

/** The last word about it is numbered and not yet confirmed, so it need not be said again. */
export const isOnItsWay = (journal: Journal, row: Pick<InboxRow, 'toldEpoch' | 'toldSeq'>): boolean =>
  row.toldEpoch === journal.meta.number('epoch') && (row.toldSeq ?? 0) > journal.outbox.acked().seq

/** Offered again although it is known: under a new epoch the edge may have lost what it was told, so it is told once more. */
function tellAgainUnderNewEpoch(journal: Journal, known: InboxRow, now: number): void {
  if (known.toldEpoch === journal.meta.number('epoch')) return
  if (isUnfinished(known)) {
    journal.append([{ type: 'order.journaled', occurredAt: toInstant(now), data: { assignmentId: known.assignmentId } }])
  } else {
    journal.inbox.change(known.assignmentId, { answerAgain: true }, now)
  }
}

/**
 * The edge has waited for an outcome. What is unknown here is offered again by the edge, what is unfinished goes on, and
 * what is still on its way in the outbox need not be said twice. Answers whether a new event is due.
 */
export function askedAgain(journal: Journal, assignmentId: string, now: number): boolean {
  return journal.transaction(() => {
    const known = journal.inbox.get(assignmentId)
    if (!known || isUnfinished(known) || isOnItsWay(journal, known)) return false
    journal.inbox.change(assignmentId, { answerAgain: true }, now)
    return true
  })
}
