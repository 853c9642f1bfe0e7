import type { Money, Unit } from '../../../contract/values.ts'

/** "3 ×", or a measure: "1.25 kg". */
export function quantityWords(quantity: number, unit: Unit): string {
  switch (unit) {
    case 'each': return `${quantity} ×`
    case 'g': return measure(quantity, 'g', 'kg')
    case 'ml': return measure(quantity, 'ml', 'l')
    case 'mm': return measure(quantity, 'mm', 'm')
  }
}

const THOUSAND = 1000
const measure = (quantity: number, small: string, large: string): string =>
  (quantity < THOUSAND ? `${quantity} ${small}` : `${Math.floor(quantity / THOUSAND)}${fraction(quantity % THOUSAND)} ${large}`)
const fraction = (rest: number): string => (rest === 0 ? '' : `.${String(rest).padStart(3, '0').replace(/0+$/, '')}`)

/** In the machine's own time zone, which is the shop's. */
export const timeWords = (ms: number): string => new Date(ms).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
export const dateWords = (ms: number): string => new Date(ms).toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' })

const MINUTE_MS = 60_000
const HOUR_MINUTES = 60
export function waitWords(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS)
  if (minutes < 1) return 'just now'
  return minutes < HOUR_MINUTES ? `${minutes} min` : `${Math.floor(minutes / HOUR_MINUTES)} h ${minutes % HOUR_MINUTES} min`
}

const MINUTE_S = 60
/** Of whole seconds, never shorter than it is: "1 second", "15 minutes". */
export const lengthWords = (seconds: number): string =>
  (seconds < 2 * MINUTE_S ? counted(seconds, 'second') : counted(Math.ceil(seconds / MINUTE_S), 'minute'))
const counted = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? '' : 's'}`

/** The currency's own number of decimals; its code stands with it, so it is right in every shop. */
export function moneyWords({ amountMinor, currency }: Money): string {
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  const text = String(Math.abs(amountMinor)).padStart(digits + 1, '0')
  const whole = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`
  return `${amountMinor < 0 ? '-' : ''}${whole} ${currency}`
}
