import { createHash } from 'node:crypto'
import { sql, type RawBuilder } from 'kysely'
import type { BucketSum, Dialect, Goods, GoodsRow, Row, Tx } from '../sql/ports.ts'
import { withoutStrangers } from '../sql/plain-words.ts'
import type { Place } from './place.ts'
import { toGoodsRow, type GoodsReading } from './product.ts'
import { toTaxRow, type TaxRow } from './taxes.ts'

/** The parts that the goods are compared in: the first two hexadecimal digits of a key's MD5, computed by the database. */
const BUCKET = sql`SUBSTRING(MD5(p.id), 1, 2)`

/**
 * Products with everything an item and its level are made of. Stock is summed over attribute sets, and over the rows that a till wrote twice
 * where the attribute set is NULL; as decimals, whose sum does not depend on the order of the rows.
 */
const FROM = (location: string): RawBuilder<unknown> => sql`FROM products p
  LEFT JOIN categories c ON c.id = p.category
  LEFT JOIN products_cat k ON k.product = p.id
  LEFT JOIN (SELECT product, SUM(CAST(units AS DECIMAL(30, 9))) AS units FROM stockcurrent WHERE location = ${location} GROUP BY product) s ON s.product = p.id`

const flag = (condition: RawBuilder<unknown>): RawBuilder<unknown> => sql`CASE WHEN ${condition} THEN '1' ELSE '0' END`
const ON_TILL = flag(sql`k.product IS NOT NULL`)
const SERVICE = flag(sql`p.isservice`)
const SCALE = flag(sql`p.isscale`)

/** A separator that no till's keyboard types, and a sign for NULL: without them two different rows could read alike. */
const DIGEST = sql`MD5(CONCAT_WS('\x1f', p.id, p.reference, p.code, p.name, p.pricesell, p.taxcat, COALESCE(c.name, '\x1e'), ${ON_TILL}, ${SERVICE}, ${SCALE}, CASE WHEN s.units IS NULL THEN '\x1e' ELSE CONCAT(s.units, '') END))`

/** Digits of one half of an MD5 as a number: sums of both halves over a bucket depend on no order, and fit a decimal. */
function digestSum(dialect: Dialect, from: number): RawBuilder<unknown> {
  const part = sql`SUBSTRING(r.digest, ${sql.lit(from)}, 15)`
  return dialect === 'postgres' ? sql`SUM(('x' || ${part})::bit(60)::bigint)` : sql`SUM(CAST(CONV(${part}, 16, 10) AS UNSIGNED))`
}

export function createGoods(dialect: Dialect, place: Place, reading: GoodsReading): Goods {
  const select = async (tx: Tx, where: RawBuilder<unknown>): Promise<GoodsRow[]> => {
    const location = await place(tx)
    const taxes = await readTaxes(tx)
    const { rows } = await sql<Row>`SELECT p.id, ${BUCKET} AS bucket, p.reference, p.code, p.name, p.pricesell, p.taxcat, c.name AS category, ${ON_TILL} AS on_till,
      ${SERVICE} AS service, ${SCALE} AS scale, s.units AS units ${FROM(location)} ${where}`.execute(tx)
    return rows.map((row) => toGoodsRow(row, taxes, reading))
  }

  return {
    tables: ['products', 'products_cat', 'categories', 'stockcurrent', 'taxes'],
    async checksums(tx, buckets) {
      const location = await place(tx)
      const taxes = taxSign(await readTaxes(tx))
      const only = buckets === undefined ? sql`` : buckets.length === 0 ? sql`WHERE 1 = 0` : sql`WHERE ${BUCKET} IN (${sql.join(buckets)})`
      const { rows } = await sql<Row>`SELECT r.bucket AS bucket, COUNT(*) AS n, ${digestSum(dialect, 1)} AS a, ${digestSum(dialect, 17)} AS b
        FROM (SELECT ${BUCKET} AS bucket, ${DIGEST} AS digest ${FROM(location)} ${only}) r GROUP BY r.bucket`.execute(tx)
      return new Map(rows.map((row): [string, BucketSum] => [row['bucket'] ?? '', { whole: `${row['n']}.${row['a']}.${row['b']}.${taxes}`, parts: null }]))
    },
    rowsOf: async (tx, buckets) => (buckets.length === 0 ? [] : select(tx, sql`WHERE ${BUCKET} IN (${sql.join(buckets)})`)),
    rowsByKey: async (tx, keys) => (keys.length === 0 ? [] : select(tx, sql`WHERE p.id IN (${sql.join(keys)})`)),
    async rowsBySku(tx, skus) {
      if (skus.length === 0) return []
      // MariaDB compares texts without regard to case; a SKU is exact.
      const rows = await withoutStrangers(skus, (some) => select(tx, sql`WHERE p.reference IN (${sql.join(some)})`))
      return rows.filter(({ sku }) => sku !== null && skus.includes(sku))
    },
    page: (tx, after, limit) => select(tx, sql`${after === null ? sql`` : sql`WHERE p.reference > ${after}`} ORDER BY p.reference LIMIT ${sql.lit(limit)}`),
  }
}

export async function readTaxes(tx: Tx): Promise<TaxRow[]> {
  const { rows } = await sql<Row>`SELECT id, name, category, custcategory, parentid, rate, ${flag(sql`ratecascade`)} AS cascade_flag, rateorder FROM taxes ORDER BY id`.execute(tx)
  return rows.map(toTaxRow)
}

/** A tax may change the price of anything, and there are few: a change of any has all goods compared. */
const taxSign = (taxes: readonly TaxRow[]): string => createHash('sha256').update(JSON.stringify(taxes)).digest('hex').slice(0, 16)
