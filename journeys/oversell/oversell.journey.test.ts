import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Order } from '../../contract/order.ts'
import { goOffline } from '../local/offline.ts'
import type { Basket } from '../local/edge-api.ts'
import { openStores, type Shelf, type Stores } from '../local/stores.ts'
import { ask, doubled, ordersOf, shopAtOnce, type Customer, type Statuses, type Wish } from './shoppers.ts'
import { deliverAll, readTills, type Booked } from './tills.ts'

const SHOPPERS = 300
const PIECES = 100
const CROSSING_SHOPPERS = 180
const CROSSING_PIECES = 30
const STORES = ['north', 'south']
const CROSSING: Shelf[] = [{ sku: 'CROSS-A', pieces: CROSSING_PIECES, priceMinor: 1299 }, { sku: 'CROSS-B', pieces: CROSSING_PIECES, priceMinor: 349 }, { sku: 'CROSS-C', pieces: CROSSING_PIECES, priceMinor: 5 }]

/** Shipped orders name no store. */
const PickupAt = z.object({ storeId: z.string().optional() })

let house: Stores
let dir: string
/** Until the setup has come to its end, something has failed. */
let failed = true
const customer = { name: 'Customer', email: 'customer@shop.example' }
const address = { name: 'Customer', line1: '1 Main Street', city: 'Springfield', postalCode: '12345', country: 'US' }
const count = (statuses: Statuses) => Object.fromEntries(statuses)
const asked = (lines: readonly { sku: string; quantity: number }[]) => {
  const demand = new Map<string, number>()
  for (const { sku, quantity } of lines) demand.set(sku, (demand.get(sku) ?? 0) + quantity)
  return demand
}
/** What `GET /v1/availability` says is left of a SKU in a store. */
const left = async (sku: string, storeId: string) => (await house.web.availability(sku)).stores.find((store) => store.storeId === storeId)?.available

/** Every order once at the tills that were to serve it, for the money its shopper was told; and nothing besides. */
function expectBookedOnce(orders: readonly Order[], booked: Booked): void {
  for (const order of orders) {
    const tickets = booked.tickets.get(order.number) ?? []
    expect(tickets.map(({ reference }) => reference).sort(), order.number).toEqual(order.fulfillments.map(({ id }) => id).sort())
    expect(tickets.reduce((sum, { totalMinor }) => sum + totalMinor, 0), order.number).toBe(order.totals.total.amountMinor)
  }
}

beforeAll(async () => {
  goOffline()
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-oversell-'))
  const shelves = Object.fromEntries(STORES.map((storeId) => [storeId, storeId === 'north' ? [{ sku: 'LAST-ONES', pieces: PIECES, priceMinor: 4999 }, ...CROSSING] : CROSSING]))
  house = await openStores(path.join(dir, 'house'), 'oversell-admin-token', shelves)
  failed = false
})

afterEach(({ task }) => {
  if (task.result?.state === 'fail') failed = true
})

afterAll(async () => {
  await house?.close()
  // What failed leaves its logs and databases for whoever looks into it.
  if (failed) console.error(`the house is kept in ${dir}`)
  else await rm(dir, { recursive: true, force: true })
})

describe(`${SHOPPERS} shoppers at once for ${PIECES} pieces`, () => {
  const statuses: Statuses = new Map()
  let customers: Customer[]
  let orders: Order[]

  beforeAll(async () => {
    const basket: Basket = { lines: [{ sku: 'LAST-ONES', quantity: 1 }], fulfillment: { method: 'pickup', storeId: 'north' }, customer }
    // Every third hand clicks twice, every tenth three times.
    const wishes = Array.from({ length: SHOPPERS }, (_, n): Wish => ({ key: `last-${n}`, basket, twins: n % 10 === 0 ? 3 : n % 3 === 0 ? 2 : 1 }))
    customers = await shopAtOnce(house, wishes, statuses)
    orders = ordersOf(customers)
    await deliverAll(house, orders)
    console.log('one SKU:', { shoppers: SHOPPERS, pieces: PIECES, answers: count(statuses), orders: orders.length, doubled: doubled(customers).length })
  })

  it(`sells exactly ${PIECES} of them, in the till's own books and on the web`, async () => {
    expect(orders).toHaveLength(PIECES)
    expect(readTills(house).pieces.get('north LAST-ONES')).toBe(PIECES)
    expect(house.stores.get('north')?.till.onHand('LAST-ONES')).toBe(0)
    expect(await left('LAST-ONES', 'north')).toBe(0)
  })

  it('gives nobody two orders, however often they clicked', () => {
    expect(doubled(customers)).toEqual([])
    expect(new Set(orders.map(({ id }) => id)).size).toBe(orders.length)
    expect(statuses.get(201)).toBe(orders.length)
  })

  it('tells twins the same', () => {
    for (const { wish, told } of customers) expect(new Set(told.map(({ kind }) => kind)).size, wish.key).toBe(1)
  })

  it('tells the others what is there: nothing', () => {
    const refused = customers.flatMap(({ told }) => told.flatMap((one) => (one.kind === 'short' ? [one.shortages] : [])))
    expect(refused.length).toBeGreaterThanOrEqual(SHOPPERS - PIECES)
    for (const shortages of refused) expect(shortages).toEqual([{ sku: 'LAST-ONES', requested: 1, available: 0 }])
  })

  it('books each order once, for what its shopper was told', () => expectBookedOnce(orders, readTills(house)))

  it('answers a click after it all with the same order, or the same truth', async () => {
    for (const { wish, told } of customers.filter((_, n) => n % 10 === 0)) {
      const again = await ask(house, wish, statuses)
      const before = told[0]
      if (before?.kind === 'order') expect(again).toMatchObject({ kind: 'order', first: false, order: { id: before.order.id } })
      else expect(again).toEqual(before)
    }
  })
})

