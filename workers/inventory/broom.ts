import { isAttempt, release } from './counter.ts'
import type { Change, Counter, Reservation } from './counter.ts'
import type { DueReservation, Verdict } from './port.ts'

/** The broom sweeps up what placements left behind. It asks D1, the only arbiter, and never decides by the clock (rules.md 5). */

/** One batch of inserts in D1, well below its limits. */
export const ASKED_AT_ONCE_MAX = 50
/** Nobody could say: D1 is slow or away, or the order is still being placed. */
export const ASK_AGAIN_MS = 30_000
/** A person has to repair D1 first (docs/runbook.md). */
export const MISSING_ASK_MS = 60 * 60_000
/** An order that the broom knows to be placed is asked about once a day, in case its end was never heard of. */
export const CONFIRMED_ASK_MS = 24 * 60 * 60_000

export type Postponed = ReadonlyMap<string, number>

/** Names one ask: all SKUs of a basket share it, so D1 is asked once. */
export const askKey = (due: Pick<DueReservation, 'assignmentId' | 'attempt'>): string =>
  `${due.assignmentId} ${due.attempt.id} ${due.attempt.bodyHash}`

/** When the broom should look at a counter next, epoch ms; `null`: never, as things are. */
export function nextAskAt(counter: Counter, postponed: Postponed): number | null {
  let next: number | null = null
  for (const reservation of counter.reservations) {
    const at = askAt(reservation, postponed)
    if (at !== null && (next === null || at < next)) next = at
  }
  return next
}

/** What of a counter is to be asked about now. */
export function dueOf(counter: Counter, postponed: Postponed, now: number): DueReservation[] {
  const due: DueReservation[] = []
  for (const reservation of counter.reservations) {
    const at = askAt(reservation, postponed)
    if (at === null || at > now) continue
    due.push({ assignmentId: reservation.assignmentId, attempt: reservation.attempt, state: reservation.state })
  }
  return due
}

/**
 * Never about what a store has taken off: that leaves by the store's own level. What is accepted and has not fallen is asked
 * about daily: the word that it fell, or that it was refused, may have been lost, and a final assignment holds nothing.
 */
function askAt(reservation: Reservation, postponed: Postponed): number | null {
  if (reservation.fellAt !== null) return null
  const dueAt = reservation.state === 'accepted' ? Math.max(reservation.dueAt, reservation.since + CONFIRMED_ASK_MS) : reservation.dueAt
  return Math.max(dueAt, postponed.get(askKey(reservation)) ?? 0)
}

/**
 * D1's answer, applied to the counter as it is *now*: the answer was long under way. It counts only for a reservation that
 * still is the attempt and in the state that was asked about; whatever happened since came from someone who knew more.
 */
export function settle(counter: Counter, asked: DueReservation, verdict: Verdict, now: number): Change {
  const standing = counter.reservations.find((reservation) =>
    reservation.assignmentId === asked.assignmentId && isAttempt(reservation, asked.attempt))
  if (!standing || standing.state !== asked.state || standing.fellAt !== null || verdict === 'wait' || verdict === 'missing') return { counter, outcome: 'superseded' }
  if (verdict === 'release') return release(counter, asked)
  const confirmed: Reservation = { ...standing, state: standing.state === 'accepted' ? 'accepted' : 'confirmed', dueAt: now + CONFIRMED_ASK_MS }
  return {
    counter: { ...counter, reservations: counter.reservations.map((reservation) => (reservation === standing ? confirmed : reservation)) },
    outcome: 'applied',
  }
}
