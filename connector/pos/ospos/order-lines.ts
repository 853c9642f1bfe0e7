import type { Assignment } from '../../../contract/assignment.ts'
import type { RejectReason } from '../../../contract/events.ts'
import { amountsOf } from '../../../contract/assignment.ts'
import type { Item } from '../../../contract/product.ts'
import { otherTerms, termsOf } from '../other-terms.ts'
import { scaled, shareOf, unscaled } from '../sql/decimal.ts'
import { cutTo } from '../sql/text-columns.ts'

/** An item as an order needs it. `taxes` are the rates it has in the till now. */
export type OrderedItem = { itemId: number; item: Item; description: string; costPrice: string; taxes: { name: string; percent: string }[] }

export type OrderLine = {
  itemId: number
  line: number
  sku: string
  description: string
  tracked: boolean
  /** As the till counts: pieces, or kilograms, litres, metres, with three decimals. */
  quantity: string
  thousandths: number
  unitPrice: string
  costPrice: string
  totalMinor: number
  taxes: { name: string; percent: string; amountMinor: number }[]
}

export type Refused = { ok: false; reason: RejectReason; detail: string }
const no = (reason: RejectReason, detail: string): Refused => ({ ok: false, reason, detail })

/** What a price column of the till holds behind the point. */
const PRICE_DECIMALS = 2

/**
 * The lines of an order as the till keeps them, at the prices the shopper was shown. The same goods at the same price are one line: when it
 * completes a suspended sale, the till looks up a line's taxes by sale and item, and two lines would be taxed twice each.
 */
export function orderLines(order: Assignment, items: ReadonlyMap<string, OrderedItem>, decimals: number): { ok: true; lines: OrderLine[] } | Refused {
  const merged = new Map<string, { line: Assignment['lines'][number]; quantity: number; totalMinor: number; taxMinor: number }>()
  for (const line of order.lines) {
    const found = items.get(line.sku)
    if (!found) return no('unknown_sku', `the till does not sell ${line.sku}`)
    const other = otherTerms(line, termsOf(found.item))
    if (other) return other
    if (scaled(unscaled(line.unitPrice.amountMinor, decimals), PRICE_DECIMALS + 4) !== (scaled(unscaled(line.unitPrice.amountMinor, decimals), PRICE_DECIMALS) ?? NaN) * 10_000) {
      return no('price_mismatch', `the till keeps ${PRICE_DECIMALS} decimals of a price, ${line.sku} costs ${unscaled(line.unitPrice.amountMinor, decimals)}`)
    }
    const key = JSON.stringify([line.sku, line.unitPrice.amountMinor, line.taxRate])
    const before = merged.get(key)
    const { totalMinor, taxMinor } = amountsOf(line)
    merged.set(key, { line, quantity: (before?.quantity ?? 0) + line.quantity, totalMinor: (before?.totalMinor ?? 0) + totalMinor, taxMinor: (before?.taxMinor ?? 0) + taxMinor })
  }
  const lines = [...merged.values()].map(({ line, quantity, totalMinor, taxMinor }, index): OrderLine => {
    const found = items.get(line.sku)
    if (!found) throw new TypeError('every line was looked up')
    const thousandths = line.unit === 'each' ? quantity * 1000 : quantity
    return {
      itemId: found.itemId, line: index + 1, sku: line.sku, description: found.description, tracked: found.item.tracked, quantity: unscaled(thousandths, 3), thousandths,
      unitPrice: unscaled(line.unitPrice.amountMinor, decimals), costPrice: found.costPrice, totalMinor,
      taxes: shareTax(taxMinor, line.taxRate, line.taxRate === found.item.taxRate ? found.taxes : []),
    }
  })
  return { ok: true, lines }
}

/**
 * The tax the shopper was shown, as the till's taxes: in parts that add up to it. A rate that is not the item's any more stands as one tax.
 */
export function shareTax(taxMinor: number, taxRate: string, taxes: readonly { name: string; percent: string }[]): OrderLine['taxes'] {
  const rate = scaled(taxRate, 6) ?? 0
  if (rate === 0) return []
  if (taxes.length === 0) return [{ name: 'Tax', percent: taxRate, amountMinor: taxMinor }]
  let left = taxMinor
  return taxes.map(({ name, percent }, index) => {
    const amountMinor = index === taxes.length - 1 ? left : Math.min(shareOf(taxMinor, scaled(percent, 6) ?? 0, rate), left)
    left -= amountMinor
    return { name, percent, amountMinor }
  })
}

/** What is asked of the shelf: of each stocked item, over all its lines, in thousandths. */
export function demandOf(lines: readonly OrderLine[]): Map<number, number> {
  const demand = new Map<number, number>()
  for (const { itemId, tracked, thousandths } of lines) if (tracked) demand.set(itemId, (demand.get(itemId) ?? 0) + thousandths)
  return demand
}

/** The shelf, less what other web orders will take from it, must hold the demand. `null`: never counted, which is not zero and not enough. */
export function shortOf(lines: readonly OrderLine[], shelf: ReadonlyMap<number, number>, spoken: ReadonlyMap<number, number>): Refused | null {
  for (const [itemId, wanted] of demandOf(lines)) {
    const sku = lines.find((line) => line.itemId === itemId)?.sku ?? String(itemId)
    const there = shelf.get(itemId)
    if (there === undefined) return no('out_of_stock', `${sku} was never counted`)
    const others = spoken.get(itemId) ?? 0
    if (there - others < wanted) return no('out_of_stock', `${sku}: ${unscaled(wanted, 3)} ordered, ${unscaled(there, 3)} on hand${others > 0 ? `, ${unscaled(others, 3)} of it for earlier web orders` : ''}`)
  }
  return null
}

/** More than a cashier reads. */
const COMMENT_MAX = 1_000

/** What the till shows with the sale, in as many signs as its column holds. Not a customer record: a shop's list of customers is not where every web shopper belongs. */
export function commentOf(order: Assignment, lengthMax = COMMENT_MAX): string {
  const { fulfillment, customer } = order
  const where = fulfillment.method === 'pickup' ? 'pickup' : `send to ${[fulfillment.address.name, fulfillment.address.line1, fulfillment.address.line2, `${fulfillment.address.postalCode} ${fulfillment.address.city}`, fulfillment.address.country].filter(Boolean).join(', ')}`
  const words = [`Web order ${order.number}`, customer.name, customer.phone, where, order.note].filter(Boolean).join(' | ')
  return cutTo(words.replace(/[\u{10000}-\u{10FFFF}]/gu, '?').replace(/[\p{Cc}\s]+/gu, ' '), Math.min(lengthMax, COMMENT_MAX))
}
