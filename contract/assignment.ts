import { z } from 'zod'
import { lineTaxMinor, lineTotalMinor } from './money.ts'
import { Customer, Fulfillment, Totals } from './order.ts'
import { Traceparent } from './trace.ts'
import { AssignmentId, Instant, LINES_MAX, Money, OrderId, Price, Quantity, Sku, StoreId, TaxRate, Unit } from './values.ts'

/** One position a store is asked to hand out. `unit` says what `quantity` counts and what `unitPrice` is for. */
export const AssignedLine = z.object({
  lineId: z.string().min(1).max(64),
  sku: Sku,
  name: z.string(),
  quantity: Quantity,
  unit: Unit.default('each'),
  unitPrice: Price,
  taxIncluded: z.boolean(),
  taxRate: TaxRate,
  /** What the shopper pays for it, and the tax in it or on top of it. Booked as they are, the till and the web have the same numbers, however either would round. */
  lineTotal: Money.optional(),
  taxAmount: Money.optional(),
})
export type AssignedLine = z.infer<typeof AssignedLine>

/** What a till books for a line, in minor units: as the order says, or computed where an older edge does not say. */
export const amountsOf = ({ lineTotal, taxAmount, unitPrice, quantity, unit, taxRate, taxIncluded }: AssignedLine): { totalMinor: number; taxMinor: number } => {
  const totalMinor = lineTotal?.amountMinor ?? lineTotalMinor(unitPrice.amountMinor, quantity, unit)
  return { totalMinor, taxMinor: taxAmount?.amountMinor ?? lineTaxMinor(totalMinor, taxRate, taxIncluded) }
}

/** What one store is asked to do of one order: the body of `PUT /orders/{assignmentId}`, and an item of the pull path. */
export const Assignment = z.object({
  assignmentId: AssignmentId,
  orderId: OrderId,
  storeId: StoreId.optional(),
  number: z.string(),
  placedAt: Instant,
  /** A connector starts no POS write after it, in edge time. */
  acceptBy: Instant,
  lines: z.array(AssignedLine).min(1).max(LINES_MAX),
  totals: Totals,
  fulfillment: Fulfillment,
  customer: Customer,
  note: z.string().nullable().default(null),
  /** When the shopper was told to come. */
  promisedAt: Instant.optional(),
  /** An earlier journal of this store was offered it, so the POS may hold it already. Says nothing of the work itself. */
  maybeWritten: z.boolean().optional(),
  /** The trace of the order's placement, to be told again with each event about this assignment. Says nothing of the work either. */
  traceparent: Traceparent,
})
export type Assignment = z.infer<typeof Assignment>
