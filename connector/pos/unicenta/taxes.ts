import { shareOf } from '../sql/decimal.ts'
import type { Row } from '../sql/ports.ts'
import { RATE_ONE, toRate } from './doubles.ts'

/** Rates are whole billionths of 1: the till's 0.1035 is 103,500,000. Of one that is no number all is NaN. */
export type TaxRow = { id: string; name: string; category: string; custCategory: string | null; parentId: string | null; rate: number; cascade: boolean; order: number }

/** One part of what a tax comes to: `rate` is its share of the net price. */
export type TaxPart = { id: string; rate: number }
/** `id` is what the till writes on a line; `parts` are what it books, one for most taxes. */
export type Tax = { id: string; rate: number; parts: TaxPart[] }

export function toTaxRow(row: Row): TaxRow {
  return {
    id: row['id'] ?? '', name: row['name'] ?? '', category: row['category'] ?? '', custCategory: row['custcategory'] ?? null, parentId: row['parentid'] ?? null,
    rate: toRate(row['rate'] ?? '0'), cascade: row['cascade_flag'] === '1', order: Number(row['rateorder'] ?? 0),
  }
}

const byNameThenId = (a: TaxRow, b: TaxRow): number => (a.name === b.name ? (a.id < b.id ? -1 : 1) : a.name < b.name ? -1 : 1)

/**
 * The tax of a product, as the till chooses it for a customer of no special kind: of its tax category, for no customer category, the first
 * by name that is no part of another. One with parts comes to the sum of these; a cascading part is a tax on the price with the parts before it.
 */
export function taxOf(category: string, taxes: readonly TaxRow[]): Tax | null {
  const root = taxes.filter((tax) => tax.category === category && tax.custCategory === null && tax.parentId === null).sort(byNameThenId)[0]
  if (root === undefined) return null
  const children = taxes.filter((tax) => tax.parentId === root.id).sort((a, b) => a.order - b.order || byNameThenId(a, b))
  if (children.length === 0) return { id: root.id, rate: root.rate, parts: [{ id: root.id, rate: root.rate }] }
  let rate = 0
  const parts = children.map((child) => {
    const share = child.cascade && Number.isSafeInteger(child.rate + rate) ? shareOf(child.rate, RATE_ONE + rate, RATE_ONE) : child.rate
    rate += share
    return { id: child.id, rate: share }
  })
  return { id: root.id, rate, parts }
}

/** A line's tax in the parts that the till books, by their rates; the last one takes what rounding leaves, so that they add up to what the shopper was shown. */
export function splitTax(taxMinor: number, { rate, parts }: Pick<Tax, 'rate' | 'parts'>): { taxId: string; amountMinor: number }[] {
  let left = taxMinor
  return parts.map((part, index) => {
    const amountMinor = index === parts.length - 1 || rate === 0 ? left : shareOf(taxMinor, part.rate, rate)
    left -= amountMinor
    return { taxId: part.id, amountMinor }
  })
}
