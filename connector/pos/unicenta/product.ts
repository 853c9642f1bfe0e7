import { Item } from '../../../contract/product.ts'
import { OnHand, Sku, type Unit } from '../../../contract/values.ts'
import { cutText } from '../../cut-text.ts'
import { decimalsOf } from '../sql/decimal.ts'
import type { GoodsRow, Row } from '../sql/ports.ts'
import { toInteger, toIntegerBelow, toPercent } from './doubles.ts'
import { taxOf, type TaxRow } from './taxes.ts'

/** What the configuration says of goods. */
export type GoodsReading = { currency: string; measured: Exclude<Unit, 'each'> | undefined }

/** The till sells by the kilogram, litre or metre what stands on its scale; the web counts thousandths. */
export const unitOf = (isScale: boolean, { measured }: GoodsReading): Unit => (isScale && measured ? measured : 'each')
export const quantityDigits = (unit: Unit): number => (unit === 'each' ? 0 : 3)

/** One row of `products` with what belongs to it, as goods; or why it can be none. */
export function toGoodsRow(row: Row, taxes: readonly TaxRow[], reading: GoodsReading): GoodsRow {
  const place = { key: row['id'] ?? '', bucket: row['bucket'] ?? '' }
  const sku = row['reference'] ?? ''
  const refused = (reason: string): GoodsRow => ({ ...place, sku, refused: reason, text: describe(row) })
  if (!Sku.safeParse(sku).success) return refused(`its reference "${cutText(sku, 80)}" is no SKU: 1 to 64 visible characters without spaces`)
  if (row['on_till'] !== '1') return { ...place, sku, item: null, onHand: null }
  const tax = taxOf(row['taxcat'] ?? '', taxes)
  if (tax === null) return refused(`its tax category "${row['taxcat'] ?? ''}" has no tax: give the category one in the till (Maintenance, Taxes)`)
  const service = row['service'] === '1'
  const unit = unitOf(row['scale'] === '1', reading)
  try {
    const item = Item.safeParse({
      sku, name: row['name'] ?? '', description: null, brand: null, category: row['category'] ?? null, identifiers: identifiersOf(row['code'] ?? '', sku), unit,
      price: { amountMinor: toInteger(row['pricesell'] ?? '0', decimalsOf(reading.currency)), currency: reading.currency },
      taxIncluded: false, taxRate: toPercent(tax.rate), imageUrl: null, tracked: !service,
    })
    if (!item.success) return refused(item.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
    const units = row['units'] ?? null
    const onHand = service || units === null ? null : toIntegerBelow(units, quantityDigits(unit))
    if (onHand !== null && !OnHand.safeParse(onHand).success) return refused(`its stock: expected a quantity that a shelf can hold, found ${units}`)
    return { ...place, sku, item: item.data, onHand }
  } catch (error) {
    // A double may be "NaN" or "Infinity".
    if (error instanceof RangeError) return refused(`its price or stock: ${error.message}`)
    throw error
  }
}

const describe = (row: Row): string => JSON.stringify({ reference: row['reference'], code: row['code'], name: row['name'], pricesell: row['pricesell'], units: row['units'] })

/** The till wants a code for everything, so what has no barcode carries its reference there. */
function identifiersOf(code: string, sku: string): Item['identifiers'] {
  if (code === '' || (code === sku && !/^\d+$/.test(code))) return []
  if (/^\d{12}$/.test(code)) return [{ type: 'upc', value: code }]
  if (/^(\d{8}|\d{13}|\d{14})$/.test(code)) return [{ type: 'gtin', value: code }]
  return [{ type: /^\d{4,5}$/.test(code) ? 'plu' : 'pos_item_id', value: code.slice(0, 128) }]
}
