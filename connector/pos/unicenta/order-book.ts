import { sql } from 'kysely'
import type { Assignment } from '../../../contract/assignment.ts'
import type { RejectReason } from '../../../contract/events.ts'
import { amountsOf } from '../../../contract/assignment.ts'
import { otherTerms } from '../other-terms.ts'
import type { PosWrite } from '../port.ts'
import { decimalsOf } from '../sql/decimal.ts'
import { withoutStrangers } from '../sql/plain-words.ts'
import type { Dialect, OrderBook, Row, Tx } from '../sql/ports.ts'
import { cutTo, readTextLengths } from '../sql/text-columns.ts'
import { instantToWallClock } from '../sql/wall-clock.ts'
import type { Booking } from './booking.ts'
import { toIntegerBelow, toPlain, withoutTax } from './doubles.ts'
import { findTicket } from './find-ticket.ts'
import { readTaxes } from './goods.ts'
import { quantityDigits, unitOf } from './product.ts'
import { diaryIdOf, receiptIdOf } from './reference.ts'
import { findPerson, moveStock, openCash, REASON, saveTicket, type Ticket } from './save-ticket.ts'
import { speechOf, type Speech } from './speech.ts'
import { splitTax, taxOf, type Tax } from './taxes.ts'
import { lineProperties, noteOf, ticketProperties } from './ticket-xml.ts'
import { voidTicket } from './void-ticket.ts'

const no = (reason: RejectReason, detail: string): PosWrite => ({ ok: false, reason, detail })

/** A web order is a finished ticket: the till's own screens, receipts and cash reports show it, and its stock has fallen. */
export function createOrderBook(booking: Booking): OrderBook {
  const speech = speechOf(booking.dialect)
  const { zone } = booking
  return {
    async find(tx, assignmentId) {
      // Looking locks nothing; what is decided on is read again under the lock.
      const found = await findTicket(tx, { ...speech, newest: sql`` }, zone, assignmentId)
      if (found === null) return null
      if (found === 'gone') return { posReference: receiptIdOf(assignmentId), state: 'void', stockFell: false }
      return { posReference: found.number, state: found.isVoid ? 'void' : 'open', stockFell: !found.isVoid }
    },
    write: (tx, assignment) => writeTicket(tx, speech, booking, assignment),
    void: (tx, assignmentId) => voidTicket(tx, speech, booking, assignmentId),
  }
}

type Product = { id: string; name: string; category: string; taxCategory: string; service: boolean; scale: boolean; tax: Tax }
type Line = { line: Assignment['lines'][number]; product: Product; digits: number; netMinor: number; taxMinor: number }

async function writeTicket(tx: Tx, speech: Speech, booking: Booking, assignment: Assignment): Promise<PosWrite> {
  const { config, place, zone, clock } = booking
  const location = await place(tx)
  await speech.lockTill(tx)
  const products = await readProducts(tx, assignment.lines.map(({ sku }) => sku))
  const lines = linesOf(assignment, products, config)
  if (!Array.isArray(lines)) return lines
  const demand = demandOf(lines)
  const short = config.oversell === 'allow' ? null : await shortage(tx, booking.dialect, location, demand)
  if (short) return short
  const money = await openCash(tx, config.host)
  if (money === null) {
    return no('store_closed', config.host === undefined ? 'no cash session is open at any till: log in at the till once' : `no cash session is open at the till "${config.host}": log in there once, or mend pos.host`)
  }

  const person = await findPerson(tx, config.person)
  const at = instantToWallClock(clock(), zone)
  const digits = decimalsOf(config.currency)
  const note = cutTo(noteOf(assignment), (await readTextLengths(tx, booking.dialect, ['payments'])).get('payments.notes'))
  const ticket: Ticket = {
    id: receiptIdOf(assignment.assignmentId), assignmentId: assignment.assignmentId, kind: 'sale', number: await speech.nextNumber(tx, 'ticketsnum'), refundOf: null, money, at, person, note,
    attributes: ticketProperties(assignment),
    lines: lines.map(({ line, product, digits: scale }, index) => ({
      product: product.id, units: toPlain(line.quantity, scale), price: netPrice(line, digits), taxId: product.tax.id,
      attributes: lineProperties({ name: line.name, taxCategory: product.taxCategory, category: product.category, note: index === 0 ? note : null }),
    })),
    taxes: taxesOf(lines).map(({ taxId, base, amount }) => ({ taxId, base: toPlain(base, digits), amount: toPlain(amount, digits) })),
    payments: [{ kind: config.payment, total: toPlain(lines.reduce((sum, { netMinor, taxMinor }) => sum + netMinor + taxMinor, 0), digits) }],
  }
  await saveTicket(tx, ticket)
  const moves = lines.filter(({ product }) => !product.service)
  // An order of services alone moves nothing; its first one leaves the row that shows a deleted ticket.
  for (const [index, { line, product, digits: scale }] of (moves.length > 0 ? moves : lines.slice(0, 1)).entries()) {
    const units = product.service ? '0' : toPlain(-line.quantity, scale)
    await moveStock(tx, speech, { location, at, person }, { id: diaryIdOf(assignment.assignmentId, index), reason: REASON.sale, product: product.id, units, price: netPrice(line, digits) })
  }
  return { ok: true, posReference: ticket.number, stockFell: true }
}

