import { isFinal } from '../../contract/status.ts'
import { ok, refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import type { Inventory } from '../inventory/port.ts'
import type { Queues } from '../queues.ts'
import type { StoreLinkRpc } from '../stores/port.ts'
import { isRecalled } from './assignment.ts'
import { askedToCancel } from './cancel-lines.ts'
import type { LinesRefusal } from './cancel-lines.ts'
import { changeOrder } from './change-order.ts'
import { finishStruck } from './deliver.ts'
import { cancelledUnpaid } from './order.ts'
import type { LineQuantity, OrderBook, OrderRecord } from './port.ts'
import { traceOf } from './trace-of.ts'
import { askSettling } from '../payments/settle-payment.ts'
import { askRouting, releaseAssignment } from './route-missing.ts'

export type CancelPorts = {
  orders: Pick<OrderBook, 'find' | 'update'>
  inventory: Pick<Inventory, 'apply'>
  links: { link(storeId: string): Pick<StoreLinkRpc, 'takeBack'> }
  queues: Pick<Queues, 'orders'>
  clock: () => number
  log: (event: string, fields: Record<string, string | number>) => void
}
export type CancelRefusal = { reason: 'order-not-found' } | LinesRefusal

/**
 * A cancel of something not yet offered ends here; after that it is a request that the store answers (rules.md 6). The wish is in
 * D1 before any link hears of it, so what is struck there is known to be cancelled. `wanted`: how many of each line in all;
 * `null`: everything. `done`: no store has to answer.
 */
export async function cancelOrder(ports: CancelPorts, orderId: string, requestId: string, wanted: LineQuantity[] | null = null): Promise<Result<{ order: OrderRecord; done: boolean }, CancelRefusal>> {
  const order = await ports.orders.find(orderId)
  if (!order) return refused({ reason: 'order-not-found' })
  if (order.status === 'cancelled') return ok({ order, done: true })
  if (isFinal(order.status) || order.status === 'shipped' || (order.status === 'awaiting_payment' && wanted)) return refused({ reason: 'too-late-to-cancel', status: order.status })
  if (order.status === 'awaiting_payment') {
    const ended = await cancelUnpaid(ports, order, 'cancelled')
    if (ended.ok) await askSettling(ports, ended.value.order, requestId)
    return ended
  }

  const asked = await changeOrder<{ order: OrderRecord; refusal?: CancelRefusal }>(ports.orders, orderId, (current) => {
    const decided = isFinal(current.status) ? ok(current) : askedToCancel(current, wanted, ports.clock())
    return decided.ok ? { order: decided.value } : { order: current, refusal: decided.refusal }
  })
  if (!asked) return refused({ reason: 'order-not-found' })
  if (asked.refusal) return refused(asked.refusal)
  const after = await takeBackRecalled(ports, asked.order, requestId)
  return ok({ order: after, done: !after.assignments.some(isRecalled) })
}

/** What no store was offered ends at its link; the others are asked. What is then without a store is routed. */
export async function takeBackRecalled(ports: CancelPorts, order: OrderRecord, requestId: string): Promise<OrderRecord> {
  let after = order
  for (const { assignmentId, storeId } of order.assignments.filter(isRecalled)) {
    if ((await ports.links.link(storeId).takeBack(assignmentId, ports.clock())) === 'struck') after = (await finishStruck(ports, order.orderId, assignmentId)) ?? after
  }
  await askStores(ports, after, after.assignments.filter(isRecalled), requestId)
  await askRouting(ports, after, requestId)
  await askSettling(ports, after, requestId)
  return after
}

/** Ends an order that no store has heard of. `trouble`: what its payment provider said. */
export async function cancelUnpaid(ports: Pick<CancelPorts, 'orders' | 'inventory' | 'clock'>, order: OrderRecord, why: 'expired' | 'cancelled' | 'refused', trouble?: string): Promise<Result<{ order: OrderRecord; done: boolean }, CancelRefusal>> {
  const after = await changeOrder(ports.orders, order.orderId, (current) => ({
    order: current.status === 'awaiting_payment' ? cancelledUnpaid(trouble !== undefined && current.payment ? { ...current, payment: { ...current.payment, trouble } } : current, why, ports.clock()) : current,
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
    await ports.queues.orders(assignments.map(({ assignmentId, storeId }) => ({ kind: 'cancel', orderId: order.orderId, assignmentId, storeId, requestId, traceparent: order.purchase.traceparent })))
  } catch {
    // The link holds the wish for the pull path, and the sweep sends it again.
    ports.log('order.cancel_send_failed', { orderId: order.orderId, requestId, ...traceOf(order) })
  }
}
