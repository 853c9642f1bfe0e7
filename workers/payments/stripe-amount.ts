import type { Money } from '../../contract/values.ts'

/** Of ISO 4217 they have no smaller unit, and Stripe counts hundredths of them all the same. */
const COUNTED_IN_HUNDREDTHS: ReadonlySet<string> = new Set(['ISK', 'UGX'])
/** Thousandths, of which card networks take only whole tens. */
const IN_THOUSANDTHS: ReadonlySet<string> = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND'])

/** Our minor units (ISO 4217) as Stripe counts them, and back (docs.stripe.com/currencies, special cases). */
export const toStripeAmount = ({ amountMinor, currency }: Money): number => (COUNTED_IN_HUNDREDTHS.has(currency) ? amountMinor * 100 : amountMinor)
export const fromStripeAmount = (amount: number, currency: string): number => (COUNTED_IN_HUNDREDTHS.has(currency) ? Math.round(amount / 100) : amount)

/** Why cards cannot be charged this amount, or `null`. A shopper is asked for what the till books and not for a rounded number: so it is refused, not rounded. */
export function whyNotChargeable({ amountMinor, currency }: Money): string | null {
  if (amountMinor === 0) return 'there is nothing to pay'
  return IN_THOUSANDTHS.has(currency) && amountMinor % 10 !== 0 ? `cards take ${currency} in steps of 0.010, and this is ${(amountMinor / 1000).toFixed(3)}` : null
}
