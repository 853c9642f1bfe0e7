import { sql, type RawBuilder } from 'kysely'
import { Item } from '../../../contract/product.ts'
import { OnHand, Sku, type Unit } from '../../../contract/values.ts'
import { identifierType } from '../embedded/items.ts'
import { toMinor, toOnHand, toTaxRate } from './decimal.ts'
import { together } from './part-sums.ts'
import { withoutStrangers } from './plain-words.ts'
import type { BucketSum, Dialect, Goods, GoodsRow, Row, Tx } from './ports.ts'
import type { GoodsConfig } from './sql-config.ts'
import { asTable } from './statement.ts'

/** Buckets of text keys, by two digits of a hash: of 100,000 items a changed one costs reading 400. */
const HASH_DIGITS = 2
/** Keys in a bucket of whole numbers, and in a part of one: powers of two. */
const RANGE = 256
const PART_RANGE = 16

/** The widest whole numbers of a column; MySQL has one without a sign. Beyond them PostgreSQL would compare decimals, without an index, and SQLite floats. */
const INTEGER_MIN = -(2n ** 63n)
const INTEGER_MAX: Record<Dialect, bigint> = { mysql: 2n ** 64n - 1n, postgres: 2n ** 63n - 1n, sqlite: 2n ** 63n - 1n }

type Expression = RawBuilder<unknown>

