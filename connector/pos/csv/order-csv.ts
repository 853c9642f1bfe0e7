import { stringify } from 'csv-stringify/sync'
import type { Assignment } from '../../../contract/assignment.ts'
import { lineTotalMinor } from '../../../contract/money.ts'
import type { CsvConfig } from './csv-config.ts'
import { minorDigits } from './csv-fields.ts'

const COLUMNS = [
  'order', 'number', 'placed_at', 'line', 'sku', 'name', 'quantity', 'unit', 'price', 'line_total', 'currency', 'tax_included', 'tax_rate',
  'order_shipping', 'order_total', 'method', 'customer', 'email', 'phone', 'address', 'city', 'region', 'postal_code', 'country', 'note',
] as const

/**
 * A web order as the POS reads it: UTF-8, one line for each position, what belongs to the whole order on every line. `order` is the reference that
 * sales and status files name it by. Quantities are in the contract's units, a price by measure is for 1000 of the unit. Text that a spreadsheet
 * would take for a formula gets an apostrophe before it.
 */
export function orderCsv(order: Assignment, config: CsvConfig): string {
  const money = (amountMinor: number): string => moneyText(amountMinor, config)
  const { customer, fulfillment, totals } = order
  const address = fulfillment.method === 'ship' ? fulfillment.address : null
  const rows = order.lines.map((line) => [
    order.assignmentId, order.number, order.placedAt, line.lineId, line.sku, line.name, String(line.quantity), line.unit, money(line.unitPrice.amountMinor),
    money(lineTotalMinor(line.unitPrice.amountMinor, line.quantity, line.unit)), line.unitPrice.currency, line.taxIncluded ? 'yes' : 'no', line.taxRate,
    money(totals.shipping.amountMinor), money(totals.total.amountMinor), fulfillment.method, customer.name, customer.email, customer.phone ?? '',
    [address?.line1, address?.line2].filter(Boolean).join(', '), address?.city ?? '', address?.region ?? '', address?.postalCode ?? '', address?.country ?? '', order.note ?? '',
  ])
  return csv([[...COLUMNS], ...rows], config)
}

export const cancelCsv = (assignmentId: string, config: CsvConfig): string => csv([['order', 'action'], [assignmentId, 'cancel']], config)

/** Rows of text, as the POS's own files are written. */
export function csv(rows: readonly string[][], { delimiter }: Pick<CsvConfig, 'delimiter'>): string {
  const separator = delimiter === 'auto' ? ',' : delimiter === 'tab' ? '\t' : delimiter
  return stringify(rows.map((row) => row.map((cell) => cell.replaceAll('\0', ''))), { delimiter: separator, escape_formulas: true, record_delimiter: 'windows' })
}

function moneyText(amountMinor: number, { currency, decimal }: CsvConfig): string {
  const places = minorDigits(currency)
  const digits = String(Math.abs(amountMinor)).padStart(places + 1, '0')
  const whole = places === 0 ? digits : `${digits.slice(0, -places)}${decimal === 'comma' ? ',' : '.'}${digits.slice(-places)}`
  return amountMinor < 0 ? `-${whole}` : whole
}
