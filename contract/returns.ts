import { z } from 'zod'
import { Instant, LINES_MAX, Quantity } from './values.ts'

/** How the goods come back. */
export const ReturnMethod = z.enum(['in_store', 'post'])
/**
 * Who gives the money back once the goods are there: the payment's provider by itself, the till that takes them, or nobody (an exchange, a repair). A till that takes back a web order which
 * nobody has announced has paid for it.
 */
export const ReturnRefund = z.enum(['provider', 'till', 'none'])

const Lines = z.array(z.object({ lineId: z.string().min(1).max(64), quantity: Quantity })).min(1).max(LINES_MAX)
  .refine((lines) => new Set(lines.map(({ lineId }) => lineId)).size === lines.length, 'expected each line once')

/** The body of `POST /v1/orders/{id}/returns`: what the shopper wants to give back. */
export const RequestReturn = z.object({ lines: Lines, method: ReturnMethod, why: z.string().trim().min(1).max(500).optional() })
export type RequestReturn = z.infer<typeof RequestReturn>
/** As operators say it. Left out, an order that was paid online is refunded by its provider, another one at the till. */
export const OperatorReturn = RequestReturn.extend({ refund: ReturnRefund.optional() })

/** A return as an order shows it. `announced`: the goods are awaited. Stock comes back when the till says so, and not by this. */
export const OrderReturn = z.object({
  id: z.string(),
  method: ReturnMethod,
  status: z.enum(['announced', 'received', 'withdrawn']),
  lines: z.array(z.object({ lineId: z.string(), quantity: z.int() })),
  refund: ReturnRefund,
  announcedAt: Instant,
  receivedAt: Instant.nullable(),
})
export type OrderReturn = z.infer<typeof OrderReturn>
