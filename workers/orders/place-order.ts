import { canonicalJson, sha256Hex } from '../../contract/canonical.ts'
import type { PlaceOrder, PriceChange, Shortage } from '../../contract/order.ts'
import { ok, refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import type { Catalog } from '../catalog/port.ts'
import type { Channel } from '../channels/channel.ts'
import type { Inventory, ReserveAnswer } from '../inventory/port.ts'
import type { Queues } from '../queues.ts'
import type { Store, StoreBook } from '../stores/port.ts'
import { candidateStores } from './choose-store.ts'
import type { HeartbeatsOf, StoreRefusal } from './choose-store.ts'
import { deriveOrderId } from './ids.ts'
import { HAND_OVER_WITHIN_MS, PAYMENT_RESERVATION_MS, PLACEMENT_RESERVATION_MS } from './order.ts'
import type { OrderBook, OrderRecord } from './port.ts'
import { itemAt, priceLines } from './price.ts'
import type { Priced, PriceRefusal } from './price.ts'

export type PlacementRefusal =
  | StoreRefusal
  | PriceRefusal
  | { reason: 'idempotency-key-reused' }
  | { reason: 'out-of-stock'; shortages: Shortage[] }
  | { reason: 'price-changed'; changes: PriceChange[] }
  /** Somebody else's try took the key between two looks; the same call again finds the order. */
  | { reason: 'try-again' }
export type Placed = { order: OrderRecord; repeated: boolean }

export type PlacementPorts = {
  orders: Pick<OrderBook, 'find' | 'insert'>
  catalog: Pick<Catalog, 'sellable'>
  inventory: Pick<Inventory, 'reserve' | 'apply' | 'availability'>
  stores: Pick<StoreBook, 'find' | 'list'>
  links: HeartbeatsOf
  queues: Pick<Queues, 'orders'>
  clock: () => number
  newId: () => string
  sleep: (ms: number) => Promise<void>
  log: (event: string, fields: Record<string, string>) => void
  secrets: { masterKey: string }
}
export type PlacementCall = { channel: Channel; idempotencyKey: string; body: PlaceOrder; raw: unknown; requestId: string }

/** A shortage that is only due to others' unfinished placements is tried this often, a moment apart (rules.md 5). */
const RESERVE_TRIES_MAX = 3
const RETRY_AFTER_MS = 60
const RETRY_JITTER_MS = 120

/**
 * Places an order: the same key and body meets the same order, however often and at once. Reserves the whole basket at one
 * store, inserts the order, and hands it to the queue. Throws when D1 cannot say whether the row went in: then nobody releases,
 * and the broom asks D1 later.
 */
export async function placeOrder(ports: PlacementPorts, call: PlacementCall): Promise<Result<Placed, PlacementRefusal>> {
  const { orderId, number } = await deriveOrderId(ports.secrets.masterKey, call.channel.channelId, call.idempotencyKey)
  const bodyHash = await sha256Hex(canonicalJson(call.raw))
  const before = await meetAgain(ports, orderId, bodyHash)
  if (before) return before

  const { lines, fulfillment } = call.body
  const skus = [...new Set(lines.map((line) => line.sku))]
  const sellable = await ports.catalog.sellable(skus, fulfillment.method === 'pickup' ? fulfillment.storeId : null)
  const candidates = await candidateStores(ports, call.body, sellable)
  if (!candidates.ok) return candidates

  // What is told when no store can serve it: the shortage of the first that sells everything, else why none does.
  let short: Result<Placed, PlacementRefusal> | null = null
  for (const candidate of candidates.value) {
    const priced = priceLines(lines, itemAt(candidate.storeId, sellable))
    if (!priced.ok) {
      // One store that has taken an item off its shelves says nothing of the next.
      short ??= priced
      continue
    }
    if (priced.value.changes.length > 0) return refused({ reason: 'price-changed', changes: priced.value.changes })
    const reserved = await reserve(ports, { orderId, bodyHash, store: candidate, demands: priced.value.demands, unpaid: !call.channel.payInStore })
    if (reserved.answer.ok) return insert(ports, call, { orderId, number, bodyHash, store: candidate, priced: priced.value, ...reserved })
    const again = await meetAgain(ports, orderId, bodyHash)
    if (again) return again
    if (short === null || (!short.ok && short.refusal.reason !== 'out-of-stock')) short = refused({ reason: 'out-of-stock', shortages: 'shortages' in reserved.answer.refusal ? reserved.answer.refusal.shortages : [] })
  }
  return short ?? refused({ reason: 'store-not-taking-orders', storeId: null })
}

/** The order this key has already made, if it has made one. */
async function meetAgain(ports: PlacementPorts, orderId: string, bodyHash: string): Promise<Result<Placed, PlacementRefusal> | null> {
  const order = await ports.orders.find(orderId)
  if (!order) return null
  return order.bodyHash === bodyHash ? ok({ order, repeated: true }) : refused({ reason: 'idempotency-key-reused' })
}

type Wanted = { orderId: string; bodyHash: string; store: Store; demands: Priced['demands']; unpaid: boolean }

/** Each try is an attempt of its own: what one released stays released. */
async function reserve(ports: PlacementPorts, wanted: Wanted): Promise<{ answer: ReserveAnswer; attempt: string }> {
  for (let tries = 1; ; tries++) {
    const now = ports.clock()
    const attempt = ports.newId()
    if (wanted.demands.length === 0) return { answer: { ok: true }, attempt }
    const answer = await ports.inventory.reserve({
      assignmentId: `${wanted.orderId}.1`,
      attempt: { id: attempt, bodyHash: wanted.bodyHash },
      storeId: wanted.store.storeId,
      demands: wanted.demands,
      now,
      dueAt: now + (wanted.unpaid ? PAYMENT_RESERVATION_MS : 0) + PLACEMENT_RESERVATION_MS,
    })
    const contended = !answer.ok && 'contended' in answer.refusal && answer.refusal.contended
    if (!contended || tries >= RESERVE_TRIES_MAX) return { answer, attempt }
    await ports.sleep(RETRY_AFTER_MS + Math.random() * RETRY_JITTER_MS)
  }
}

type Granted = { orderId: string; number: string; bodyHash: string; store: Store; priced: Priced; attempt: string }

async function insert(ports: PlacementPorts, call: PlacementCall, granted: Granted): Promise<Result<Placed, PlacementRefusal>> {
  const order = newOrder(call, granted, ports.clock())
  if (await ports.orders.insert(order)) {
    if (order.status === 'placed') await handOver(ports, order, call.requestId)
    return ok({ order, repeated: false })
  }
  // Another try of this key has won, or the broom has struck this one. The goods of this attempt are nobody's.
  const now = ports.clock()
  await ports.inventory.apply(granted.priced.demands.map(({ sku }) => ({
    type: 'release', storeId: granted.store.storeId, sku, assignmentId: `${granted.orderId}.1`, attempt: { id: granted.attempt, bodyHash: granted.bodyHash }, at: now,
  })))
  return (await meetAgain(ports, granted.orderId, granted.bodyHash)) ?? refused({ reason: 'try-again' })
}

/** A message that is not sent is sent by the sweep: the order's row says that it is owed. */
async function handOver(ports: PlacementPorts, order: OrderRecord, requestId: string): Promise<void> {
  try {
    await ports.queues.orders(order.assignments.map(({ assignmentId, storeId }) => ({ kind: 'deliver', orderId: order.orderId, assignmentId, storeId, requestId })))
  } catch {
    ports.log('order.send_failed', { orderId: order.orderId, requestId })
  }
}

function newOrder(call: PlacementCall, { orderId, number, bodyHash, store, priced, attempt }: Granted, now: number): OrderRecord {
  // A payment claimed by the caller is never believed: unpaid orders go to a store only where the channel lets people pay there.
  const status = call.channel.payInStore ? 'placed' : 'awaiting_payment'
  return {
    orderId,
    number,
    channel: call.channel.channelId,
    status,
    bodyHash,
    attempt,
    purchase: {
      lines: priced.lines,
      totals: priced.totals,
      fulfillment: call.body.fulfillment,
      customer: call.body.customer,
      payment: call.body.payment ?? null,
      note: call.body.note ?? null,
      untracked: priced.untracked,
    },
    assignments: [{
      assignmentId: `${orderId}.1`,
      storeId: store.storeId,
      attempt,
      lines: priced.lines.map(({ lineId, quantity }) => ({ lineId, quantity })),
      state: 'pending',
      progress: null,
      posReference: null,
      reason: null,
      position: null,
      fellAt: null,
    }],
    timeline: [{ type: 'order.placed', occurredAt: now, seenAt: now, status }],
    cancelRequestedAt: null,
    dueAt: now + (status === 'placed' ? HAND_OVER_WITHIN_MS : PAYMENT_RESERVATION_MS),
    placedAt: now,
    updatedAt: now,
    version: 1,
  }
}
