import { createHash, timingSafeEqual } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { Monotonic } from '../edge/edge-clock.ts'

/** `wrong`: not the PIN. `locked`: it was not even looked at. `waitMs`: how long this one may not try. */
export type PinAnswer = { kind: 'right' } | { kind: 'wrong' | 'locked'; waitMs: number }
/** A device that was in before shows so by a signed cookie (`Sessions.knownAs`); everybody else is an address. */
export type Caller = { kind: 'known'; device: string } | { kind: 'stranger'; address: string }
export type PinGuard = { try(caller: Caller, given: string): PinAnswer }

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** Fingers slip: three wrong tries a day cost nothing. Then each doubles the wait, from a second on. */
const FREE_TRIES = 3
const FIRST_WAIT_MS = 1000
const LOCK_MS = 15 * MINUTE_MS
const TRIES_MAX = 10
/**
 * Wrong tries of all strangers together, whatever number of addresses they have. The first three of an address draw on the one, so that a new
 * tablet gets in while somebody at another address guesses all day; all others share the pace of the second, a minute each. That is 1,760 a day at the
 * most: 568 days for all PINs of six digits.
 */
const FIRST_TRIES = { most: 300, everyMs: DAY_MS / 300 }
const MORE_TRIES = { most: 20, everyMs: MINUTE_MS }
/** More than a shop's network has; beyond it the quietest is forgotten, and what all may try together stops the rest. */
const CALLERS_MAX = 500

type Tries = { wrong: number; notBefore: number; lastAt: number }

/** Compares a PIN in constant time and makes guessing slow: for each caller, and for all strangers together without locking anybody out who is known. */
export function createPinGuard(pin: string, monotonic: Monotonic): PinGuard {
  const byCaller = new Map<string, Tries>()
  const first = allowance(FIRST_TRIES, monotonic())
  const more = allowance(MORE_TRIES, monotonic())
  const right = digest(pin)
  return {
    try(caller, given) {
      const now = monotonic()
      const key = caller.kind === 'known' ? `device ${caller.device}` : networkOf(caller.address)
      const found = byCaller.get(key)
      const mine = found && now - found.lastAt < DAY_MS ? found : { wrong: 0, notBefore: now, lastAt: now }
      const shared = caller.kind === 'known' ? null : mine.wrong < FREE_TRIES && first.waitMs(now) === 0 ? first : more
      const waitMs = Math.max(mine.notBefore - now, shared?.waitMs(now) ?? 0)
      if (waitMs > 0) return { kind: 'locked', waitMs }
      if (timingSafeEqual(digest(given), right)) {
        byCaller.delete(key)
        return { kind: 'right' }
      }
      shared?.take(now)
      const wrong = mine.wrong + 1
      const ownWaitMs = waitAfter(wrong)
      // Latest last, so that what is dropped is what has been quiet longest.
      byCaller.delete(key)
      byCaller.set(key, { wrong: wrong >= TRIES_MAX ? FREE_TRIES : wrong, notBefore: now + ownWaitMs, lastAt: now })
      const oldest = byCaller.keys().next().value
      if (byCaller.size > CALLERS_MAX && oldest !== undefined) byCaller.delete(oldest)
      return { kind: 'wrong', waitMs: ownWaitMs }
    },
  }
}

function waitAfter(wrong: number): number {
  if (wrong < FREE_TRIES) return 0
  return wrong >= TRIES_MAX ? LOCK_MS : FIRST_WAIT_MS * 2 ** (wrong - FREE_TRIES)
}

/** So many at once, and one more each `everyMs`. */
function allowance({ most, everyMs }: { most: number; everyMs: number }, since: number): { waitMs(now: number): number; take(now: number): void } {
  let left = most
  let at = since
  const fill = (now: number): void => {
    left = Math.min(most, left + (now - at) / everyMs)
    at = now
  }
  return {
    waitMs(now) {
      fill(now)
      return left >= 1 ? 0 : (1 - left) * everyMs
    },
    take(now) {
      fill(now)
      left -= 1
    },
  }
}

/** One device may have as many IPv6 addresses as it likes, all in the /64 of its network. */
export function networkOf(address: string): string {
  const [plain = ''] = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%')
  if (!isIPv6(plain)) return plain
  const [head = '', tail = ''] = plain.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === '' ? [] : tail.split(':')
  const zeros = plain.includes('::') ? Math.max(0, 8 - before.length - after.length) : 0
  return [...before, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4).map((part) => part.replace(/^0+(?=.)/, '').toLowerCase()).join(':')
}

/** Of one length, whatever was typed. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
