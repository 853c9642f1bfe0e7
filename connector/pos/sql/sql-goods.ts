import { sql, type RawBuilder } from 'kysely'
import { Item } from '../../../contract/product.ts'
import { OnHand, Sku, type Unit } from '../../../contract/values.ts'
import { identifierType } from '../embedded/items.ts'
import { toMinor, toOnHand, toTaxRate } from './decimal.ts'
import type { Dialect, Goods, GoodsRow, Row, Tx } from './ports.ts'
import type { GoodsConfig } from './sql-config.ts'
import { asTable } from './statement.ts'

/** Buckets of text keys, by two digits of a hash: of 100,000 items a changed one costs reading 400. */
const HASH_DIGITS = 2
/** Keys in a bucket of whole numbers. */
const RANGE = 256
const CODES = 'tillbridge_codes'

type Expression = RawBuilder<unknown>

/** The goods of a query: what the port asks for is computed around it, by the database. */
export function sqlGoods(config: GoodsConfig, dialect: Dialect, currency: string): Goods {
  const column = (name: string): Expression => sql`g.${sql.ref(name)}`
  const text = (expression: Expression): Expression => (dialect === 'mysql' ? sql`CAST(${expression} AS CHAR)` : sql`CAST(${expression} AS TEXT)`)
  const md5 = (expression: Expression): Expression => (dialect === 'sqlite' ? sql`tillbridge_md5(${expression})` : sql`MD5(${expression})`)
  const binary = (expression: Expression): Expression => (dialect === 'mysql' ? sql`CAST(${expression} AS BINARY)` : dialect === 'postgres' ? sql`(${expression})::text COLLATE "C"` : sql`${expression} COLLATE BINARY`)

  const { columns, barcodes } = config
  const names = [...new Set(Object.values(columns).filter((name) => name !== undefined))]
  const key = column(columns.key)
  const sku = column(columns.sku)
  const range = sql.lit(RANGE)
  const ofNumber = dialect === 'mysql' ? sql`CAST(FLOOR(${key} / ${range}) AS CHAR)` : dialect === 'postgres' ? sql`CAST(FLOOR(${key} / ${range}.0)::bigint AS TEXT)` : sql`CAST(FLOOR(${key} / ${range}.0) AS INTEGER) || ''`
  const bucket = config.keyIs === 'text' ? sql`SUBSTR(${md5(text(key))}, 1, ${sql.lit(HASH_DIGITS)})` : ofNumber

  const joined = (list: Expression): Expression => (dialect === 'postgres' ? sql`string_agg(${text(list)}, ' ' ORDER BY ${text(list)})`
    : dialect === 'mysql' ? sql`GROUP_CONCAT(${list} ORDER BY ${list} SEPARATOR ' ')` : sql`group_concat(${list}, ' ' ORDER BY ${list})`)
  const codes = barcodes ? sql` LEFT JOIN (SELECT c.${sql.ref(barcodes.key)} AS owner, ${joined(sql`c.${sql.ref(barcodes.barcode)}`)} AS ${sql.ref(CODES)} FROM ${asTable(barcodes.query)} c GROUP BY c.${sql.ref(barcodes.key)}) b ON b.owner = ${key}` : sql``
  const from = sql`FROM ${asTable(config.query)} g${codes}`
  const values = [...names.map(column), ...(barcodes ? [sql`b.${sql.ref(CODES)}`] : [])]

  /** All of a row as one text, in which nothing (NULL) is not the same as an empty text. */
  const rowText = sql`CONCAT_WS(${sql.lit('\u001f')}, ${sql.join(values.map((value) => sql`COALESCE(${text(value)}, ${sql.lit('\u001e')})`))})`
  // MySQL cuts a long GROUP_CONCAT off without an error, so hashes are added up instead: 128 bits, in no order.
  const half = (at: number): Expression => sql`BIT_XOR(CAST(CONV(SUBSTR(MD5(${rowText}), ${sql.lit(at)}, 16), 16, 10) AS UNSIGNED))`
  const checksum = dialect === 'mysql' ? sql`CONCAT_WS('.', COUNT(*), ${half(1)}, ${half(17)})`
    : dialect === 'postgres' ? sql`MD5(string_agg(${rowText}, ${sql.lit('\u001d')} ORDER BY ${binary(key)}))` : sql`tillbridge_md5(group_concat(${rowText}, ${sql.lit('\u001d')} ORDER BY ${text(key)}))`

  const inBuckets = (buckets: readonly string[]): Expression => (config.keyIs === 'text'
    ? sql`${bucket} IN (${sql.join(buckets)})`
    : sql`(${sql.join(ranges(buckets).map(([first, end]) => sql`(${key} >= ${sql.lit(first)} AND ${key} < ${sql.lit(end)})`), sql` OR `)})`)
  const selected = sql`${sql.join(values)}, ${bucket} AS tillbridge_bucket`
  const rows = async (tx: Tx, where: Expression, order: Expression = sql``): Promise<GoodsRow[]> => {
    const found = await sql<Row>`SELECT ${selected} ${from} WHERE ${where}${order}`.execute(tx)
    return found.rows.map((row) => toGoodsRow(row, config, currency))
  }
  const among = (expression: Expression, wanted: readonly string[], kind: 'text' | 'number'): Expression | null => {
    const usable = kind === 'number' ? wanted.filter((each) => /^-?\d{1,18}$/.test(each)) : wanted
    if (usable.length === 0) return null
    return sql`${expression} IN (${kind === 'number' ? sql.raw(usable.join(', ')) : sql.join(usable)})`
  }

  return {
    async checksums(tx, buckets) {
      if (buckets?.length === 0) return new Map()
      const where = buckets ? sql` WHERE ${inBuckets(buckets)}` : sql``
      const found = await sql<Row>`SELECT ${bucket} AS bucket, ${checksum} AS checksum ${from}${where} GROUP BY ${bucket}`.execute(tx)
      return new Map(found.rows.map(({ bucket: name, checksum: sum }) => [name ?? '', sum ?? '']))
    },
    rowsOf: async (tx, buckets) => (buckets.length === 0 ? [] : rows(tx, inBuckets(buckets))),
    async rowsByKey(tx, keys) {
      const where = among(key, keys, config.keyIs)
      // A collation may take other keys for the same.
      return where === null ? [] : (await rows(tx, where)).filter((row) => keys.includes(row.key))
    },
    async rowsBySku(tx, skus) {
      const where = among(sku, skus, config.skuIs)
      return where === null ? [] : (await rows(tx, where)).filter((row) => row.sku !== null && skus.includes(row.sku))
    },
    page: (tx, after, limit) => rows(tx, after === null ? sql`1 = 1` : config.skuIs === 'number' ? sql`${sku} > ${sql.raw(String(BigInt(after)))}` : sql`${binary(sku)} > ${dialect === 'mysql' ? sql`CAST(${after} AS BINARY)` : sql`${after}`}`,
      sql` ORDER BY ${config.skuIs === 'number' ? sku : binary(sku)}${dialect === 'postgres' ? sql` NULLS FIRST` : sql``} LIMIT ${sql.lit(limit)}`),
  }
}

