import type { Level } from '../../contract/events.ts'
import type { InboxChange, InboxRow } from '../journal/inbox.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'
import type { Pos } from '../pos/port.ts'
import { acceptedEvent, cancelEvent, inDoubtEvent, progressOf, statusEvent } from './outcome.ts'

/** What a look into the POS brought: the order as it was found before, and what became of taking it back. */
export type VoidAttempt = {
  found: Awaited<ReturnType<Pos['findOrder']>>
  answer: Awaited<ReturnType<Pos['voidOrder']>>
  /** Whether an `absent` can be believed: false for a POS that cannot be searched by reference. */
  searchable: boolean
  /** The journal is the store's first, so no lost one can have written what this one has never heard of. */
  firstJournal: boolean
  levels: Level[]
  now: number
}

export type CancelOutcome = { settled: 'struck' | 'voided' | 'refused' | 'in_doubt'; change: InboxChange; events: OutgoingEvent[] }

/** What a requested cancel comes to after the POS was asked. */
export function cancelOutcome(row: InboxRow, attempt: VoidAttempt): CancelOutcome {
  const { assignmentId, kept, state } = row
  const { found, answer, levels, now } = attempt
  const refusal = cancelEvent(assignmentId, 'refused', null, now)
  const doubt = (detail: string): CancelOutcome =>
    ({ settled: 'in_doubt', change: { state: 'in_doubt', cancel: 'refused', detail }, events: [inDoubtEvent(assignmentId, detail, now), refusal] })

  if (answer === 'voided') return voided(assignmentId, levels, now)
  if (answer === 'absent') {
    // A POS that cannot be searched cannot say that it has nothing: the person who looks decides this too.
    if (state === 'in_doubt') return doubt('a cancel was asked for while it is not known whether the POS has this order')
    if (state === 'struck' && kept === null && !attempt.searchable && !attempt.firstJournal) {
      return doubt('a cancel was asked for of what an earlier journal may have written, and the POS cannot be searched for it')
    }
    if (state === 'struck') return { settled: 'struck', change: { cancel: 'done' }, events: [cancelEvent(assignmentId, 'struck', null, now)] }
    // Gone from a POS that would show it: nothing of it stands there any more.
    if (attempt.searchable) return voided(assignmentId, levels, now)
  }
  if (state !== 'done' && kept && found) {
    // A lost journal wrote it and the staff have gone too far with it: the order stands, whatever this journal thought of it.
    const progress = progressOf(found.state)
    return {
      settled: 'refused',
      change: { state: 'done', posReference: found.posReference, stockFell: found.stockFell, cancel: 'refused', ...(progress ? { progress } : {}) },
      events: [
        acceptedEvent(kept, found.posReference, found.stockFell, levels, now),
        ...(progress ? [statusEvent(assignmentId, progress, now)] : []),
        refusal,
      ],
    }
  }
  if (state === 'struck' && kept) return doubt('the POS refuses to take this order back and does not show it')
  // Without a body it stays a tombstone that lets its delivery in (receive-order.ts).
  return { settled: 'refused', change: { cancel: 'refused' }, events: [refusal] }
}

const voided = (assignmentId: string, levels: Level[], now: number): CancelOutcome =>
  ({ settled: 'voided', change: { state: 'voided', cancel: 'done' }, events: [cancelEvent(assignmentId, 'voided', levels, now)] })
