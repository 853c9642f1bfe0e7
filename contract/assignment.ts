import { z } from 'zod'
import { Customer, Fulfillment, Totals } from './order.ts'
import { Traceparent } from './trace.ts'
import { AssignmentId, Instant, LINES_MAX, OrderId, Price, Quantity, Sku, StoreId, TaxRate, Unit } from './values.ts'

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
})
export type AssignedLine = z.infer<typeof AssignedLine>

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
  /** An earlier journal of this store was offered it, so the POS may hold it already. Says nothing of the work itself. */
  maybeWritten: z.boolean().optional(),
  /** The trace of the order's placement, to be told again with each event about this assignment. Says nothing of the work either. */
  traceparent: Traceparent,
})
export type Assignment = z.infer<typeof Assignment>
