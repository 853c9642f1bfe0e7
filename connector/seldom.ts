import type { Logger } from 'pino'
import type { Monotonic } from './edge/edge-clock.ts'

/** Often enough for whoever watches, and seldom enough that nobody fills the disk of the journal by being refused. */
const EVERY_MS = 10_000

/** What anybody outside can cause as often as he likes. `event` and `reason` are words of ours, never the caller's. */
export type Refusal = { event: string; reason?: string; hint?: string }

/** Warns of each kind of refusal at once, and of those that follow together: how many there `more` were since. */
export function warnSeldom(log: Logger, monotonic: Monotonic): (refusal: Refusal) => void {
  const kinds = new Map<string, { at: number; more: number }>()
  return (refusal) => {
    const kind = `${refusal.event} ${refusal.reason ?? ''}`
    const last = kinds.get(kind)
    if (last && monotonic() - last.at < EVERY_MS) {
      last.more += 1
      return
    }
    kinds.set(kind, { at: monotonic(), more: 0 })
    log.warn({ ...refusal, ...(last && last.more > 0 ? { more: last.more } : {}) })
  }
}
