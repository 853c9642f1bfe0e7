import type { Catalog } from '../catalog/port.ts'
import type { CommandOutcome, Inventory } from '../inventory/port.ts'
import type { Queues } from '../queues.ts'
import type { Store } from '../stores/port.ts'
import { ASSIGNMENTS_PER_ORDER_MAX, countedDemand, findAssignment, isGivenUp, isLive, isUnreserved, missingLines, refusedBy, reservedSkus, withSkus } from './assignment.ts'
import { changeOrder } from './change-order.ts'
import { atTheseTerms, offersOf, openStores } from './choose-store.ts'
import type { OfferPorts } from './choose-store.ts'
import { assigned, assignedAnew, missingCancelled, notAssigned, owesRouting, PLACEMENT_RESERVATION_MS, REPLACEABLE_ACCEPT_WITHIN_MS } from './order.ts'
import { traceOf } from './trace-of.ts'
import { plan, STORES_PER_ORDER_MAX } from './plan.ts'
import type { Part } from './plan.ts'
import type { AssignmentRecord, LineQuantity, OrderBook, OrderRecord } from './port.ts'

export type RoutePorts = OfferPorts & {
  orders: Pick<OrderBook, 'find' | 'update'>
  catalog: Pick<Catalog, 'sellable'>
  inventory: Pick<Inventory, 'availability' | 'reserve' | 'apply'>
  queues: Pick<Queues, 'orders'>
  newId: () => string
  log: (event: string, fields: Record<string, string | number>) => void
}

/** Each round writes down, reserves or cancels something; more of them than an order may have parts is a race, and the sweep goes on. */
const ROUNDS_MAX = 2 * ASSIGNMENTS_PER_ORDER_MAX

/**
 * Finds stores for what has none: a part is written down in D1 first, so that the broom knows whose its reservation is, then
 * reserved, then handed over. What no store has is cancelled. May be called at any time and by several at once; throws when
 * counters or D1 cannot be reached, and the sweep tries again.
 */
export async function routeMissing(ports: RoutePorts, orderId: string, requestId: string): Promise<CommandOutcome> {
  for (let rounds = 0; rounds < ROUNDS_MAX; rounds++) {
    const order = await ports.orders.find(orderId)
    if (!order || !owesRouting(order)) return rounds === 0 ? 'superseded' : 'applied'
    const written = order.assignments.find(isUnreserved)
    if (written) await reserveWritten(ports, order, written, requestId)
    else await writeDown(ports, order, requestId)
  }
  return 'applied'
}

async function writeDown(ports: RoutePorts, order: OrderRecord, requestId: string): Promise<void> {
  const free = ASSIGNMENTS_PER_ORDER_MAX - order.assignments.length
  const found = free > 0 ? await findParts(ports, order, missingLines(order), refusedBy(order)) : { parts: [], isChoice: false }
  const parts = found.parts.slice(0, free)
  const attempt = ports.newId()
  const now = ports.clock()
  await changeOrder(ports.orders, order.orderId, (current) => {
    // What was found was found for the order as it was; whoever changed it meanwhile is looked at in the next round.
    if (current.version !== order.version) return { order: current }
    return { order: parts.length > 0 ? assignedAnew(current, parts, attempt, found.isChoice ? REPLACEABLE_ACCEPT_WITHIN_MS : null, now) : missingCancelled(current, now) }
  })
  ports.log('order.routed', { orderId: order.orderId, requestId, parts: parts.length, ...traceOf(order) })
}

type FindPorts = OfferPorts & { catalog: Pick<Catalog, 'sellable'> }

