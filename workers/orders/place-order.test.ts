import { describe, expect, it } from 'vitest'
import { LIMITS_DEFAULT } from '../../contract/operator.ts'
import type { PlaceOrder } from '../../contract/order.ts'
import type { Item } from '../../contract/product.ts'
import type { SellableItem } from '../catalog/port.ts'
import type { CounterCommand, ReserveAnswer, ReserveRequest } from '../inventory/port.ts'
import type { OrderMessage } from '../queue-messages.ts'
import type { LinkFacts, Store } from '../stores/port.ts'
import { memoryLimits } from '../limits/test-limits.ts'
import type { Caller } from './charge-units.ts'
import { placeOrder } from './place-order.ts'
import type { PlacementPorts } from './place-order.ts'
import type { OrderRecord } from './port.ts'

const NOW = 1_790_000_000_000
const item = (sku: string, change: Partial<Item> = {}): Item => ({
  sku, name: `Item ${sku}`, description: null, brand: null, category: null, identifiers: [], unit: 'each', price: { amountMinor: 250, currency: 'USD' },
  taxIncluded: false, taxRate: '10', imageUrl: null, tracked: true, ...change,
})
const store = (storeId: string, change: Partial<Store> = {}): Store => ({
  storeId, name: storeId, timeZone: 'UTC', transport: { kind: 'pull' }, secrets: [], safetyStock: 0, catalogSource: false, paused: false, priority: 100,
  openingHours: null, sellStaleForMs: 86_400_000, rounding: { tax: 'line', mode: 'half_up' }, specialDays: [], pickupLeadMinutes: null, createdAt: 0, ...change,
})
const body = (change: Partial<PlaceOrder> = {}): PlaceOrder => ({
  lines: [{ sku: 'A', quantity: 2 }, { sku: 'B', quantity: 1 }, { sku: 'A', quantity: 1 }],
  fulfillment: { method: 'pickup', storeId: 'main' },
  customer: { name: 'Test Customer', email: 'test@shop.example' },
  ...change,
})

/** A world of object literals: what was reserved, released, inserted and sent stands in its lists. */
function world(change: { reserve?: (request: ReserveRequest) => ReserveAnswer; insert?: (order: OrderRecord) => boolean; items?: Item[]; stores?: Store[]; sellable?: SellableItem[]; silent?: boolean; held?: Record<string, number | Record<string, number>> } = {}) {
  const orders = new Map<string, OrderRecord>()
  const reserved: ReserveRequest[] = []
  const applied: CounterCommand[] = []
  const sent: OrderMessage[] = []
  const stores = change.stores ?? [store('main')]
  const heldOf = (storeId: string, sku: string): number => {
    const held = change.held?.[storeId] ?? 9
    return typeof held === 'number' ? held : held[sku] ?? 0
  }
  let ids = 0
  const facts: LinkFacts = {
    lastHeartbeatAt: change.silent ? null : NOW - 1000, connectorId: 'c', epoch: 1, ackedSeq: 0, lastSeq: 0, posReachable: true, version: null,
    clockSkewMs: null, tunnel: null, journal: null, erasedUpTo: null, parked: 0, handedOver: 0,
  }
  const ports = {
    orders: {
      find: async (orderId: string) => orders.get(orderId) ?? null,
      insert: async (order: OrderRecord) => {
        if (change.insert && !change.insert(order)) return false
        if (orders.has(order.orderId)) return false
        orders.set(order.orderId, order)
        return true
      },
    },
    catalog: { sellable: async (skus: string[]) => change.sellable ?? (change.items ?? [item('A'), item('B'), item('WRAP', { tracked: false })]).filter((each) => skus.includes(each.sku)).map((each) => ({ storeId: 'main', sku: each.sku, item: each, describes: true })) },
    inventory: {
      reserve: async (request: ReserveRequest) => {
        reserved.push(request)
        return change.reserve?.(request) ?? { ok: true }
      },
      apply: async (commands: CounterCommand[]) => {
        applied.push(...commands)
        return commands.map(() => 'applied' as const)
      },
      availability: async (skus: string[]) => skus.map((sku) => ({ sku, stores: stores.map(({ storeId }) => ({ storeId, available: heldOf(storeId, sku), seenAt: NOW })) })),
    },
    stores: { find: async (storeId: string) => stores.find((each) => each.storeId === storeId) ?? null, list: async () => stores },
    links: { link: () => ({ facts: async () => facts }) },
    queues: { orders: async (messages: OrderMessage[]) => void sent.push(...messages) },
    limits: memoryLimits(() => NOW),
    clock: () => NOW,
    newId: () => `try-${++ids}`,
    sleep: async () => undefined,
    log: () => undefined,
    payments: () => null,
    secrets: { masterKey: 'master' },
  } satisfies PlacementPorts
  const place = (key = 'key-1', placed: PlaceOrder = body(), payInStore = true, caller: Caller = { keyId: 'key', addressBlock: '192.0.2.1' }) =>
    placeOrder(ports, { channel: { channelId: 'web', name: 'Web', allowedOrigins: [], payInStore, paymentProviders: ['manual'], limits: LIMITS_DEFAULT, createdAt: 0 }, caller, idempotencyKey: key, body: placed, raw: placed, requestId: 'r' })
  return { place, orders, reserved, applied, sent, ports }
}