/** The goods of a query: what the port asks for is computed around it, by the database. */
export function sqlGoods(config: GoodsConfig, dialect: Dialect, currency: string): Goods {
  const column = (name: string): Expression => sql`g.${sql.ref(name)}`
  const text = (expression: Expression): Expression => (dialect === 'mysql' ? sql`CAST(${expression} AS CHAR)` : sql`CAST(${expression} AS TEXT)`)
  const md5 = (expression: Expression): Expression => (dialect === 'sqlite' ? sql`tillbridge_md5(${expression})` : sql`MD5(${expression})`)
  /** In the order of UTF-8's bytes, whatever the column's character set or type. */
  const binary = (expression: Expression): Expression => (dialect === 'mysql' ? sql`CAST(CONVERT(${expression} USING utf8mb4) AS BINARY)` : dialect === 'postgres' ? sql`(${expression})::text COLLATE "C"` : sql`${text(expression)} COLLATE BINARY`)

  const { columns, barcodes, variants } = config
  const ofVariants = variants ? [variants.product, ...Object.values(variants.options)] : []
  const names = [...new Set([...Object.values(columns), ...ofVariants].filter((name) => name !== undefined))]
  const key = column(columns.key)
  const sku = column(columns.sku)
  const from = sql`FROM ${asTable(config.query)} g`
  const isNumber = config.keyIs === 'number'
  /** Divided and rounded down, below zero too, exactly: a float has fewer digits than many a key, and PostgreSQL rounds quotients. */
  const rangeOf = (expression: Expression, size: number): Expression => {
    if (dialect === 'mysql') return sql`CAST(FLOOR(${expression} / ${sql.lit(size)}) AS CHAR)`
    const shifted = sql`CAST(${expression} AS ${sql.raw(dialect === 'postgres' ? 'BIGINT' : 'INTEGER')}) >> ${sql.lit(Math.log2(size))}`
    return sql`CAST(${shifted} AS TEXT)`
  }
  const bucketOf = (expression: Expression): Expression => (isNumber ? rangeOf(expression, RANGE) : sql`SUBSTR(${md5(text(expression))}, 1, ${sql.lit(HASH_DIGITS)})`)
  const inBuckets = (expression: Expression, buckets: readonly string[], size = RANGE): Expression => {
    if (!isNumber) return sql`${bucketOf(expression)} IN (${sql.join(buckets)})`
    const parts = ranges(buckets, size).map(([first, end]) => sql`(${expression} >= ${sql.raw(String(first))} AND ${expression} < ${sql.raw(String(end))})`)
    return parts.length === 0 ? sql`1 = 0` : sql`(${sql.join(parts, sql` OR `)})`
  }
  const among = (expression: Expression, wanted: readonly string[], kind: 'text' | 'number'): Expression | null => {
    const usable = kind === 'number' ? wanted.filter((each) => /^-?\d{1,20}$/.test(each) && BigInt(each) >= INTEGER_MIN && BigInt(each) <= INTEGER_MAX[dialect]) : wanted
    if (usable.length === 0) return null
    return sql`${expression} IN (${kind === 'number' ? sql.raw(usable.join(', ')) : sql.join(usable)})`
  }

  /**
   * Of all rows of a bucket, in no order: their number, and 64 bits of a hash of each, added up (two rows that are the same would cancel each other out in an
   * exclusive or). NULL is not the same as an empty text.
   */
  const checksumOf = (values: readonly Expression[]): Expression => {
    const row = sql`CONCAT_WS(${sql.lit('\u001f')}, ${sql.join(values.map((value) => sql`COALESCE(${text(value)}, ${sql.lit('\u001e')})`))})`
    if (dialect === 'mysql') return sql`CONCAT_WS('.', COUNT(*), SUM(CAST(CONV(SUBSTR(MD5(${row}), 1, 16), 16, 10) AS UNSIGNED)))`
    if (dialect === 'postgres') return sql`COUNT(*) || '.' || SUM(('x' || SUBSTR(MD5(${row}), 1, 16))::bit(64)::bigint)`
    return sql`COUNT(*) || '.' || SUM(tillbridge_hash(${row}))`
  }
  /** By bucket, and in it by part: texts as keys have no parts but one. */
  const sums = async (tx: Tx, table: Expression, owner: Expression, values: readonly Expression[], buckets: readonly string[] | undefined): Promise<Map<string, Map<string, string>>> => {
    const where = buckets ? sql` WHERE ${inBuckets(owner, buckets)}` : sql``
    const part = isNumber ? rangeOf(owner, PART_RANGE) : bucketOf(owner)
    const { rows } = await sql<Row>`SELECT ${part} AS part, ${checksumOf(values)} AS checksum ${table}${where} GROUP BY ${part}`.execute(tx)
    const byBucket = Map.groupBy(rows, (row) => (isNumber ? partOf(row['part'] ?? '', RANGE / PART_RANGE) : row['part'] ?? ''))
    return new Map([...byBucket].map(([bucket, parts]) => [bucket, new Map(parts.map((row) => [row['part'] ?? '', row['checksum'] ?? '']))]))
  }

  const codes = barcodes && { from: sql`FROM ${asTable(barcodes.query)} c`, owner: sql`c.${sql.ref(barcodes.key)}`, code: sql`c.${sql.ref(barcodes.barcode)}` }
  const codesWhere = async (tx: Tx, where: Expression): Promise<Map<string, string[]>> => {
    if (!codes) return new Map()
    const found = await sql<Row>`SELECT ${text(codes.owner)} AS owner, ${codes.code} AS code ${codes.from} WHERE ${where}`.execute(tx)
    return new Map([...Map.groupBy(found.rows, ({ owner }) => owner ?? '')].map(([owner, rows]) => [owner, rows.flatMap(({ code }) => code ?? [])]))
  }
  /** The rows of `where`, with their barcodes: those of `codesToo`, or those of the keys that were found. */
  const rows = async (tx: Tx, where: Expression, order: Expression = sql``, codesToo?: Expression): Promise<GoodsRow[]> => {
    const found = await sql<Row>`SELECT ${sql.join(names.map(column))}, ${bucketOf(key)} AS tillbridge_bucket ${from} WHERE ${where}${order}`.execute(tx)
    const ofKeys = codes && !codesToo ? among(codes.owner, found.rows.map((row) => row[columns.key] ?? ''), config.keyIs) : null
    const filter = codesToo ?? ofKeys
    const owned = codes && filter ? await codesWhere(tx, filter) : new Map<string, string[]>()
    return eachKeyOnce(found.rows.map((row) => toGoodsRow(row, owned.get(row[columns.key] ?? '') ?? [], config, currency)))
  }

  /** Whether SQLite keeps some SKU as a number, which stands before every text and is never more than one; an index serves the column itself, and not what is made text of it. */
  const hasNumbers = async (tx: Tx): Promise<boolean> => {
    const { rows: [first] } = await sql<Row>`SELECT typeof(${sku}) AS kind ${from} WHERE ${sku} IS NOT NULL ORDER BY ${sku} COLLATE BINARY LIMIT 1`.execute(tx)
    return first !== undefined && first['kind'] !== 'text'
  }

  return {
    async checksums(tx, buckets) {
      if (buckets?.length === 0) return new Map()
      const ofGoods = await sums(tx, from, key, names.map(column), buckets)
      const ofCodes = codes ? await sums(tx, codes.from, codes.owner, [codes.owner, codes.code], buckets) : null
      return new Map([...ofGoods].map(([bucket, goods]): [string, BucketSum] => {
        const inCodes = ofCodes?.get(bucket)
        const both = (one: string, other: string): string => (ofCodes ? `${one}/${other}` : one)
        const parts = isNumber ? new Map([...goods.keys(), ...inCodes?.keys() ?? []].map((part) => [part, both(goods.get(part) ?? '', inCodes?.get(part) ?? '')])) : null
        return [bucket, { whole: both(together(goods.values()), together(inCodes?.values() ?? [])), parts }]
      }))
    },
    ...(isNumber ? { parts: {
      size: PART_RANGE,
      of: (of: string) => partOf(of, PART_RANGE),
      rows: async (tx: Tx, parts: readonly string[]) => (parts.length === 0 ? [] : rows(tx, inBuckets(key, parts, PART_RANGE), sql``, codes && inBuckets(codes.owner, parts, PART_RANGE))),
    } } : {}),
    rowsOf: async (tx, buckets) => (buckets.length === 0 ? [] : rows(tx, inBuckets(key, buckets), sql``, codes && inBuckets(codes.owner, buckets))),
    async rowsByKey(tx, keys) {
      const where = among(key, keys, config.keyIs)
      // A collation may take other keys for the same.
      const found = where === null ? [] : (await rows(tx, where)).filter((row) => keys.includes(row.key))
      if (dialect !== 'sqlite' || isNumber) return found
      // A whole number of an expression, or of a column without a type, is no text to SQLite, and an index serves none that are made texts.
      const there = new Set(found.map((row) => row.key))
      const asText = among(text(key), keys.filter((each) => !there.has(each)), 'text')
      return asText === null ? found : [...found, ...await rows(tx, asText)]
    },
    async rowsBySku(tx, skus) {
      const wanted = new Set(skus)
      const bySku = async (expression: Expression, some: readonly string[]): Promise<GoodsRow[]> => {
        const where = among(expression, some, config.skuIs)
        return where === null ? [] : (await rows(tx, where)).filter((row) => row.sku !== null && wanted.has(row.sku))
      }
      if (config.skuIs === 'number') return bySku(sku, skus)
      // PostgreSQL would fail where the column is of another type than the text of a SKU.
      const found = await withoutStrangers(skus, (some) => bySku(dialect === 'postgres' ? text(sku) : sku, some))
      // An index serves no SKU that stands there with blanks around it, so only those of which nothing for sale was found are looked for so.
      const known = new Set(found.flatMap((row) => ('item' in row && row.item !== null ? row.sku : [])))
      const there = new Set(found.map((row) => row.key))
      return [...found, ...(await bySku(withoutBlanks(text(sku)), skus.filter((each) => !known.has(each)))).filter((row) => !there.has(row.key))]
    },
    async page(tx, after, limit) {
      const order = config.skuIs === 'number' ? sku : dialect === 'sqlite' && !await hasNumbers(tx) ? sql`${sku} COLLATE BINARY` : binary(sku)
      const end = config.skuIs === 'number' ? sql.raw(String(BigInt(after ?? 0))) : dialect === 'mysql' ? sql`CAST(${after} AS BINARY)` : sql`${after}`
      return rows(tx, after === null ? sql`1 = 1` : sql`${order} > ${end}`, sql` ORDER BY ${order}${dialect === 'postgres' ? sql` NULLS FIRST` : sql``} LIMIT ${sql.lit(limit)}`)
    },
  }
}

