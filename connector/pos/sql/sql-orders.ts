import { sql } from 'kysely'
import type { Assignment } from '../../../contract/assignment.ts'
import { fromInstant, type Clock } from '../../../contract/clock.ts'
import { amountsOf } from '../../../contract/assignment.ts'
import type { RejectReason } from '../../../contract/events.ts'
import type { Item } from '../../../contract/product.ts'
import { otherTerms, termsOf } from '../other-terms.ts'
import type { PosWrite } from '../port.ts'
import { decimalsOf, toOnHand, unscaled } from './decimal.ts'
import { field, stateOf, unnamedState } from './order-steps.ts'
import type { Dialect, Goods, OrderBook, Tx } from './ports.ts'
import type { OrdersConfig } from './sql-config.ts'
import { isUpdate, run, type Parameters } from './statement.ts'
import { StatementFault } from './statement-fault.ts'
import { instantToWallClock } from './wall-clock.ts'

export type SqlOrdersParts = { config: OrdersConfig; goods: Goods; timeZone: string; clock: Clock }

/** Web orders by a shop's own statements. All of them run in the one transaction of the port's `writeOrder`. */
export function sqlOrders({ config, goods, timeZone, clock }: SqlOrdersParts): OrderBook {
  const now = (): string => instantToWallClock(clock(), timeZone)

  const find: OrderBook['find'] = async (tx, assignmentId) => {
    const row = (await run(tx, config.find, { assignmentId })).rows[0]
    if (!row) return null
    const state = stateOf(config, row)
    if (state === undefined) throw new StatementFault(unnamedState('orders.find', row), 'Add it to orders.states with what it means: open, picking, ready, done or void')
    return { posReference: field(row, 'reference') ?? assignmentId, state, stockFell: config.stockFallsAt === 'accept' ? state !== 'void' : state === 'done' }
  }

  return {
    find,
    async write(tx, assignment) {
      const { found, twice } = await sellableRows(tx, goods, assignment)
      const missing = assignment.lines.find(({ sku }) => !found.has(sku))
      if (missing) return no('unknown_sku', twice.has(missing.sku) ? `${missing.sku} is the SKU of several items for sale in this POS: each needs its own` : `${missing.sku} is not for sale in this POS`)
      for (const line of assignment.lines) {
        const item = found.get(line.sku)?.item
        const other = item && otherTerms(line, termsOf(item))
        if (other) return other
      }
      if (config.oversell === 'refuse' && config.stock !== undefined) {
        const short = await firstShort(tx, config.stock, assignment, found)
        if (short) return no('out_of_stock', short)
      }
      if (config.ownTable) await sql`INSERT INTO tillbridge_orders (assignment_id, pos_reference) VALUES (${assignment.assignmentId}, '')`.execute(tx)
      let known: Parameters = orderParameters(assignment, timeZone, now())
      const isCounted = (sku: string): boolean => config.oversell === 'refuse' && found.get(sku)?.item.tracked === true
      for (const [at, step] of config.write.entries()) {
        for (const [index, line] of (step.each ? assignment.lines : [null]).entries()) {
          const row = line && found.get(line.sku)
          const { given, matched } = await runStep(tx, step.run, line && row ? { ...known, ...lineParameters(line, row.key, index + 1) } : known)
          const counted = (line ? [line] : assignment.lines).find(({ sku }) => isCounted(sku))
          // Counted a moment ago, and the statement that takes it off found nothing to take it from: the order would be sold from a stock that never falls.
          if (counted && matched === 0n && !step.mayMatchNone && isUpdate(step.run)) throw new StatementFault(`The UPDATE at pos.orders.write.${at}.run changed no row for ${line ? line.sku : 'the order'}, so the order is not kept`, 'Mend its WHERE (compare it with orders.stock), or say "mayMatchNone: true" at a statement that need not find a row')
          if (step.as) known = { ...known, [step.as]: given }
        }
      }
      const posReference = known['reference']
      if (typeof posReference !== 'string' || posReference === '') throw new StatementFault('The statements of orders.write gave no reference', 'Set "as: reference" at an INSERT with a generated id, or at one with RETURNING')
      if (config.ownTable) await sql`UPDATE tillbridge_orders SET pos_reference = ${posReference} WHERE assignment_id = ${assignment.assignmentId}`.execute(tx)
      // As it will be found, so that a repeated delivery is answered the same.
      const written = await find(tx, assignment.assignmentId)
      if (written === null) throw new StatementFault('orders.find does not find the order that orders.write has just written, so it is not kept', 'Let orders.write put :assignmentId where orders.find looks for it, whole: the column must hold 40 signs')
      return { ok: true, posReference: written.posReference, stockFell: written.stockFell }
    },

    async void(tx, assignmentId) {
      const found = await find(tx, assignmentId)
      if (found === null) return 'absent'
      if (found.state === 'void') return 'voided'
      if (found.state === 'done' || config.void === undefined) return 'refused'
      const known: Parameters = { assignmentId, reference: found.posReference, now: now() }
      const lines = config.lines === undefined ? [] : (await run(tx, config.lines, { assignmentId, reference: found.posReference })).rows
      for (const [sku, same] of Map.groupBy(lines, (line) => field(line, 'sku'))) {
        const keys = new Set(same.map((line) => field(line, 'key')))
        if (keys.size > 1) throw new StatementFault(`orders.lines gives several items for the SKU ${sku} (${[...keys].join(', ')}), so the order is not taken back: its goods would be put back on each of them`, 'Let each SKU be that of one item, or let orders.lines name the one that the order took')
      }
      for (const step of config.void) {
        for (const line of step.each ? lines : [null]) {
          await runStep(tx, step.run, line ? { ...known, sku: field(line, 'sku'), key: field(line, 'key'), quantity: field(line, 'quantity') } : known)
        }
      }
      // Its statements may leave alone what has gone too far (`AND state = 0`): the web must not hear that an order is gone which the staff still pack.
      const after = await find(tx, assignmentId)
      return after === null || after.state === 'void' ? 'voided' : 'refused'
    },
  }
}