const short = (contended: boolean): ReserveAnswer => ({ ok: false, refusal: { reason: 'out-of-stock', shortages: [{ sku: 'A', requested: 3, available: 1 }], contended } })

describe('placing an order', () => {
  it('is never refused for want of what a twin of the same call has just taken', async () => {
    const first = world()
    const placed = await first.place()
    const order = placed.ok ? placed.value.order : expect.fail('refused')
    const held: Record<string, number> = { A: 0 }
    const second = world({ held: { main: held }, reserve: () => short(false) })
    let looks = 0
    // The twin's row goes in after this call has looked for it the first time.
    second.ports.orders.find = async () => (looks++ === 0 ? null : order)
    expect(await second.place()).toMatchObject({ ok: true, value: { repeated: true, order: { orderId: order.orderId } } })
  })

  it('sums demand per SKU, reserves it whole, writes the order and hands it over', async () => {
    const { place, reserved, sent, orders } = world()
    const placed = await place()
    expect(placed).toMatchObject({ ok: true, value: { repeated: false, order: { status: 'placed', dueAt: NOW + 30_000 } } })
    expect(reserved).toHaveLength(1)
    expect(reserved[0]).toMatchObject({ storeId: 'main', demands: [{ sku: 'A', quantity: 3 }, { sku: 'B', quantity: 1 }], dueAt: NOW + 60_000 })
    const [order] = [...orders.values()]
    expect(order?.purchase.totals.total).toEqual({ amountMinor: 1100, currency: 'USD' })
    expect(sent).toEqual([{ kind: 'deliver', orderId: order?.orderId, assignmentId: `${order?.orderId}.1`, storeId: 'main', requestId: 'r' }])
  })

  it('meets itself when it is sent again, and reserves nothing more', async () => {
    const { place, reserved } = world()
    const first = await place()
    const again = await place()
    expect(again).toMatchObject({ ok: true, value: { repeated: true } })
    expect(again.ok && first.ok && again.value.order.orderId).toBe(first.ok && first.value.order.orderId)
    expect(reserved).toHaveLength(1)
  })

  it('refuses the same key with another body, and leaves the first order alone', async () => {
    const { place, orders } = world()
    await place()
    const before = JSON.stringify([...orders])
    expect(await place('key-1', body({ note: 'other' }))).toEqual({ ok: false, refusal: { reason: 'idempotency-key-reused' } })
    expect(JSON.stringify([...orders])).toBe(before)
  })

  it('does not use the key up when it refuses', async () => {
    let empty = true
    const { place } = world({ reserve: () => (empty ? short(false) : { ok: true }) })
    expect(await place()).toMatchObject({ ok: false, refusal: { reason: 'out-of-stock', shortages: [{ sku: 'A', requested: 3, available: 1 }] } })
    empty = false
    expect(await place()).toMatchObject({ ok: true, value: { repeated: false } })
  })

  it('tries three times with an attempt of its own each when only unfinished placements are in the way', async () => {
    const { place, reserved } = world({ reserve: () => short(true) })
    expect(await place()).toMatchObject({ ok: false })
    expect(new Set(reserved.map((each) => each.attempt.id)).size).toBe(3)
  })

  it('answers the order of its twin when the twin took the last piece', async () => {
    const twin = world()
    await twin.place()
    const [order] = [...twin.orders.values()]
    const late = world({ reserve: () => {
      if (order) late.orders.set(order.orderId, order)
      return short(false)
    } })
    expect(await late.place()).toMatchObject({ ok: true, value: { repeated: true, order: { orderId: order?.orderId } } })
  })

  it('releases exactly its own attempt when another has the key', async () => {
    const first = world()
    await first.place()
    const winner = [...first.orders.values()][0]
    const { place, applied, reserved, orders } = world({ insert: (order) => {
      if (winner) orders.set(order.orderId, winner)
      return false
    } })
    expect(await place()).toMatchObject({ ok: true, value: { repeated: true } })
    expect(applied.map((command) => command.type === 'release' && [command.sku, command.attempt])).toEqual([['A', reserved[0]?.attempt], ['B', reserved[0]?.attempt]])
  })

  it('releases nothing when D1 cannot say whether the order went in', async () => {
    const { place, applied } = world({ insert: () => {
      throw new Error('connection lost')
    } })
    await expect(place()).rejects.toThrow('connection lost')
    expect(applied).toEqual([])
  })

  it('is placed even when the queue does not take the message: the row says that it is owed', async () => {
    const { place, ports } = world()
    ports.queues.orders = async () => {
      throw new Error('Too Many Requests')
    }
    expect(await place()).toMatchObject({ ok: true, value: { order: { dueAt: NOW + 30_000 } } })
  })

  const TRANSFER_MS = 4 * 86_400_000

  it('waits for its payment where the channel does not let people pay in the store, and reserves that long', async () => {
    const { place, sent, reserved } = world()
    expect(await place('key-1', body({ payment: { provider: 'manual' } }), false)).toMatchObject({ ok: true, value: { order: { status: 'awaiting_payment', dueAt: NOW + TRANSFER_MS, payment: { provider: 'manual', state: 'awaited' } } } })
    expect(sent).toEqual([])
    expect(reserved[0]?.dueAt).toBeGreaterThanOrEqual(NOW + TRANSFER_MS)
  })

  it('asks no counter for a service', async () => {
    const { place, reserved } = world()
    expect(await place('key-1', body({ lines: [{ sku: 'WRAP', quantity: 1 }] }))).toMatchObject({ ok: true })
    expect(reserved).toEqual([])
  })
})

