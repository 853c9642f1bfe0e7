import { z } from 'zod'
import { CalendarDay } from './store.ts'
import { OrderStatus } from './status.ts'
import { AssignmentId, ChannelId, Instant, Money, OrderId, Sku, StoreId } from './values.ts'

/** What was sold over a counter belongs to this channel. */
export const TILL_CHANNEL = 'till'

export const SoldLine = z.object({ sku: z.string(), name: z.string().nullable(), quantity: z.int(), unitPrice: Money, lineTotal: Money })

/**
 * A row of the list of all sales: a web order, or a sale or return at a till. A web order that a till has booked is that order and no second row; goods of one that a till took back are a row of their own.
 * `at`: when it was placed, or rung up.
 */
export const Sale = z.object({
  kind: z.enum(['order', 'sale', 'return']),
  /** The order's id, or `{storeId}/{saleId}`. */
  id: z.string(),
  channel: z.string(),
  /** Of an order: every store that has a part of it. */
  storeIds: z.array(StoreId),
  at: Instant,
  total: Money,
  lines: z.array(SoldLine),
  /** Of an order. */
  number: z.string().nullable(),
  status: OrderStatus.nullable(),
  /** Of a return at the till: what it was of. */
  orderId: OrderId.nullable(),
  assignmentId: AssignmentId.nullable(),
  /** Of the further lines of a receipt too long for one row: the `id` of its first. They are one sale. */
  partOf: z.string().nullable(),
})
export type Sale = z.infer<typeof Sale>

/** `from` is the first moment that counts, `to` the first that does not. */
export const SALES_FILTERS = { storeId: StoreId.optional(), channel: ChannelId.optional(), sku: Sku.optional(), kind: Sale.shape.kind.optional(), from: Instant.optional(), to: Instant.optional() }
/** Looking for a SKU reads every row of the time: two months of them, not ten years. */
export const SKU_SEARCH_MS_MAX = 62 * 24 * 60 * 60_000
const AnyFilter = z.object(SALES_FILTERS)
export type SalesFilter = z.infer<typeof AnyFilter>
export const isSearchable = ({ sku, from, to }: SalesFilter): boolean => sku === undefined || (from !== undefined && Date.parse(to ?? '') - Date.parse(from) <= SKU_SEARCH_MS_MAX)
export const NOT_SEARCHABLE = { path: ['from'], message: 'expected from and to, at most 62 days apart, to look for a SKU' }

/** A quarter of a year: the answer is one of some megabytes at most. */
export const TOTALS_DAYS_MAX = 92
/** Calendar days of each store's own. */
export const TotalsQuery = z.object({ from: CalendarDay, to: CalendarDay, storeId: StoreId.optional(), channel: ChannelId.optional() })
  .refine(({ from, to }) => from <= to && (Date.parse(to) - Date.parse(from)) / 86_400_000 < TOTALS_DAYS_MAX, { path: ['to'], message: `expected a day from \`from\` on, at most ${TOTALS_DAYS_MAX} days in all` })

/** What one store's till booked on one of its days for one channel: web orders when their goods left, by the channel that brought them. Returns are negative. A receipt in parts is counted once. */
export const DailyTotal = z.object({
  storeId: StoreId,
  day: CalendarDay,
  channel: z.string(),
  sales: z.object({ count: z.int(), total: Money }),
  returns: z.object({ count: z.int(), total: Money }),
  total: Money,
})
export const DailyTotals = z.object({ items: z.array(DailyTotal), nextCursor: z.null() })
