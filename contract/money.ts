import type { Unit } from './values.ts'

/** Scale of a parsed tax rate: six decimals of percent. */
const RATE_SCALE = 1_000_000n
const HUNDRED_PERCENT = 100n * RATE_SCALE

/**
 * What a line costs in minor units, rounded half up (away from zero for returns).
 * `each`: price × quantity. By measure (`g`, `ml`, `mm`): the price is for 1000 of the unit.
 */
export function lineTotalMinor(unitPriceMinor: number, quantity: number, unit: Unit): number {
  const product = BigInt(unitPriceMinor) * BigInt(quantity)
  return Number(unit === 'each' ? product : divideHalfUp(product, 1000n))
}

/**
 * The tax of one line in minor units, rounded half up per line.
 * With `taxIncluded` it is the share inside `lineTotalMinor`, else what comes on top of it.
 * `taxRate` is percent as a decimal string ("8.875").
 */
export function lineTaxMinor(lineTotal: number, taxRate: string, taxIncluded: boolean): number {
  const rate = parseRate(taxRate)
  const base = taxIncluded ? HUNDRED_PERCENT + rate : HUNDRED_PERCENT
  return Number(divideHalfUp(BigInt(lineTotal) * rate, base))
}

/** Sums of an order in minor units. `total` is what the shopper pays, whether prices hold tax or not. */
export function sumLines(
  lines: readonly { lineTotalMinor: number; taxRate: string; taxIncluded: boolean }[],
  shippingMinor: number,
): { subtotal: number; tax: number; shipping: number; total: number } {
  let subtotal = 0
  let tax = 0
  let onTop = 0
  for (const line of lines) {
    const lineTax = lineTaxMinor(line.lineTotalMinor, line.taxRate, line.taxIncluded)
    subtotal += line.lineTotalMinor
    tax += lineTax
    if (!line.taxIncluded) onTop += lineTax
  }
  return { subtotal, tax, shipping: shippingMinor, total: subtotal + onTop + shippingMinor }
}

function parseRate(percent: string): bigint {
  const [whole = '0', fraction = ''] = percent.split('.')
  return BigInt(whole) * RATE_SCALE + BigInt(fraction.padEnd(6, '0').slice(0, 6))
}

/** Half away from zero, so that a return is exactly the negative of its sale. */
function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  const sign = dividend < 0n ? -1n : 1n
  const magnitude = dividend < 0n ? -dividend : dividend
  return sign * ((2n * magnitude + divisor) / (2n * divisor))
}
