import { z } from 'zod'
import { RejectReason } from '../../../contract/events.ts'
import { Currency, TaxRate, Unit } from '../../../contract/values.ts'
import { MySqlConnection, MySqlDialect, PostgresConnection, SqliteConnection } from './connection-config.ts'
import { SCAN_EVERY_MS, SCAN_SHARE } from './scan.ts'
import { endsTransaction, hasEscapedQuote, isSeveral, parametersOf } from './statement.ts'
import { isTimeZone } from './wall-clock.ts'

const column = z.string().regex(/^\w{1,64}$/, 'the name of a column of the query: letters, digits and "_"')
/** A statement list longer than this is a program, and wants an adapter of its own. */
const STATEMENTS_MAX = 50

const ORDER_PARAMETERS = ['assignmentId', 'orderId', 'number', 'now', 'placedAt', 'currency', 'total', 'subtotal', 'tax', 'shipping', 'customerName', 'customerEmail', 'customerPhone', 'note', 'method'] as const
const LINE_PARAMETERS = ['sku', 'key', 'name', 'quantity', 'unit', 'unitPrice', 'lineTotal', 'taxRate', 'lineNumber'] as const

const text = z.string().min(1, 'a statement')
/**
 * `each: line`: once for every line of the order. `as`: what it gave (the id of its row, or the first column of RETURNING) is this parameter from then on.
 * `mayMatchNone`: an UPDATE that changes no row is in order; else, where the order has goods that are counted, it is not kept.
 */
const Step = z.object({
  run: text, each: z.literal('line').optional(),
  as: z.string().regex(/^[a-zA-Z][a-zA-Z0-9]*$/, 'a parameter\'s name: letters and digits').optional(),
  mayMatchNone: z.boolean().default(false),
})

const Goods = z.object({
  /** One row for each item. */
  query: text,
  /** `number`: whole numbers, compared in ranges that an index serves. */
  keyIs: z.enum(['text', 'number']).default('text'),
  skuIs: z.enum(['text', 'number']).default('text'),
  /** Which column of the query is which field. */
  columns: z.object({
    key: column, sku: column, name: column, price: column,
    description: column.optional(), brand: column.optional(), category: column.optional(), imageUrl: column.optional(),
    onHand: column.optional(), taxIncluded: column.optional(), taxRate: column.optional(), unit: column.optional(),
    /** Several in one column are set apart by blanks, commas or semicolons. */
    barcodes: column.optional(),
    sellable: column.optional(), deleted: column.optional(), tracked: column.optional(),
  }),
  /** What an item is one of: a column with what they have in common, and one for each option, such as Size. Rows without a product are no variants. */
  variants: z.object({ product: column, options: z.record(z.string().min(1).max(40), column) }).optional(),
  /** What no column says. `taxRate` also where its column is empty: left out, such goods are refused, and 0 holds only where no column is named. */
  fixed: z.object({ taxIncluded: z.boolean().default(true), taxRate: TaxRate.optional(), unit: Unit.default('each'), tracked: z.boolean().default(true) }).prefault({}),
  /** The unit column's words. Of measured goods the POS counts and prices kilograms, litres or metres. */
  units: z.record(z.string(), Unit).default({ each: 'each', kg: 'g', l: 'ml', m: 'mm' }),
  /** Barcodes in a table of their own: a query with a row for each. */
  barcodes: z.object({ query: text, key: column, barcode: column }).optional(),
})
export type GoodsConfig = z.output<typeof Goods>

const Sales = z.object({
  /** One row for each line of a sale or return that is finished. */
  query: text,
  columns: z.object({
    id: column, line: column, at: column, cursor: column, sku: column, quantity: column, unitPrice: column,
    lineTotal: column.optional(),
    /** Of the whole sale, tax included; without it, the sum of its lines. */
    total: column.optional(),
    reference: column.optional(), unit: column.optional(),
  }),
  /** `overlap`: how far behind the newest a sale may still appear, in ids or seconds. Ids are given before their sale is committed. */
  cursor: z.object({ is: z.enum(['number', 'time']), overlap: z.int().min(1).max(100_000).default(200) }),
})
export type SalesConfig = z.output<typeof Sales>

const Orders = z.object({
  stockFallsAt: z.enum(['accept', 'later']),
  /** Gives `reference` (what the staff call it) and `state` of the order :assignmentId, or no row. */
  find: text,
  /** The state's words. */
  states: z.record(z.string(), z.enum(['open', 'picking', 'ready', 'done', 'void'])),
  write: z.array(Step).min(1).max(STATEMENTS_MAX),
  /**
   * The last one gives `onHand` of :sku, what open orders hold taken off where stock falls later. One of them locks a row of :sku
   * (FOR UPDATE), so that a second order for the last piece waits until the first is written, and then sees it.
   */
  stock: z.union([text.transform((one) => [one]), z.array(text).min(1).max(STATEMENTS_MAX)]).optional(),
  oversell: z.enum(['refuse', 'allow']).default('refuse'),
  /** Takes the order :assignmentId back. Left out: it cannot be. `each: line` are its lines as `lines` gives them. */
  void: z.array(Step).max(STATEMENTS_MAX).optional(),
  /** Gives `sku` and `quantity` of each line of :assignmentId, for `void`. */
  lines: text.optional(),
  /** Gives `assignmentId` and `state` of the orders of which something may be new: those not finished, and those finished lately. A column `reason` says why one was refused. */
  changes: text,
  /** The words of that column. */
  reasons: z.record(z.string(), RejectReason).default({}),
  /** A refusal without a reason, or with a word that is not among them. `invalid`: a person looks into it; `out_of_stock`: another store is asked. */
  refusedAs: RejectReason.default('invalid'),
  /** The reference has a table of the connector's own, `tillbridge_orders(assignment_id, pos_reference)`: the POS has no place for it. */
  ownTable: z.boolean().default(false),
})
export type OrdersConfig = z.output<typeof Orders>

