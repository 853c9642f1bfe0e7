import { sql } from 'kysely'
import type { Assignment } from '../../../contract/assignment.ts'
import type { Clock } from '../../../contract/clock.ts'
import type { PosWrite } from '../port.ts'
import type { OrderBook, Row, Tx } from '../sql/ports.ts'
import { scaled, unscaled } from '../sql/decimal.ts'
import { cutTo, readTextLengths } from '../sql/text-columns.ts'
import { instantToWallClock } from '../sql/wall-clock.ts'
import { osposGoods } from './goods.ts'
import { commentOf, demandOf, orderLines, shortOf, type OrderedItem, type OrderLine } from './order-lines.ts'
import { ORDER_TABLE, type OrderTable } from './order-table.ts'
import type { OsposConfig } from './ospos-config.ts'
import { OsposFault } from './ospos-fault.ts'
import { isOpen } from './sale-steps.ts'
import { COMPLETED, readStates, saleName, SUSPENDED } from './sales.ts'
import { list, readSettings, rowsOf, tablesOf, text, useTillClock, type Settings } from './shop-settings.ts'

const CANCELLED = 2
/** Tables with texts of a web order, and a text in as many signs as one of their columns holds. */
const WRITTEN = ['sales', 'sales_payments', 'sales_items', 'sales_items_taxes', 'sales_taxes']
type Fitted = (text: string, column: string) => string
const TAX = { included: 0, onTop: 1 } as const

/**
 * Web orders as sales of the till. All locks are taken before anything is written, and in the till's own order (sales, then quantities): when the
 * two meet, it is this transaction that the database gives up, not the cashier's.
 */
