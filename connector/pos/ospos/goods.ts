import { sql, type RawBuilder } from 'kysely'
import { Item } from '../../../contract/product.ts'
import { ON_HAND_MAX } from '../../../contract/values.ts'
import { identifierType } from '../embedded/items.ts'
import type { BucketSum, Goods, GoodsRow, Row, Tx } from '../sql/ports.ts'
import { scaled, toMinor, toTaxRate } from '../sql/decimal.ts'
import { withoutStrangers } from '../sql/plain-words.ts'
import { withoutBlanks } from '../sql/sql-goods.ts'
import type { OsposConfig } from './ospos-config.ts'
import { list, readSettings, rowsOf, tablesOf, text, unitOf, type Settings } from './shop-settings.ts'

/** Items of neighbouring ids are compared together: a hundred thousand of them are two hundred checksums, and one change reads 500 rows. */
const BUCKET_ITEMS = 500
/** Of a bucket that differs so many rows around each change are read. A divisor of the above. */
const PART_ITEMS = 20
const STOCKED = '0'

/** `items` with the level at this location and the rates of tax. Nothing in these tables says when a row changed: only comparing tells. */
export function osposGoods(config: OsposConfig): Goods {
  const table = tablesOf(config)
  const percent = sql`(SELECT SUM(tax.percent) FROM ${table('items_taxes')} tax WHERE tax.item_id = i.item_id)`
  const from = ({ locationId }: Settings) => sql`${table('items')} i LEFT JOIN ${table('item_quantities')} q ON q.item_id = i.item_id AND q.location_id = ${locationId}`

  const read = async (tx: Tx, rest: RawBuilder<unknown>): Promise<GoodsRow[]> => {
    const settings = await readSettings(tx, config)
    const rows = await rowsOf(tx, sql<Row>`SELECT i.item_id AS id, i.item_number AS number, i.name, i.description, i.category, i.unit_price AS price,
      i.stock_type AS stock, i.deleted, q.quantity, ${percent} AS percent FROM ${from(settings)} ${rest}`)
    return rows.map((row) => toGoods(row, settings, config))
  }

  return {
    tables: ['items', 'item_quantities', 'items_taxes'].map((name) => `${config.prefix}${name}`),
    async checksums(tx, buckets) {
      const settings = await readSettings(tx, config)
      // One walk along each table's own order. Joined, the same takes the database three times as long over a whole catalogue.
      const items = await sums('items', sql`COALESCE(CONCAT('=', r.item_number), '-'), r.name, r.description, r.category, r.unit_price, r.stock_type, r.deleted`, sql`TRUE`, buckets)
      const levels = await sums('item_quantities', sql`r.quantity`, sql`r.location_id = ${settings.locationId}`, buckets)
      const taxes = await sums('items_taxes', sql`r.name, r.percent`, sql`TRUE`, buckets)
      // A manager who switches tax or currency changes every item without a row of items changing.
      const setting = `${settings.currency} ${settings.taxIncluded ? 'gross' : 'net'} ${settings.locationId}`
      const all = [items, levels, taxes]
      const inText = (of: readonly (Sum | undefined)[]): string => `${of.map((sum) => (sum ? `${sum.rows}:${sum.hash}` : '')).join(' ')} ${setting}`
      return new Map([...items.keys()].map((bucket): [string, BucketSum] => {
        const parts = new Set(all.flatMap((table) => [...table.get(bucket)?.keys() ?? []]))
        return [bucket, { whole: inText(all.map((table) => table.get(bucket)).map((of) => of && together([...of.values()]))), parts: new Map([...parts].map((part) => [part, inText(all.map((table) => table.get(bucket)?.get(part)))])) }]
      }))

      /** How many rows, and 64 bits of the hashes of all of them, by bucket and part. No text of a till holds the character between the columns. */
      async function sums(name: string, columns: RawBuilder<unknown>, only: RawBuilder<unknown>, of: readonly string[] | undefined): Promise<Map<string, Map<string, Sum>>> {
        const rows = await rowsOf(tx, sql<Row>`SELECT r.item_id DIV ${sql.lit(PART_ITEMS)} AS part, COUNT(*) AS n,
            BIT_XOR(CAST(CONV(LEFT(MD5(CONCAT_WS(CHAR(0), r.item_id, ${columns})), 16), 16, 10) AS UNSIGNED)) AS hash
          FROM ${table(name)} r WHERE ${of ? inRanges(of, BUCKET_ITEMS, 'r') : sql`TRUE`} AND ${only} GROUP BY part`)
        const found = new Map<string, Map<string, Sum>>()
        for (const row of rows) {
          const part = text(row, 'part')
          const bucket = bucketOf(String(Number(part) * PART_ITEMS))
          found.set(bucket, (found.get(bucket) ?? new Map<string, Sum>()).set(part, { rows: Number(row['n']), hash: BigInt(text(row, 'hash')) }))
        }
        return found
      }
    },
    parts: {
      size: PART_ITEMS,
      of: (key) => String(Math.floor(Number(key) / PART_ITEMS)),
      rows: async (tx, parts) => (parts.length === 0 ? [] : read(tx, sql`WHERE ${inRanges(parts, PART_ITEMS, 'i')} ORDER BY i.item_id`)),
    },
    rowsOf: async (tx, buckets) => (buckets.length === 0 ? [] : read(tx, sql`WHERE ${inRanges(buckets, BUCKET_ITEMS, 'i')} ORDER BY i.item_id`)),
    rowsByKey: async (tx, keys) => read(tx, sql`WHERE i.item_id IN (${list(keys.map(Number))}) ORDER BY i.item_id`),
    async rowsBySku(tx, skus) {
      if (config.sku === 'item_id') return read(tx, sql`WHERE i.item_id IN (${list(skus.filter(isId).map(Number))}) ORDER BY i.item_id`)
      if (skus.length === 0) return []
      // The column compares without case, a SKU does not.
      const wanted = new Set(skus)
      const bySku = (column: RawBuilder<unknown>, some: readonly string[]): Promise<GoodsRow[]> =>
        withoutStrangers(some, async (these) => (await read(tx, sql`WHERE ${column} IN (${list(these)}) ORDER BY i.item_id`)).filter(({ sku }) => sku !== null && wanted.has(sku)))
      const found = await bySku(sql`i.item_number`, skus)
      // No index serves a number with blanks around it, so only those that were not found are looked for so; and not what has no number at all, which a till may sell all day.
      const known = new Set(found.map(({ sku }) => sku))
      return [...found, ...await bySku(withoutBlanks(sql`i.item_number`), skus.filter((sku) => !known.has(sku) && !NAMELESS.test(sku)))]
    },
    async page(tx, after, limit) {
      if (config.sku === 'item_id') return read(tx, sql`WHERE i.item_id > ${after !== null && isId(after) ? Number(after) : 0} ORDER BY i.item_id LIMIT ${limit}`)
      if (after === null) return read(tx, sql`WHERE i.item_number IS NOT NULL AND i.item_number <> '' ORDER BY i.item_number, i.item_id LIMIT ${limit}`)
      const last = sql`(SELECT COALESCE(MAX(l.item_id), 0) FROM ${table('items')} l WHERE l.item_number = ${after} AND BINARY l.item_number = ${after})`
      return read(tx, sql`WHERE i.item_number > ${after} OR (i.item_number = ${after} AND i.item_id > ${last}) ORDER BY i.item_number, i.item_id LIMIT ${limit}`)
    },
  }
}

