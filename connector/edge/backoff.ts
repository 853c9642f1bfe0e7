/** How long to wait after a failure: doubling from the first, with jitter so that a chain of shops does not come back in step. */
export type Backoff = { next(): number; reset(): void }

/** First wait: a blip is over by then. */
const FIRST_MS = 250
/** Longest wait: an edge that is back is noticed within half a minute even without a heartbeat. */
export const BACKOFF_CAP_MS = 30_000

/** Milliseconds before try number `attempt` (1 for the first retry): between half and all of the doubled time. `random` is in [0, 1). */
export function backoffMs(attempt: number, random: number, capMs = BACKOFF_CAP_MS): number {
  const full = Math.min(capMs, FIRST_MS * 2 ** Math.min(attempt - 1, 20))
  return Math.round(full / 2 + (full / 2) * random)
}

export function createBackoff(random: () => number = Math.random): Backoff {
  let attempt = 0
  return {
    next: () => backoffMs(++attempt, random()),
    reset() {
      attempt = 0
    },
  }
}
