import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Order } from '../../contract/order.ts'
import { openDemo, restartConnector, restartEdge, type Demo } from '../local/demo.ts'
import { freePort } from '../local/house.ts'
import { catalogueSynced } from '../local/steps/catalogue-synced.ts'
import { stockSynced } from '../local/steps/stock-synced.ts'
import { until } from '../local/until.ts'
import { shopAll, type Shopper } from './shoppers.ts'

const ORDERS = 50
const SHOPPERS_AT_ONCE = 4
const SKUS = 8
const SAFETY_STOCK = 1
const TILL_SALES = 20
/** The outbox looks again after 30 s, a reservation whose order nobody knows is asked about after 60 s; twice that is rest. */
const REST_WITHIN_MS = 150_000

let demo: Demo
let dir: string
let skus: string[]
let startLevels: Map<string, number>
let orders: Order[]
const broken: string[] = []
/** Until the setup has come to its end, something has failed. */
let failed = true

/** Kills the edge after 10 answers, the connector after 22, both after 34, and starts each again on what it left on disk. */
async function breakThings(answered: () => number): Promise<void> {
  const reached = (count: number) => until(`${count} orders answered`, REST_WITHIN_MS, () => answered() >= count)
  await reached(10)
  await demo.edge.kill()
  broken.push(`edge after ${answered()}`)
  await restartEdge(demo)
  await reached(22)
  await demo.connector.kill()
  broken.push(`connector after ${answered()}`)
  await sleep(500)
  await restartConnector(demo)
  await reached(34)
  await Promise.all([demo.edge.kill(), demo.connector.kill()])
  broken.push(`both after ${answered()}`)
  await restartEdge(demo)
  await restartConnector(demo)
}

async function sellAtTheTill(): Promise<void> {
  for (let n = 0; n < TILL_SALES; n += 1) {
    demo.till.sell(skus[n % SKUS] ?? '', 1)
    await sleep(300)
  }
}

const explain = async (sku: string) => {
  const store = (await demo.operator.explain(sku))?.stores.find((one) => one.storeId === demo.shop.storeId)
  if (!store) throw new Error(`the edge does not know ${sku}`)
  return store
}
const weight = (store: Awaited<ReturnType<typeof explain>>) => store.reservations.filter((one) => one.weighs).reduce((sum, one) => sum + one.quantity, 0)

describe('50 orders while the edge and the connector are killed', () => {
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-crash-'))
    demo = await openDemo({ dir: path.join(dir, 'house'), port: await freePort(), adminToken: 'crash-admin-token', keep: false, safetyStock: SAFETY_STOCK, log: () => {} })
    await catalogueSynced.run(demo)
    await stockSynced.run(demo)
    skus = Array.from({ length: SKUS }, () => demo.takeSku(40))
    startLevels = demo.till.stock()

    const shoppers: Shopper[] = Array.from({ length: ORDERS }, (_, n) => ({
      key: `crash-${n}`,
      lines: [{ sku: skus[n % SKUS] ?? '', quantity: 1 + (n % 2) }, { sku: skus[(n + 3) % SKUS] ?? '', quantity: 1 }],
    }))
    let answered = 0
    const [answeredOrders] = await Promise.all([
      shopAll(demo, shoppers, SHOPPERS_AT_ONCE, (count) => { answered = count }),
      breakThings(() => answered),
      sellAtTheTill(),
    ])
    orders = answeredOrders
    await until('every order accepted and nothing left that weighs', REST_WITHIN_MS, async () => {
      for (const order of orders) {
        const { status } = await demo.web.order(order.id)
        if (status !== 'accepted') throw new Error(`order ${order.number} is ${status}`)
      }
      for (const sku of skus) {
        const store = await explain(sku)
        if (store.onHand !== demo.till.onHand(sku)) throw new Error(`${sku}: the edge says ${store.onHand}, the till ${demo.till.onHand(sku)}`)
        if (weight(store) > 0) throw new Error(`${sku}: ${JSON.stringify(store.reservations.filter((one) => one.weighs))} still weighs`)
      }
      return true
    }, 1_000).catch((error: unknown) => console.error(String(error)))
    failed = false
  }, 420_000)

  afterEach(({ task }) => {
    if (task.result?.state === 'fail') failed = true
  })

  afterAll(async () => {
    await demo?.close()
    // What failed leaves its logs and databases for whoever looks into it.
    if (failed) console.error(`the house is kept in ${dir}`)
    else await rm(dir, { recursive: true, force: true })
  }, 60_000)

  it('killed both in the middle of it', () => {
    expect(broken).toHaveLength(3)
  })

  it('answered every shopper with an order of their own', () => {
    expect(new Set(orders.map((order) => order.id)).size).toBe(ORDERS)
  })

  it('brought every order into the till exactly once, as it was ordered', () => {
    for (const order of orders) {
      const tickets = demo.till.ticketsOfOrder(order.number)
      expect(tickets.map((ticket) => ticket.reference), order.number).toEqual([order.fulfillments[0]?.id])
      const lines = demo.till.lines(tickets[0]?.ticket_id ?? 0).map((line) => [line.sku, line.quantity])
      expect(lines, order.number).toEqual(order.lines.map((line) => [line.sku, line.quantity]))
    }
  })

  it('brought nothing into the till that nobody ordered', () => {
    const known = new Set(orders.flatMap((order) => order.fulfillments.map((part) => part.id)))
    expect(demo.till.webTickets().filter((ticket) => !known.has(ticket.reference ?? ''))).toEqual([])
  })

  it('took exactly what was sold off the shelf', () => {
    const sold = new Map(skus.map((sku, n) => [sku, Math.ceil((TILL_SALES - n) / SKUS)]))
    for (const line of orders.flatMap((order) => order.lines)) sold.set(line.sku, (sold.get(line.sku) ?? 0) + line.quantity)
    for (const sku of skus) expect(demo.till.onHand(sku), sku).toBe((startLevels.get(sku) ?? 0) - (sold.get(sku) ?? 0))
  })

  it('shows the till\'s level of every SKU at the edge', async () => {
    for (const [sku, onHand] of demo.till.stock()) expect((await explain(sku)).onHand, sku).toBe(onHand)
  })

  it('sells what is on hand, less the safety stock, less what still weighs', async () => {
    for (const [sku, onHand] of demo.till.stock()) {
      const store = await explain(sku)
      expect(store.safetyStock).toBe(SAFETY_STOCK)
      expect(store.available, sku).toBe(Math.max(0, onHand - SAFETY_STOCK - weight(store)))
    }
  })

  it('comes to rest: no reservation weighs any more, every order is accepted', async () => {
    for (const sku of skus) expect(weight(await explain(sku)), sku).toBe(0)
    for (const order of orders) expect((await demo.web.order(order.id)).status, order.number).toBe('accepted')
  })
})
