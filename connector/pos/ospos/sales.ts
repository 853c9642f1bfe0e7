import { sql } from 'kysely'
import { AssignmentId } from '../../../contract/values.ts'
import type { PosSale } from '../port.ts'
import type { Row, Tx } from '../sql/ports.ts'
import { scaled, toMinor } from '../sql/decimal.ts'
import { wallClockToInstant } from '../sql/wall-clock.ts'
import { namelessSku } from './goods.ts'
import { ORDER_TABLE } from './order-table.ts'
import type { OsposConfig } from './ospos-config.ts'
import { list, rowsOf, tablesOf, text, unitOf, type Settings } from './shop-settings.ts'

export const COMPLETED = 0
export const SUSPENDED = 1
export const CANCELLED = 2
const RETURN = 4
const TAX_ON_TOP = 1
const PERCENT = 0

/** A sale as it stands. `web`: it is a web order of this location. `elsewhere`: it is one of another location's connector. */
export type SaleState = { saleId: number; status: number; web: WebOrder | null; elsewhere: boolean }
export type WebOrder = { assignmentId: string; shape: 'suspended' | 'completed'; voided: boolean; unpaid: boolean }

/** How the till shows a sale to people, on the receipt too. */
export const saleName = (saleId: number): string => `POS ${saleId}`

export async function readStates(tx: Tx, config: OsposConfig, { locationId }: Settings, ids: readonly number[], hasOrders: boolean): Promise<Map<number, SaleState>> {
  const table = tablesOf(config)
  const states = new Map<number, SaleState>()
  if (ids.length === 0) return states
  for (const row of await rowsOf(tx, sql<Row>`SELECT sale_id AS id, sale_status AS status FROM ${table('sales')} WHERE sale_id IN (${list(ids)})`)) {
    states.set(Number(row['id']), { saleId: Number(row['id']), status: Number(row['status']), web: null, elsewhere: false })
  }
  if (!hasOrders) return states
  const orders = await rowsOf(tx, sql<Row>`SELECT o.order_id, o.sale_id, o.location_id, o.shape, o.voided, s.sale_status AS status,
      EXISTS (SELECT 1 FROM ${table('sales_payments')} p WHERE p.sale_id = o.sale_id AND p.payment_type = o.payment) AS unpaid
    FROM ${sql.table(ORDER_TABLE)} o LEFT JOIN ${table('sales')} s ON s.sale_id = o.sale_id WHERE o.sale_id IN (${list(ids)})`)
  for (const row of orders) {
    const saleId = Number(row['sale_id'])
    const here = Number(row['location_id']) === locationId
    // Rows that are gone are as good as cancelled.
    states.set(saleId, {
      saleId, status: row['status'] === null ? CANCELLED : Number(row['status']), elsewhere: !here,
      web: here ? { assignmentId: AssignmentId.parse(row['order_id']), shape: row['shape'] === 'completed' ? 'completed' : 'suspended', voided: row['voided'] === '1', unpaid: row['unpaid'] === '1' } : null,
    })
  }
  return states
}

export type ReadSale = { sale: PosSale } | { refused: string; text: string }

/**
 * Sales with their lines at this location, as the till's own reports add them up: discounts and taxes rounded by the database the way the till
 * has it do so. A sale without a line here is not this store's and is left out. Of one with lines elsewhere, this location's part is told.
 */
export async function readSales(tx: Tx, config: OsposConfig, settings: Settings, ids: readonly number[]): Promise<Map<number, ReadSale>> {
  const table = tablesOf(config)
  const found = new Map<number, ReadSale>()
  if (ids.length === 0) return found
  const decimals = sql.lit(settings.decimals)
  const gross = sql`l.quantity_purchased * l.item_unit_price`
  // A discount in percent is rounded by the line; one in money is for each piece.
  const net = sql`CASE WHEN l.discount_type = ${PERCENT} THEN ${gross} - ROUND(${gross} * l.discount / 100, ${decimals}) ELSE l.quantity_purchased * (l.item_unit_price - l.discount) END`
  const lines = await rowsOf(tx, sql<Row>`SELECT l.sale_id AS id, l.item_id AS item, i.item_number AS number, i.category, l.item_location AS place,
      l.quantity_purchased AS quantity, l.item_unit_price AS price, ROUND(${net}, ${decimals}) AS total, ${net} AS exact
    FROM ${table('sales_items')} l LEFT JOIN ${table('items')} i ON i.item_id = l.item_id WHERE l.sale_id IN (${list(ids)}) ORDER BY l.sale_id, l.line`)
  const heads = await rowsOf(tx, sql<Row>`SELECT s.sale_id AS id, s.sale_time AS at, s.sale_type AS type,
      (SELECT SUM(ROUND(t.item_tax_amount, ${decimals})) FROM ${table('sales_items_taxes')} t JOIN ${table('sales_items')} l ON l.sale_id = t.sale_id AND l.item_id = t.item_id AND l.line = t.line
        WHERE t.sale_id = s.sale_id AND t.tax_type = ${TAX_ON_TOP} AND l.item_location = ${settings.locationId}) AS tax,
      (SELECT SUM(p.payment_amount) FROM ${table('sales_payments')} p WHERE p.sale_id = s.sale_id AND p.cash_adjustment = 1) AS rounding
    FROM ${table('sales')} s WHERE s.sale_id IN (${list(ids)})`)
  for (const head of heads) {
    const all = lines.filter((line) => line['id'] === head['id'])
    const here = all.filter((line) => Number(line['place']) === settings.locationId)
    if (here.length > 0) found.set(Number(head['id']), toSale(head, here, all.length === here.length, settings, config))
  }
  return found
}

