import type { DeliveryPorts } from './deliver.ts'
import { finishStruck } from './deliver.ts'
import { cancelUnpaid } from './cancel-order.ts'
import { changeOrder } from './change-order.ts'
import { isSettled, isUndelivered } from './assignment.ts'
import { HAND_OVER_WITHIN_MS, handedOver, nextDue } from './order.ts'
import type { AssignmentRecord, OrderBook, OrderRecord } from './port.ts'
import type { StoreLinkRpc } from '../stores/port.ts'
import type { Queues } from '../queues.ts'
import type { OrderMessage } from '../queue-messages.ts'

export type SweepPorts = Omit<DeliveryPorts, 'orders' | 'links' | 'stores' | 'deadLetters'> & {
  orders: Pick<OrderBook, 'find' | 'update' | 'due' | 'setDue'>
  links: { link(storeId: string): Pick<StoreLinkRpc, 'assignmentState'> }
  queues: Pick<Queues, 'orders'>
  newId: () => string
}

/** Orders one run looks at; the next run, a minute later, goes on. */
const ORDERS_PER_SWEEP_MAX = 200
/** What waits for a store that is away needs no reminder: the store's heartbeat lets it go. */
const PARKED_AGAIN_MS = 5 * 60_000

/** Nothing depends on a queue remembering: what is owed and overdue is sent again, from D1 (rules.md 1). Answers how many orders it saw. */
export async function sweepOrders(ports: SweepPorts): Promise<number> {
  const due = await ports.orders.due(ports.clock(), ORDERS_PER_SWEEP_MAX)
  for (const order of due) {
    try {
      await sweepOrder(ports, order)
    } catch {
      // One order that cannot be looked at now is no reason to leave the others; it stays due.
      ports.log('order.sweep_failed', { orderId: order.orderId })
    }
  }
  return due.length
}

async function sweepOrder(ports: SweepPorts, order: OrderRecord): Promise<void> {
  const now = ports.clock()
  if (nextDue(order, now) === null) return ports.orders.setDue(order, null)
  if (order.status === 'awaiting_payment') {
    await cancelUnpaid(ports, order, 'not paid in time')
    return
  }
  const requestId = `sweep-${ports.newId()}`
  const messages: OrderMessage[] = []
  let again = HAND_OVER_WITHIN_MS
  for (const assignment of order.assignments.filter((each) => !isSettled(each))) {
    const { assignmentId, storeId } = assignment
    const message = { orderId: order.orderId, assignmentId, storeId, requestId }
    const owed = await owedTo(ports, order, assignment)
    if (owed === 'deliver') messages.push({ kind: 'deliver', ...message })
    if (owed === 'wait') again = PARKED_AGAIN_MS
    if (order.cancelRequestedAt !== null && owed !== 'struck') messages.push({ kind: 'cancel', ...message })
  }
  if (messages.length > 0) {
    await ports.queues.orders(messages)
    ports.log('order.sent_again', { orderId: order.orderId, requestId, messages: messages.length })
  }
  const current = await ports.orders.find(order.orderId)
  if (current) await ports.orders.setDue(current, nextDue(current, now) === null ? null : now + again)
}

/** What the link says of an assignment whose hand-over D1 does not know of. */
async function owedTo(ports: SweepPorts, order: OrderRecord, { assignmentId, storeId, ...assignment }: AssignmentRecord): Promise<'deliver' | 'wait' | 'struck' | 'nothing'> {
  if (!isUndelivered({ assignmentId, storeId, ...assignment })) return 'nothing'
  switch (await ports.links.link(storeId).assignmentState(assignmentId)) {
    case 'parked':
      return 'wait'
    case 'struck':
      await finishStruck(ports, order.orderId, assignmentId)
      return 'struck'
    case 'handed-over':
      await changeOrder(ports.orders, order.orderId, (current) => ({ order: handedOver(current, assignmentId, ports.clock()) }))
      return 'nothing'
    case 'unknown':
    case 'queued':
    case 'offered':
      return 'deliver'
  }
}
