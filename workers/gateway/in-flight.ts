/** Whose work a request is. Each has a share of its own, so that a rush of one starves none of the others. */
export type Share = 'reads' | 'orders' | 'shops' | 'events' | 'operator'

/** Between how few and how many requests of a share one isolate works on at once. Beyond that the next one is refused. */
export type Room = { least: number; most: number }

/**
 * Nothing waits in line here: in an isolate one request cannot wake another, and whoever calls has more patience than memory has room.
 * Room begins with the most, so that a handful who click together are served, halves when answers are slow (`SLOW_MS`) and grows back while they are quick: a slow
 * edge does as many a second with 8 at once as with 32, each in a third of the time (measured: docs/decisions/0017-load.md). Shoppers give way; shops and the
 * operator keep what they have.
 */
export const ROOM: Readonly<Record<Share, Room>> = {
  /** Mostly one look into KV or a counter, 10 ms: thousands a second. */
  reads: { least: 16, most: 64 },
  /** An order takes some five statements of a D1 that does a thousand a second. 32 at 100 ms each are more than the whole database can do; 8 keep the slowest machine busy. */
  orders: { least: 8, most: 32 },
  /** Heartbeats, pulls, pages of state: 500 shops make 150 a second of 50 ms each, 8 at once. Room for four times that, as after an outage. */
  shops: { least: 32, most: 32 },
  /** A megabyte of events is some ten unpacked, parsed and kept beside what came: 8 of them are most of an isolate's 128 MB. */
  events: { least: 8, most: 8 },
  /** People and their console. */
  operator: { least: 16, most: 16 },
}

/** A shopper notices a second. Longer than an order in peace takes, its tries for contended stock included. */
export const SLOW_MS = 1_000
/** One cut each time that the edge was slow, not one for each of those who were slow together. */
const CUT = 0.5

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
  /**
   * How to leave again, or `null` when there is no room. Leaving twice is leaving once. `worked`: it was answered with what it
   * asked for; how quickly a bad request is refused says nothing of how quick the edge is.
   */
  enter(share: Share, now: number): ((now: number, worked?: boolean) => void) | null
  count(share: Share): number
}

type Held = { places: Map<symbol, number>; room: number; cutAt: number }

/** Who is in. Only of this isolate: the sum over all of them is the platform's to balance. */
export function createInFlight(rooms: Readonly<Record<Share, Room>> = ROOM): InFlight {
  const inside = new Map<Share, Held>()
  const of = (share: Share): Held => {
    const held = inside.get(share) ?? { places: new Map(), room: rooms[share].most, cutAt: -Infinity }
    inside.set(share, held)
    return held
  }
  return {
    enter(share, now) {
      const held = of(share)
      if (isFull(held)) giveBackLost(held.places, now)
      if (isFull(held)) return null
      const place = Symbol(share)
      held.places.set(place, now)
      return (leftAt, worked = true) => {
        if (held.places.delete(place)) adapt(held, rooms[share], leftAt - now, leftAt, worked)
      }
    },
    count: (share) => of(share).places.size,
  }
}

const isFull = (held: Held): boolean => held.places.size >= Math.floor(held.room)

/** Additive increase, multiplicative decrease: a place more for each time that all of them were quick, half of them for each slow moment. */
function adapt(held: Held, { least, most }: Room, tookMs: number, now: number, worked: boolean): void {
  if (tookMs < SLOW_MS) {
    if (worked) held.room = Math.min(most, held.room + 1 / held.room)
  } else if (now - held.cutAt >= SLOW_MS) {
    held.room = Math.max(least, held.room * CUT)
    held.cutAt = now
  }
}

/** Oldest first, as a Map keeps them. */
function giveBackLost(places: Map<symbol, number>, now: number): void {
  for (const [place, since] of places) {
    if (now - since < HELD_MAX_MS) return
    places.delete(place)
  }
}