describe('what is wrong is said, and reserves nothing', () => {
  const refusals: [string, Parameters<typeof world>[0], PlaceOrder, object][] = [
    ['an unknown SKU', {}, body({ lines: [{ sku: 'NOPE', quantity: 1 }] }), { reason: 'unknown-sku', skus: ['NOPE'] }],
    ['an unknown store', {}, body({ fulfillment: { method: 'pickup', storeId: 'nowhere' } }), { reason: 'unknown-store', storeId: 'nowhere' }],
    ['a paused store', { stores: [store('main', { paused: true })] }, body(), { reason: 'store-not-taking-orders', storeId: 'main' }],
    ['a store never heard of', { silent: true }, body(), { reason: 'store-not-taking-orders', storeId: 'main' }],
    ['another price', {}, body({ lines: [{ sku: 'A', quantity: 1, expectedUnitPrice: { amountMinor: 249, currency: 'USD' } }] }), { reason: 'price-changed', changes: [{ sku: 'A', expected: { amountMinor: 249, currency: 'USD' }, actual: { amountMinor: 250, currency: 'USD' } }] }],
    ['another currency', {}, body({ lines: [{ sku: 'A', quantity: 1, expectedUnitPrice: { amountMinor: 250, currency: 'EUR' } }] }), { reason: 'price-changed' }],
    ['prices of two currencies', { items: [item('A'), item('B', { price: { amountMinor: 1, currency: 'EUR' } })] }, body(), { reason: 'mixed-currencies' }],
  ]
  it.each(refusals)('%s', async (_, change, placed, refusal) => {
    const { place, reserved } = world(change)
    expect(await place('key-1', placed)).toMatchObject({ ok: false, refusal })
    expect(reserved).toEqual([])
  })
})

