import { createHash } from 'node:crypto'
import { sql, type RawBuilder } from 'kysely'
import type { BucketSum, Dialect, Goods, GoodsRow, Row, Tx } from '../sql/ports.ts'
import { together } from '../sql/part-sums.ts'
import { withoutStrangers } from '../sql/plain-words.ts'
import type { Place } from './place.ts'
import { toGoodsRow, type GoodsReading } from './product.ts'
import { toTaxRow, type TaxRow } from './taxes.ts'

/** Buckets and parts are the first hexadecimal digits of a key's MD5. Of 100,000 items a bucket has 400, and a part one or two: of a change hardly more is read than what changed. */
const BUCKET_DIGITS = 2
const PART_DIGITS = 4
const PART_ITEMS = 2
const digitsOf = (digits: number): RawBuilder<unknown> => sql`SUBSTRING(MD5(p.id), 1, ${sql.lit(digits)})`
const BUCKET = digitsOf(BUCKET_DIGITS)
const PART = digitsOf(PART_DIGITS)
/** As the database computes it: of the key's UTF-8. */
const partOf = (key: string): string => createHash('md5').update(key).digest('hex').slice(0, PART_DIGITS)

/** Products with everything an item is made of. */
const FROM = sql`FROM products p
  LEFT JOIN categories c ON c.id = p.category
  LEFT JOIN products_cat k ON k.product = p.id`

type Stock = { units: RawBuilder<unknown>; join: RawBuilder<unknown> }
const UNITS = sql`SUM(CAST(units AS DECIMAL(30, 9)))`

/**
 * Stock, summed over attribute sets and over the rows that a till wrote twice where the attribute set is NULL; as decimals, whose sum does not depend on the
 * order of the rows. Of all products it is added up in one walk; of some, of theirs alone: by the index that the till has in MariaDB, and in
 * PostgreSQL, where it has none, in one walk that adds up no others.
 */
function stockOf(dialect: Dialect, location: string, some: RawBuilder<unknown> | null): Stock {
  if (some !== null && dialect === 'mysql') return { units: sql`(SELECT ${UNITS} FROM stockcurrent u WHERE u.location = ${location} AND u.product = p.id)`, join: sql`` }
  return { units: sql`s.units`, join: sql`LEFT JOIN (SELECT product, ${UNITS} AS units FROM stockcurrent WHERE location = ${location} ${some === null ? sql`` : sql`AND product IN (${some})`} GROUP BY product) s ON s.product = p.id` }
}

const flag = (condition: RawBuilder<unknown>): RawBuilder<unknown> => sql`CASE WHEN ${condition} THEN '1' ELSE '0' END`
const ON_TILL = flag(sql`k.product IS NOT NULL`)
const SERVICE = flag(sql`p.isservice`)
const SCALE = flag(sql`p.isscale`)

/** A separator that no till's keyboard types, and a sign for NULL: without them two different rows could read alike. */
const digestOf = (units: RawBuilder<unknown>): RawBuilder<unknown> => sql`MD5(CONCAT_WS('\x1f', p.id, p.reference, p.code, p.name, p.pricesell, p.taxcat, COALESCE(c.name, '\x1e'), ${ON_TILL}, ${SERVICE}, ${SCALE}, CASE WHEN ${units} IS NULL THEN '\x1e' ELSE CONCAT(${units}, '') END))`

/** Digits of one half of an MD5 as a number: sums of both halves over a bucket depend on no order, and fit a decimal. */
function digestSum(dialect: Dialect, from: number): RawBuilder<unknown> {
  const part = sql`SUBSTRING(r.digest, ${sql.lit(from)}, 15)`
  return dialect === 'postgres' ? sql`SUM(('x' || ${part})::bit(60)::bigint)` : sql`SUM(CAST(CONV(${part}, 16, 10) AS UNSIGNED))`
}

/** There is one for every item or two, for as long as the connector runs: sixty bits of it are enough, and a quarter of the memory. */
function folded(sums: string, taxes: string): string {
  const number = `${sums}.${BigInt(`0x${taxes}`)}`.split('.').reduce((sum, each) => sum * 31n + BigInt(each), 0n)
  return BigInt.asUintN(60, number).toString(36)
}

export function createGoods(dialect: Dialect, place: Place, reading: GoodsReading): Goods {
  const byIds = async (tx: Tx, ids: readonly string[]): Promise<GoodsRow[]> => {
    if (ids.length === 0) return []
    const these = sql.join(ids)
    const stock = stockOf(dialect, await place(tx), these)
    const taxes = await readTaxes(tx)
    const { rows } = await sql<Row>`SELECT p.id, ${BUCKET} AS bucket, p.reference, p.code, p.name, p.pricesell, p.taxcat, c.name AS category, ${ON_TILL} AS on_till,
      ${SERVICE} AS service, ${SCALE} AS scale, ${stock.units} AS units ${FROM} ${stock.join} WHERE p.id IN (${these})`.execute(tx)
    const found = new Map(rows.map((row) => [row['id'] ?? '', row]))
    return ids.flatMap((id) => {
      const row = found.get(id)
      return row === undefined ? [] : [toGoodsRow(row, taxes, reading)]
    })
  }
  /** Which rows first, then those by their key: no other row of any table is looked at for them. */
  const select = async (tx: Tx, where: RawBuilder<unknown>): Promise<GoodsRow[]> => byIds(tx, (await sql<Row>`SELECT p.id FROM products p ${where}`.execute(tx)).rows.map((row) => row['id'] ?? ''))

  return {
    tables: ['products', 'products_cat', 'categories', 'stockcurrent', 'taxes'],
    async checksums(tx, buckets) {
      if (buckets?.length === 0) return new Map()
      const only = buckets === undefined ? null : sql`SELECT p.id FROM products p WHERE ${BUCKET} IN (${sql.join(buckets)})`
      const stock = stockOf(dialect, await place(tx), only)
      const taxes = taxSign(await readTaxes(tx))
      const { rows } = await sql<Row>`SELECT r.part AS part, CONCAT_WS('.', COUNT(*), ${digestSum(dialect, 1)}, ${digestSum(dialect, 17)}) AS sums
        FROM (SELECT ${PART} AS part, ${digestOf(stock.units)} AS digest ${FROM} ${stock.join} ${buckets === undefined ? sql`` : sql`WHERE ${BUCKET} IN (${sql.join(buckets)})`}) r GROUP BY r.part`.execute(tx)
      const inBuckets = Map.groupBy(rows, (row) => (row['part'] ?? '').slice(0, BUCKET_DIGITS))
      // A change of taxes is one of every part.
      return new Map([...inBuckets].map(([bucket, of]): [string, BucketSum] => [bucket, {
        whole: `${together(of.map((row) => row['sums'] ?? ''))}.${taxes}`, parts: new Map(of.map((row) => [row['part'] ?? '', folded(row['sums'] ?? '', taxes)])),
      }]))
    },
    parts: {
      size: PART_ITEMS,
      of: partOf,
      rows: async (tx, parts) => (parts.length === 0 ? [] : select(tx, sql`WHERE ${PART} IN (${sql.join(parts)})`)),
    },
    rowsOf: async (tx, buckets) => (buckets.length === 0 ? [] : select(tx, sql`WHERE ${BUCKET} IN (${sql.join(buckets)})`)),
    rowsByKey: byIds,
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