/** What people leave around a SKU without seeing it. */
const BLANKS = [' ', '\t', '\r', '\n', '\u00a0', '\ufeff']
export const withoutBlanks = (expression: Expression): Expression => BLANKS.reduce((rest, blank) => sql`REPLACE(${rest}, ${blank}, '')`, expression)

/** Which range of so many a key falls into, or which bucket a part: rounded down, below zero too. What is no whole number falls into none. */
function partOf(key: string, size: number): string {
  const whole = /^-?\d+/.exec(key)?.[0]
  if (whole === undefined) return ''
  const [at, of] = [BigInt(whole), BigInt(size)]
  return String(at >= 0n ? at / of : -((of - 1n - at) / of))
}

/** Of neighbouring buckets one range. */
function ranges(buckets: readonly string[], size: number): [bigint, bigint][] {
  const found: [bigint, bigint][] = []
  const step = BigInt(size)
  // What is remembered from when the configuration said that keys are texts is in no range.
  for (const at of buckets.filter((bucket) => /^-?\d+$/.test(bucket)).map(BigInt).sort((a, b) => (a < b ? -1 : 1))) {
    const last = found.at(-1)
    if (last?.[1] === at * step) last[1] += step
    else found.push([at * step, (at + 1n) * step])
  }
  return found
}

const YES: ReadonlySet<string> = new Set(['1', 't', 'true', 'y', 'yes'])
const NO: ReadonlySet<string> = new Set(['0', 'f', 'false', 'n', 'no', ''])
const SEPARATORS = /[\s,;]+/
/** An item shows as many; more barcodes than that are a history. */
const IDENTIFIERS_MAX = 32

/** So many rows of a key are shown to who has to mend the query. */
const SHOWN_MAX = 5

