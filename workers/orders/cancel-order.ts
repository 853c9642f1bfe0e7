import { isFinal } from '../../contract/status.ts'
import { ok, refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import type { Inventory } from '../inventory/port.ts'
import type { Queues } from '../queues.ts'
import type { StoreLinkRpc } from '../stores/port.ts'
import { changeOrder } from './change-order.ts'
import { finishStruck, releaseAssignment } from './deliver.ts'
import { isSettled } from './assignment.ts'
import { cancelledUnpaid, cancelRequested } from './order.ts'
import type { OrderBook, OrderRecord } from './port.ts'

export type CancelPorts = {
  orders: Pick<OrderBook, 'find' | 'update'>
  inventory: Pick<Inventory, 'apply'>
  links: { link(storeId: string): Pick<StoreLinkRpc, 'takeBack'> }
  queues: Pick<Queues, 'orders'>
  clock: () => number
  log: (event: string, fields: Record<string, string>) => void
}
export type CancelRefusal = { reason: 'order-not-found' } | { reason: 'too-late-to-cancel'; status: string }

/** A cancel of something not yet offered ends here; after that it is a request that the store answers (rules.md 6). */
export async function cancelOrder(ports: CancelPorts, orderId: string, requestId: string): Promise<Result<{ order: OrderRecord; done: boolean }, CancelRefusal>> {
  const order = await ports.orders.find(orderId)
  if (!order) return refused({ reason: 'order-not-found' })
  if (order.status === 'cancelled') return ok({ order, done: true })
  if (isFinal(order.status) || order.status === 'shipped') return refused({ reason: 'too-late-to-cancel', status: order.status })
  if (order.status === 'awaiting_payment') return cancelUnpaid(ports, order, 'cancelled by the customer')

  const open = order.assignments.filter((assignment) => !isSettled(assignment))
  for (const { assignmentId, storeId } of open) {
    if ((await ports.links.link(storeId).takeBack(assignmentId, ports.clock())) === 'struck') await finishStruck(ports, orderId, assignmentId)
  }
  const after = await changeOrder(ports.orders, orderId, (current) => ({ order: isFinal(current.status) ? current : cancelRequested(current, ports.clock()) }))
  if (!after) return refused({ reason: 'order-not-found' })
  const asked = after.order.assignments.filter((assignment) => !isSettled(assignment))
  await askStores(ports, after.order, asked, requestId)
  return ok({ order: after.order, done: after.order.status === 'cancelled' })
}

/** Ends an order that no store has heard of. `detail` tells the timeline why. */
export async function cancelUnpaid(ports: Pick<CancelPorts, 'orders' | 'inventory' | 'clock'>, order: OrderRecord, detail: string): Promise<Result<{ order: OrderRecord; done: boolean }, CancelRefusal>> {
  const after = await changeOrder(ports.orders, order.orderId, (current) => ({
    order: current.status === 'awaiting_payment' ? cancelledUnpaid(current, detail, ports.clock()) : current,
  }))
  if (!after) return refused({ reason: 'order-not-found' })
  if (after.order.status !== 'cancelled') return refused({ reason: 'too-late-to-cancel', status: after.order.status })
  // D1 first here: only once it is cancelled can no payment make it an order. What a crash leaves, the broom releases.
  for (const { assignmentId } of after.order.assignments) await releaseAssignment(ports, after.order, assignmentId)
  return ok({ order: after.order, done: true })
}

async function askStores(ports: CancelPorts, order: OrderRecord, assignments: OrderRecord['assignments'], requestId: string): Promise<void> {
  if (assignments.length === 0) return
  try {
    await ports.queues.orders(assignments.map(({ assignmentId, storeId }) => ({ kind: 'cancel', orderId: order.orderId, assignmentId, storeId, requestId })))
  } catch {
    // The link holds the wish for the pull path, and the sweep sends it again.
    ports.log('order.cancel_send_failed', { orderId: order.orderId, requestId })
  }
}
