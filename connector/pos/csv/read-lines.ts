import { RejectReason } from '../../../contract/events.ts'
import { lineTaxMinor, lineTotalMinor } from '../../../contract/money.ts'
import { Item } from '../../../contract/product.ts'
import { ok, refused, type Result } from '../../../contract/result.ts'
import { AMOUNT_MINOR_MAX, AssignmentId, ON_HAND_MAX, QUANTITY_MAX, Sku } from '../../../contract/values.ts'
import type { CsvConfig, GoodsColumn, SalesColumn, StatusColumn } from './csv-config.ts'
import type { Line } from './columns.ts'
import { found, latestOf, readFlag, readMoney, readQuantity, readTime, readUnit, type FileUnit, type Parsed } from './csv-fields.ts'

/** What one line of a goods file says. `stock` null: nothing of the stock. `countedAt` null: as of the file. `item` null: it is gone. */
export type GoodsLine = { sku: string; item: Item | null; unit: string; stock: number | null; countedAt: number | null }
/** `soldBy`: the last moment that the time of the sale may mean. */
export type SalesLine = { invoice: string; sku: string; quantity: number; unitPriceMinor: number; lineTotalMinor: number; taxOnTopMinor: number; soldAt: number; soldBy: number; assignmentId: string | null }
export const STATUSES = ['picking', 'ready', 'shipped', 'completed', 'refused', 'stock_fell'] as const
export type StatusLine = { assignmentId: string; status: (typeof STATUSES)[number]; at: number | null; reason: RejectReason | null }

/** A line that says nothing usable; `sku` where at least that could be read. */
export type LineRefusal = { sku: string | null; reason: string }
type Read<T> = Result<T, LineRefusal>
/** A line of something that is no goods, as the configuration says. */
export const isNoGoods = (line: Line<'sku'>, config: CsvConfig): boolean => config.sales.notGoods.includes(line('sku'))

/** Ends the reading of a line with a reason. Thrown and caught in this file alone. */
class Unusable extends Error {}
const need = <T>(column: string, parsed: Parsed<T>): T => {
  if (!parsed.ok) throw new Unusable(`${column}: ${parsed.refusal}`)
  return parsed.value
}

function reading<T>(sku: string | null, read: () => T): Read<T> {
  try {
    return ok(read())
  } catch (error) {
    if (error instanceof Unusable) return refused({ sku, reason: error.message })
    throw error
  }
}

const skuOf = (text: string): Parsed<string> => {
  const sku = Sku.safeParse(text)
  return sku.success ? ok(sku.data) : refused(`expected 1 to 64 visible characters without spaces, found ${found(text)}`)
}