/** Rows of one key that differ are no item: which of them is meant, nobody can tell, and each reading would tell another. */
function eachKeyOnce(rows: readonly GoodsRow[]): GoodsRow[] {
  if (new Set(rows.map(({ key }) => key)).size === rows.length) return [...rows]
  return [...Map.groupBy(rows, ({ key }) => key).values()].flatMap((same) => {
    const texts = [...new Set(same.map((row) => JSON.stringify(row)))].sort()
    const [first] = same
    if (first === undefined || texts.length === 1) return same
    const { key, bucket, sku } = first
    return { key, bucket, sku, refused: `the query gives the key ${key} in ${same.length} rows that differ: let it give one row for each item (a join may double it)`, text: texts.slice(0, SHOWN_MAX).join('\n') }
  })
}

/** No SKU has a blank, so it is never that of an item. */
const nobodysSku = (key: string): string => `item ${key}`

/** A product without options is one item, and so is one without a product. */
function variantOf(row: Row, { variants }: GoodsConfig): { variant?: Item['variant'] } {
  const productId = variants && row[variants.product]?.trim()
  const options = Object.entries(variants?.options ?? {}).flatMap(([name, column]) => {
    const value = row[column]?.trim()
    return value ? [{ name, value }] : []
  })
  return productId && options.length > 0 ? { variant: { productId, options } } : {}
}

/** A row of the query as goods, or why it cannot be. */
export function toGoodsRow(row: Row, codes: readonly string[], config: GoodsConfig, currency: string): GoodsRow {
  const { columns, fixed } = config
  const read = (field: keyof typeof columns): string | null => (columns[field] === undefined ? null : row[columns[field]] ?? null)
  const written = read('sku')
  const sku = Sku.safeParse(written?.trim()).data ?? null
  const place = { key: read('key') ?? '', bucket: row['tillbridge_bucket'] ?? '', ...(sku === null ? { written: null } : written === sku ? {} : { written }) }
  const refused = (why: string): GoodsRow => ({ ...place, sku, refused: why, text: JSON.stringify(row) })
  const found = (field: keyof typeof columns, expected: string): GoodsRow => refused(`${field}: expected ${expected}, found ${JSON.stringify(read(field))}`)

  if (read('key') === null) return refused('key: nothing; an item is known by its key, so let the query leave out rows without one, or name another column')
  const flags = { sellable: true, deleted: false, tracked: fixed.tracked, taxIncluded: fixed.taxIncluded }
  for (const flag of ['sellable', 'deleted', 'tracked', 'taxIncluded'] as const) {
    const value = read(flag)?.toLowerCase()
    if (value === undefined) continue
    if (!YES.has(value) && !NO.has(value)) return found(flag, 'yes or no (1 or 0)')
    flags[flag] = YES.has(value)
  }
  const isForSale = flags.sellable && !flags.deleted
  // Many a POS takes the SKU of what is gone away, so that another item may have it.
  if (sku === null) return isForSale ? found('sku', '1 to 64 visible characters without blanks') : { ...place, sku: nobodysSku(place.key), item: null, onHand: null }
  const word = read('unit')
  const unit: Unit | undefined = word === null ? fixed.unit : config.units[word.trim()]
  if (unit === undefined && !isForSale) return { ...place, sku, item: null, onHand: null }
  if (unit === undefined) return found('unit', `one of ${Object.keys(config.units).join(', ')}`)
  const counted = read('onHand')
  const onHand = counted === null || !flags.tracked ? null : toOnHand(counted, unit === 'each' ? 'each' : 'thousandths')
  const isCounted = OnHand.safeParse(onHand).success
  if (!isForSale) return { ...place, sku, item: null, onHand: isCounted ? onHand : null }
  if (counted !== null && flags.tracked && !isCounted) return found('onHand', 'a quantity')

  const amountMinor = toMinor(read('price') ?? '', currency)
  if (amountMinor === null || amountMinor < 0) return found('price', 'an amount of zero or more')
  const rate = read('taxRate')?.trim() ?? ''
  if (rate === '' && columns.taxRate !== undefined && fixed.taxRate === undefined) return refused('taxRate: nothing; let the query say 0 for goods without tax, or set goods.fixed.taxRate for empty ones')
  const taxRate = rate === '' ? fixed.taxRate ?? '0' : toTaxRate(rate)
  if (taxRate === null) return found('taxRate', 'percent')
  const barcodes = [...new Set([...(read('barcodes') ?? '').split(SEPARATORS), ...codes.map((code) => code.trim())].filter(Boolean))].sort().slice(0, IDENTIFIERS_MAX)
  const item = Item.safeParse({
    sku, name: read('name')?.trim() ?? '', description: read('description') || null, brand: read('brand') || null, category: read('category') || null, imageUrl: read('imageUrl'),
    identifiers: barcodes.map((value) => ({ type: identifierType(value), value })), unit, price: { amountMinor, currency }, taxIncluded: flags.taxIncluded, taxRate, tracked: flags.tracked, ...variantOf(row, config),
  })
  if (!item.success) return refused(item.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
  return { ...place, sku, item: item.data, onHand }
}
