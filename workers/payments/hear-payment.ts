import type { DeadLetters } from '../dead-letters/port.ts'
import { letterId } from '../dead-letters/letter.ts'
import type { Catalog } from '../catalog/port.ts'
import type { Inventory } from '../inventory/port.ts'
import { ASSIGNMENTS_PER_ORDER_MAX, countedDemand } from '../orders/assignment.ts'
import { changeOrder } from '../orders/change-order.ts'
import type { OfferPorts } from '../orders/choose-store.ts'
import { PAYMENT_RESERVATION_MS, PLACEMENT_RESERVATION_MS } from '../orders/order.ts'
import type { OrderBook, OrderRecord } from '../orders/port.ts'
import { releaseParts, reserveParts } from '../orders/reserve-parts.ts'
import type { PartDemand } from '../orders/reserve-parts.ts'
import { findParts } from '../orders/route-missing.ts'
import { traceOf } from '../orders/trace-of.ts'
import type { Queues } from '../queues.ts'
import { mayBeTakenAgain, takenAgain, withSeen } from './payment.ts'
import type { SeenPayment } from './port.ts'

export type HearPorts = OfferPorts & {
  orders: Pick<OrderBook, 'find' | 'update'>
  catalog: Pick<Catalog, 'sellable'>
  inventory: Pick<Inventory, 'availability' | 'reserve' | 'apply'>
  queues: Pick<Queues, 'orders'>
  deadLetters: Pick<DeadLetters, 'file'>
  newId: () => string
  sleep: (ms: number) => Promise<void>
  log: (event: string, fields: Record<string, string | number>) => void
}

/**
 * Takes over how its provider says that a payment stands, however often and in whatever order it is told. The first word that it is paid makes the order its stores'; for an order that
 * was given up meanwhile the goods are taken again, all of them, or what was set aside is let go (rules.md 5). Throws when D1 or counters cannot be reached.
 */
export async function hearPayment(ports: HearPorts, orderId: string, seen: SeenPayment, requestId: string): Promise<OrderRecord | null> {
  const before = await ports.orders.find(orderId)
  if (!before) {
    await fileLetter(ports, null, orderId, requestId, `The payment ${seen.reference} names an order that is not there. Find it at the provider and let it go, or refund it.`)
    return null
  }
  if (mayBeTakenAgain(before, seen)) await takeAgain(ports, before, seen)
  const heard = await changeOrder(ports.orders, orderId, (order) => withSeen(order, seen, ports.clock()))
  if (!heard) return null
  const { order, desk } = heard
  if (desk !== undefined) await fileLetter(ports, order, orderId, requestId, desk)
  if (order.payment?.state !== before.payment?.state || order.status !== before.status) {
    ports.log('payment.heard', { orderId, requestId, provider: order.payment?.provider ?? '', state: order.payment?.state ?? '', status: order.status, ...traceOf(order) })
  }
  if (order.status === 'placed' && before.status !== 'placed') await hearPaid(ports, order, requestId)
  return order
}

/** Whole or not at all. What was reserved when the order's row was not won is nobody's. */
async function takeAgain(ports: HearPorts, order: OrderRecord, seen: SeenPayment): Promise<void> {
  const { orderId, purchase, bodyHash, assignments } = order
  const wanted = purchase.lines.map(({ lineId, quantity }) => ({ lineId, quantity }))
  const { parts } = await findParts(ports, { ...order, cancelled: [] }, wanted, new Set())
  const found = parts.flatMap((part) => part.lines).reduce((sum, { quantity }) => sum + quantity, 0)
  const isRoom = assignments.length + parts.length <= ASSIGNMENTS_PER_ORDER_MAX
  if (!isRoom || found < wanted.reduce((sum, { quantity }) => sum + quantity, 0)) return
  const demands = parts.map((part, index): PartDemand => ({ assignmentId: `${orderId}.${assignments.length + index + 1}`, storeId: part.storeId, demands: countedDemand(purchase, part.lines) }))
  // The broom asks D1 only once nobody who is at this can still be alive: a consumer lives a quarter of an hour at most.
  const reserved = await reserveParts(ports, demands, bodyHash, PAYMENT_RESERVATION_MS + PLACEMENT_RESERVATION_MS)
  if (!reserved.ok) return
  const next = takenAgain(order, parts, reserved.attempt, seen, ports.clock())
  if (!(await ports.orders.update(next, order.version))) await releaseParts(ports, demands, { id: reserved.attempt, bodyHash })
}

/** It is its stores' now. A message that is not sent is sent by the sweep: the order's row says that it is owed. */
export async function hearPaid(ports: HearPorts, order: OrderRecord, requestId: string): Promise<void> {
  try {
    await ports.queues.orders(order.assignments.filter(({ state }) => state === 'pending').map(({ assignmentId, storeId }) => ({ kind: 'deliver', orderId: order.orderId, assignmentId, storeId, requestId, traceparent: order.purchase.traceparent })))
  } catch {
    ports.log('order.send_failed', { orderId: order.orderId, requestId, ...traceOf(order) })
  }
}

/** One question to a person about one order, however often the provider repeats itself. */
export async function fileLetter(ports: Pick<HearPorts, 'deadLetters' | 'clock'>, order: OrderRecord | null, orderId: string, requestId: string, lastError: string): Promise<void> {
  const last = order?.assignments.at(-1)
  await ports.deadLetters.file([{
    letterId: await letterId('orders', `payment.${orderId}.${lastError}`), queue: 'orders', reason: order ? 'needs_person' : 'unmatched', storeId: last?.storeId ?? null,
    body: { kind: 'settle', orderId, assignmentId: last?.assignmentId ?? `${orderId}.1`, storeId: last?.storeId ?? '', requestId }, attempts: 1, lastError, filedAt: ports.clock(),
  }])
}
