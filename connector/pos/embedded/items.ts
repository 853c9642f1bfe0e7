import type { DatabaseSync } from 'node:sqlite'
import type { Level } from '../../../contract/events.ts'
import type { Item } from '../../../contract/product.ts'
import type { Unit } from '../../../contract/values.ts'

/** An item as it stands in the till. */
export type ItemRow = {
  sku: string
  name: string
  description: string | null
  brand: string | null
  category: string | null
  unit: Unit
  price_minor: number
  currency: string
  tax_included: number
  tax_rate: string
  tracked: number
  deleted: number
}

/** By SKU, or by one of its barcodes as a scanner reads it. Retired items are found too. */
export function findItem(db: DatabaseSync, skuOrBarcode: string): ItemRow | undefined {
  const bySku = db.prepare('SELECT * FROM items WHERE sku = ?').get(skuOrBarcode)
  const row = bySku ?? db.prepare('SELECT items.* FROM barcodes JOIN items USING (sku) WHERE barcode = ?').get(skuOrBarcode)
  return row as ItemRow | undefined
}

/** Units on the shelf; `null` when never counted, or not counted at all. */
export function onHand(db: DatabaseSync, sku: string): number | null {
  const row = db.prepare('SELECT on_hand FROM stock WHERE sku = ?').get(sku)
  return row === undefined ? null : Number(row['on_hand'])
}

export type StockMove = { sku: string; name: string; unit: Unit; from: number; to: number }

/** Adds to (or takes from) the shelf. `null` when the item has no level: what was never counted stays unknown. */
export function moveStock(db: DatabaseSync, item: Pick<ItemRow, 'sku' | 'name' | 'unit'>, delta: number): StockMove | null {
  const row = db.prepare('UPDATE stock SET on_hand = on_hand + ? WHERE sku = ? RETURNING on_hand').get(delta, item.sku)
  if (row === undefined) return null
  const to = Number(row['on_hand'])
  return { sku: item.sku, name: item.name, unit: item.unit, from: to - delta, to }
}

export type ListedItem = ItemRow & { on_hand: number | null }

/** What is on sale, by SKU. `search` is looked for in SKU, name, brand, category and barcodes. */
export function listItems(db: DatabaseSync, query: { search?: string | undefined; limit: number }): ListedItem[] {
  const words = (query.search ?? '').split(/\s+/).filter(Boolean)
  const where = words.map(() => `(instr(lower(concat_ws(' ', items.sku, name, brand, category)), lower(?)) > 0
    OR EXISTS (SELECT 1 FROM barcodes WHERE barcodes.sku = items.sku AND barcode = ?))`)
  const sql = `SELECT items.*, on_hand FROM items LEFT JOIN stock USING (sku)
    WHERE deleted = 0 ${where.map((one) => `AND ${one}`).join(' ')} ORDER BY items.sku LIMIT ?`
  return db.prepare(sql).all(...words.flatMap((word) => [word, word]), query.limit) as ListedItem[]
}

/** Items as the web is told of them, by SKU. Retired ones and unknown SKUs are left out. */
export function readItems(db: DatabaseSync, skus: string[]): Item[] {
  const wanted = JSON.stringify(skus)
  const rows = db.prepare('SELECT * FROM items WHERE deleted = 0 AND sku IN (SELECT value FROM json_each(?)) ORDER BY sku').all(wanted) as ItemRow[]
  const barcodes = new Map<string, string[]>()
  for (const row of db.prepare('SELECT sku, barcode FROM barcodes WHERE sku IN (SELECT value FROM json_each(?)) ORDER BY barcode').all(wanted)) {
    const sku = String(row['sku'])
    barcodes.set(sku, [...(barcodes.get(sku) ?? []), String(row['barcode'])])
  }
  return rows.map((row) => toItem(row, barcodes.get(row.sku) ?? []))
}

/** The levels of counted items among `skus`, retired ones included: an order may still hold them. */
export function readStock(db: DatabaseSync, skus: string[]): Level[] {
  const rows = db.prepare(`SELECT sku, on_hand FROM stock JOIN items USING (sku)
    WHERE tracked = 1 AND sku IN (SELECT value FROM json_each(?)) ORDER BY sku`).all(JSON.stringify(skus))
  return rows.map((row) => ({ sku: String(row['sku']), onHand: Number(row['on_hand']) }))
}

export function toItem(row: ItemRow, barcodes: string[]): Item {
  return {
    sku: row.sku,
    name: row.name,
    description: row.description,
    brand: row.brand,
    category: row.category,
    identifiers: barcodes.map((value) => ({ type: identifierType(value), value })),
    unit: row.unit,
    price: { amountMinor: row.price_minor, currency: row.currency },
    taxIncluded: row.tax_included === 1,
    taxRate: row.tax_rate,
    imageUrl: null,
    tracked: row.tracked === 1,
  }
}

/** GTIN-12 is what America calls UPC; four or five digits are what stands on a sticker on fruit. */
export function identifierType(barcode: string): 'gtin' | 'upc' | 'plu' | 'pos_item_id' {
  if (/^\d{12}$/.test(barcode)) return 'upc'
  if (/^(\d{8}|\d{13}|\d{14})$/.test(barcode)) return 'gtin'
  return /^\d{4,5}$/.test(barcode) ? 'plu' : 'pos_item_id'
}
