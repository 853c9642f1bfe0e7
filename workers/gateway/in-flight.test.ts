import { describe, expect, it } from 'vitest'
import { createInFlight, HELD_MAX_MS, IN_FLIGHT_MAX, shareOf } from './in-flight.ts'
import type { Share } from './in-flight.ts'

const TWO_EACH: Record<Share, number> = { reads: 2, orders: 2, shops: 2, events: 2, operator: 2 }
const SHARES = Object.keys(IN_FLIGHT_MAX) as Share[]

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
    first?.()
    expect(inFlight.enter('orders', 0)).not.toBeNull()
    expect(inFlight.enter('orders', 0)).toBeNull()
  })

  it.each(SHARES)('of %s that fill their share leave the others theirs', (full) => {
    const inFlight = createInFlight()
    for (let n = 0; n < IN_FLIGHT_MAX[full]; n++) inFlight.enter(full, 0)
    expect(inFlight.enter(full, 0)).toBeNull()
    for (const other of SHARES.filter((share) => share !== full)) expect(inFlight.enter(other, 0), other).not.toBeNull()
  })

  it('that leave twice give back one place', () => {
    const inFlight = createInFlight(TWO_EACH)
    const first = inFlight.enter('reads', 0)
    inFlight.enter('reads', 0)
    first?.()
    first?.()
    expect(inFlight.count('reads')).toBe(1)
  })

  it('that never leave are given up, and may still say so then', () => {
    const inFlight = createInFlight(TWO_EACH)
    const lost = inFlight.enter('orders', 0)
    inFlight.enter('orders', 1)
    expect(inFlight.enter('orders', HELD_MAX_MS - 1)).toBeNull()
    expect(inFlight.enter('orders', HELD_MAX_MS)).not.toBeNull()
    lost?.()
    expect(inFlight.count('orders')).toBe(2)
  })
})
