import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Order } from '../../contract/order.ts'
import { until } from '../local/until.ts'
import { openDatabaseHouse, STORE_ID, type DatabaseHouse } from './database-house.ts'
import { order, referenceOf } from './judge.ts'
import { osposTables } from './ospos-tables.ts'

/** Two of each: one is sold at the till while nobody hears of it, and two shoppers race for the other. */
const SHELF = { LAMP: 2, VASE: 2, BOWL: 2, MUG: 6 }
const HEARD_WITHIN_MS = 20_000
/** The till takes a cashier's sale below zero without a word. */
const RACES = [
  { name: 'LAMP', pos: { orders: 'suspended' }, taken: 1, states: ['open'], left: 1 },
  { name: 'VASE', pos: { orders: 'completed' }, taken: 1, states: ['completed'], left: 0 },
  { name: 'BOWL', pos: { orders: 'completed', oversell: 'allow' }, taken: 2, states: ['completed', 'completed'], left: -1 },
]

let house: DatabaseHouse
let failed = true

const statusOf = async (placed: Order) => (await house.web.order(placed.id)).status
const becomes = (placed: Order, ...wanted: string[]) => until(`order ${placed.number} ${wanted.join(' or ')}`, HEARD_WITHIN_MS, async () => {
  const status = await statusOf(placed)
  if (!wanted.includes(status)) throw new Error(`it is ${status}`)
  return status
}, 30)
const saleOf = async (placed: Order) => (await house.till.webSales()).filter(({ assignmentId }) => assignmentId === referenceOf(placed))
/** What the edge knows of the item: the till's level, what reservations still take off it, and what a shopper is told. */
const atEdge = async (name: string) => {
  const sku = house.till.sku(name)
  const store = (await house.operator.explain(sku))?.stores.find(({ storeId }) => storeId === STORE_ID)
  const weighs = store?.reservations.filter((each) => each.weighs).reduce((sum, { quantity }) => sum + quantity, 0)
  return { onHand: store?.onHand, weighs, available: (await house.web.availability(sku)).available }
}
const edgeComesTo = (name: string, wanted: Awaited<ReturnType<typeof atEdge>>) => until(`the edge to know of ${name}`, HEARD_WITHIN_MS, async () => {
  const seen = await atEdge(name)
  if (JSON.stringify(seen) !== JSON.stringify(wanted)) throw new Error(`expected ${JSON.stringify(wanted)}, found ${JSON.stringify(seen)}`)
  return true
}, 30)

describe('a till that allows negative stock and puts web orders aside', () => {
  beforeAll(async () => {
    house = await openDatabaseHouse({ openTill: osposTables, pos: { orders: 'suspended' }, shelf: SHELF })
    failed = false
  }, 120_000)
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') failed = true
  })
  afterAll(() => house?.close(failed), 60_000)

  it('takes the goods off once, when the cashier completes the order', async () => {
    const placed = await order(house, 'MUG', 2, 'completed-by-cashier')
    await becomes(placed, 'accepted')
    expect((await saleOf(placed)).map(({ state }) => state)).toEqual(['open'])
    expect(await house.till.onHand('MUG')).toBe(6)
    await edgeComesTo('MUG', { onHand: 6, weighs: 2, available: 4 })
    await house.till.complete(referenceOf(placed))
    await becomes(placed, 'completed')
    expect((await saleOf(placed)).map(({ state }) => state)).toEqual(['completed'])
    expect(await house.till.onHand('MUG')).toBe(4)
    await edgeComesTo('MUG', { onHand: 4, weighs: 0, available: 4 })
  })

  it('lets the goods go when the cashier deletes the order, and the shopper is told', async () => {
    const placed = await order(house, 'MUG', 3, 'deleted-by-cashier')
    await becomes(placed, 'accepted')
    await edgeComesTo('MUG', { onHand: 4, weighs: 3, available: 1 })
    await house.till.remove(referenceOf(placed))
    await becomes(placed, 'cancelled')
    expect((await saleOf(placed)).map(({ state }) => state)).toEqual(['cancelled'])
    expect(await house.till.onHand('MUG')).toBe(4)
    await edgeComesTo('MUG', { onHand: 4, weighs: 0, available: 4 })
  })

  it('forgets neither when the connector was away while the cashier did it', async () => {
    const [kept, dropped] = [await order(house, 'MUG', 1, 'completed-unseen'), await order(house, 'MUG', 1, 'deleted-unseen')]
    await becomes(kept, 'accepted')
    await becomes(dropped, 'accepted')
    await house.connector.kill()
    await house.till.complete(referenceOf(kept))
    await house.till.remove(referenceOf(dropped))
    await house.restartConnector()
    await becomes(kept, 'completed')
    await becomes(dropped, 'cancelled')
    expect(await house.till.onHand('MUG')).toBe(3)
    await edgeComesTo('MUG', { onHand: 3, weighs: 0, available: 3 })
  })

  it.each(RACES)('two orders race for the last $name with $pos: $taken taken', async ({ name, pos, taken, states, left }) => {
    await house.connector.stop()
    await house.till.sell(name, 1)
    const [sold, before] = [await house.till.countSales(), await house.till.webSales()]
    // The edge has not heard of the till's sale: both are sold.
    const racing = await Promise.all([order(house, name, 1, `first-${name}`), order(house, name, 1, `second-${name}`)])
    await house.restartConnector(pos)
    const settled = await Promise.all(racing.map((each) => becomes(each, 'accepted', 'cancelled')))
    expect(settled.filter((status) => status === 'accepted')).toHaveLength(taken)
    const sales = (await house.till.webSales()).filter(({ saleId }) => !before.some((each) => each.saleId === saleId))
    expect(sales.map(({ state }) => state)).toEqual(states)
    expect(await house.till.countSales()).toBe(sold + taken)
    expect(await house.till.onHand(name)).toBe(left)
    for (const [index, each] of racing.entries()) {
      const { fulfillments } = await house.web.order(each.id)
      expect(fulfillments.map(({ status }) => status)).toEqual([settled[index] === 'accepted' ? 'accepted' : 'rejected'])
      const told = JSON.stringify((await house.web.timeline(each.id)).items)
      expect(told.includes('out_of_stock'), told).toBe(settled[index] === 'cancelled')
    }
    await edgeComesTo(name, { onHand: left, weighs: Math.max(0, left), available: 0 })
  })
})
