import { fromInstant } from '../../contract/clock.ts'
import type { OrderEvent, StoreEvent } from '../../contract/events.ts'
import { traceIdOf } from '../../contract/trace.ts'
import { withoutPersonalKeys } from '../dead-letters/erase-words.ts'
import { letterId } from '../dead-letters/letter.ts'
import type { DeadLetters, LetterReason } from '../dead-letters/port.ts'
import type { CommandOutcome, Inventory } from '../inventory/port.ts'
import { changeOrder } from '../orders/change-order.ts'
import { orderIdOf } from '../orders/ids.ts'
import { findAssignment } from '../orders/assignment.ts'
import type { AssignmentRecord, OrderBook } from '../orders/port.ts'
import { askSettling } from '../payments/settle-payment.ts'
import { hearTillReturn } from '../returns/hear-return.ts'
import { stopSelling } from '../stops/stop-selling.ts'
import type { StopPorts } from '../stops/stop-selling.ts'
import { traceOf } from '../orders/trace-of.ts'
import { askRouting } from '../orders/route-missing.ts'
import { applyStoreEvent, counterCommands, levelCommands } from '../orders/store-event.ts'
import type { Applied } from '../orders/store-event.ts'
import type { StoreEventsMessage } from '../queue-messages.ts'
import type { Queues } from '../queues.ts'
import type { StoreLinkRpc } from '../stores/port.ts'
import { orphanCommands, orphanProgress } from './orphan.ts'
import type { Sales } from './port.ts'

export type StatusPorts = {
  orders: Pick<OrderBook, 'find' | 'update'>
  inventory: Pick<Inventory, 'apply' | 'setStop'>
  stops: StopPorts['stops']
  links: { link(storeId: string): Pick<StoreLinkRpc, 'progress' | 'undo'> }
  sales: Sales
  deadLetters: Pick<DeadLetters, 'file' | 'find'>
  queues: Pick<Queues, 'orders' | 'status'>
  clock: () => number
  log: (event: string, fields: Record<string, string | number>) => void
}

type Context = { storeId: string; epoch: number; requestId: string }

/**
 * Queue `status`: what a store says of orders and sales, each event by itself, in the store's order. One that fails goes back
 * to the queue alone, with retries and at last a letter of its own; its neighbours are through.
 */
export async function handleStatusEvents(message: StoreEventsMessage, ports: StatusPorts): Promise<CommandOutcome> {
  const outcomes: CommandOutcome[] = []
  for (const event of message.events) {
    try {
      outcomes.push(await handleEvent(event, message, ports))
    } catch (error) {
      if (message.events.length === 1) throw error
      await ports.queues.status({ ...message, events: [event] })
    }
  }
  return outcomes.includes('applied') ? 'applied' : 'superseded'
}

async function handleEvent(event: StoreEvent, context: Context, ports: StatusPorts): Promise<CommandOutcome> {
  if (event.type === 'sale.recorded') {
    const recorded = await ports.sales.record(context.storeId, event.data, fromInstant(event.occurredAt), { epoch: context.epoch, seq: event.seq })
    // Told again it is looked at again: whoever recorded it may have died before the order heard.
    await hearTillReturn(ports, context.storeId, event.data, context.requestId)
    return recorded ? 'applied' : 'superseded'
  }
  if (event.type === 'selling.stopped' || event.type === 'selling.resumed') return handleStop(event, context, ports)
  return isOrderEvent(event) ? handleOrderEvent(event, context, ports) : 'superseded'
}

/** The store takes a SKU off the web, or puts it back: its own word, by its own numbering. */
async function handleStop(event: Extract<StoreEvent, { type: `selling.${string}` }>, { storeId, epoch }: Context, ports: StatusPorts): Promise<CommandOutcome> {
  const now = ports.clock()
  const { sku } = event.data
  const said = event.type === 'selling.stopped' ? { why: event.data.why, until: event.data.until === null ? null : fromInstant(event.data.until) } : { why: 'put back', until: now }
  await stopSelling(ports, { sku, storeId, by: 'store', since: now, ...said }, { epoch, seq: event.seq })
  return 'applied'
}

