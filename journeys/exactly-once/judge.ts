import type { Order } from '../../contract/order.ts'
import { basket } from '../local/demo.ts'
import { placed } from '../local/edge-api.ts'
import { until } from '../local/until.ts'
import { STORE_ID, type DatabaseHouse } from './database-house.ts'

/** The outbox looks again after 30 s; a connector that was killed at any place is through by then. */
export const REST_WITHIN_MS = 60_000

/** Places an order of one item. The same key again is the same order. */
export async function order(house: DatabaseHouse, name: string, quantity: number, key: string): Promise<Order> {
  return (await placed(await house.web.place(basket([{ sku: house.till.sku(name), quantity }], STORE_ID), key))).order
}

export const referenceOf = ({ fulfillments: [first] }: Order): string => first?.id ?? ''

export async function allAccepted(house: DatabaseHouse, orders: readonly Order[]): Promise<void> {
  for (const { id, number } of orders) {
    await until(`order ${number} accepted`, REST_WITHIN_MS, async () => {
      const { status } = await house.web.order(id)
      if (status !== 'accepted') throw new Error(`it is ${status}`)
      return true
    }, 50)
  }
}

export type Expected = {
  orders: readonly Order[]
  /** What lay on the shelf before anything was sold. */
  shelf: Record<string, number>
  /** What cashiers sold, by name, and in how many sales. */
  tillSold?: Record<string, number>
  tillSales?: number
  /** Whether the goods of an accepted order are off the till's stock, or wait for the cashier. */
  stock: 'fallen' | 'waits'
}

/**
 * What is not as it must be once everything is at rest, a sentence each: every order is one sale in the till's tables with the lines
 * ordered, nothing else is there, and the stock is right in the till, at the edge and for a shopper.
 */
export async function findings(house: DatabaseHouse, { orders, shelf, tillSold = {}, tillSales = 0, stock }: Expected): Promise<string[]> {
  const { till, web, operator } = house
  const found: string[] = []
  const check = (what: string, seen: unknown, expected: unknown): void => {
    if (JSON.stringify(seen) !== JSON.stringify(expected)) found.push(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(seen)}`)
  }
  const sales = await till.webSales()
  for (const each of orders) {
    const own = sales.filter(({ assignmentId }) => assignmentId === referenceOf(each))
    check(`sales of order ${each.number}`, own.length, 1)
    check(`lines of order ${each.number}`, own[0]?.lines, each.lines.map(({ sku, quantity }) => ({ sku, quantity })))
  }
  check('web orders in the till', sales.length, orders.length)
  check('sales in the till', await till.countSales(), orders.length + tillSales)
  for (const [name, pieces] of Object.entries(shelf)) {
    const sku = till.sku(name)
    const ordered = orders.flatMap(({ lines }) => lines).filter((line) => line.sku === sku).reduce((sum, { quantity }) => sum + quantity, 0)
    const left = pieces - (tillSold[name] ?? 0)
    const onHand = stock === 'fallen' ? left - ordered : left
    check(`${name} in the till`, await till.onHand(name), onHand)
    await until(`${name} on the web as it is`, REST_WITHIN_MS, async () => {
      const store = (await operator.explain(sku))?.stores.find(({ storeId }) => storeId === STORE_ID)
      const weighs = store?.reservations.filter((each) => each.weighs).reduce((sum, { quantity }) => sum + quantity, 0)
      const seen = { onHand: store?.onHand, weighs, available: (await web.availability(sku)).available }
      const right = { onHand, weighs: stock === 'fallen' ? 0 : ordered, available: left - ordered }
      if (JSON.stringify(seen) !== JSON.stringify(right)) throw new Error(`expected ${JSON.stringify(right)}, found ${JSON.stringify(seen)}`)
      return true
    }, 50).catch((error: unknown) => found.push(String(error)))
  }
  return found
}
