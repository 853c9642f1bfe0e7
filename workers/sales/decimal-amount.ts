import type { Money } from '../../contract/values.ts'

/** How many decimals a currency has, by what the runtime knows of ISO 4217. */
const decimalsOf = (currency: string): number => new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2

/** `12.99`, for a book-keeper's spreadsheet: a point, no thousands, a minus in front. */
export function decimalAmount({ amountMinor, currency }: Money): string {
  const decimals = decimalsOf(currency)
  const digits = String(Math.abs(amountMinor)).padStart(decimals + 1, '0')
  const sign = amountMinor < 0 ? '-' : ''
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}
