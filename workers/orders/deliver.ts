import type { DeadLetters } from '../dead-letters/port.ts'
import { letterId } from '../dead-letters/letter.ts'
import type { CommandOutcome, Inventory } from '../inventory/port.ts'
import type { OrderMessage } from '../queue-messages.ts'
import { SLOW_AFTER_MS } from '../stores/breaker.ts'
import type { Store, StoreLinkRpc, StoreLinks } from '../stores/port.ts'
import { changeOrder } from './change-order.ts'
import { findAssignment, isGivenUp, isRecalled, isSettled, isUndelivered, isUnreserved } from './assignment.ts'
import { assignmentBody, handedOver, refusedByStore, struckBeforeOffer } from './order.ts'
import type { OrderRecord } from './port.ts'
import { askSettling, settlePayment } from '../payments/settle-payment.ts'
import type { SettlePorts } from '../payments/settle-payment.ts'
import { traceOf } from './trace-of.ts'
import { askRouting, releaseAssignment, routeMissing } from './route-missing.ts'
import type { RoutePorts } from './route-missing.ts'

export type DeliveryPorts = Omit<RoutePorts, 'links'> & Pick<SettlePorts, 'payments' | 'sleep'> & {
  links: Pick<StoreLinks, 'breaker' | 'transport'> & { link(storeId: string): Pick<StoreLinkRpc, 'offer' | 'pushed' | 'progress' | 'facts'> }
  deadLetters: Pick<DeadLetters, 'file'>
}

/** Queue `orders`: hands an assignment, or the wish to cancel it, to its store. Parks what cannot go now; never retries it to death. */
export async function handleOrderMessage(message: OrderMessage, ports: DeliveryPorts): Promise<CommandOutcome> {
  const [order, store] = await Promise.all([ports.orders.find(message.orderId), ports.stores.find(message.storeId)])
  const assignment = order && findAssignment(order, message.assignmentId)
  if (!order || !store || assignment?.storeId !== message.storeId) {
    await desk(ports, message, 'unmatched', 'The message names an order, assignment or store that is not there.')
    return 'superseded'
  }
  switch (message.kind) {
    case 'deliver':
      return deliver(message, order, store, ports)
    case 'cancel':
      return pushCancel(message, order, store, ports)
    case 'route':
      return routeAndSettle(ports, message)
    case 'settle':
      return settlePayment(ports, message.orderId, message.requestId)
  }
}

/** What no store has is cancelled, and then is not to be paid for. */
async function routeAndSettle(ports: DeliveryPorts, { orderId, requestId }: OrderMessage): Promise<CommandOutcome> {
  const outcome = await routeMissing(ports, orderId, requestId)
  const order = outcome === 'applied' ? await ports.orders.find(orderId) : null
  if (order) await askSettling(ports, order, requestId)
  return outcome
}

