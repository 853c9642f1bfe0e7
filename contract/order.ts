import { z } from 'zod'
import { OrderPayment, PaymentSession } from './payment.ts'
import { OrderReturn } from './returns.ts'
import { FulfilmentProgress, OrderStatus } from './status.ts'
import { AssignmentId, Instant, LINES_MAX, Money, OrderId, Price, Quantity, Sku, StoreId, TaxRate, Unit } from './values.ts'

/** One line of text for a slip or a label: no control characters. */
const words = (max: number) => z.string().trim().min(1).max(max).regex(/^\P{Cc}*$/u, 'expected text without control characters')

export const Address = z.object({
  name: words(120),
  line1: words(200),
  line2: z.string().max(200).optional(),
  city: words(120),
  region: z.string().max(120).optional(),
  postalCode: words(20),
  country: z.string().regex(/^[A-Z]{2}$/, 'expected an ISO 3166-1 alpha-2 code such as "US"'),
})
export type Address = z.infer<typeof Address>

export const Fulfillment = z.discriminatedUnion('method', [
  z.object({ method: z.literal('pickup'), storeId: StoreId }),
  z.object({ method: z.literal('ship'), address: Address }),
])
export type Fulfillment = z.infer<typeof Fulfillment>

export const Customer = z.object({ name: words(120), email: z.email().max(254), phone: z.string().max(40).optional() })
export type Customer = z.infer<typeof Customer>

export const RequestedLine = z.object({ sku: Sku, quantity: Quantity, expectedUnitPrice: Price.optional() })
export type RequestedLine = z.infer<typeof RequestedLine>

/** The body of `POST /v1/orders`. */
export const PlaceOrder = z.object({
  lines: z.array(RequestedLine).min(1).max(LINES_MAX),
  fulfillment: Fulfillment,
  customer: Customer,
  /** One of the channel's payment providers, or `in_store`. Left out: at the counter where the channel allows it, else the channel's first. */
  payment: z.object({ provider: z.string().min(1).max(40) }).optional(),
  /** May run over lines; other control characters have no business on a till's screen. */
  note: z.string().max(1000).regex(/^[\P{Cc}\n\r\t]*$/u, 'expected text without control characters').optional(),
})
export type PlaceOrder = z.infer<typeof PlaceOrder>

/** The body of `POST /v1/quotes`: an order without a customer. A shipped quote needs no address yet. */
export const QuoteRequest = z.object({
  lines: z.array(RequestedLine).min(1).max(LINES_MAX),
  fulfillment: z.discriminatedUnion('method', [
    z.object({ method: z.literal('pickup'), storeId: StoreId }),
    z.object({ method: z.literal('ship'), address: Address.optional() }),
  ]),
})
export type QuoteRequest = z.infer<typeof QuoteRequest>

/**
 * The body of `POST /v1/orders/{id}/cancel`, if there is one. `quantity` is how many of the line are to be cancelled in all,
 * so that the same call again changes nothing.
 */
export const CancelOrder = z.object({ lines: z.array(z.object({ lineId: z.string().min(1).max(64), quantity: Quantity })).min(1).max(LINES_MAX).optional() })

/** 1–255 visible ASCII characters. */
export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'expected 1 to 255 visible characters')

export const OrderLine = z.object({
  lineId: z.string(),
  sku: Sku,
  name: z.string(),
  quantity: Quantity,
  unit: Unit,
  unitPrice: Price,
  taxIncluded: z.boolean(),
  taxRate: TaxRate,
  lineTotal: Money,
  /** The tax in `lineTotal`, or on top of it, as the POS rounds it; not set for an order of an older version. */
  taxAmount: Money.optional(),
})
export type OrderLine = z.infer<typeof OrderLine>

/** A line of a placed order. `quantity` and the amounts are as it was bought. */
export const PlacedLine = OrderLine.extend({ cancelledQuantity: z.int().min(0) })

export const Totals = z.object({ subtotal: Money, tax: Money, shipping: Money, total: Money })
export type Totals = z.infer<typeof Totals>

/** `pending … voided` are the states of rules.md; `progress` is what the store has said of accepted work since. */
export const AssignmentState = z.enum(['pending', 'offered', 'journaled', 'in_doubt', 'accepted', 'rejected', 'struck', 'voided'])
export type AssignmentState = z.infer<typeof AssignmentState>

export const AssignmentLine = z.object({ lineId: z.string(), quantity: Quantity })

/** A store's part of an order, as a shopper sees it. `status` is the assignment's state, or its progress once accepted. */
export const OrderFulfillment = z.object({
  id: AssignmentId,
  storeId: StoreId,
  status: z.union([AssignmentState, FulfilmentProgress]),
  lines: z.array(AssignmentLine),
  posReference: z.string().nullable(),
})

export const Order = z.object({
  id: OrderId,
  number: z.string(),
  channel: z.string(),
  status: OrderStatus,
  cancelRequestedAt: Instant.nullable(),
  lines: z.array(PlacedLine),
  totals: Totals,
  fulfillment: Fulfillment,
  fulfillments: z.array(OrderFulfillment),
  customer: Customer,
  /** `null`: it is paid at the counter, as the channel allows, and nobody said so. */
  payment: OrderPayment.nullable(),
  returns: z.array(OrderReturn).default([]),
  note: z.string().nullable(),
  placedAt: Instant,
  updatedAt: Instant,
  version: z.int(),
  /** When its store has promised to have it ready; `null`: nothing was promised. */
  promisedAt: Instant.nullable().default(null),
  /** Since when its customer, address and note are not kept any more and stand here as `(erased)`. */
  erasedAt: Instant.nullable().default(null),
})
export type Order = z.infer<typeof Order>

/** `paymentSession`: what the page needs to have it paid; `null` where nothing is to be paid here, or no more. */
export const PlacedAnswer = z.object({ order: Order, accessToken: z.string(), paymentSession: PaymentSession.nullable().default(null) })
export type PlacedAnswer = z.infer<typeof PlacedAnswer>

/** One thing that happened to an order. `occurredAt` is when it happened where it happened, `seenAt` when the edge heard. */
export const TimelineEvent = z.object({
  type: z.string(),
  occurredAt: Instant,
  seenAt: Instant,
  storeId: z.string().optional(),
  assignmentId: z.string().optional(),
  status: OrderStatus.optional(),
  detail: z.string().optional(),
})
export type TimelineEvent = z.infer<typeof TimelineEvent>
export const Timeline = z.object({ items: z.array(TimelineEvent), nextCursor: z.string().nullable() })

export const Shortage = z.object({ sku: Sku, requested: z.int(), available: z.int().nullable() })
export type Shortage = z.infer<typeof Shortage>
export const PriceChange = z.object({ sku: Sku, expected: Price, actual: Price })
export type PriceChange = z.infer<typeof PriceChange>

export const Quote = z.object({
  lines: z.array(OrderLine),
  totals: Totals,
  storeId: StoreId.nullable(),
  shortages: z.array(Shortage),
  changes: z.array(PriceChange),
  /** When an order that is placed now would stand ready to be fetched; `null`: nothing is promised, or it is shipped. */
  promisedAt: Instant.nullable().default(null),
})
export type Quote = z.infer<typeof Quote>
