import { lineTotalMinor } from '../../../contract/money.ts'
import { AMOUNT_MINOR_MAX, AssignmentId, Sku, type Unit } from '../../../contract/values.ts'
import type { PosRefusal, PosSale } from '../port.ts'
import { toMinor, toQuantity } from './decimal.ts'
import type { Row } from './ports.ts'
import type { SalesConfig } from './sql-config.ts'
import { wallClockToInstant } from './wall-clock.ts'

/** `unitOf`: what a SKU is counted in; the till's quantities are pieces or kilograms, litres, metres. */
export type SaleWords = { currency: string; timeZone: string; unitOf(row: Row): Unit | null; prefix: string }

/** The lines of one sale as the contract has it, or why it cannot be: it is refused whole. */
export function toSale(saleId: string, rows: readonly Row[], { columns }: SalesConfig, { currency, timeZone, unitOf, prefix }: SaleWords): PosSale | (PosRefusal & { reason: string }) {
  const key = `sales/${saleId}`
  const refused = (reason: string) => ({ key, reason, text: JSON.stringify(rows.slice(0, 5)) })
  const lines: PosSale['lines'] = []
  for (const row of rows) {
    const sku = Sku.safeParse(row[columns.sku]?.trim()).data
    const unit = unitOf(row)
    if (sku === undefined) return refused(`sku: expected 1 to 64 visible characters, found ${JSON.stringify(row[columns.sku])}`)
    if (unit === null) return refused('unit: an unknown word')
    const quantity = toQuantity(row[columns.quantity] ?? '', unit === 'each' ? 'each' : 'thousandths')
    const unitPriceMinor = toMinor(row[columns.unitPrice] ?? '', currency)
    if (quantity === null) return refused(`quantity: expected a number, found ${JSON.stringify(row[columns.quantity])}`)
    if (unitPriceMinor === null || unitPriceMinor < 0) return refused(`unitPrice: expected an amount, found ${JSON.stringify(row[columns.unitPrice])}`)
    const written = columns.lineTotal === undefined ? null : toMinor(row[columns.lineTotal] ?? '', currency)
    const ofLine = written ?? lineTotalMinor(unitPriceMinor, quantity, unit)
    if (Math.max(unitPriceMinor, Math.abs(ofLine)) > AMOUNT_MINOR_MAX) return refused(`unitPrice: more than any sale, found ${JSON.stringify(row[columns.unitPrice])} for ${JSON.stringify(row[columns.quantity])}`)
    lines.push({ sku, quantity, unitPriceMinor, lineTotalMinor: ofLine })
  }
  const occurredAt = wallClockToInstant(rows[0]?.[columns.at] ?? '', timeZone)
  if (occurredAt === null) return refused(`at: expected a time, found ${JSON.stringify(rows[0]?.[columns.at])}`)
  const ofLines = lines.reduce((sum, line) => sum + line.lineTotalMinor, 0)
  const totalMinor = columns.total === undefined ? ofLines : toMinor(rows[0]?.[columns.total] ?? '', currency)
  if (totalMinor === null || Math.abs(totalMinor) > AMOUNT_MINOR_MAX) return refused(`total: expected an amount of one sale, found ${JSON.stringify(rows[0]?.[columns.total ?? ''])}`)
  const isReturn = totalMinor < 0 || (totalMinor === 0 && lines.every(({ quantity }) => quantity < 0))
  const reference = columns.reference === undefined ? null : AssignmentId.safeParse(rows[0]?.[columns.reference]).data ?? null
  return { saleId: `${prefix}${saleId}`, kind: isReturn ? 'return' : 'sale', lines, totalMinor, currency, assignmentId: reference, occurredAt }
}