type Sum = { rows: number; hash: bigint }
const together = (sums: readonly Sum[]): Sum => ({ rows: sums.reduce((rows, sum) => rows + sum.rows, 0), hash: sums.reduce((hash, sum) => hash ^ sum.hash, 0n) })

/** Buckets or parts of so many items, as ranges of the primary key, so that no other row is read. */
function inRanges(these: readonly string[], size: number, alias: 'i' | 'r'): RawBuilder<unknown> {
  const id = sql.ref(`${alias}.item_id`)
  const ranges = these.map((each) => sql`(${id} >= ${sql.lit(Number(each) * size)} AND ${id} < ${sql.lit((Number(each) + 1) * size)})`)
  return ranges.length > 0 ? sql`(${sql.join(ranges, sql` OR `)})` : sql`FALSE`
}

/** An item id as the database writes it. "007" is no item. */
export const isId = (sku: string): boolean => /^[1-9]\d{0,9}$/.test(sku)

export const bucketOf = (id: string): string => String(Math.floor(Number(id) / BUCKET_ITEMS))

export function toGoods(row: Row, settings: Settings, config: Pick<OsposConfig, 'sku' | 'measured'>): GoodsRow {
  const key = text(row, 'id')
  const number = row['number']?.trim() ?? ''
  const place = { key, bucket: bucketOf(key), ...(config.sku === 'item_id' || row['number'] === number ? {} : { written: row['number'] ?? null }) }
  const sku = config.sku === 'item_id' ? key : number
  const refused = (reason: string): GoodsRow => ({ ...place, sku: sku === '' ? null : sku, refused: reason, text: shown(row) })
  if (row['deleted'] !== '0') return { ...place, sku: sku || namelessSku(key), item: null, onHand: null }
  if (sku === '') return refused('expected an item number (barcode), which is the SKU here; found none')

  const category = row['category'] || null
  const unit = unitOf(config, sku, category)
  const price = text(row, 'price')
  const amountMinor = toMinor(price, settings.currency)
  if (amountMinor === null || scaled(price, 6) !== amountMinor * 10 ** (6 - settings.decimals)) return refused(`expected a price in ${settings.currency}; found ${price}`)
  const taxRate = toTaxRate(row['percent'] ?? '0')
  if (taxRate === null) return refused(`expected rates of tax from 0 to under 1000 percent; found ${row['percent']}`)
  const parsed = Item.safeParse({
    sku, name: (row['name'] ?? '').trim(), description: row['description']?.trim() || null, category, brand: null,
    identifiers: number === '' ? [] : [{ type: identifierType(number), value: number }],
    unit, price: { amountMinor, currency: settings.currency }, taxIncluded: settings.taxIncluded, taxRate, imageUrl: null, tracked: row['stock'] === STOCKED,
  })
  if (!parsed.success) return refused(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
  const quantity = row['quantity'] ?? null
  const onHand = quantity === null || !parsed.data.tracked ? null : unitsOf(quantity, unit)
  if (onHand !== null && Math.abs(onHand) > ON_HAND_MAX) return refused(`expected a quantity that a shelf can hold; found ${quantity}`)
  return { ...place, sku, item: parsed.data, onHand }
}

/** Half a piece cannot be sold: what is told is the whole pieces, and of a lack all of it. */
export function unitsOf(quantity: string, unit: Item['unit']): number {
  const thousandths = scaled(quantity, 3) ?? 0
  return unit === 'each' ? Math.floor(thousandths / 1000) : thousandths
}

/** For what was sold, or is gone, and has no number to be known by. */
export const namelessSku = (id: string): string => `item-${id}`
const NAMELESS = /^item-\d+$/

const shown = (row: Row): string => `item ${row['id']}: ${row['name'] ?? '(no name)'}, number ${row['number'] ?? 'none'}, price ${row['price']}`