export function osposOrderBook(config: OsposConfig, orders: OrderTable, clock: Clock): OrderBook {
  const table = tablesOf(config)
  const own = sql.table(ORDER_TABLE)
  const goods = osposGoods(config)

  const wallClock = ({ timeZone }: Settings): string => instantToWallClock(clock(), timeZone)

  return {
    async find(tx, assignmentId) {
      if (!await orders.exists(tx)) return null
      const [row] = await rowsOf(tx, sql<Row>`SELECT sale_id AS sale FROM ${own} WHERE order_id = ${assignmentId}`)
      if (!row) return null
      const saleId = Number(row['sale'])
      const state = (await readStates(tx, config, await readSettings(tx, config), [saleId], true)).get(saleId)
      const posReference = saleName(saleId)
      const web = state?.web
      if (!state || !web) return { posReference, state: 'void', stockFell: false }
      if (isOpen(state.status, web)) return { posReference, state: 'open', stockFell: web.shape === 'completed' }
      return state.status === COMPLETED ? { posReference, state: 'done', stockFell: true } : { posReference, state: 'void', stockFell: false }
    },

    async write(tx, assignment) {
      await useTillClock(tx)
      const settings = await readSettings(tx, config)
      const employee = await findEmployee(tx)
      const prepared = orderLines(assignment, await orderedItems(tx, assignment), settings.decimals)
      if (!prepared.ok) return prepared
      const { lines } = prepared
      const spoken = await spokenFor(tx, settings)
      const shelf = await lockShelf(tx, settings, [...demandOf(lines).keys()])
      const short = config.oversell === 'allow' ? null : shortOf(lines, shelf, spoken)
      if (short) return short
      return insert(tx, settings, assignment, lines, employee)
    },

    async void(tx, assignmentId) {
      if (!await orders.exists(tx)) return 'absent'
      await useTillClock(tx)
      const settings = await readSettings(tx, config)
      const [row] = await rowsOf(tx, sql<Row>`SELECT sale_id AS sale, shape, payment, voided FROM ${own} WHERE order_id = ${assignmentId} FOR UPDATE`)
      if (!row) return 'absent'
      const saleId = Number(row['sale'])
      const [sale] = await rowsOf(tx, sql<Row>`SELECT sale_status AS status, employee_id AS employee FROM ${table('sales')} WHERE sale_id = ${saleId} FOR UPDATE`)
      const status = sale === undefined ? CANCELLED : Number(sale['status'])
      if (status === COMPLETED) {
        const unpaid = await rowsOf(tx, sql<Row>`SELECT 1 AS there FROM ${table('sales_payments')} WHERE sale_id = ${saleId} AND payment_type = ${row['payment']} LIMIT 1`)
        if (row['shape'] !== 'completed' || unpaid.length === 0) return 'refused'
        await putBack(tx, settings, saleId, Number(sale?.['employee']))
      }
      // What the staff have cancelled was theirs to tell.
      if (status !== CANCELLED) {
        await sql`UPDATE ${table('sales')} SET sale_status = ${CANCELLED} WHERE sale_id = ${saleId}`.execute(tx)
        await sql`UPDATE ${own} SET voided = 1, settled = 1 WHERE order_id = ${assignmentId}`.execute(tx)
      }
      return 'voided'
    },
  }

  async function findEmployee(tx: Tx): Promise<number> {
    const rows = await rowsOf(tx, sql<Row>`SELECT person_id AS id FROM ${table('employees')} WHERE deleted = 0 ${config.employee === undefined ? sql`` : sql`AND person_id = ${config.employee}`} ORDER BY person_id LIMIT 1`)
    const id = rows[0]?.['id']
    if (id !== undefined && id !== null) return Number(id)
    throw new OsposFault(
      config.employee === undefined ? 'The POS has no employee in whose name a web order could be written' : `The POS has no employee with the person id ${config.employee}`,
      'Set pos.employee to the id of one that is not deleted (Employees, column Id)',
    )
  }

  async function orderedItems(tx: Tx, assignment: Assignment): Promise<Map<string, OrderedItem>> {
    const rows = await goods.rowsBySku(tx, [...new Set(assignment.lines.map(({ sku }) => sku))])
    const items = new Map<string, OrderedItem>()
    const keys = rows.map(({ key }) => Number(key))
    const more = new Map((await rowsOf(tx, sql<Row>`SELECT item_id AS id, description, cost_price AS cost FROM ${table('items')} WHERE item_id IN (${list(keys)})`)).map((row) => [text(row, 'id'), row]))
    const taxes = await rowsOf(tx, sql<Row>`SELECT item_id AS id, name, percent FROM ${table('items_taxes')} WHERE item_id IN (${list(keys)}) ORDER BY item_id, name, percent`)
    for (const row of rows) {
      if (!('item' in row) || row.item === null) continue
      // Two items for sale under one number: which one was meant, nobody can tell. One that is gone is in nobody's way.
      if (rows.some((other) => other.sku === row.sku && other.key !== row.key && 'item' in other && other.item !== null)) continue
      items.set(row.sku, {
        itemId: Number(row.key), item: row.item, description: more.get(row.key)?.['description'] ?? '', costPrice: more.get(row.key)?.['cost'] ?? '0',
        taxes: taxes.filter((tax) => tax['id'] === row.key).map((tax) => ({ name: text(tax, 'name'), percent: text(tax, 'percent') })),
      })
    }
    return items
  }

  /**
   * What suspended web orders of this location will still take. The rows stay locked, so two orders that race come one after the other; and
   * locking reads see what is committed now, whatever this transaction saw first.
   */
  async function spokenFor(tx: Tx, { locationId }: Settings): Promise<Map<number, number>> {
    const rows = await rowsOf(tx, sql<Row>`SELECT order_id AS id, sale_id AS sale, demand FROM ${own} WHERE location_id = ${locationId} AND settled = 0 FOR UPDATE`)
    const open = await rowsOf(tx, sql<Row>`SELECT sale_id AS sale FROM ${table('sales')} WHERE sale_id IN (${list(rows.map((row) => Number(row['sale'])))}) AND sale_status = ${SUSPENDED} FOR UPDATE`)
    const stillOpen = new Set(open.map((row) => row['sale']))
    const settled = rows.filter((row) => !stillOpen.has(row['sale'] ?? null))
    if (settled.length > 0) await sql`UPDATE ${own} SET settled = 1 WHERE order_id IN (${sql.join(settled.map((row) => row['id']))})`.execute(tx)
    const spoken = new Map<number, number>()
    for (const row of rows) {
      if (!stillOpen.has(row['sale'] ?? null)) continue
      for (const [itemId, thousandths] of JSON.parse(text(row, 'demand')) as [number, number][]) spoken.set(itemId, (spoken.get(itemId) ?? 0) + thousandths)
    }
    return spoken
  }

  async function lockShelf(tx: Tx, { locationId }: Settings, items: readonly number[]): Promise<Map<number, number>> {
    const rows = await rowsOf(tx, sql<Row>`SELECT item_id AS id, quantity FROM ${table('item_quantities')} WHERE item_id IN (${list(items)}) AND location_id = ${locationId} ORDER BY item_id FOR UPDATE`)
    return new Map(rows.map((row) => [Number(row['id']), scaled(text(row, 'quantity'), 3) ?? 0]))
  }

  async function insert(tx: Tx, settings: Settings, assignment: Assignment, lines: OrderLine[], employee: number): Promise<PosWrite> {
    const shape = config.orders === 'completed' ? 'completed' : 'suspended'
    const money = (minor: number): string => unscaled(minor, settings.decimals)
    const at = wallClock(settings)
    const lengths = await readTextLengths(tx, 'mysql', WRITTEN.map((name) => `${config.prefix}${name}`))
    const fitted: Fitted = (text, name) => cutTo(text, lengths.get(`${config.prefix}${name}`))
    const head = await sql`INSERT INTO ${table('sales')} (sale_time, customer_id, employee_id, comment, invoice_number, quote_number, work_order_number, sale_status, sale_type)
      VALUES (${at}, NULL, ${employee}, ${commentOf(assignment, lengths.get(`${config.prefix}sales.comment`))}, NULL, NULL, NULL, ${shape === 'completed' ? COMPLETED : SUSPENDED}, 0)`.execute(tx)
    const saleId = Number(head.insertId)
    const demand = JSON.stringify(shape === 'suspended' ? [...demandOf(lines)] : [])
    await sql`INSERT INTO ${own} (order_id, sale_id, location_id, shape, payment, demand, settled)
      VALUES (${assignment.assignmentId}, ${saleId}, ${settings.locationId}, ${shape}, ${config.payment}, ${demand}, ${shape === 'completed' ? 1 : 0})`.execute(tx)

    const taxMinor = sum(lines.flatMap(({ taxes }) => taxes.map(({ amountMinor }) => amountMinor)))
    const totalMinor = sum(lines.map((line) => line.totalMinor)) + (settings.taxIncluded ? 0 : taxMinor)
    await sql`INSERT INTO ${table('sales_payments')} (sale_id, payment_type, payment_amount, cash_refund, cash_adjustment, employee_id, reference_code)
      VALUES (${saleId}, ${config.payment}, ${money(totalMinor)}, 0, 0, ${employee}, ${fitted(assignment.number, 'sales_payments.reference_code')})`.execute(tx)

    for (const line of lines) {
      await sql`INSERT INTO ${table('sales_items')} (sale_id, item_id, description, serialnumber, line, quantity_purchased, item_cost_price, item_unit_price, discount, discount_type, item_location, print_option)
        VALUES (${saleId}, ${line.itemId}, ${fitted(line.description, 'sales_items.description')}, '', ${line.line}, ${line.quantity}, ${line.costPrice}, ${line.unitPrice}, 0, 0, ${settings.locationId}, 0)`.execute(tx)
    }
    if (shape === 'completed') await moveStock(tx, settings, lines.filter(({ tracked }) => tracked).map((line) => ({ itemId: line.itemId, quantity: unscaled(-line.thousandths, 3) })), employee, saleName(saleId), at)
    await insertTaxes(tx, settings, saleId, lines, fitted)
    return { ok: true, posReference: saleName(saleId), stockFell: shape === 'completed' }
  }

  /** What the till prints as taxes, one row for each name and rate, and what each line holds of it. */
  async function insertTaxes(tx: Tx, settings: Settings, saleId: number, lines: readonly OrderLine[], fitted: Fitted): Promise<void> {
    const money = (minor: number): string => unscaled(minor, settings.decimals)
    const type = settings.taxIncluded ? TAX.included : TAX.onTop
    const groups = new Map<string, { name: string; percent: string; basisMinor: number; amountMinor: number }>()
    for (const line of lines) {
      for (const { name, percent, amountMinor } of line.taxes) {
        const key = `${percent} ${name}`
        const group = groups.get(key) ?? { name, percent, basisMinor: 0, amountMinor: 0 }
        groups.set(key, { ...group, basisMinor: group.basisMinor + line.totalMinor, amountMinor: group.amountMinor + amountMinor })
        await sql`INSERT INTO ${table('sales_items_taxes')} (sale_id, item_id, line, name, percent, tax_type, rounding_code, cascade_sequence, item_tax_amount)
          VALUES (${saleId}, ${line.itemId}, ${line.line}, ${fitted(name, 'sales_items_taxes.name')}, ${percent}, ${type}, 1, 0, ${money(amountMinor)})`.execute(tx)
      }
    }
    let sequence = 0
    for (const { name, percent, basisMinor, amountMinor } of groups.values()) {
      sequence += 1
      await sql`INSERT INTO ${table('sales_taxes')} (sale_id, tax_type, tax_group, sale_tax_basis, sale_tax_amount, print_sequence, name, tax_rate, rounding_code)
        VALUES (${saleId}, ${type}, ${fitted(name, 'sales_taxes.tax_group')}, ${money(basisMinor)}, ${money(amountMinor)}, ${sequence}, ${fitted(name, 'sales_taxes.name')}, ${percent}, 1)`.execute(tx)
    }
  }

  async function putBack(tx: Tx, settings: Settings, saleId: number, employee: number): Promise<void> {
    const rows = await rowsOf(tx, sql<Row>`SELECT l.item_id AS id, l.quantity_purchased AS quantity FROM ${table('sales_items')} l JOIN ${table('items')} i ON i.item_id = l.item_id
      WHERE l.sale_id = ${saleId} AND i.stock_type = 0 AND l.item_location = ${settings.locationId} ORDER BY l.item_id`)
    await moveStock(tx, settings, rows.map((row) => ({ itemId: Number(row['id']), quantity: text(row, 'quantity') })), employee, `Deleting sale ${saleId}`, wallClock(settings))
  }

  /** The quantity and its line in the stock log, as the till writes them. */
  async function moveStock(tx: Tx, { locationId }: Settings, moves: readonly { itemId: number; quantity: string }[], employee: number, comment: string, at: string): Promise<void> {
    for (const { itemId, quantity } of [...moves].sort((a, b) => a.itemId - b.itemId)) {
      // Text added to a number would be added as a double.
      const units = sql`CAST(${quantity} AS DECIMAL(15,3))`
      const moved = await sql`UPDATE ${table('item_quantities')} SET quantity = quantity + ${units} WHERE item_id = ${itemId} AND location_id = ${locationId}`.execute(tx)
      if (moved.numAffectedRows === 0n) await sql`INSERT INTO ${table('item_quantities')} (item_id, location_id, quantity) VALUES (${itemId}, ${locationId}, ${units})`.execute(tx)
      await sql`INSERT INTO ${table('inventory')} (trans_items, trans_user, trans_date, trans_comment, trans_location, trans_inventory)
        VALUES (${itemId}, ${employee}, ${at}, ${comment}, ${locationId}, ${quantity})`.execute(tx)
    }
  }
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)
