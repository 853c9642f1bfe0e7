import { Fault } from '../fault.ts'
import type { OrderBook, OrderRecord } from './port.ts'

/** Consumers, a shopper's cancel and the sweep may meet at one order; each then looks again. Past this many meetings something loops. */
const TRIES_MAX = 8

/**
 * Changes an order by compare-and-set: `decide` sees it as it is now and answers what it becomes, or the same object to leave it.
 * `null` when there is no such order. Throws when D1 cannot be reached.
 */
export async function changeOrder<T extends { order: OrderRecord }>(
  orders: Pick<OrderBook, 'find' | 'update'>,
  orderId: string,
  decide: (order: OrderRecord) => T,
): Promise<T | null> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const order = await orders.find(orderId)
    if (!order) return null
    const decided = decide(order)
    if (decided.order === order || (await orders.update(decided.order, order.version))) return decided
  }
  throw new Fault('An order was changed by others again and again', 'Look for a message that is handled in a loop.')
}
