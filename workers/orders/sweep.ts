import { finishStruck } from './deliver.ts'
import { cancelUnpaid } from './cancel-order.ts'
import { changeOrder } from './change-order.ts'
import { ASSIGNMENTS_PER_ORDER_MAX, isRecalled, isSettled, isUndelivered, isUnreserved, quantityIn, refusedBy } from './assignment.ts'
import { givenAway, HAND_OVER_WITHIN_MS, handedOver, isReplaceable, nextDue, owesRouting, REPLACEABLE_ACCEPT_WITHIN_MS } from './order.ts'
import type { AssignmentRecord, OrderBook, OrderRecord } from './port.ts'
import type { StoreLinkRpc } from '../stores/port.ts'
import { hearPayment } from '../payments/hear-payment.ts'
import { owed } from '../payments/owed.ts'
import { askSettling } from '../payments/settle-payment.ts'
import type { SettlePorts } from '../payments/settle-payment.ts'
import { traceOf } from './trace-of.ts'
import { findParts } from './route-missing.ts'
import type { RoutePorts } from './route-missing.ts'
import type { OrderMessage } from '../queue-messages.ts'

export type SweepPorts = Omit<RoutePorts, 'orders' | 'links'> & Pick<SettlePorts, 'payments' | 'deadLetters' | 'sleep'> & {
  orders: Pick<OrderBook, 'find' | 'update' | 'due' | 'setDue'>
  links: { link(storeId: string): Pick<StoreLinkRpc, 'assignmentState' | 'takeBack' | 'giveUp' | 'facts'> }
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
      ports.log('order.sweep_failed', { orderId: order.orderId, ...traceOf(order) })
    }
  }
  return due.length
}

async function sweepOrder(ports: SweepPorts, order: OrderRecord): Promise<void> {
  const now = ports.clock()
  if (nextDue(order, now) === null) return ports.orders.setDue(order, null)
  const requestId = `sweep-${ports.newId()}`
  if (order.status === 'awaiting_payment') return endUnpaid(ports, order, requestId)
  const messages: OrderMessage[] = []
  let again = HAND_OVER_WITHIN_MS
  for (const assignment of order.assignments.filter((each) => !isSettled(each))) {
    const { assignmentId, storeId } = assignment
    const message = { orderId: order.orderId, assignmentId, storeId, requestId, traceparent: order.purchase.traceparent }
    if (isRecalled(assignment)) {
      // Whoever wrote the wish down may have crashed before the link heard of it.
      if ((await ports.links.link(storeId).takeBack(assignmentId, now)) === 'struck') await finishStruck(ports, order.orderId, assignmentId)
      else messages.push({ kind: 'cancel', ...message })
    } else if (!isUnreserved(assignment)) {
      const owed = await owedTo(ports, order, assignment)
      const given = isReplaceable(order, assignment) ? await giveUp(ports, order, assignment) : 'kept'
      if (given === 'given-away') messages.push({ kind: 'cancel', ...message })
      else if (owed === 'deliver' && given === 'kept') messages.push({ kind: 'deliver', ...message })
      if (owed === 'wait' || owed === 'nothing') again = PARKED_AGAIN_MS
    }
  }
  const current = await ports.orders.find(order.orderId)
  if (!current) return
  const last = current.assignments.at(-1)
  if (owesRouting(current) && last) messages.push({ kind: 'route', orderId: order.orderId, assignmentId: last.assignmentId, storeId: last.storeId, requestId, traceparent: order.purchase.traceparent })
  if (owed(current) && last) messages.push({ kind: 'settle', orderId: order.orderId, assignmentId: last.assignmentId, storeId: last.storeId, requestId, traceparent: order.purchase.traceparent })
  if (messages.length > 0) {
    await ports.queues.orders(messages)
    ports.log('order.sent_again', { orderId: order.orderId, requestId, messages: messages.length, ...traceOf(order) })
  }
  await ports.orders.setDue(current, nextDue(current, now) === null ? null : now + (messages.length > 0 ? HAND_OVER_WITHIN_MS : again))
}

/** Its time to be paid is over. The word that it was paid may be lost: its provider is asked first, if it can be. */
async function endUnpaid(ports: SweepPorts, order: OrderRecord, requestId: string): Promise<void> {
  const { payment, orderId } = order
  const provider = payment && ports.payments(payment.provider)
  if (provider && payment.reference !== null) {
    const seen = await provider.look(payment.reference).catch(() => null)
    const heard = seen && (await hearPayment(ports, orderId, seen, requestId))
    if (heard && heard.status !== 'awaiting_payment') return
    // Its goods are not held up by a provider that is away: a payment that comes after all takes them again.
    if (!seen) ports.log('payment.provider_away', { orderId, requestId, provider: provider.name })
  }
  const ended = await cancelUnpaid(ports, order, 'expired')
  if (ended.ok) await askSettling(ports, ended.value.order, requestId)
}

/**
 * Work that its store lets lie goes elsewhere: at once if the store was never offered it, else once the time to accept it has
 * passed. Without another store that has it, it waits longer: nothing is won by giving it up. The link decides, then D1 learns.
 */
async function giveUp(ports: SweepPorts, order: OrderRecord, { assignmentId, storeId, lines, assignedAt }: AssignmentRecord): Promise<'struck' | 'given-away' | 'kept'> {
  const now = ports.clock()
  if (now - (assignedAt ?? order.placedAt) < REPLACEABLE_ACCEPT_WITHIN_MS) return 'kept'
  const isRoom = order.assignments.length < ASSIGNMENTS_PER_ORDER_MAX
  const { parts } = isRoom ? await findParts(ports, order, lines, new Set([...refusedBy(order), storeId])) : { parts: [] }
  const isElsewhere = lines.every(({ lineId, quantity }) => quantityIn(parts.flatMap((part) => part.lines), lineId) === quantity)
  const given = await ports.links.link(storeId).giveUp(assignmentId, isElsewhere, now)
  if (given === 'struck') await finishStruck(ports, order.orderId, assignmentId)
  if (given === 'given-away') await changeOrder(ports.orders, order.orderId, (current) => ({ order: givenAway(current, assignmentId, now) }))
  return given
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