describe(`${CROSSING_SHOPPERS} shoppers at once with baskets that cross, over ${STORES.length} stores`, () => {
  const statuses: Statuses = new Map()
  const back: Statuses = new Map()
  let customers: Customer[]
  let orders: Order[]
  /** Those who had no order when the rush was over, and what they were told when they came back. */
  const later: Customer[] = []

  beforeAll(async () => {
    const skus = CROSSING.map(({ sku }) => sku)
    const pick = (n: number) => skus[n % skus.length] ?? ''
    const wishes = Array.from({ length: CROSSING_SHOPPERS }, (_, n): Wish => {
      // A+B and B+A, B+C and C+B, C+A and A+C; one to three of each; every eighth names the first twice.
      const pair = [pick(Math.floor(n / 2)), pick(Math.floor(n / 2) + 1)]
      const [first = '', second = ''] = n % 2 === 0 ? pair : pair.toReversed()
      const lines = [{ sku: first, quantity: 1 + (n % 3) }, { sku: second, quantity: 1 + (Math.floor(n / 3) % 3) }, ...(n % 8 === 0 ? [{ sku: first, quantity: 1 }] : [])]
      const fulfillment = n % 5 === 0 ? { method: 'ship', address } : { method: 'pickup', storeId: STORES[Math.floor(n / 6) % STORES.length] }
      return { key: `cross-${n}`, basket: { lines, fulfillment, customer }, twins: n % 4 === 0 ? 2 : 1 }
    })
    customers = await shopAtOnce(house, wishes, statuses)
    // One after the other now: nobody's unfinished basket stands in anybody's way.
    for (const { wish, told } of customers) if (told.every(({ kind }) => kind === 'short')) later.push({ wish, told: [await ask(house, wish, back)] })
    orders = [...ordersOf(customers), ...ordersOf(later)]
    await deliverAll(house, orders)
    console.log('crossing baskets:', {
      shoppers: CROSSING_SHOPPERS, pieces: `${CROSSING.length} SKUs × ${CROSSING_PIECES} × ${STORES.length} stores`, answers: count(statuses), afterwards: count(back), orders: orders.length, doubled: doubled(customers).length,
      sold: Object.fromEntries([...readTills(house).pieces].filter(([place]) => place.includes('CROSS'))),
    })
  })

  it('never sells more of a SKU than a store had, and counts the rest as the till does', async () => {
    const { pieces } = readTills(house)
    for (const [storeId, { till }] of house.stores) {
      for (const { sku } of CROSSING) {
        const sold = pieces.get(`${storeId} ${sku}`) ?? 0
        expect(sold, `${storeId} ${sku}`).toBeLessThanOrEqual(CROSSING_PIECES)
        expect(till.onHand(sku), `${storeId} ${sku}`).toBe(CROSSING_PIECES - sold)
        expect(await left(sku, storeId), `${storeId} ${sku}`).toBe(CROSSING_PIECES - sold)
      }
    }
  })

  it('sells what the orders say, store by store', () => {
    const ordered = new Map<string, number>()
    for (const order of orders) {
      for (const { storeId, lines } of order.fulfillments) {
        for (const { lineId, quantity } of lines) {
          const place = `${storeId} ${order.lines.find((line) => line.lineId === lineId)?.sku}`
          ordered.set(place, (ordered.get(place) ?? 0) + quantity)
        }
      }
    }
    expect(new Map([...readTills(house).pieces].filter(([place]) => place.includes('CROSS')))).toEqual(ordered)
  })

  it('gives nobody two orders, and each what was in the basket', () => {
    expect(doubled([...customers, ...later])).toEqual([])
    expect(new Set(orders.map(({ id }) => id)).size).toBe(orders.length)
    for (const { wish, told } of [...customers, ...later]) {
      for (const one of told) if (one.kind === 'order') expect(one.order.lines.map(({ sku, quantity }) => ({ sku, quantity })), wish.key).toEqual(wish.basket.lines)
    }
  })

  it('charges for what is there only: the tills booked every order once, for the total its shopper was told, and nothing else', () => {
    const booked = readTills(house)
    expectBookedOnce(orders, booked)
    const all = new Set(orders.map(({ number }) => number))
    const strangers = [...booked.tickets.keys()].filter((number) => !all.has(number))
    // The other rush of this house.
    expect(strangers).toHaveLength(PIECES)
  })

  it('names as short what was asked for and is not there', () => {
    for (const { wish, told } of [...customers, ...later]) {
      const demand = asked(wish.basket.lines)
      for (const one of told) {
        if (one.kind !== 'short') continue
        for (const { sku, requested, available } of one.shortages) {
          expect(requested, wish.key).toBe(demand.get(sku))
          expect(available ?? 0, wish.key).toBeLessThan(requested)
        }
      }
    }
  })

  it('refuses in the end only what does not fit into what is left', async () => {
    const rest = new Map<string, number>()
    for (const storeId of STORES) for (const { sku } of CROSSING) rest.set(`${storeId} ${sku}`, (await left(sku, storeId)) ?? 0)
    for (const { wish, told } of later) {
      if (told[0]?.kind !== 'short') continue
      const { storeId } = PickupAt.parse(wish.basket.fulfillment)
      for (const place of storeId === undefined ? STORES : [storeId]) {
        const short = [...asked(wish.basket.lines)].filter(([sku, quantity]) => (rest.get(`${place} ${sku}`) ?? 0) < quantity)
        expect(short, `${wish.key} at ${place}`).not.toEqual([])
      }
    }
  })
})
