/** Currencies whose smallest unit is not a hundredth (ISO 4217). */
const DECIMALS: Record<string, number> = {
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, UYI: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
  BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3,
}
export const decimalsOf = (currency: string): number => DECIMALS[currency] ?? 2

/** What databases write: signs, a point, an exponent. No thousands, no comma, no NaN. */
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/
/** A double's largest; more digits than that are no price. */
const DIGITS_MAX = 400
const EXPONENT_MAX = 400

/**
 * A decimal text as a whole number of 10^-decimals, rounded half away from zero; `null` when it is none or too large to be exact.
 * `scaled("4.995", 2)` is 500. Doubles come with all their digits ("0.30000000000000004") and are rounded here, at the rim.
 */
export const scaled = (text: string, decimals: number): number | null => toScale(text, decimals, nearest)

/** The same, rounded down: half a piece on the shelf is none that can be sold. What a double lacks by a billionth is not missing. */
export function floored(text: string, decimals: number): number | null {
  const meant = toScale(text, decimals + MEANT_DECIMALS, nearest)
  return meant === null ? toScale(text, decimals, down) : toScale(`${meant}e-${decimals + MEANT_DECIMALS}`, decimals, down)
}
/** Of a till's quantities, nothing after this many more decimals was ever meant. */
const MEANT_DECIMALS = 6

type Rounding = (digits: bigint, divisor: bigint, negative: boolean) => bigint
const nearest: Rounding = (digits, divisor) => (2n * digits + divisor) / (2n * divisor)
/** Of a magnitude: away from zero below it. */
const down: Rounding = (digits, divisor, negative) => (negative ? (digits + divisor - 1n) / divisor : digits / divisor)

function toScale(text: string, decimals: number, round: Rounding): number | null {
  const trimmed = text.trim()
  const found = DECIMAL.exec(trimmed)
  if (!found || trimmed.length > DIGITS_MAX) return null
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = found
  if (whole === '' && fraction === '') return null
  const power = Number(exponent)
  if (Math.abs(power) > EXPONENT_MAX) return null
  const shift = decimals + power - fraction.length
  const digits = BigInt(`${whole}${fraction}`)
  const magnitude = shift >= 0 ? digits * 10n ** BigInt(shift) : round(digits, 10n ** BigInt(-shift), sign === '-')
  const value = Number(sign === '-' ? -magnitude : magnitude)
  return Number.isSafeInteger(value) ? value + 0 : null
}

/** A price or sum in the currency's smallest unit. */
export const toMinor = (text: string, currency: string): number | null => scaled(text, decimalsOf(currency))

/** How many of 1000 parts: a till counts kilograms, litres, metres; the contract grams, millilitres, millimetres. */
export type Measure = 'each' | 'thousandths'
export const toQuantity = (text: string, measure: Measure): number | null => scaled(text, measure === 'each' ? 0 : 3)
/** A counted quantity, rounded down: what is not there whole is not promised. */
export const toOnHand = (text: string, measure: Measure): number | null => floored(text, measure === 'each' ? 0 : 3)

/** `part` of `whole` of an amount, all whole numbers, rounded half away from zero: a cent that a float would lose is not lost. */
export function shareOf(amount: number, part: number, whole: number): number {
  const dividend = 2n * BigInt(amount) * BigInt(part)
  const divisor = BigInt(whole)
  return Number((dividend < 0n === divisor < 0n ? dividend + divisor : dividend - divisor) / (2n * divisor)) + 0
}

/** A whole number of 10^-decimals as decimal text: `unscaled(499, 2)` is "4.99". */
export function unscaled(value: number, decimals: number): string {
  const digits = Math.abs(value).toString().padStart(decimals + 1, '0')
  const cut = digits.length - decimals
  return `${value < 0 ? '-' : ''}${digits.slice(0, cut)}${decimals > 0 ? `.${digits.slice(cut)}` : ''}`
}

/** Percent as the contract has it: no zeroes at the end, at most six decimals, rounded; `null` for what is none. "19.00" is "19". `factor` 2: the text is a share of 1. */
export function toTaxRate(text: string, factor: 0 | 2 = 0): string | null {
  const parts = scaled(text, 6 + factor)
  if (parts === null || parts < 0 || parts >= 1_000_000_000) return null
  const rate = unscaled(parts, 6)
  return rate.replace(/\.?0+$/, '') || '0'
}