function toSale(head: Row, lines: Row[], whole: boolean, settings: Settings, config: OsposConfig): ReadSale {
  const saleId = Number(head['id'])
  const refused = (reason: string): ReadSale => ({ refused: reason, text: `${saleName(saleId)} of ${head['at'] ?? 'no date'}` })
  const occurredAt = wallClockToInstant(head['at'] ?? '', settings.timeZone)
  if (occurredAt === null) return refused(`expected a date and time; found ${head['at'] ?? 'none'}`)
  const told: PosSale['lines'] = []
  for (const line of lines) {
    const item = text(line, 'item')
    const sku = config.sku === 'item_id' ? item : line['number']?.trim() || namelessSku(item)
    const quantity = soldUnits(text(line, 'quantity'), unitOf(config, sku, line['category'] ?? null))
    const unitPriceMinor = toMinor(text(line, 'price'), settings.currency)
    const lineTotalMinor = toMinor(text(line, 'total'), settings.currency)
    if (quantity === null || unitPriceMinor === null || lineTotalMinor === null || unitPriceMinor < 0) return refused(`expected a quantity and a price for item ${item}; found ${line['quantity']} at ${line['price']}`)
    told.push({ sku, quantity, unitPriceMinor, lineTotalMinor })
  }
  // Exact lines have at most seven decimals, tax and rounding the currency's: they are added first and rounded once, as the till does.
  const exact = lines.reduce<number | null>((sum, line) => add(sum, scaled(text(line, 'exact'), EXACT_DECIMALS)), 0)
  const totalMinor = exact === null ? null : toMinor(`${exact}e-${EXACT_DECIMALS}`, settings.currency)
  const onTop = toMinor(head['tax'] ?? '0', settings.currency)
  const rounding = whole ? toMinor(head['rounding'] ?? '0', settings.currency) : 0
  if (totalMinor === null || onTop === null || rounding === null) return refused('expected sums that a shop can take; found larger ones')
  const isReturn = Number(head['type']) === RETURN || told.every(({ quantity }) => quantity < 0)
  return { sale: { saleId: saleName(saleId), kind: isReturn ? 'return' : 'sale', lines: told, totalMinor: totalMinor + onTop + rounding, currency: settings.currency, assignmentId: null, occurredAt } }
}

/** Quantities have three decimals and prices and discounts two, of which percent are two more. */
const EXACT_DECIMALS = 5
const add = (a: number | null, b: number | null): number | null => (a === null || b === null || !Number.isSafeInteger(a + b) ? null : a + b)

/** A piece that was cut is a piece gone from the shelf. */
function soldUnits(quantity: string, unit: ReturnType<typeof unitOf>): number | null {
  const thousandths = scaled(quantity, 3)
  if (thousandths === null || unit !== 'each') return thousandths
  return Math.sign(thousandths) * Math.ceil(Math.abs(thousandths) / 1000)
}

/** What undoes a sale that the till deleted after it had been told. */
export function undone({ sale }: { sale: PosSale }, occurredAt: string): PosSale {
  return {
    ...sale, saleId: `${sale.saleId} deleted`, kind: sale.kind === 'sale' ? 'return' : 'sale', totalMinor: -sale.totalMinor + 0, occurredAt,
    lines: sale.lines.map((line) => ({ ...line, quantity: -line.quantity + 0, lineTotalMinor: -line.lineTotalMinor + 0 })),
  }
}
