import { canonicalJson, sha256Hex } from '../../contract/canonical.ts'
import { ROUNDING_DEFAULT } from '../../contract/money.ts'
import type { PlaceOrder, PriceChange, Shortage } from '../../contract/order.ts'
import { ok, refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import type { Catalog } from '../catalog/port.ts'
import type { Channel } from '../channels/channel.ts'
import type { Inventory } from '../inventory/port.ts'
import type { Limits } from '../limits/port.ts'
import type { Queues } from '../queues.ts'
import type { PaymentProviderName } from '../../contract/payment.ts'
import { choosePayment, whyNotPayable } from '../payments/choose-payment.ts'
import type { PaymentRefusal } from '../payments/choose-payment.ts'
import { newPayment } from '../payments/payment.ts'
import type { PaymentProviders } from '../payments/port.ts'
import { countedDemand, newAssignment } from './assignment.ts'
import { chargeUnits } from './charge-units.ts'
import type { Caller, Charged, UnitRefusal } from './charge-units.ts'
import { choose, lowered, promiseIn, readOffers } from './choose-store.ts'
import type { OfferPorts, StoreRefusal } from './choose-store.ts'
import { traceOf } from './trace-of.ts'
import { deriveOrderId } from './ids.ts'
import type { MasterKeys } from './ids.ts'
import { HAND_OVER_WITHIN_MS, paymentReservationMs, PLACEMENT_RESERVATION_MS, REPLACEABLE_ACCEPT_WITHIN_MS } from './order.ts'
import type { Part } from './plan.ts'
import type { OrderBook, OrderRecord } from './port.ts'
import type { Priced, PriceRefusal } from './price.ts'
import { releaseParts, reserveParts } from './reserve-parts.ts'
import type { PartDemand, ReservePorts } from './reserve-parts.ts'

export type PlacementRefusal =
  | StoreRefusal
  | PriceRefusal
  | { reason: 'idempotency-key-reused' }
  | { reason: 'out-of-stock'; shortages: Shortage[] }
  | { reason: 'price-changed'; changes: PriceChange[] }
  | UnitRefusal
  | PaymentRefusal
  /** Somebody else's try took the key between two looks; the same call again finds the order. */
  | { reason: 'try-again' }
export type Placed = { order: OrderRecord; repeated: boolean }

export type PlacementPorts = OfferPorts & ReservePorts & {
  orders: Pick<OrderBook, 'find' | 'insert'>
  catalog: Pick<Catalog, 'sellable'>
  inventory: Pick<Inventory, 'reserve' | 'apply' | 'availability'>
  limits: Pick<Limits, 'charge' | 'refund'>
  queues: Pick<Queues, 'orders'>
  payments: PaymentProviders
  secrets: MasterKeys
}
export type PlacementCall = { channel: Channel; caller: Caller; idempotencyKey: string; body: PlaceOrder; raw: unknown; requestId: string; traceparent?: string }

/** The counters' answers may each time be lower than what was read before; a basket that moves more often than this is short. */
const PLANS_MAX = 6

/**
 * Places an order: the same key and body meets the same order, however often and at once. Reserves the whole basket, at one
 * store or several, inserts the order, and hands it to the queue. Throws when D1 cannot say whether the row went in: then nobody
 * releases, and the broom asks D1 later.
 */
export async function placeOrder(ports: PlacementPorts, call: PlacementCall): Promise<Result<Placed, PlacementRefusal>> {
  const { orderId, number } = await deriveOrderId(ports.secrets.masterKey, call.channel.channelId, call.idempotencyKey)
  const bodyHash = await sha256Hex(canonicalJson(call.raw))
  const before = (await meetAgain(ports, orderId, bodyHash)) ?? (await meetByPreviousKey(ports, call, bodyHash))
  if (before) return before
  const placed = await placeNew(ports, call, { orderId, number, bodyHash })
  // What is short may be what a twin of this very call has just taken: then the order is there, and no refusal is true.
  return placed.ok ? placed : (await meetAgain(ports, orderId, bodyHash)) ?? placed
}

async function placeNew(ports: PlacementPorts, call: PlacementCall, { orderId, number, bodyHash }: { orderId: string; number: string; bodyHash: string }): Promise<Result<Placed, PlacementRefusal>> {
  const { lines, fulfillment, payment } = call.body
  const paidBy = choosePayment(call.channel, payment?.provider)
  if (!paidBy.ok) return paidBy
  const skus = [...new Set(lines.map((line) => line.sku))]
  const sellable = await ports.catalog.sellable(skus, fulfillment.method === 'pickup' ? fulfillment.storeId : null, { channelId: call.channel.channelId, now: ports.clock() })
  const found = await readOffers(ports, call.body, sellable, orderId)
  if (!found.ok) return found

  let offers = found.value
  let shortages: Shortage[] = []
  let charged: Charged | null = null
  for (let plans = 0; plans < PLANS_MAX; plans++) {
    const chosen = choose(lines, offers, sellable)
    if (!chosen.ok) return giveUp(chosen.refusal)
    const { parts, priced } = chosen.value
    if (priced.changes.length > 0) return giveUp({ reason: 'price-changed', changes: priced.changes })
    const unpayable = whyNotPayable(ports.payments, paidBy.value, priced.totals.total)
    if (unpayable) return giveUp(unpayable)
    shortages = chosen.value.shortages
    if (shortages.length > 0) break
    const demands = parts.map((part, index): PartDemand => ({ assignmentId: `${orderId}.${index + 1}`, storeId: part.storeId, demands: countedDemand(priced, part.lines) }))
    if (!charged) {
      const counted = await chargeUnits(ports, call, priced.lines, paidBy.value)
      if (!counted.ok) return counted
      charged = counted.value
    }
    const dueInMs = paymentReservationMs(paidBy.value) + PLACEMENT_RESERVATION_MS
    const reserved = await reserveParts(ports, demands, bodyHash, dueInMs)
    if (reserved.ok) return insert(ports, call, { orderId, number, bodyHash, parts, demands, priced, attempt: reserved.attempt, isChoice: offers.length > 1, charged, paidBy: paidBy.value, promisedAt: fulfillment.method === 'pickup' ? promiseIn(offers) : null })
    shortages = reserved.short.flatMap((each) => each.shortages)
    for (const short of reserved.short) offers = lowered(offers, short.storeId, short.shortages)
  }
  return giveUp({ reason: 'out-of-stock', shortages })

  async function giveUp(refusal: PlacementRefusal): Promise<Result<Placed, PlacementRefusal>> {
    await charged?.undo()
    return refused(refusal)
  }
}

/** The order this key has already made, if it has made one. */
async function meetAgain(ports: PlacementPorts, orderId: string, bodyHash: string): Promise<Result<Placed, PlacementRefusal> | null> {
  const order = await ports.orders.find(orderId)
  if (!order) return null
  return order.bodyHash === bodyHash ? ok({ order, repeated: true }) : refused({ reason: 'idempotency-key-reused' })
}

/** A checkout that began before the master key was changed, and is sent again. */
async function meetByPreviousKey(ports: PlacementPorts, { channel, idempotencyKey }: PlacementCall, bodyHash: string): Promise<Result<Placed, PlacementRefusal> | null> {
  const { previousMasterKey } = ports.secrets
  return previousMasterKey == null ? null : meetAgain(ports, (await deriveOrderId(previousMasterKey, channel.channelId, idempotencyKey)).orderId, bodyHash)
}

type Granted = { orderId: string; number: string; bodyHash: string; parts: Part[]; demands: PartDemand[]; priced: Priced; attempt: string; isChoice: boolean; charged: Charged; paidBy: PaymentProviderName | null; promisedAt: number | null }

async function insert(ports: PlacementPorts, call: PlacementCall, granted: Granted): Promise<Result<Placed, PlacementRefusal>> {
  const order = newOrder(call, granted, ports.clock())
  if (await ports.orders.insert(order)) {
    if (order.status === 'placed') await handOver(ports, order, call)
    return ok({ order, repeated: false })
  }
  // Another try of this key has won, or the broom has struck this one. The goods of this attempt are nobody's.
  await releaseParts(ports, granted.demands, { id: granted.attempt, bodyHash: granted.bodyHash })
  await granted.charged.undo()
  return refused({ reason: 'try-again' })
}

/** A message that is not sent is sent by the sweep: the order's row says that it is owed. */
async function handOver(ports: PlacementPorts, order: OrderRecord, { requestId, traceparent }: PlacementCall): Promise<void> {
  try {
    await ports.queues.orders(order.assignments.map(({ assignmentId, storeId }) => ({ kind: 'deliver', orderId: order.orderId, assignmentId, storeId, requestId, traceparent })))
  } catch {
    ports.log('order.send_failed', { orderId: order.orderId, requestId, ...traceOf(order) })
  }
}

function newOrder(call: PlacementCall, { orderId, number, bodyHash, parts, priced, attempt, isChoice, paidBy, promisedAt }: Granted, now: number): OrderRecord {
  // A payment claimed by the caller is never believed: unpaid orders go to a store only where the channel lets people pay there.
  const status = paidBy === null ? 'placed' : 'awaiting_payment'
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
      ...(priced.rounding.tax === ROUNDING_DEFAULT.tax && priced.rounding.mode === ROUNDING_DEFAULT.mode ? {} : { rounding: priced.rounding }),
      ...(promisedAt === null ? {} : { promisedAt }),
      ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
    },
    assignments: parts.map((part, index) => ({
      ...newAssignment(`${orderId}.${index + 1}`, part, attempt), ...(isChoice ? { acceptWithinMs: REPLACEABLE_ACCEPT_WITHIN_MS } : {}),
    })),
    timeline: [{ type: 'order.placed', occurredAt: now, seenAt: now, status }],
    cancelled: [],
    cancelRequestedAt: null,
    dueAt: now + (paidBy === null ? HAND_OVER_WITHIN_MS : paymentReservationMs(paidBy)),
    placedAt: now,
    updatedAt: now,
    version: 1,
    erasedAt: null,
    returns: [],
    payment: paidBy && newPayment(paidBy, priced.totals.total.amountMinor),
  }
}