const isOrderEvent = (event: StoreEvent): event is OrderEvent => event.type.startsWith('order.')

/** Counters first, whatever the status says; then D1; then the link; then ack (rules.md 7). */
async function handleOrderEvent(told: OrderEvent, context: Context, ports: StatusPorts): Promise<CommandOutcome> {
  const { storeId, epoch, requestId } = context
  const { assignmentId } = told.data
  const orderId = orderIdOf(assignmentId)
  const now = ports.clock()
  const order = await ports.orders.find(orderId)
  // The words of a till about an order may quote its customer, who is not to come back with a late or repeated event.
  const event = order && order.erasedAt !== null ? withoutPersonalKeys(told) : told
  const assignment = order && findAssignment(order, assignmentId)
  if (!order || assignment?.storeId !== storeId) {
    // The levels are the store's own all the same: what stands on its shelf does not depend on the order.
    if ('levels' in event.data) await ports.inventory.apply(order ? levelCommands(storeId, { epoch, seq: event.seq }, event.data.levels ?? [], now) : orphanCommands(storeId, event, epoch, now))
    if (!order) await ports.links.link(storeId).progress(assignmentId, orphanProgress(event), now)
    await file(ports, event, context, 'unmatched', 'The event names an assignment that is not one of this store.')
    return 'superseded'
  }

  const touched = await ports.inventory.apply(counterCommands(order, assignment, event, epoch, now))
  // Read again inside: a cancel or another event may have come meanwhile.
  const applied = await changeOrder<Applied>(ports.orders, orderId, (current) => applyStoreEvent(current, event, epoch, now) ?? { order: current, progress: 'outcome' })
  if (!applied) return 'superseded'
  const link = ports.links.link(storeId)
  if (event.type === 'order.cancel_result') await link.progress(assignmentId, 'cancel-answered', now)
  if (!applied.takeBack) await link.progress(assignmentId, applied.progress, now)
  else {
    // The link keeps the wish until the store has answered it; the message only makes it quick.
    await link.undo(assignmentId, now)
    await ports.queues.orders([{ kind: 'cancel', orderId, assignmentId, storeId, requestId, traceparent: order.purchase.traceparent }])
  }
  await askRouting(ports, applied.order, requestId)
  await askSettling(ports, applied.order, requestId)
  if (applied.desk) await file(ports, event, context, 'needs_person', applied.desk)
  const webToTillMs = fromInstant(event.occurredAt) - (assignment.assignedAt ?? order.placedAt)
  ports.log('order.event', { orderId, assignmentId, storeId, requestId, type: event.type, seq: event.seq, status: applied.order.status, ...(isFirstWord(event, assignment) ? { webToTillMs } : {}), ...(event.traceparent ? { traceId: traceIdOf(event.traceparent) } : traceOf(order)) })
  return touched.includes('applied') || applied.order.updatedAt === now ? 'applied' : 'superseded'
}

/** That the store has it, or that its till does, is told for the first time: what is told again says nothing of how long it took. The store's clock is the edge's, as far as it knows that. */
const isFirstWord = ({ type }: OrderEvent, { state, position }: AssignmentRecord): boolean =>
  (type === 'order.journaled' && position === null) || (type === 'order.accepted' && ['pending', 'offered', 'journaled', 'in_doubt'].includes(state))

async function file(ports: StatusPorts, event: OrderEvent, { storeId, epoch }: Context, reason: LetterReason, lastError: string): Promise<void> {
  // A store that repeats itself before anybody looked is one question to a person; after that it is a new one.
  const same = await letterId('events', `${storeId}.${event.data.assignmentId}.${reason}.${lastError}`)
  const before = await ports.deadLetters.find(same)
  const id = before === null || before.state === 'waiting' ? same : await letterId('events', `${storeId}.${epoch}.${event.seq}.${reason}`)
  await ports.deadLetters.file([{ letterId: id, queue: 'events', reason, storeId, body: { storeId, epoch, event }, attempts: 1, lastError, filedAt: ports.clock() }])
}
