import { setTimeout as sleep } from 'node:timers/promises'

/** Short enough that a latency measured by looking is off by a fiftieth of a second at most. */
const LOOK_EVERY_MS = 15

/**
 * Looks until `look` answers something other than `null` or `false`, and answers that.
 * Throws with `what` was waited for when the time is over; a throw of `look` counts as "not yet".
 */
export async function until<T>(what: string, timeoutMs: number, look: () => T | Promise<T>, everyMs = LOOK_EVERY_MS): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  for (;;) {
    try {
      const seen = await look()
      if (seen !== null && seen !== undefined && seen !== false) return seen
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) {
      const why = last instanceof Error ? ` (${last.message})` : ''
      throw new Error(`waited ${Math.round(timeoutMs / 1000)} s for: ${what}${why}`)
    }
    await sleep(everyMs)
  }
}

/** The middle of a list of numbers, rounded; of an even count the mean of the two middle ones. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN
  return Math.round((upper + lower) / 2)
}