/** Stores for these lines at the prices they were bought for. A pickup goes nowhere else. `isChoice`: there are others. */
export async function findParts(ports: FindPorts, order: OrderRecord, lines: readonly LineQuantity[], without: ReadonlySet<string>): Promise<{ parts: Part[]; isChoice: boolean }> {
  const wanted = withSkus(order.purchase, lines)
  const skus = [...new Set(wanted.map(({ sku }) => sku))]
  const stores = (await storesFor(ports, order)).filter(({ storeId }) => !without.has(storeId))
  if (stores.length === 0) return { parts: [], isChoice: false }
  const sellable = await ports.catalog.sellable(skus, null)
  const terms = new Map(order.purchase.lines.map((line) => [line.sku, { ...line, price: line.unitPrice }]))
  // At the price it was bought for, whatever the store asks today: a till takes the order's own.
  const asBought = sellable.map((row) => (row.item ? { ...row, item: { ...row.item, price: terms.get(row.sku)?.price ?? row.item.price } } : row)).filter((row, place) => row.item?.price.currency === sellable[place]?.item?.price.currency)
  const offers = atTheseTerms(await offersOf(ports, stores, skus, asBought), asBought, terms)
  const storesMax = Math.max(1, STORES_PER_ORDER_MAX - order.assignments.filter(isLive).length)
  return { parts: plan(wanted, offers, storesMax).parts, isChoice: stores.length > 1 }
}

async function storesFor(ports: FindPorts, { purchase: { fulfillment } }: OrderRecord): Promise<Store[]> {
  if (fulfillment.method === 'ship') return openStores(ports)
  const store = await ports.stores.find(fulfillment.storeId)
  return store ? [store] : []
}

/** The same attempt asked again has what it has, so a crash between reserving and saying so costs nothing. */
async function reserveWritten(ports: RoutePorts, order: OrderRecord, { assignmentId, storeId, attempt, lines }: AssignmentRecord, requestId: string): Promise<void> {
  const { orderId, bodyHash, purchase } = order
  const now = ports.clock()
  const demands = countedDemand(purchase, lines)
  const answer = demands.length === 0 ? { ok: true as const }
    : await ports.inventory.reserve({ assignmentId, attempt: { id: attempt, bodyHash }, storeId, demands, now, dueAt: now + PLACEMENT_RESERVATION_MS, keepsWhatItHas: true })
  const reason = answer.ok ? null : answer.refusal.reason === 'out-of-stock' ? 'out_of_stock' as const : null
  const after = await changeOrder(ports.orders, orderId, (current) => ({
    order: answer.ok ? assigned(current, assignmentId, now) : notAssigned(current, assignmentId, reason, now),
  }))
  const standing = after && findAssignment(after.order, assignmentId)
  if (!after || !standing) return
  // Refused, or given up meanwhile: nothing of it may stay, and no late reserve may bring it back.
  if (isGivenUp(standing)) return releaseAssignment(ports, after.order, assignmentId)
  try {
    await ports.queues.orders([{ kind: 'deliver', orderId, assignmentId, storeId, requestId, traceparent: purchase.traceparent }])
  } catch {
    ports.log('order.send_failed', { orderId, requestId, ...traceOf(order) })
  }
}

/** Counters forget the assignment, and leave a tombstone. */
export async function releaseAssignment(ports: { inventory: Pick<Inventory, 'apply'>; clock: () => number }, order: OrderRecord, assignmentId: string): Promise<void> {
  const assignment = findAssignment(order, assignmentId)
  if (!assignment) return
  const at = ports.clock()
  await ports.inventory.apply(reservedSkus(order, assignment).map((sku) => ({ type: 'release', storeId: assignment.storeId, sku, assignmentId, at })))
}

/** Has somebody find stores for what misses one. What is not sent is sent by the sweep: the order's row says that it is owed. */
export async function askRouting(ports: { queues: Pick<Queues, 'orders'>; log: RoutePorts['log'] }, order: OrderRecord, requestId: string): Promise<void> {
  const last = order.assignments.at(-1)
  if (!owesRouting(order) || !last) return
  const { assignmentId, storeId } = last
  try {
    await ports.queues.orders([{ kind: 'route', orderId: order.orderId, assignmentId, storeId, requestId, traceparent: order.purchase.traceparent }])
  } catch {
    ports.log('order.send_failed', { orderId: order.orderId, requestId, ...traceOf(order) })
  }
}
