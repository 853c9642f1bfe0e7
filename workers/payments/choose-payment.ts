import { IN_STORE } from '../../contract/payment.ts'
import type { PaymentProviderName } from '../../contract/payment.ts'
import { ok, refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import type { Money } from '../../contract/values.ts'
import type { Channel } from '../channels/channel.ts'
import type { PaymentProviders } from './port.ts'

export type PaymentRefusal = { reason: 'payment-not-offered'; offered: string[] } | { reason: 'payment-refused'; said: string }

/**
 * Who is to be paid for an order; `null`: the shop's own counter, where the channel allows it. What a caller claims is only a wish: nobody is paid until a provider says so.
 */
export function choosePayment(channel: Pick<Channel, 'payInStore' | 'paymentProviders'>, wish: string | undefined): Result<PaymentProviderName | null, PaymentRefusal> {
  const { payInStore, paymentProviders } = channel
  if (payInStore && (wish === undefined || wish === IN_STORE)) return ok(null)
  const provider = wish === undefined ? paymentProviders[0] : paymentProviders.find((name) => name === wish)
  return provider ? ok(provider) : refused({ reason: 'payment-not-offered', offered: [...(payInStore ? [IN_STORE] : []), ...paymentProviders] })
}

/** Why this provider cannot take this amount, known before anything is reserved; `null`: it may. */
export function whyNotPayable(payments: PaymentProviders, name: PaymentProviderName | null, amount: Money): PaymentRefusal | null {
  if (name === null || name === 'manual') return null
  const provider = payments(name)
  if (!provider) return { reason: 'payment-refused', said: `${name} is not set up` }
  const said = provider.whyNot(amount)
  return said === null ? null : { reason: 'payment-refused', said }
}