/** Where the POS has no place for a reference. Made once; MySQL cannot make a table inside a transaction. */
export const OWN_TABLE = 'tillbridge_orders'
export function ownTableText(dialect: Dialect): string {
  const [id, reference] = dialect === 'sqlite' ? ['TEXT', 'TEXT'] : ['VARCHAR(64)', 'VARCHAR(128)']
  return `CREATE TABLE IF NOT EXISTS ${OWN_TABLE} (assignment_id ${id} NOT NULL PRIMARY KEY, pos_reference ${reference} NOT NULL)`
}
export const ownTable = (dialect: Dialect) => sql.raw(ownTableText(dialect))

const no = (reason: RejectReason, detail: string): PosWrite => ({ ok: false, reason, detail })

type SellableRow = { key: string; item: Item }

/** `twice`: SKUs of several rows for sale. From whose shelf it goes, nobody can tell, and the level that the web sees is that of one of them. */
async function sellableRows(tx: Tx, goods: Goods, { lines }: Assignment): Promise<{ found: Map<string, SellableRow>; twice: Set<string> }> {
  const found = new Map<string, SellableRow>()
  const twice = new Set<string>()
  for (const row of await goods.rowsBySku(tx, [...new Set(lines.map(({ sku }) => sku))])) {
    if (!('item' in row) || row.item === null) continue
    const other = found.get(row.sku)
    if (other && other.key !== row.key) twice.add(row.sku)
    found.set(row.sku, { key: row.key, item: row.item })
  }
  for (const sku of twice) found.delete(sku)
  return { found, twice }
}

/** Under a lock, in the order of the SKUs, so that two orders do not wait for each other. What is not counted is not enough (rules.md 4). */
async function firstShort(tx: Tx, stock: readonly string[], { lines }: Assignment, rows: ReadonlyMap<string, SellableRow>): Promise<string | null> {
  const demand = new Map<string, { quantity: number; measured: boolean }>()
  for (const { sku, quantity, unit } of lines) demand.set(sku, { quantity: (demand.get(sku)?.quantity ?? 0) + quantity, measured: unit !== 'each' })
  for (const [sku, { quantity, measured }] of [...demand].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const row = rows.get(sku)
    if (!row?.item.tracked) continue
    let counted: string | null = null
    for (const each of stock) counted = field((await run(tx, each, { sku, key: row.key })).rows[0] ?? {}, 'onHand')
    const there = counted === null ? null : toOnHand(counted, measured ? 'thousandths' : 'each')
    if (there === null) return `${sku} is not counted: orders.stock gives no row for it, or NULL`
    if (there < quantity) return `${sku}: ${quantity} ordered, ${there} on hand`
  }
  return null
}

/** `given`: the first column of a statement's first row (RETURNING), or the id of the row it put in. `matched`: how many rows it changed. */
async function runStep(tx: Tx, text: string, parameters: Parameters): Promise<{ given: string | null; matched: bigint }> {
  const { rows, insertId, numAffectedRows } = await run(tx, text, parameters)
  // With RETURNING, SQLite gives the rows and does not count them.
  return { given: Object.values(rows[0] ?? {})[0] ?? (insertId === undefined ? null : String(insertId)), matched: numAffectedRows ?? BigInt(rows.length) }
}

function orderParameters(order: Assignment, timeZone: string, now: string): Parameters {
  const { currency } = order.totals.total
  const amount = ({ amountMinor }: { amountMinor: number }): string => unscaled(amountMinor, decimalsOf(currency))
  const { total, subtotal, tax, shipping } = order.totals
  return {
    assignmentId: order.assignmentId, orderId: order.orderId, number: order.number, now, placedAt: instantToWallClock(fromInstant(order.placedAt), timeZone), currency,
    total: amount(total), subtotal: amount(subtotal), tax: amount(tax), shipping: amount(shipping),
    customerName: order.customer.name, customerEmail: order.customer.email, customerPhone: order.customer.phone ?? null, note: order.note, method: order.fulfillment.method,
  }
}

function lineParameters(line: Assignment['lines'][number], key: string, lineNumber: number): Parameters {
  const decimals = decimalsOf(line.unitPrice.currency)
  return {
    sku: line.sku, key, name: line.name, unit: line.unit, lineNumber, taxRate: line.taxRate,
    // Of what is measured the POS counts kilograms, litres or metres.
    quantity: unscaled(line.quantity, line.unit === 'each' ? 0 : 3), unitPrice: unscaled(line.unitPrice.amountMinor, decimals),
    lineTotal: unscaled(amountsOf(line).totalMinor, decimals),
  }
}
