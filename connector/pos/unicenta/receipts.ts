import { sql } from 'kysely'
import type { PosSale } from '../port.ts'
import { decimalsOf } from '../sql/decimal.ts'
import type { Row, Tx } from '../sql/ports.ts'
import { wallClockToInstant } from '../sql/wall-clock.ts'
import { productMinor, toInteger } from './doubles.ts'
import { quantityDigits, unitOf, type GoodsReading } from './product.ts'
import type { Speech } from './speech.ts'
import { ASSIGNMENT_MARK, assignmentOf } from './ticket-xml.ts'

/** A ticket as the fast lane knows it before it has read its lines. `kind`: 0 a sale, 1 a refund. */
export type ReceiptHead = { id: string; at: string; kind: number; number: string }

/** A ticket with all that is told of it. `refundOf`: the number of the ticket it takes back. */
export type Receipt = ReceiptHead & { sale: PosSale; refundOf: string | null; products: string[] }
export type Unreadable = ReceiptHead & { refused: string }

/** What stands on a ticket without a product: an amount that the cashier typed in. */
const NO_PRODUCT = 'no-product'
/** The contract's limit for a SKU; the till's reference may be longer, and its product gone. */
const SKU_LENGTH_MAX = 64

/** Lines and payments of these tickets, as sales. */
export async function readReceipts(tx: Tx, speech: Speech, zone: string, reading: GoodsReading, heads: readonly ReceiptHead[]): Promise<(Receipt | Unreadable)[]> {
  if (heads.length === 0) return []
  const ids = sql.join(heads.map(({ id }) => id))
  const { rows: tickets } = await sql<Row>`SELECT t.id, t.status, CASE WHEN ${speech.contains(sql`r.attributes`, ASSIGNMENT_MARK)} THEN ${speech.hex(sql`r.attributes`)} END AS attributes
    FROM tickets t JOIN receipts r ON r.id = t.id WHERE t.id IN (${ids})`.execute(tx)
  const { rows: lines } = await sql<Row>`SELECT l.ticket, l.line, l.product, p.reference, CASE WHEN p.isscale THEN '1' ELSE '0' END AS scale, l.units, l.price
    FROM ticketlines l LEFT JOIN products p ON p.id = l.product WHERE l.ticket IN (${ids}) ORDER BY l.ticket, l.line`.execute(tx)
  const { rows: paid } = await sql<Row>`SELECT receipt, total FROM payments WHERE receipt IN (${ids})`.execute(tx)
  const { rows: taxes } = await sql<Row>`SELECT receipt, amount FROM taxlines WHERE receipt IN (${ids})`.execute(tx)
  const of = (rows: readonly Row[], column: string, id: string): Row[] => rows.filter((row) => row[column] === id)
  return heads.map((head) => {
    const ticket = tickets.find((row) => row['id'] === head.id) ?? {}
    const own = of(lines, 'ticket', head.id)
    try {
      return toReceipt(head, ticket, own, of(paid, 'receipt', head.id), of(taxes, 'receipt', head.id), zone, reading)
    } catch (error) {
      if (error instanceof RangeError) return { ...head, refused: error.message }
      throw error
    }
  })
}

function toReceipt(head: ReceiptHead, ticket: Row, lines: readonly Row[], paid: readonly Row[], taxes: readonly Row[], zone: string, reading: GoodsReading): Receipt {
  const occurredAt = wallClockToInstant(head.at, zone)
  if (occurredAt === null) throw new RangeError(`expected a date, found "${head.at}"`)
  const digits = decimalsOf(reading.currency)
  const saleLines = lines.filter((line) => toInteger(line['units'] ?? '0', 6) !== 0).map((line) => toLine(line, digits, reading))
  const net = lines.reduce((sum, line) => sum + productMinor(line['units'] ?? '0', line['price'] ?? '0', digits + 6), 0)
  const tax = taxes.reduce((sum, row) => sum + toInteger(row['amount'] ?? '0', digits + 6), 0)
  const total = paid.length > 0 ? paid.reduce((sum, row) => sum + toInteger(row['total'] ?? '0', digits + 6), 0) : net + tax
  return {
    ...head,
    refundOf: head.kind === 1 && ticket['status'] !== '0' ? ticket['status'] ?? null : null,
    products: lines.flatMap((line) => line['product'] ?? []),
    sale: {
      saleId: head.id, kind: head.kind === 1 ? 'return' : 'sale', lines: saleLines, totalMinor: toInteger(`${total}e-6`, 0), currency: reading.currency,
      assignmentId: assignmentOf(ticket['attributes'] ?? null), occurredAt,
    },
  }
}

/** As the contract counts: a sign beyond the first plane is one, and never cut in two. */
const skuOf = (reference: string): string => [...reference.replace(/[\s\p{C}]+/gu, '_')].slice(0, SKU_LENGTH_MAX).join('')

/** A discount is a line with a negative price: told as a line that goes back, since a price is never below zero. */
function toLine(line: Row, digits: number, reading: GoodsReading): PosSale['lines'][number] {
  const units = line['units'] ?? '0'
  const price = line['price'] ?? '0'
  const unitPriceMinor = toInteger(price, digits)
  const quantity = toInteger(units, quantityDigits(unitOf(line['scale'] === '1', reading)))
  const lineTotalMinor = productMinor(units, price, digits)
  if (![quantity, unitPriceMinor, lineTotalMinor].every(Number.isSafeInteger)) throw new RangeError(`expected a quantity and a price, found ${units} at ${price}`)
  // Part of a piece that the till sold all the same is told as a piece; the amount is what it was.
  const whole = quantity === 0 ? (units.startsWith('-') ? -1 : 1) : quantity
  return {
    sku: skuOf(line['reference'] ?? NO_PRODUCT), quantity: unitPriceMinor < 0 ? -whole : whole,
    unitPriceMinor: Math.abs(unitPriceMinor), lineTotalMinor,
  }
}

/** What takes a sale out of the books again, or a return: the same with the signs turned. */
export function reversed(sale: PosSale, occurredAt: string): PosSale {
  return {
    ...sale, saleId: `${sale.saleId}/deleted`, kind: sale.kind === 'sale' ? 'return' : 'sale', occurredAt, totalMinor: -sale.totalMinor + 0,
    lines: sale.lines.map((line) => ({ ...line, quantity: -line.quantity + 0, lineTotalMinor: -line.lineTotalMinor + 0 })),
  }
}
