import { describe, expect, it } from 'vitest'
import { createInFlight, HELD_MAX_MS, ROOM, shareOf, SLOW_MS } from './in-flight.ts'
import type { InFlight, Room, Share } from './in-flight.ts'

const TWO: Room = { least: 2, most: 2 }
const TWO_EACH: Record<Share, Room> = { reads: TWO, orders: TWO, shops: TWO, events: TWO, operator: TWO }
/** Fills a share at `now` and answers how many had room; all leave again after `tookMs`. */
function fill(inFlight: InFlight, share: Share, now: number, tookMs: number): number {
  const inside = []
  for (let leave = inFlight.enter(share, now); leave; leave = inFlight.enter(share, now)) inside.push(leave)
  for (const leave of inside) leave(now + tookMs)
  return inside.length
}
const SHARES = Object.keys(ROOM) as Share[]

describe('the share of a request', () => {
  it.each([
    ['GET', '/v1/products', 'reads'],
    ['HEAD', '/v1/products/A', 'reads'],
    ['GET', '/', 'reads'],
    ['GET', '/nothing/here', 'reads'],
    ['GET', '/v1/orders/ord_x', 'reads'],
    ['POST', '/v1/orders', 'orders'],
    ['POST', '/v1/orders/ord_x/cancel', 'orders'],
    ['POST', '/v1/quotes', 'orders'],
    ['POST', '/connect/v1/stores/main/heartbeat', 'shops'],
    ['GET', '/connect/v1/stores/main/orders/pending', 'shops'],
    ['GET', '/connect/v1/stores/main/state', 'shops'],
    ['POST', '/connect/v1/stores/main/events', 'events'],
    ['GET', '/admin/v1/orders', 'operator'],
    ['POST', '/admin/v1/stores', 'operator'],
    ['GET', '/healthz', null],
  ])('%s %s is %s', (method, path, share) => expect(shareOf(method, path)).toBe(share))
})

describe('requests in flight', () => {
  it('come in until their share is full, and again when one has left', () => {
    const inFlight = createInFlight(TWO_EACH)
    const first = inFlight.enter('orders', 0)
    expect(inFlight.enter('orders', 0)).not.toBeNull()
    expect(inFlight.enter('orders', 0)).toBeNull()
    first?.(1)
    expect(inFlight.enter('orders', 0)).not.toBeNull()
    expect(inFlight.enter('orders', 0)).toBeNull()
  })

  it.each(SHARES)('of %s that fill their share leave the others theirs', (full) => {
    const inFlight = createInFlight()
    for (let n = 0; n < ROOM[full].most; n++) inFlight.enter(full, 0)
    expect(inFlight.enter(full, 0)).toBeNull()
    for (const other of SHARES.filter((share) => share !== full)) expect(inFlight.enter(other, 0), other).not.toBeNull()
  })

  it('that leave twice give back one place', () => {
    const inFlight = createInFlight(TWO_EACH)
    const first = inFlight.enter('reads', 0)
    inFlight.enter('reads', 0)
    first?.(1)
    first?.(1)
    expect(inFlight.count('reads')).toBe(1)
  })

  it('that never leave are given up, and may still say so then', () => {
    const inFlight = createInFlight(TWO_EACH)
    const lost = inFlight.enter('orders', 0)
    inFlight.enter('orders', 1)
    expect(inFlight.enter('orders', HELD_MAX_MS - 1)).toBeNull()
    expect(inFlight.enter('orders', HELD_MAX_MS)).not.toBeNull()
    lost?.(HELD_MAX_MS + 1)
    expect(inFlight.count('orders')).toBe(2)
  })
})

describe('room for shoppers', () => {
  /** Slow moments, ten seconds apart. */
  const slow = (inFlight: InFlight) => Array.from({ length: 5 }, (_, n) => fill(inFlight, 'orders', 10_000 * n, SLOW_MS))

  it('halves with each slow moment, however many were slow in it, and not below the least', () => {
    expect(slow(createInFlight())).toEqual([32, 16, ROOM.orders.least, ROOM.orders.least, ROOM.orders.least])
  })

  it('does not grow by requests that were refused for what is wrong with them, however quickly', () => {
    const inFlight = createInFlight()
    for (let moment = 0; moment < 3; moment++) inFlight.enter('orders', moment * 2 * SLOW_MS)?.(moment * 2 * SLOW_MS + SLOW_MS)
    for (let bad = 0; bad < 1000; bad++) inFlight.enter('orders', 9 * SLOW_MS)?.(9 * SLOW_MS + 1, false)
    let room = 0
    while (inFlight.enter('orders', 9 * SLOW_MS + 2)) room++
    expect(room).toBe(ROOM.orders.least)
  })

  it('grows back, place by place, while answers are quick', () => {
    const inFlight = createInFlight()
    slow(inFlight)
    const rooms = Array.from({ length: 40 }, (_, n) => fill(inFlight, 'orders', 100_000 + n, SLOW_MS - 1))
    expect(rooms[0]).toBe(ROOM.orders.least)
    expect(rooms[5]).toBe(ROOM.orders.least + 4)
    expect(rooms.at(-1)).toBe(ROOM.orders.most)
  })

  it.each(['shops', 'events', 'operator'] as const)('is not for %s, who keep theirs', (share) => {
    const inFlight = createInFlight()
    for (let n = 0; n < 5; n++) fill(inFlight, share, n * 10_000, 20_000)
    expect(fill(inFlight, share, 100_000, 1)).toBe(ROOM[share].most)
  })
})
