import type { DeadLetters } from '../dead-letters/port.ts'
import { isSettled } from '../orders/assignment.ts'
import { changeOrder } from '../orders/change-order.ts'
import { mayErase, withoutCustomer, wordsOf } from '../orders/erase.ts'
import type { OrderBook } from '../orders/port.ts'
import type { StoreLinkRpc } from '../stores/port.ts'

export type EraseOrderPorts = {
  orders: Pick<OrderBook, 'find' | 'erase'>
  deadLetters: Pick<DeadLetters, 'erase'>
  links: { link(storeId: string): Pick<StoreLinkRpc, 'erase' | 'progress'> }
  clock: () => number
}
/** `waiting`: something may still be delivered with it. `journals`: what each store's journal has to reach. */
export type OrderErased = { state: 'waiting' | 'erased'; deadLetters: number; journals: { storeId: string; upTo: number }[] }

/**
 * Takes the customer out of one order, wherever it lies. The order's own row comes last: whatever fails before it is done again, and says the same
 * twice. An order that is to be delivered keeps its customer until that is over.
 */
export async function eraseOrder(ports: EraseOrderPorts, orderId: string): Promise<OrderErased> {
  const order = await ports.orders.find(orderId)
  const now = ports.clock()
  if (order && !mayErase(order, now)) return { state: 'waiting', deadLetters: 0, journals: [] }
  if (!order) return { state: 'erased', deadLetters: 0, journals: [] }
  const deadLetters = order.erasedAt === null ? await ports.deadLetters.erase([orderId], wordsOf(order), now) : 0
  // Also of an order that is erased already: whoever did it may have crashed before anybody knew what the journals have to reach.
  const journals = []
  for (const storeId of new Set(order.assignments.map((each) => each.storeId))) {
    const link = ports.links.link(storeId)
    const ofStore = order.assignments.filter((each) => each.storeId === storeId)
    journals.push({ storeId, upTo: await link.erase(ofStore.map(({ assignmentId }) => assignmentId)) })
    // What its staff never finished is not offered to a new journal: it would come with another body than the one that was accepted.
    for (const { assignmentId } of ofStore.filter((each) => !isSettled(each))) await link.progress(assignmentId, 'final', now)
  }
  const write = { find: ports.orders.find, update: ports.orders.erase }
  await changeOrder(write, orderId, (current) => ({ order: current.erasedAt === null && mayErase(current, now) ? withoutCustomer(current, now) : current }))
  return { state: 'erased', deadLetters, journals }
}
