import { unscaled } from '../sql/decimal.ts'

/**
 * uniCenta keeps money, rates and quantities as doubles. They are read as the text the database writes, and become integers here, at the
 * rim: what a double cannot say exactly (0.1 + 0.2) is smoothed away first, so that half a cent rounds up although its double lies a hair below.
 */

/** A double carries 15 digits: of a till's amounts nothing after the ninth decimal was ever meant. */
const MEANT_DECIMALS = 9

/** A double's text ("2.5", "1e-05") as an integer of 10^-decimals, rounded half away from zero. */
function scaled(text: string, decimals: number): bigint {
  const match = /^(-?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text.trim())
  if (!match || `${match[2]}${match[3]}` === '') throw new RangeError(`expected a number, found "${text.slice(0, 40)}"`)
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = BigInt(`${whole}${fraction}`)
  const shift = Number(exponent) - fraction.length + decimals
  // A double ends at 1e308; beyond that the text is no double.
  if (Math.abs(shift) > 400) return 0n
  const value = shift >= 0 ? digits * 10n ** BigInt(shift) : divideHalfUp(digits, 10n ** BigInt(-shift))
  return sign === '-' ? -value : value
}

function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  const sign = dividend < 0n ? -1n : 1n
  return sign * ((2n * sign * dividend + divisor) / (2n * divisor))
}

/** `digits` decimals of what was meant, as an integer. */
export function toInteger(text: string, digits: number): number {
  return Number(divideHalfUp(scaled(text, MEANT_DECIMALS + digits), 10n ** BigInt(MEANT_DECIMALS)))
}

/** The same, rounded towards minus infinity: half a piece on the shelf is none that could be sold. */
export function toIntegerBelow(text: string, digits: number): number {
  const unit = 10n ** BigInt(MEANT_DECIMALS)
  const value = scaled(text, MEANT_DECIMALS + digits)
  return Number(value >= 0n || value % unit === 0n ? value / unit : value / unit - 1n)
}

/** units × price, in minor units of a currency with `digits` decimals. */
export function productMinor(units: string, price: string, digits: number): number {
  return Number(divideHalfUp(scaled(units, MEANT_DECIMALS) * scaled(price, MEANT_DECIMALS), 10n ** BigInt(2 * MEANT_DECIMALS - digits)))
}

/** A rate of 1, in billionths. */
export const RATE_ONE = 10 ** MEANT_DECIMALS

/** A rate such as "0.1035" in billionths; NaN when it is no number. */
export function toRate(text: string): number {
  try {
    const rate = toInteger(text, MEANT_DECIMALS)
    return Number.isSafeInteger(rate) ? rate : Number.NaN
  } catch (error) {
    if (error instanceof RangeError) return Number.NaN
    throw error
  }
}

/** Percent with up to six decimals of a rate in billionths, as the contract writes it. */
export function toPercent(rate: number): string {
  if (!Number.isSafeInteger(rate)) throw new RangeError('expected a rate of tax such as 0.2, found none')
  const text = toPlain(toInteger(`${rate}e-${MEANT_DECIMALS}`, PERCENT_DECIMALS + 2), PERCENT_DECIMALS)
  return text.replace(/\.?0+$/, '') || '0'
}
const PERCENT_DECIMALS = 6

/** A price without the tax in it, as a decimal text with more digits than a double has: the till keeps net prices. `percent` as the contract writes it. */
export function withoutTax(priceMinor: number, percent: string, digits: number): string {
  const whole = 100n * 10n ** BigInt(PERCENT_DECIMALS)
  const gross = BigInt(priceMinor) * whole * 10n ** BigInt(NET_DECIMALS - digits)
  const net = divideHalfUp(gross, whole + BigInt(toInteger(percent, PERCENT_DECIMALS)))
  const text = (net < 0n ? -net : net).toString().padStart(NET_DECIMALS + 1, '0')
  return `${net < 0n ? '-' : ''}${text.slice(0, -NET_DECIMALS)}.${text.slice(-NET_DECIMALS)}`
}
const NET_DECIMALS = 18

/** An integer of 10^-digits as the decimal text that both databases take for a double. */
export const toPlain = (value: number, digits: number): string => unscaled(value, digits)
