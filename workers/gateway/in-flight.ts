/** Whose work a request is. Each has a share of its own, so that a rush of one starves none of the others. */
export type Share = 'reads' | 'orders' | 'shops' | 'events' | 'operator'

/**
 * How many requests of a share one isolate works on at once; the next one is refused. What is let in is answered within about a second on a slow machine, and
 * what is refused costs nearly nothing: beyond its capacity an edge that takes everything answers nobody in time.
 * Nothing waits in line here: in an isolate one request cannot wake another, and whoever calls has more patience than memory has room.
 */
export const IN_FLIGHT_MAX: Readonly<Record<Share, number>> = {
  /** Mostly one look into KV or a counter, 10 ms: thousands a second. */
  reads: 64,
  /** An order takes some five statements of a D1 that does a thousand a second. 32 at 100 ms each are more than the whole database can do. */
  orders: 32,
  /** Heartbeats, pulls, pages of state: 500 shops make 150 a second of 50 ms each, 8 at once. Room for four times that, as after an outage. */
  shops: 32,
  /** A megabyte of events is some ten unpacked, parsed and kept beside what came: 8 of them are most of an isolate's 128 MB. */
  events: 8,
  /** People and their console. */
  operator: 16,
}

/**
 * Longer than any answer takes to begin. A request that has not left by then was cut off by the platform (it drops what still runs half a minute after a caller
 * hung up) and will never say so.
 */
export const HELD_MAX_MS = 60_000

const READING = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The share a request belongs to; `null` for what is never refused: whether the edge is alive must be answered most of all when it is full. */
export function shareOf(method: string, path: string): Share | null {
  if (path === '/healthz') return null
  if (path.startsWith('/connect/')) return path.endsWith('/events') ? 'events' : 'shops'
  if (path.startsWith('/admin/')) return 'operator'
  return READING.has(method) ? 'reads' : 'orders'
}

export type InFlight = {
  /** How to leave again, or `null` when the share is full. Leaving twice is leaving once. */
  enter(share: Share, now: number): (() => void) | null
  count(share: Share): number
}

/** Who is in. Only of this isolate: the sum over all of them is the platform's to balance. */
export function createInFlight(most: Readonly<Record<Share, number>> = IN_FLIGHT_MAX): InFlight {
  const inside = new Map<Share, Map<symbol, number>>()
  const of = (share: Share): Map<symbol, number> => {
    const held = inside.get(share) ?? new Map<symbol, number>()
    inside.set(share, held)
    return held
  }
  return {
    enter(share, now) {
      const held = of(share)
      if (held.size >= most[share]) giveBackLost(held, now)
      if (held.size >= most[share]) return null
      const place = Symbol(share)
      held.set(place, now)
      return () => void held.delete(place)
    },
    count: (share) => of(share).size,
  }
}

/** Oldest first, as a Map keeps them. */
function giveBackLost(held: Map<symbol, number>, now: number): void {
  for (const [place, since] of held) {
    if (now - since < HELD_MAX_MS) return
    held.delete(place)
  }
}
