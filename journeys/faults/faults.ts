import type { Random } from '../simulation/random.ts'

/**
 * What a line does to a call. `cut`: closed after some bytes of it. `delay`: the bytes come late. `half-open`: taken and never passed on, never
 * answered. `reset`: as a cut, but with an RST. `garbage`: bytes in front that are no HTTP. `answer swallowed`: the call arrives, its answer does not.
 * `outage`: nobody listens for a while, and what was open is gone.
 */
export const FAULT_KINDS = ['cut', 'delay', 'half-open', 'reset', 'garbage', 'answer swallowed', 'outage'] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** What becomes of one call and its answer; `side` is where it strikes. */
export type Fate =
  | { kind: 'pass' | 'answer swallowed' }
  | { kind: 'cut' | 'reset'; side: Side; afterBytes: number }
  | { kind: 'delay'; side: Side; ms: number }
  | { kind: 'garbage'; side: Side; bytes: Buffer }
  | { kind: 'half-open' | 'outage'; ms: number }
export type Side = 'call' | 'answer'

/** How bad a line is. */
export type Weather = {
  /** Of ten calls so many pass untouched, in the mean. */
  passInTen: number
  /** A call that is swallowed is dropped at the latest after this; longer than a caller's patience shows its timeout. */
  halfOpenMsMax: number
  outageMsMax: number
}

/** Most heads are longer: the cut then falls within them, else within the body. */
const CUT_AFTER_BYTES_MAX = 900
const DELAY_MS_MAX = 1_500
const OUTAGE_MS_MIN = 500
const GARBAGE_BYTES_MAX = 64
/** No HTTP begins with a byte of 128 or more, so nobody can take it for a message. */
const NEVER_HTTP = 0x80
/** How often each is in the pack: what takes the line away for seconds is rarer, or nothing would happen in between. */
const PACK: Readonly<Record<FaultKind, number>> = { cut: 3, delay: 2, 'half-open': 1, reset: 3, garbage: 2, 'answer swallowed': 3, outage: 1 }

/**
 * Deals fates from a shuffled pack and shuffles again when it is empty: chance decides when a kind comes, and not whether.
 */
export function dealer(random: Random, { passInTen, halfOpenMsMax, outageMsMax }: Weather): () => Fate {
  const bad = FAULT_KINDS.flatMap((kind) => Array.from({ length: PACK[kind] }, () => kind))
  const passes = Math.round((bad.length * passInTen) / (10 - passInTen))
  let pack: (FaultKind | 'pass')[] = []
  const side = (): Side => (random.chance(0.5) ? 'call' : 'answer')
  return () => {
    if (pack.length === 0) pack = shuffled(random, [...bad, ...Array.from({ length: passes }, () => 'pass' as const)])
    const kind = pack.pop() ?? 'pass'
    switch (kind) {
      case 'pass':
      case 'answer swallowed':
        return { kind }
      case 'cut':
      case 'reset':
        return { kind, side: side(), afterBytes: 1 + random.int(CUT_AFTER_BYTES_MAX) }
      case 'delay':
        return { kind, side: side(), ms: 1 + random.int(DELAY_MS_MAX) }
      case 'garbage':
        return { kind, side: side(), bytes: Buffer.from([NEVER_HTTP, ...Array.from({ length: 1 + random.int(GARBAGE_BYTES_MAX) }, () => random.int(256))]) }
      case 'half-open':
        return { kind, ms: 1 + random.int(halfOpenMsMax) }
      case 'outage':
        return { kind, ms: OUTAGE_MS_MIN + random.int(outageMsMax - OUTAGE_MS_MIN) }
    }
  }
}

/** A copy in another order. */
export function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const rest = [...list]
  const mixed: T[] = []
  while (rest.length > 0) mixed.push(...rest.splice(random.int(rest.length), 1))
  return mixed
}
