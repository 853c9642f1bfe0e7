import { z } from 'zod'
import type { Unit } from './values.ts'

/** Scale of a parsed tax rate: six decimals of percent. */
const RATE_SCALE = 1_000_000n
const HUNDRED_PERCENT = 100n * RATE_SCALE

/** Where halves go. `half_up` is away from zero, so that a return is exactly the negative of its sale; `half_even` to the even neighbour; `down` drops what is less than a whole. */
export const RoundingMode = z.enum(['half_up', 'half_even', 'down'])
export type RoundingMode = z.infer<typeof RoundingMode>
/** How a POS rounds: the tax of each line by itself, or of all that has one rate on a receipt together. */
export const Rounding = z.object({ tax: z.enum(['line', 'order']).default('line'), mode: RoundingMode.default('half_up') })
export type Rounding = z.infer<typeof Rounding>
export const ROUNDING_DEFAULT: Rounding = { tax: 'line', mode: 'half_up' }

/**
 * What a line costs in minor units, rounded half up (away from zero for returns) unless its POS rounds otherwise.
 * `each`: price × quantity. By measure (`g`, `ml`, `mm`): the price is for 1000 of the unit.
 */
export function lineTotalMinor(unitPriceMinor: number, quantity: number, unit: Unit, mode: RoundingMode = 'half_up'): number {
  const product = BigInt(unitPriceMinor) * BigInt(quantity)
  return Number(unit === 'each' ? product : divide(product, 1000n, mode))
}

/**
 * The tax of one line in minor units, rounded by itself.
 * With `taxIncluded` it is the share inside `lineTotalMinor`, else what comes on top of it.
 * `taxRate` is percent as a decimal string ("8.875").
 */
export function lineTaxMinor(lineTotal: number, taxRate: string, taxIncluded: boolean, mode: RoundingMode = 'half_up'): number {
  const { dividend, divisor } = taxFraction(BigInt(lineTotal), taxRate, taxIncluded)
  return Number(divide(dividend, divisor, mode))
}

export type TaxedLine = { lineTotalMinor: number; taxRate: string; taxIncluded: boolean }

/**
 * The tax of each line in minor units. Rounded per order, lines of one rate are taxed together, and what that comes to is shared out so that the lines add up to it: first each line's whole
 * units, then one more to those that lost the largest part of one.
 */
export function taxesOf(lines: readonly TaxedLine[], { tax, mode }: Rounding = ROUNDING_DEFAULT): number[] {
  if (tax === 'line') return lines.map((line) => lineTaxMinor(line.lineTotalMinor, line.taxRate, line.taxIncluded, mode))
  const taxes = lines.map(() => 0)
  const groups = Map.groupBy(lines.keys(), (place) => `${lines[place]?.taxRate} ${lines[place]?.taxIncluded}`)
  for (const places of groups.values()) {
    const shares = places.map((place) => {
      const line = lines[place] ?? { lineTotalMinor: 0, taxRate: '0', taxIncluded: false }
      const { dividend, divisor } = taxFraction(BigInt(line.lineTotalMinor), line.taxRate, line.taxIncluded)
      return { place, whole: dividend / divisor, rest: dividend % divisor, dividend, divisor }
    })
    const [first] = shares
    if (!first) continue
    const whole = divide(shares.reduce((sum, { dividend }) => sum + dividend, 0n), first.divisor, mode)
    let left = whole - shares.reduce((sum, each) => sum + each.whole, 0n)
    const step = left < 0n ? -1n : 1n
    shares.sort((a, b) => Number((b.rest - a.rest) * step) || a.place - b.place)
    for (const { place, whole: own } of shares) {
      const more = left === 0n ? 0n : step
      left -= more
      taxes[place] = Number(own + more)
    }
  }
  return taxes
}

/** Sums of an order in minor units. `total` is what the shopper pays, whether prices hold tax or not. `taxes`: of each line. */
export function sumLines(lines: readonly TaxedLine[], shippingMinor: number, rounding: Rounding = ROUNDING_DEFAULT): { subtotal: number; tax: number; shipping: number; total: number; taxes: number[] } {
  const taxes = taxesOf(lines, rounding)
  let subtotal = 0
  let tax = 0
  let onTop = 0
  for (const [place, line] of lines.entries()) {
    const lineTax = taxes[place] ?? 0
    subtotal += line.lineTotalMinor
    tax += lineTax
    if (!line.taxIncluded) onTop += lineTax
  }
  return { subtotal, tax, shipping: shippingMinor, total: subtotal + onTop + shippingMinor, taxes }
}

function taxFraction(total: bigint, taxRate: string, taxIncluded: boolean): { dividend: bigint; divisor: bigint } {
  const rate = parseRate(taxRate)
  return { dividend: total * rate, divisor: taxIncluded ? HUNDRED_PERCENT + rate : HUNDRED_PERCENT }
}

function parseRate(percent: string): bigint {
  const [whole = '0', fraction = ''] = percent.split('.')
  return BigInt(whole) * RATE_SCALE + BigInt(fraction.padEnd(6, '0').slice(0, 6))
}

/** By the size of the number, and its sign put back: a return is the negative of its sale in every mode. */
function divide(dividend: bigint, divisor: bigint, mode: RoundingMode): bigint {
  const sign = dividend < 0n ? -1n : 1n
  const size = dividend * sign
  const whole = size / divisor
  const twice = (size % divisor) * 2n
  const isUp = mode === 'half_up' ? twice >= divisor : mode === 'half_even' && (twice > divisor || (twice === divisor && whole % 2n === 1n))
  return sign * (isUp ? whole + 1n : whole)
}