/** `saysTax`: the file has a column of tax rates. */
export function readGoodsLine(line: Line<GoodsColumn>, config: CsvConfig, saysTax: boolean): Read<GoodsLine> {
  const sku = skuOf(line('sku'))
  if (!sku.ok) return refused({ sku: null, reason: `sku: ${sku.refusal}` })
  return reading(sku.value, () => {
    const countedAt = line('countedAt') === '' ? null : need('counted_at', readTime(line('countedAt'), config))
    const nothing = { sku: sku.value, unit: line('unit'), stock: null, countedAt }
    if (need('removed', readFlag(line('removed')))) return { ...nothing, item: null }
    const unit: FileUnit = line('unit') === '' ? { unit: 'each', times: 0 } : need('unit', readUnit(line('unit')))
    checkCurrency(line('currency'), config)
    const priceMinor = need('price', readMoney(line('price'), config.currency, config.decimal))
    if (priceMinor < 0) throw new Unusable(`price: a price below zero, ${found(line('price'))}`)
    const tracked = line('tracked') === '' || need('tracked', readFlag(line('tracked')))
    const item = Item.safeParse({
      sku: sku.value, name: line('name'), description: line('description') || null, brand: line('brand') || null, category: line('category') || null,
      identifiers: line('barcode').split(/[\s|]+/).filter(Boolean).map((value) => ({ type: identifierType(value), value })),
      unit: unit.unit, price: { amountMinor: priceMinor, currency: config.currency },
      taxIncluded: line('taxIncluded') === '' ? config.goods.taxIncluded : need('tax_included', readFlag(line('taxIncluded'))),
      taxRate: taxRateOf(line('taxRate'), config, saysTax), imageUrl: line('imageUrl') || null, tracked,
    })
    if (!item.success) throw new Unusable(item.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
    const stock = !tracked || line('stock') === '' ? null : need('stock', readQuantity(line('stock'), unit, config.decimal))
    if (stock !== null && Math.abs(stock) > ON_HAND_MAX) throw new Unusable(`stock: more than any shelf holds, ${found(line('stock'))}`)
    return { ...nothing, item: item.data, stock }
  })
}

function taxRateOf(text: string, { goods }: CsvConfig, saysTax: boolean): string {
  if (text !== '') return text.replace(',', '.').replace(/%$/, '').trim()
  if (goods.taxRate === undefined && saysTax) throw new Unusable('tax_rate: nothing; write 0 for goods without tax, or set pos.goods.taxRate for empty ones')
  return goods.taxRate ?? '0'
}

/** GTIN-12 is what America calls UPC; four or five digits are what stands on a sticker on fruit. */
function identifierType(barcode: string): Item['identifiers'][number]['type'] {
  if (/^\d{12}$/.test(barcode)) return 'upc'
  if (/^(\d{8}|\d{13}|\d{14})$/.test(barcode)) return 'gtin'
  return /^\d{4,5}$/.test(barcode) ? 'plu' : 'pos_item_id'
}

function checkCurrency(text: string, { currency }: CsvConfig): void {
  if (text !== '' && text.toUpperCase() !== currency) throw new Unusable(`currency: this store's is ${currency}, found ${found(text)}`)
}

/** The contract's room for a sale's own number, less what a second part of it adds. */
const INVOICE_LENGTH_MAX = 100

/** What the goods files said of a SKU, for files of sales that do not say it: their word for its unit, and its tax. */
export type KnownGoods = { unit: string | null; tax: Pick<Item, 'taxRate' | 'taxIncluded'> | null }

export function readSalesLine(line: Line<SalesColumn>, config: CsvConfig, hasNames: boolean, knownOf: (sku: string) => KnownGoods): Read<SalesLine> {
  const sku = skuOf(line('sku'))
  if (!sku.ok) return refused({ sku: null, reason: `sku: ${sku.refusal}` })
  return reading(sku.value, () => {
    const invoice = line('invoice')
    if (invoice === '' || invoice.length > INVOICE_LENGTH_MAX) throw new Unusable(`invoice: expected 1 to ${INVOICE_LENGTH_MAX} characters, found ${found(invoice)}`)
    checkCurrency(line('currency'), config)
    const known = knownOf(sku.value)
    const word = line('unit') || known.unit || 'each'
    const unit = need('unit', readUnit(word))
    const quantity = need('quantity', readQuantity(line('quantity'), unit, config.decimal))
    if (quantity === 0 || Math.abs(quantity) > QUANTITY_MAX) throw new Unusable(`quantity: expected more than nothing and at most ${QUANTITY_MAX}, found ${found(line('quantity'))}`)
    const unitPriceMinor = need('price', readMoney(line('price'), config.currency, config.decimal))
    if (unitPriceMinor < 0) throw new Unusable(`price: a price below zero, ${found(line('price'))}`)
    if (unitPriceMinor === 0 && quantity < 0 && hasNames && line('name') === '') throw new Unusable('price: nothing, for goods that leave without a name: a stock correction, not a sale')
    const total = line('lineTotal') === '' ? lineTotalMinor(unitPriceMinor, quantity, unit.unit) : need('line_total', readMoney(line('lineTotal'), config.currency, config.decimal))
    if (Math.abs(total) > AMOUNT_MINOR_MAX || unitPriceMinor > AMOUNT_MINOR_MAX) throw new Unusable(`price: more than any sale, ${found(line('price'))}`)
    const tax = known.tax && !known.tax.taxIncluded ? lineTaxMinor(total, known.tax.taxRate, false) : 0
    const taxOnTopMinor = line('tax') === '' ? tax : need('tax', readMoney(line('tax'), config.currency, config.decimal))
    const order = line('order')
    if (order !== '' && !AssignmentId.safeParse(order).success) throw new Unusable(`order: expected the order's reference as its file had it, found ${found(order)}`)
    const soldAt = need('sold_at', readTime(line('soldAt'), config))
    return { invoice, sku: sku.value, quantity, unitPriceMinor, lineTotalMinor: total, taxOnTopMinor, soldAt, soldBy: latestOf(soldAt, line('soldAt'), config), assignmentId: order || null }
  })
}

export function readStatusLine(line: Line<StatusColumn>, config: CsvConfig): Read<StatusLine> {
  return reading(null, () => {
    const order = AssignmentId.safeParse(line('order'))
    if (!order.success) throw new Unusable(`order: expected the order's reference as its file had it, found ${found(line('order'))}`)
    const word = line('status').toLowerCase().replaceAll(/[\s-]+/g, '_')
    const status = STATUSES.find((known) => known === word)
    if (!status) throw new Unusable(`status: expected one of ${STATUSES.join(', ')}, found ${found(line('status'))}`)
    const reason = line('reason') === '' ? null : RejectReason.safeParse(line('reason'))
    if (reason && !reason.success) throw new Unusable(`reason: expected one of ${RejectReason.options.join(', ')}, found ${found(line('reason'))}`)
    return { assignmentId: order.data, status, at: line('at') === '' ? null : need('at', readTime(line('at'), config)), reason: reason?.data ?? null }
  })
}
