import { createHash, timingSafeEqual } from 'node:crypto'
import type { Monotonic } from '../edge/edge-clock.ts'

/** `wrong`: not the PIN. `locked`: it was not even looked at. `waitMs`: how long nobody at this address may try. */
export type PinAnswer = { kind: 'right' } | { kind: 'wrong' | 'locked'; waitMs: number }
export type PinGuard = { try(address: string, given: string): PinAnswer }

/** Fingers slip: three wrong tries cost nothing. Then each doubles the wait, from a second on. */
const FREE_TRIES = 3
const FIRST_WAIT_MS = 1000
const LOCK_MS = 15 * 60_000
const TRIES_MAX = 10
/** Of all addresses together: a PIN of four digits then stands for three weeks at least. Who is in already stays in. */
const TRIES_MAX_ALL = 20
const LOCK_ALL_MS = 3_600_000
/** A shop has a few tablets; more addresses than this are one guesser, and the total stops him. */
const ADDRESSES_MAX = 500

type Tries = { wrong: number; notBefore: number }

/** Compares a PIN in constant time and makes guessing slow, for each address and for all of them together. */
export function createPinGuard(pin: string, monotonic: Monotonic): PinGuard {
  const byAddress = new Map<string, Tries>()
  const all = { wrong: 0, notBefore: 0, lastAt: 0 }
  const right = digest(pin)
  return {
    try(address, given) {
      const now = monotonic()
      const mine = byAddress.get(address) ?? { wrong: 0, notBefore: 0 }
      const waitMs = Math.max(mine.notBefore, all.notBefore) - now
      if (waitMs > 0) return { kind: 'locked', waitMs }
      if (timingSafeEqual(digest(given), right)) {
        byAddress.delete(address)
        return { kind: 'right' }
      }
      mine.wrong += 1
      mine.notBefore = now + waitAfter(mine.wrong)
      if (mine.wrong >= TRIES_MAX) mine.wrong = FREE_TRIES
      // Latest last, so that what is dropped is what has been quiet longest.
      byAddress.delete(address)
      byAddress.set(address, mine)
      const oldest = byAddress.keys().next().value
      if (byAddress.size > ADDRESSES_MAX && oldest !== undefined) byAddress.delete(oldest)
      all.wrong = now - all.lastAt > LOCK_ALL_MS ? 1 : all.wrong + 1
      all.lastAt = now
      if (all.wrong >= TRIES_MAX_ALL) {
        all.wrong = 0
        all.notBefore = now + LOCK_ALL_MS
      }
      return { kind: 'wrong', waitMs: Math.max(0, mine.notBefore - now, all.notBefore - now) }
    },
  }
}

function waitAfter(wrong: number): number {
  if (wrong < FREE_TRIES) return 0
  return wrong >= TRIES_MAX ? LOCK_MS : FIRST_WAIT_MS * 2 ** (wrong - FREE_TRIES)
}

/** Of one length, whatever was typed. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
