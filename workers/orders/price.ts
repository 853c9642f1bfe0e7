import { lineTotalMinor, sumLines } from '../../contract/money.ts'
import type { Rounding } from '../../contract/money.ts'
import type { OrderLine, PriceChange, RequestedLine, Totals } from '../../contract/order.ts'
import type { Item } from '../../contract/product.ts'
import { AMOUNT_MINOR_MAX } from '../../contract/values.ts'
import type { SellableItem } from '../catalog/port.ts'

/** A shop ships free: nobody has asked for more yet. */
const SHIPPING_MINOR = 0

/** What a basket costs at one store, or what is wrong with it. */
export type Priced = { rounding: Rounding; lines: OrderLine[]; totals: Totals; changes: PriceChange[]; untracked: string[]; demands: { sku: string; quantity: number }[] }
export type PriceRefusal = { reason: 'unknown-sku'; skus: string[] } | { reason: 'mixed-currencies' } | { reason: 'amount-too-large' }

/** Lines are numbered as they were asked for. */
export const lineIdAt = (index: number): string => String(index + 1)

/** The row that prices a SKU at a store: the store's own, else the one that describes it. What the store has removed it does not sell. */
export function itemAt(storeId: string, sellable: readonly SellableItem[]): Map<string, Item> {
  const items = new Map<string, Item>()
  for (const { describes, sku, item } of sellable) if (describes && item) items.set(sku, item)
  for (const own of sellable) {
    if (own.storeId !== storeId) continue
    if (own.item) items.set(own.sku, own.item)
    else items.delete(own.sku)
  }
  return items
}

/** Prices the lines as the store's POS has them, and rounds as it does. Each requested line stays a line; demand is summed per SKU. */
export function priceLines(requested: readonly RequestedLine[], items: ReadonlyMap<string, Item>, rounding: Rounding): { ok: true; value: Priced } | { ok: false; refusal: PriceRefusal } {
  const unknown = [...new Set(requested.map((line) => line.sku))].filter((sku) => !items.has(sku))
  if (unknown.length > 0) return { ok: false, refusal: { reason: 'unknown-sku', skus: unknown } }

  const lines: OrderLine[] = []
  const changes: PriceChange[] = []
  const untracked = new Set<string>()
  const demand = new Map<string, number>()
  for (const [index, { sku, quantity, expectedUnitPrice }] of requested.entries()) {
    const item = items.get(sku)
    if (!item) continue
    const lineTotal = { amountMinor: lineTotalMinor(item.price.amountMinor, quantity, item.unit, rounding.mode), currency: item.price.currency }
    lines.push({ lineId: lineIdAt(index), sku, name: item.name, quantity, unit: item.unit, unitPrice: item.price, taxIncluded: item.taxIncluded, taxRate: item.taxRate, lineTotal })
    if (expectedUnitPrice && (expectedUnitPrice.amountMinor !== item.price.amountMinor || expectedUnitPrice.currency !== item.price.currency)) {
      changes.push({ sku, expected: expectedUnitPrice, actual: item.price })
    }
    if (item.tracked) demand.set(sku, (demand.get(sku) ?? 0) + quantity)
    else untracked.add(sku)
  }
  const currency = lines[0]?.unitPrice.currency ?? ''
  if (lines.some((line) => line.unitPrice.currency !== currency)) return { ok: false, refusal: { reason: 'mixed-currencies' } }

  const sums = sumLines(lines.map((line) => ({ lineTotalMinor: line.lineTotal.amountMinor, taxRate: line.taxRate, taxIncluded: line.taxIncluded })), SHIPPING_MINOR, rounding)
  if (Math.max(sums.total, sums.subtotal, ...lines.map((line) => line.lineTotal.amountMinor)) > AMOUNT_MINOR_MAX) return { ok: false, refusal: { reason: 'amount-too-large' } }
  const money = (amountMinor: number) => ({ amountMinor, currency })
  const totals = { subtotal: money(sums.subtotal), tax: money(sums.tax), shipping: money(sums.shipping), total: money(sums.total) }
  return { ok: true, value: { rounding, lines: lines.map((line, place) => ({ ...line, taxAmount: money(sums.taxes[place] ?? 0) })), totals, changes, untracked: [...untracked], demands: [...demand].map(([sku, quantity]) => ({ sku, quantity })) } }
}
