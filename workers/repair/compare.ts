import { isFinal } from '../../contract/status.ts'
import type { KeptReservation } from '../inventory/port.ts'
import { ASSIGNMENTS_PER_ORDER_MAX, findAssignment, newAssignment } from '../orders/assignment.ts'
import { orderIdOf } from '../orders/ids.ts'
import { noted } from '../orders/order.ts'
import type { LineQuantity, OrderRecord } from '../orders/port.ts'
import type { StoreLinkRpc } from '../stores/port.ts'

export type LinkWork = Awaited<ReturnType<StoreLinkRpc['works']>>[number]

/** An assignment as counters and links know it, which no restore of D1 takes back. `link`: how it stands at its store's link; `null`: only the counters know it. */
export type Known = { assignmentId: string; storeId: string; attempt: string | null; link: LinkWork['state'] | null; reserved: { sku: string; quantity: number }[] }

/**
 * What is known of assignments besides D1. A reservation that was never confirmed and that no link knows is left out: its placement may be going on, and if not, the broom ends it.
 */
export function knownOf(reservations: readonly KeptReservation[], works: readonly { storeId: string; work: LinkWork }[]): Known[] {
  const known = new Map<string, Known>()
  const at = (storeId: string, assignmentId: string): Known => {
    const key = `${storeId} ${assignmentId}`
    const before = known.get(key) ?? { assignmentId, storeId, attempt: null, link: null, reserved: [] }
    known.set(key, before)
    return before
  }
  for (const { storeId, work } of works) at(storeId, work.assignmentId).link = work.state
  for (const { storeId, assignmentId, sku, quantity, attempt, state } of reservations) {
    if (state === 'reserved' && !known.has(`${storeId} ${assignmentId}`)) continue
    const each = at(storeId, assignmentId)
    each.attempt = attempt
    each.reserved.push({ sku, quantity })
  }
  return [...known.values()]
}

/** `missing`: D1 has no order for it, or another store stands at its number. `strays`: the order is there and lacks this part of it, by order. */
export function compare(known: readonly Known[], orders: readonly OrderRecord[]): { missing: Known[]; strays: Map<string, Known[]> } {
  const byId = new Map(orders.map((order) => [order.orderId, order]))
  const missing: Known[] = []
  const strays = new Map<string, Known[]>()
  for (const each of known) {
    const order = byId.get(orderIdOf(each.assignmentId))
    const assignment = order && findAssignment(order, each.assignmentId)
    if (assignment?.storeId === each.storeId) continue
    if (order && !assignment && !isFinal(order.status) && isNext(order, each)) strays.set(order.orderId, [...(strays.get(order.orderId) ?? []), each])
    else missing.push(each)
  }
  return { missing, strays }
}

const numberOf = ({ assignmentId }: Pick<Known, 'assignmentId'>): number => Number(assignmentId.slice(assignmentId.lastIndexOf('.') + 1))
const isNext = (order: OrderRecord, known: Known): boolean => numberOf(known) > order.assignments.length && numberOf(known) <= ASSIGNMENTS_PER_ORDER_MAX

/**
 * An order with the parts that D1 has forgotten. Which lines each had nobody here knows, so it gets all of them: the store says with its acceptance what it has, and the rest is
 * looked for then. Without this the order would be sent to yet another store as soon as the first says again that it refused. A number between them that nobody knows was given back.
 */
export function adopt(order: OrderRecord, strays: readonly Known[], newId: () => string, now: number): OrderRecord {
  const sorted = strays.filter((each) => isNext(order, each)).toSorted((a, b) => numberOf(a) - numberOf(b))
  const last = sorted.at(-1)
  if (!last) return order
  const lines = stillBought(order)
  const assignments = [...order.assignments]
  for (const { assignmentId, storeId, attempt, link } of sorted) {
    if (numberOf({ assignmentId }) <= assignments.length) continue
    while (assignments.length + 1 < numberOf({ assignmentId })) assignments.push({ ...newAssignment(`${order.orderId}.${assignments.length + 1}`, { storeId, lines: [] }, newId()), state: 'struck' })
    assignments.push({ ...newAssignment(assignmentId, { storeId, lines }, attempt ?? newId()), state: link === 'handed-over' ? 'journaled' : link === 'offered' ? 'offered' : 'pending', assignedAt: now })
  }
  return noted(order, { ...order, assignments }, { type: 'order.assigned', occurredAt: now, seenAt: now, storeId: last.storeId, assignmentId: last.assignmentId, detail: 'found again after the database was restored' }, now)
}

const stillBought = ({ purchase, cancelled }: OrderRecord): LineQuantity[] => purchase.lines.flatMap(({ lineId, quantity }) => {
  const left = quantity - cancelled.reduce((sum, each) => (each.lineId === lineId ? sum + each.quantity : sum), 0)
  return left > 0 ? [{ lineId, quantity: left }] : []
})
