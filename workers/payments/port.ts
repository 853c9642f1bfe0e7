import type { PaymentProviderName } from '../../contract/payment.ts'
import type { Money } from '../../contract/values.ts'
import type { LineQuantity } from '../orders/port.ts'

/** Money that goes back. `owed`: written down before the provider hears of it, so that a crash in between is only a repetition. */
export type RefundRecord = {
  refundId: string
  amountMinor: number
  why: string
  /** What of the order it is for; empty: an amount. */
  lines: LineQuantity[]
  state: 'owed' | 'pending' | 'succeeded' | 'failed'
  /** The provider's name of it. */
  reference: string | null
  at: number
}

/** How far an order's money is, as its row has it. Amounts are minor units of the order's currency; instants epoch ms. */
export type PaymentRecord = {
  provider: PaymentProviderName
  /** The provider's name of it; `null` until it has one. */
  reference: string | null
  state: 'awaited' | 'authorized' | 'captured' | 'voided'
  amountMinor: number
  capturedMinor: number
  /** All that went back by the provider's own count. */
  refundedMinor: number
  refunds: RefundRecord[]
  /** The order was given up because nobody had paid in time: a payment that comes after all takes the goods again, or is voided. */
  expired?: true
  /** What the provider said when it would not. Nothing more is asked of it until a person says so. */
  trouble?: string
}

/** A payment as its provider has it now. */
export type SeenPayment = {
  reference: string
  /** Whose payment it says it is; `null`: none of ours. */
  orderId: string | null
  state: 'awaited' | 'authorized' | 'captured' | 'voided'
  amount: Money
  capturedMinor: number
  refundedMinor: number
  /** What a page needs to have it paid. Kept nowhere. */
  clientSecret: string | null
}
/** Done, or the provider's own no: what it said, for a person. That it cannot be reached is thrown. */
export type Asked<T> = { ok: true; value: T } | { ok: false; said: string }

/** Who takes the money. Every call may be repeated: the provider knows each by an idempotency key of ours. */
export type PaymentProvider = {
  name: PaymentProviderName
  /** Why this amount cannot be paid this way, or `null`. */
  whyNot(amount: Money): string | null
  /** Makes the payment of an order, or finds the one that was made. Takes no money: what is paid is set aside. */
  create(order: { orderId: string; number: string; amount: Money }): Promise<Asked<SeenPayment>>
  look(reference: string): Promise<SeenPayment>
  /** Takes so much of what is set aside, and lets the rest go. */
  capture(reference: string, amount: Money): Promise<Asked<SeenPayment>>
  void(reference: string): Promise<Asked<SeenPayment>>
  refund(reference: string, refund: { refundId: string; amount: Money }): Promise<Asked<{ reference: string; state: RefundRecord['state'] }>>
}

/** By name; `null` where this installation has no account with it. */
export type PaymentProviders = (name: PaymentProviderName) => PaymentProvider | null
/** What a provider's own message is about: checked to be its own, and believed in nothing else. `null`: nothing of ours. */
export type ReadProviderEvent = (provider: 'stripe', body: string, signature: string | null) => Promise<{ ok: true; reference: string | null; type: string } | { ok: false; reason: 'not-set-up' | 'bad-signature' }>
