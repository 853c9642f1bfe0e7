/** This many failures one after the other: the line is down, not unlucky. */
export const FAILURES_IN_A_ROW = 5
/** And half of the last twenty calls failed or slow: it is not worth more of our time now. */
export const WINDOW_CALLS = 20
export const BAD_CALLS_MAX = WINDOW_CALLS / 2
/** A connector only writes to its journal before it answers; what takes longer than this has trouble. */
export const SLOW_AFTER_MS = 5_000
/** How long a store is left alone before one call tries it (whoever else has a breaker says so). A probe that never came back counts as lost after the same time. */
export const PROBE_AFTER_MS = 15_000

/** Three JSON scalars. `recent`: the last calls, newest last, `.` fine, `s` slow, `x` failed. Times are epoch ms. */
export type BreakerState = { recent: string; openedAt: number | null; probedAt: number | null }
export type BreakerPhase = 'closed' | 'open' | 'half-open'
/** What a call's outcome made of it, where that is something else than before. */
export type BreakerTurn = 'opened' | 'closed'
export type CallOutcome = 'ok' | 'slow' | 'failed'

export const closedBreaker: BreakerState = { recent: '', openedAt: null, probedAt: null }
const SIGNS: Record<CallOutcome, string> = { ok: '.', slow: 's', failed: 'x' }

export function phaseOf(breaker: BreakerState, now: number, probeAfterMs = PROBE_AFTER_MS): BreakerPhase {
  if (breaker.openedAt === null) return 'closed'
  return now - breaker.openedAt < probeAfterMs ? 'open' : 'half-open'
}

/** When the next call is let through; `null`: calls are. */
export const probeAt = ({ openedAt }: BreakerState, probeAfterMs = PROBE_AFTER_MS): number | null => (openedAt === null ? null : openedAt + probeAfterMs)

/** Whether a call may be made. While half-open one is let through, and is the probe. */
export function decideCall(breaker: BreakerState, now: number, probeAfterMs = PROBE_AFTER_MS): { allowed: boolean; next: BreakerState } {
  switch (phaseOf(breaker, now, probeAfterMs)) {
    case 'closed':
      return { allowed: true, next: breaker }
    case 'open':
      return { allowed: false, next: breaker }
    case 'half-open': {
      const probing = breaker.probedAt !== null && now - breaker.probedAt < probeAfterMs
      return probing ? { allowed: false, next: breaker } : { allowed: true, next: { ...breaker, probedAt: now } }
    }
  }
}

/** What came of a call. While open, only the probe's outcome counts; a straggler from before says nothing of now. */
export function afterCall(breaker: BreakerState, outcome: CallOutcome, now: number): BreakerState {
  if (breaker.openedAt !== null) {
    if (breaker.probedAt === null) return breaker
    return outcome === 'ok' ? closedBreaker : { ...breaker, openedAt: now, probedAt: null }
  }
  const recent = (breaker.recent + SIGNS[outcome]).slice(-WINDOW_CALLS)
  const bad = recent.length - recent.replaceAll(/[sx]/g, '').length
  const opens = recent.endsWith(SIGNS.failed.repeat(FAILURES_IN_A_ROW)) || bad >= BAD_CALLS_MAX
  return { recent, openedAt: opens ? now : null, probedAt: null }
}

/** A failed probe keeps it open, which is no turn. */
export function turnOf(before: BreakerState, after: BreakerState): BreakerTurn | null {
  if ((before.openedAt === null) === (after.openedAt === null)) return null
  return after.openedAt === null ? 'closed' : 'opened'
}