/** What is on the till among these SKUs, by its SKU exactly. */
async function readProducts(tx: Tx, skus: readonly string[]): Promise<Map<string, Product>> {
  const taxes = await readTaxes(tx)
  const rows = await withoutStrangers([...new Set(skus)], async (some) => (await sql<Row>`SELECT p.id, p.reference, p.name, p.category, p.taxcat, CASE WHEN p.isservice THEN '1' ELSE '0' END AS service, CASE WHEN p.isscale THEN '1' ELSE '0' END AS scale
    FROM products p JOIN products_cat k ON k.product = p.id WHERE p.reference IN (${sql.join(some)})`.execute(tx)).rows)
  return new Map(rows.flatMap((row): [string, Product][] => {
    const tax = taxOf(row['taxcat'] ?? '', taxes)
    if (tax === null || !Number.isSafeInteger(tax.rate)) return []
    return [[row['reference'] ?? '', {
      id: row['id'] ?? '', name: row['name'] ?? '', category: row['category'] ?? '', taxCategory: row['taxcat'] ?? '', service: row['service'] === '1', scale: row['scale'] === '1', tax,
    }]]
  }))
}

function linesOf(assignment: Assignment, products: ReadonlyMap<string, Product>, config: Booking['config']): Line[] | PosWrite {
  const lines: Line[] = []
  for (const line of assignment.lines) {
    const product = products.get(line.sku)
    if (!product) return no('unknown_sku', `the till does not sell ${line.sku}`)
    const unit = unitOf(product.scale, { currency: config.currency, measured: config.measured })
    // A price with tax is booked without it.
    const other = otherTerms(line, { unit, currency: config.currency, taxIncluded: null })
    if (other) return other
    const { totalMinor: total, taxMinor } = amountsOf(line)
    lines.push({ line, product, digits: quantityDigits(unit), netMinor: line.taxIncluded ? total - taxMinor : total, taxMinor })
  }
  return lines
}

/** The price the shopper was shown, without tax: the till keeps net prices. */
function netPrice(line: Line['line'], digits: number): string {
  return line.taxIncluded ? withoutTax(line.unitPrice.amountMinor, line.taxRate, digits) : toPlain(line.unitPrice.amountMinor, digits)
}

/** Whole units wanted of each counted product, all lines summed. */
function demandOf(lines: readonly Line[]): Map<string, { sku: string; quantity: number; digits: number }> {
  const demand = new Map<string, { sku: string; quantity: number; digits: number }>()
  for (const { line, product, digits } of lines) {
    if (!product.service) demand.set(product.id, { sku: line.sku, digits, quantity: (demand.get(product.id)?.quantity ?? 0) + line.quantity })
  }
  return demand
}

/** The stock as it is now that nobody else can move it. */
async function shortage(tx: Tx, dialect: Dialect, location: string, demand: ReadonlyMap<string, { sku: string; quantity: number; digits: number }>): Promise<PosWrite | null> {
  if (demand.size === 0) return null
  const { rows } = await sql<Row>`SELECT product, SUM(CAST(units AS DECIMAL(30, 9))) AS units FROM stockcurrent
    WHERE location = ${location} AND product IN (${sql.join([...demand.keys()])}) GROUP BY product ${dialect === 'mysql' ? sql`FOR UPDATE` : sql``}`.execute(tx)
  const units = new Map(rows.map((row) => [row['product'], row['units'] ?? '0']))
  for (const [product, { sku, quantity, digits }] of demand) {
    const there = units.get(product)
    if (there === undefined) return no('out_of_stock', `${sku} was never counted`)
    const onHand = toIntegerBelow(there, digits)
    if (onHand < quantity) return no('out_of_stock', `${sku}: ${quantity} ordered, ${onHand} on hand`)
  }
  return null
}

/** What the till books for each tax. */
function taxesOf(lines: readonly Line[]): { taxId: string; base: number; amount: number }[] {
  const booked = new Map<string, { taxId: string; base: number; amount: number }>()
  for (const { product: { tax }, netMinor, taxMinor } of lines) {
    for (const { taxId, amountMinor } of splitTax(taxMinor, tax)) {
      const before = booked.get(taxId)
      booked.set(taxId, { taxId, base: (before?.base ?? 0) + netMinor, amount: (before?.amount ?? 0) + amountMinor })
    }
  }
  return [...booked.values()]
}