async function deliver(message: OrderMessage, order: OrderRecord, store: Store, ports: DeliveryPorts): Promise<CommandOutcome> {
  const { assignmentId, orderId, storeId } = message
  const link = ports.links.link(storeId)
  const breaker = ports.links.breaker(storeId)
  const transport = ports.links.transport(store)
  const assignment = findAssignment(order, assignmentId)
  const now = ports.clock()
  if (!assignment || order.status === 'awaiting_payment') return 'superseded'
  if (isSettled(assignment)) {
    // Whoever settled it may have crashed before the link heard; else the link would offer it again with every new epoch.
    await link.progress(assignmentId, 'final', now)
    return 'superseded'
  }

  // Not yet reserved, or asked back before it left: whoever is at it goes on, and the sweep if they do not.
  if (isUnreserved(assignment) || isRecalled(assignment)) return 'superseded'

  // Only a half-open breaker is asked for leave: its one probe is not to be spent while it is closed.
  const breakerState = transport === null ? 'open' : await breaker.state(now)
  const pushable = breakerState === 'closed' || (breakerState === 'half-open' && (await breaker.allow(now)))
  const offer = await link.offer(assignmentId, pushable, now, assignment.acceptWithinMs)
  if (offer.kind === 'struck') {
    const after = await finishStruck(ports, orderId, assignmentId)
    if (after) await askRouting(ports, after, message.requestId)
    return after ? 'applied' : 'superseded'
  }
  if (offer.kind === 'handed-over') {
    if (isUndelivered(assignment)) await changeOrder(ports.orders, orderId, (current) => ({ order: handedOver(current, assignmentId, now) }))
    return 'superseded'
  }
  if (offer.kind === 'parked' || !transport) {
    ports.log('order.parked', { orderId, assignmentId, storeId, requestId: message.requestId, ...traceOf(order) })
    return 'applied'
  }

  const startedAt = ports.clock()
  // Only the push itself speaks for the store. A fault of ours after it is thrown, and the message tries again.
  const answer = await transport.put(assignmentBody(order, assignment, offer.acceptBy, offer.maybeWritten)).catch(() => null)
  const endedAt = ports.clock()
  ports.log('order.pushed', { orderId, assignmentId, storeId, requestId: message.requestId, outcome: answer?.kind ?? 'failed', ms: endedAt - startedAt, ...traceOf(order) })
  if (!answer) {
    await breaker.record('failed', endedAt)
    await link.pushed(assignmentId, 'failed', endedAt)
    return 'applied'
  }
  await breaker.record(endedAt - startedAt > SLOW_AFTER_MS ? 'slow' : 'ok', endedAt)
  if (answer.kind === 'refused') {
    await refusedAtTheDoor(message, ports, `The connector refused the assignment with ${answer.status}.`)
    return 'applied'
  }
  // Struck: a cancel overtook it, and the store tells so by its own event.
  await link.pushed(assignmentId, 'journaled', endedAt)
  if (answer.kind !== 'struck') await changeOrder(ports.orders, orderId, (current) => ({ order: handedOver(current, assignmentId, endedAt) }))
  if (answer.kind === 'conflict') await desk(ports, message, 'needs_person', 'The connector knows this assignment with another body.')
  return 'applied'
}

/** Taken back before it was ever offered: the counters first, then the order. Answers the order after it. */
export async function finishStruck(ports: Pick<RoutePorts, 'orders' | 'clock'> & { inventory: Pick<Inventory, 'apply'> }, orderId: string, assignmentId: string): Promise<OrderRecord | null> {
  const order = await ports.orders.find(orderId)
  if (!order) return null
  await releaseAssignment(ports, order, assignmentId)
  const now = ports.clock()
  return (await changeOrder(ports.orders, orderId, (current) => ({ order: struckBeforeOffer(current, assignmentId, now) })))?.order ?? null
}

/** A connector that will not have it in this form will not have it tomorrow: nothing was journaled, and a person must look. */
async function refusedAtTheDoor(message: OrderMessage, ports: DeliveryPorts, detail: string): Promise<void> {
  await desk(ports, message, 'needs_person', detail)
  // D1 first: the store may have pulled and accepted it meanwhile, and then its goods are not ours to release. What a crash leaves, the broom releases.
  const after = await changeOrder(ports.orders, message.orderId, (current) => ({ order: refusedByStore(current, message.assignmentId, ports.clock()) }))
  const standing = after && findAssignment(after.order, message.assignmentId)
  if (!after || !standing || !isGivenUp(standing)) return
  await releaseAssignment(ports, after.order, message.assignmentId)
  await ports.links.link(message.storeId).progress(message.assignmentId, 'final', ports.clock())
}

async function pushCancel(message: OrderMessage, order: OrderRecord, store: Store, ports: DeliveryPorts): Promise<CommandOutcome> {
  const { assignmentId, orderId, storeId, requestId } = message
  const transport = ports.links.transport(store)
  const breaker = ports.links.breaker(storeId)
  const now = ports.clock()
  // What cannot be pushed is pulled: the link keeps the wish until the store has answered it.
  if (!transport || !(await breaker.allow(now))) return 'applied'
  const answer = await transport.cancel(assignmentId, order.purchase.traceparent).catch(() => null)
  await breaker.record(answer ? 'ok' : 'failed', ports.clock())
  ports.log('order.cancel_pushed', { orderId, assignmentId, storeId, requestId, outcome: answer?.kind ?? 'failed', ...traceOf(order) })
  return 'applied'
}

async function desk(ports: DeliveryPorts, message: OrderMessage, reason: 'unmatched' | 'needs_person', lastError: string): Promise<void> {
  const id = await letterId('orders', `${message.kind}.${message.assignmentId}.${reason}`)
  await ports.deadLetters.file([{ letterId: id, queue: 'orders', reason, storeId: message.storeId, body: message, attempts: 1, lastError, filedAt: ports.clock() }])
}