describe('a shipped order', () => {
  const ship = body({ fulfillment: { method: 'ship', address: { name: 'T', line1: '1 Road', city: 'X', postalCode: '1', country: 'US' } } })
  it('comes from one store that has everything, by priority', async () => {
    const { place, reserved } = world({ stores: [store('first'), store('second')], held: { first: 0, second: 9 } })
    expect(await place('key-1', ship)).toMatchObject({ ok: true })
    expect(reserved.map((each) => each.storeId)).toEqual(['second'])
  })
  it('goes on to the next store when the first is emptied meanwhile', async () => {
    const { place, reserved } = world({ stores: [store('first'), store('second')], reserve: ({ storeId }) => (storeId === 'first' ? short(false) : { ok: true }) })
    expect(await place('key-1', ship)).toMatchObject({ ok: true, value: { order: { assignments: [{ storeId: 'second' }] } } })
    expect(reserved).toHaveLength(2)
  })

  const apart = { stores: [store('first'), store('second')], held: { first: { A: 3 }, second: { B: 1 } } }
  it('is split when no store has everything: one order, a part for each store, each with its own goods', async () => {
    const { place, reserved, sent } = world(apart)
    const placed = await place('key-1', ship)
    expect(reserved.map(({ assignmentId, storeId, demands }) => [assignmentId.slice(-2), storeId, demands])).toEqual([['.1', 'first', [{ sku: 'A', quantity: 3 }]], ['.2', 'second', [{ sku: 'B', quantity: 1 }]]])
    expect(new Set(reserved.map((each) => each.attempt.id)).size).toBe(1)
    expect(placed).toMatchObject({ ok: true, value: { order: { assignments: [
      { storeId: 'first', lines: [{ lineId: '1', quantity: 2 }, { lineId: '3', quantity: 1 }] }, { storeId: 'second', lines: [{ lineId: '2', quantity: 1 }] },
    ] } } })
    expect(sent.map(({ storeId }) => storeId)).toEqual(['first', 'second'])
  })
  it('is reserved whole or not at all: what one store granted is released when another refuses', async () => {
    const { place, reserved, applied, orders } = world({ ...apart, reserve: ({ storeId }) => (storeId === 'second'
      ? { ok: false, refusal: { reason: 'out-of-stock', shortages: [{ sku: 'B', requested: 1, available: 0 }], contended: false } } : { ok: true }) })
    expect(await place('key-1', ship)).toEqual({ ok: false, refusal: { reason: 'out-of-stock', shortages: [{ sku: 'B', requested: 1, available: 0 }] } })
    expect(applied).toMatchObject([{ type: 'release', storeId: 'first', sku: 'A', assignmentId: reserved[0]?.assignmentId, attempt: reserved[0]?.attempt }])
    expect(orders.size).toBe(0)
  })
  it('is not split over stores that ask different prices: a line has one', async () => {
    const dearer = world({ stores: apart.stores, held: { first: { A: 3 }, second: { A: 3 } }, sellable: [
      { storeId: 'first', sku: 'A', item: item('A'), describes: true },
      { storeId: 'second', sku: 'A', item: item('A', { price: { amountMinor: 999, currency: 'USD' } }), describes: false },
    ] })
    expect(await dearer.place('key-1', { ...ship, lines: [{ sku: 'A', quantity: 4 }] })).toEqual({ ok: false, refusal: { reason: 'out-of-stock', shortages: [{ sku: 'A', requested: 4, available: 3 }] } })
    expect(await dearer.place('key-2', { ...ship, lines: [{ sku: 'A', quantity: 3 }] })).toMatchObject({ ok: true })
  })
  it('says what all stores together could send when that is not enough', async () => {
    const { place, reserved } = world({ ...apart, held: { first: { A: 1 }, second: { A: 1, B: 1 } } })
    expect(await place('key-1', ship)).toEqual({ ok: false, refusal: { reason: 'out-of-stock', shortages: [{ sku: 'A', requested: 3, available: 2 }] } })
    expect(reserved).toEqual([])
  })
})
