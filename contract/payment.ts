import { z } from 'zod'
import { Instant, LINES_MAX, Money, Price, Quantity } from './values.ts'

/** Who takes money for us. `manual`: people do, by bank transfer or invoice, and an operator says that it has come. */
export const PaymentProviderName = z.enum(['stripe', 'manual'])
export type PaymentProviderName = z.infer<typeof PaymentProviderName>
/** What a shopper names to pay at the counter. */
export const IN_STORE = 'in_store'

/**
 * How far the money is, by its provider's own word. `in_store`: it is paid at the counter, and the till knows. `awaited`: not yet; `authorized`: it is set aside and taken once the
 * stores have accepted; `captured`: it is here; `voided`: it never will be, and nothing is set aside.
 */
export const PaymentStatus = z.enum(['in_store', 'awaited', 'authorized', 'captured', 'voided'])
export type PaymentStatus = z.infer<typeof PaymentStatus>

export const RefundStatus = z.enum(['pending', 'succeeded', 'failed'])
export const Refund = z.object({ id: z.string(), amount: Money, status: RefundStatus, at: Instant })

/** As an order shows it. `refunded` is all that went back, what was refunded at the provider itself included. */
export const OrderPayment = z.object({
  provider: z.string(),
  status: PaymentStatus,
  captured: Money,
  refunded: Money,
  refunds: z.array(Refund),
})
export type OrderPayment = z.infer<typeof OrderPayment>

/** What a page needs to have the shopper pay: with Stripe the client secret that its Payment Element takes. Goes to whoever placed the order, and is kept by nobody. */
export const PaymentSession = z.object({ provider: PaymentProviderName, clientSecret: z.string() })
export type PaymentSession = z.infer<typeof PaymentSession>

const Why = z.string().trim().min(1).max(500)

/** The body of `POST /admin/v1/orders/{id}/payment/confirm`: money that people took has come, all of it. `reference`: where to find it again. */
export const ConfirmPayment = z.object({ amount: Price, reference: z.string().trim().min(1).max(128) })

/** The body of `POST /admin/v1/orders/{id}/refunds`: so much money, or what these lines cost. */
export const RequestRefund = z.object({
  amount: Price.refine(({ amountMinor }) => amountMinor > 0, 'expected more than nothing').optional(),
  lines: z.array(z.object({ lineId: z.string().min(1).max(64), quantity: Quantity })).min(1).max(LINES_MAX).optional(),
  why: Why,
}).refine(({ amount, lines }) => (amount === undefined) !== (lines === undefined), 'expected either amount or lines')
export type RequestRefund = z.infer<typeof RequestRefund>

/** The body of `POST /admin/v1/orders/{id}/payment/retry`. */
export const RetryPayment = z.object({ why: Why })

/** All of a payment, for operators. `trouble`: what the provider said when it would not; nothing more is tried until a person says so. */
export const OperatorPayment = OrderPayment.extend({
  reference: z.string().nullable(),
  amount: Money,
  trouble: z.string().nullable(),
  refunds: z.array(Refund.extend({ why: z.string(), reference: z.string().nullable(), lines: z.array(z.object({ lineId: z.string(), quantity: z.int() })) })),
})
export type OperatorPayment = z.infer<typeof OperatorPayment>
