import type { Monotonic } from '../edge/edge-clock.ts'

/** Something that goes on for a while and is met by many calls: told as it begins, once an hour while it lasts, and as it ends. */
export type Stretch = { met(): void; over(): void }

/** Often enough that a log of any day shows it. */
const AGAIN_MS = 3_600_000

/** `count`: how many met it since it began. */
export function createStretch(monotonic: Monotonic, tell: { goesOn(count: number): void; ended(count: number): void }): Stretch {
  let now: { count: number; toldAt: number } | null = null
  return {
    met() {
      now ??= { count: 0, toldAt: Number.NEGATIVE_INFINITY }
      now.count += 1
      if (monotonic() - now.toldAt < AGAIN_MS) return
      now.toldAt = monotonic()
      tell.goesOn(now.count)
    },
    over() {
      if (now) tell.ended(now.count)
      now = null
    },
  }
}