/** Of a configuration without a time zone. */
export const ZONE_LEFT_OUT = 'UTC'

const rest = {
  type: z.literal('sql'),
  /** What doctor and the log call it. */
  name: z.string().min(1).max(60).default('SQL database'),
  currency: Currency,
  /** Of times that are written without a zone. Left out: UTC, and the doctor says so where the database's own clock is another. */
  timeZone: z.string().refine(isTimeZone, 'a time zone such as Europe/London').optional(),
  goods: Goods,
  sales: Sales.optional(),
  /** Left out: the POS is only read, and this store takes no web orders. */
  orders: Orders.optional(),
  /** The goods' tables, each with its column that holds the goods' key: a write to one is a reason to compare sooner, and `triggers install` may watch them. */
  watch: z.array(z.object({ table: z.string().regex(/^\w{1,64}$/, 'the name of a table'), key: column })).max(STATEMENTS_MAX).default([]),
  /** How often all goods are compared at the most. A comparison that takes long is made less often, so that it costs the database no more than this share of one core; as much again, saved up while nothing is written, may go into comparing sooner. */
  scan: z.object({ everyMs: z.int().min(0).max(3_600_000).default(SCAN_EVERY_MS), share: z.number().min(0.001, 'a share from 0.001 to 1').max(1, 'a share from 0.001 to 1').default(SCAN_SHARE) }).prefault({}),
} as const

const ofDialect = z.discriminatedUnion('dialect', [
  z.object({ ...rest, dialect: MySqlDialect, connection: MySqlConnection }),
  z.object({ ...rest, dialect: z.literal('postgres'), connection: PostgresConnection }),
  z.object({ ...rest, dialect: z.literal('sqlite'), connection: SqliteConnection }),
])

/** A POS described by queries: every statement is the shop's own, and nothing else is run but a comparison around them. */
export const SqlConfig = ofDialect.superRefine(({ dialect, orders, goods, sales }, context) => {
  const known = (statement: string, path: (string | number)[], names: readonly string[]): void => {
    // The driver puts values in place of every question mark, those in texts too.
    if (dialect === 'mysql' && statement.includes('?')) context.addIssue({ code: 'custom', path, message: 'a statement without question marks: write CHAR(63) in a text' })
    if (dialect === 'mysql' && hasEscapedQuote(statement)) context.addIssue({ code: 'custom', path, message: 'a statement whose texts have no backslash before a quote: write the quote twice' })
    if (dialect === 'sqlite' && isSeveral(statement)) context.addIssue({ code: 'custom', path, message: 'one statement: SQLite runs the first alone, without a word about the rest' })
    const end = endsTransaction(statement, dialect)
    if (end !== null) context.addIssue({ code: 'custom', path, message: `a statement that leaves the transaction open: all of an order is written in one, and ${end} would keep half of it` })
    for (const name of parametersOf(statement)) {
      if (!names.includes(name)) context.addIssue({ code: 'custom', path, message: `one of the parameters ${names.map((each) => `:${each}`).join(' ') || '(none are known here)'}; it asks for :${name}` })
    }
  }
  known(goods.query, ['goods', 'query'], [])
  if (sales) known(sales.query, ['sales', 'query'], [])
  if (!orders) return
  known(orders.find, ['orders', 'find'], ['assignmentId'])
  known(orders.changes, ['orders', 'changes'], [])
  if (orders.lines) known(orders.lines, ['orders', 'lines'], ['assignmentId', 'reference'])
  if (orders.stock) for (const each of orders.stock) known(each, ['orders', 'stock'], ['sku', 'key'])
  else if (orders.oversell === 'refuse') context.addIssue({ code: 'custom', path: ['orders', 'stock'], message: 'a query for the stock of :sku, under a lock; or oversell: allow' })
  if (orders.void?.some(({ each }) => each === 'line') && !orders.lines) context.addIssue({ code: 'custom', path: ['orders', 'lines'], message: 'a query for the lines of :assignmentId, which void goes through' })
  for (const list of ['write', 'void'] as const) {
    const captured: string[] = list === 'write' ? [...ORDER_PARAMETERS] : ['assignmentId', 'reference', 'now']
    const ofLine = list === 'write' ? LINE_PARAMETERS : ['sku', 'key', 'quantity']
    for (const [index, step] of (orders[list] ?? []).entries()) {
      known(step.run, ['orders', list, index, 'run'], step.each ? [...captured, ...ofLine] : captured)
      if (step.as) captured.push(step.as)
    }
  }
  if (!orders.write.some(({ as }) => as === 'reference')) context.addIssue({ code: 'custom', path: ['orders', 'write'], message: 'a statement with "as: reference", which gives the order\'s number in the POS' })
})
export type SqlConfig = z.output<typeof SqlConfig>