/** Of neighbouring buckets one range. */
function ranges(buckets: readonly string[]): [number, number][] {
  const found: [number, number][] = []
  for (const at of buckets.map(Number).sort((a, b) => a - b)) {
    const last = found.at(-1)
    if (last?.[1] === at * RANGE) last[1] += RANGE
    else found.push([at * RANGE, (at + 1) * RANGE])
  }
  return found
}

const YES: ReadonlySet<string> = new Set(['1', 't', 'true', 'y', 'yes'])
const NO: ReadonlySet<string> = new Set(['0', 'f', 'false', 'n', 'no', ''])
const SEPARATORS = /[\s,;]+/
/** An item shows as many; more barcodes than that are a history. */
const IDENTIFIERS_MAX = 32

/** A row of the query as goods, or why it cannot be. */
export function toGoodsRow(row: Row, config: GoodsConfig, currency: string): GoodsRow {
  const { columns, fixed } = config
  const read = (field: keyof typeof columns): string | null => (columns[field] === undefined ? null : row[columns[field]] ?? null)
  const place = { key: read('key') ?? '', bucket: row['tillbridge_bucket'] ?? '' }
  const written = read('sku')
  const sku = Sku.safeParse(written?.trim()).data ?? null
  const refused = (why: string): GoodsRow => ({ ...place, sku, refused: why, text: JSON.stringify(row) })
  const found = (field: keyof typeof columns, expected: string): GoodsRow => refused(`${field}: expected ${expected}, found ${JSON.stringify(read(field))}`)

  const flags = { sellable: true, deleted: false, tracked: fixed.tracked, taxIncluded: fixed.taxIncluded }
  for (const flag of ['sellable', 'deleted', 'tracked', 'taxIncluded'] as const) {
    const value = read(flag)?.toLowerCase()
    if (value === undefined) continue
    if (!YES.has(value) && !NO.has(value)) return found(flag, 'yes or no (1 or 0)')
    flags[flag] = YES.has(value)
  }
  const isForSale = flags.sellable && !flags.deleted
  if (sku === null) return isForSale ? found('sku', '1 to 64 visible characters without blanks') : refused('an item that is not for sale has no SKU')
  const word = read('unit')
  const unit: Unit | undefined = word === null ? fixed.unit : config.units[word.trim()]
  if (unit === undefined) return found('unit', `one of ${Object.keys(config.units).join(', ')}`)
  const counted = read('onHand')
  const onHand = counted === null || !flags.tracked ? null : toOnHand(counted, unit === 'each' ? 'each' : 'thousandths')
  if (counted !== null && flags.tracked && !OnHand.safeParse(onHand).success) return found('onHand', 'a quantity')
  if (!isForSale) return { ...place, sku, item: null, onHand }

  const amountMinor = toMinor(read('price') ?? '', currency)
  if (amountMinor === null || amountMinor < 0) return found('price', 'an amount of zero or more')
  const taxRate = read('taxRate') === null ? fixed.taxRate : toTaxRate(read('taxRate') ?? '')
  if (taxRate === null) return found('taxRate', 'percent')
  const barcodes = [...new Set(`${read('barcodes') ?? ''} ${row[CODES] ?? ''}`.split(SEPARATORS).filter(Boolean))].sort().slice(0, IDENTIFIERS_MAX)
  const item = Item.safeParse({
    sku, name: read('name')?.trim() ?? '', description: read('description') || null, brand: read('brand') || null, category: read('category') || null, imageUrl: read('imageUrl'),
    identifiers: barcodes.map((value) => ({ type: identifierType(value), value })), unit, price: { amountMinor, currency }, taxIncluded: flags.taxIncluded, taxRate, tracked: flags.tracked,
  })
  if (!item.success) return refused(item.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
  return { ...place, sku, item: item.data, onHand }
}
