import { z } from 'zod'
import { Item } from './product.ts'
import { FulfilmentProgress } from './status.ts'
import { StopReason } from './stops.ts'
import { Traceparent } from './trace.ts'
import { AsOf, AssignmentId, Instant, LINES_MAX, Money, OnHand, Price, Seq, Sku } from './values.ts'

/** A counted quantity, read back after its event's seq was given. */
export const Level = z.object({ sku: Sku, onHand: OnHand })
export type Level = z.infer<typeof Level>
const levels = z.array(Level).max(LINES_MAX)
const acceptedLines = z.array(z.object({ lineId: z.string(), quantity: z.int().min(0) })).max(LINES_MAX)

/** Why a store did not take an assignment. The reason decides what happens next (rules.md 7). */
export const RejectReason = z.enum(['out_of_stock', 'unknown_sku', 'price_mismatch', 'store_closed', 'invalid', 'expired'])
export type RejectReason = z.infer<typeof RejectReason>

/** Negative quantities are returns. A till may sell what it does not know: the SKU is as the till has it. */
export const SaleLine = z.object({ sku: Sku, quantity: z.int(), unitPrice: Price, lineTotal: Money })
/** More than an order: a till's receipt has no trolley limit. A longer one is told in parts. */
export const SALE_LINES_MAX = 500

/** The data of each event type. Unknown fields are ignored; an unknown type is filed, not refused. */
export const EVENT_DATA = {
  'catalog.item_upserted': Item,
  'catalog.item_removed': z.object({ sku: Sku }),
  /** The same item under another SKU: what was sold under the former one is its history. */
  'catalog.item_renamed': z.object({ sku: Sku, formerSku: Sku }),
  /** Another item under a SKU that was some other's before. */
  'catalog.sku_reused': z.object({ sku: Sku }),
  'stock.counted': z.object({ sku: Sku, onHand: OnHand, asOf: AsOf }),
  'sale.recorded': z.object({
    saleId: z.string().min(1).max(128),
    kind: z.enum(['sale', 'return']),
    lines: z.array(SaleLine).max(SALE_LINES_MAX),
    total: Money,
    /** The sale is this web order seen at the till, not a second one. */
    assignmentId: AssignmentId.optional(),
    /** The receipt of which these are further lines: its first part's `saleId`. The totals of the parts add up to what was paid. */
    partOf: z.string().min(1).max(128).optional(),
  }),
  /** The staff take an item off the web, though it lies on the shelf; `until: null`: until they put it back. */
  'selling.stopped': z.object({ sku: Sku, why: StopReason, until: Instant.nullable().default(null) }),
  'selling.resumed': z.object({ sku: Sku }),
  'order.journaled': z.object({ assignmentId: AssignmentId }),
  'order.accepted': z.object({
    assignmentId: AssignmentId,
    posReference: z.string().min(1).max(128),
    /** The POS took the goods off with this acceptance; if not, `order.stock_fell` will say when. */
    stockFell: z.boolean(),
    lines: acceptedLines,
    levels: levels.default([]),
  }),
  'order.stock_fell': z.object({ assignmentId: AssignmentId, lines: acceptedLines, levels }),
  'order.rejected': z.object({ assignmentId: AssignmentId, reason: RejectReason, detail: z.string().max(500).optional(), levels: levels.default([]) }),
  'order.in_doubt': z.object({ assignmentId: AssignmentId, detail: z.string().max(500) }),
  'order.cancel_result': z.object({ assignmentId: AssignmentId, outcome: z.enum(['struck', 'voided', 'refused']), levels: levels.optional() }),
  'order.status_changed': z.object({
    assignmentId: AssignmentId,
    status: FulfilmentProgress,
    stockFell: z.boolean().optional(),
    levels: levels.optional(),
  }),
} as const

export type EventType = keyof typeof EVENT_DATA
export const isEventType = (type: string): type is EventType => Object.hasOwn(EVENT_DATA, type)

const envelope = <T extends EventType>(type: T) =>
  z.object({ seq: Seq, type: z.literal(type), occurredAt: Instant, data: EVENT_DATA[type], traceparent: Traceparent })

/** Everything a store can tell. `occurredAt` is for people: order comes from (epoch, seq). `traceparent` is of the order it is about. */
export const StoreEvent = z.discriminatedUnion('type', [
  envelope('catalog.item_upserted'), envelope('catalog.item_removed'), envelope('catalog.item_renamed'), envelope('catalog.sku_reused'), envelope('stock.counted'), envelope('sale.recorded'),
  envelope('selling.stopped'), envelope('selling.resumed'),
  envelope('order.journaled'), envelope('order.accepted'), envelope('order.stock_fell'), envelope('order.rejected'),
  envelope('order.in_doubt'), envelope('order.cancel_result'), envelope('order.status_changed'),
])
export type StoreEvent = z.infer<typeof StoreEvent>
export type StoreEventOf<T extends EventType> = Extract<StoreEvent, { type: T }>
export type OrderEvent = Extract<StoreEvent, { type: `order.${string}` }>

/** What a sender writes: as `StoreEvent`, before defaults are filled in. */
export type StoreEventInput = z.input<typeof StoreEvent>
