import type { Clock } from '../../contract/clock.ts'

/** Milliseconds that only go forward, from an arbitrary start. */
export type Monotonic = () => number
export const systemMonotonic: Monotonic = () => performance.now()

/**
 * The edge's time as far as this machine can know it: the edge's last word plus what has passed since on a clock that nobody
 * sets. Before the first word it is this machine's own time.
 */
export type EdgeClock = {
  now: Clock
  /** The edge said `serverMs` in answer to a call that began at `sentAt` (monotonic). Counted from the sending, so it runs ahead by at most a round trip and never behind: no write starts after its deadline. */
  learn(serverMs: number, sentAt: number): void
  /** The edge's time is at least this: a signed call from it says so. */
  atLeast(edgeMs: number): void
  /** This machine's clock minus the edge's, milliseconds; null before the edge has spoken. */
  skewMs(): number | null
}

export function createEdgeClock(wall: Clock, monotonic: Monotonic = systemMonotonic): EdgeClock {
  let known: { serverMs: number; at: number } | null = null
  const now = (): number => (known ? Math.round(known.serverMs + monotonic() - known.at) : wall())
  return {
    now,
    learn(serverMs, sentAt) {
      known = { serverMs, at: sentAt }
    },
    atLeast(edgeMs) {
      if (edgeMs > now()) known = { serverMs: edgeMs, at: monotonic() }
    },
    skewMs: () => (known ? wall() - now() : null),
  }
}
