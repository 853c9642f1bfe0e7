import type { DatabaseSync } from 'node:sqlite'
import { lineTotalMinor, sumLines } from '../../../contract/money.ts'
import type { Unit } from '../../../contract/values.ts'

export type TicketState = 'open' | 'picking' | 'ready' | 'shipped' | 'done' | 'refused' | 'void'

export type TicketRow = {
  ticket_id: number
  kind: 'sale' | 'return' | 'web'
  state: TicketState
  reference: string | null
  order_number: string | null
  method: 'pickup' | 'ship' | null
  customer: string | null
  address: string | null
  note: string | null
  refuse_reason: string | null
  currency: string
  subtotal_minor: number
  tax_minor: number
  shipping_minor: number
  total_minor: number
  opened_at: string
  updated_at: string
}

export type TicketLineRow = {
  line_no: number
  line_id: string | null
  sku: string
  name: string
  quantity: number
  unit: Unit
  unit_price_minor: number
  tax_included: number
  tax_rate: string
  line_total_minor: number
  tax_minor: number
}

/** A line before it is priced; `quantity` is negative on a return. */
export type NewLine = {
  lineId: string | null
  sku: string
  name: string
  quantity: number
  unit: Unit
  unitPriceMinor: number
  taxIncluded: boolean
  taxRate: string
  /** As the shopper was shown them, for a web order; the till computes its own sales. */
  shown?: { totalMinor: number; taxMinor: number }
}

export type NewTicket = {
  kind: TicketRow['kind']
  state: TicketState
  currency: string
  shippingMinor: number
  reference: string | null
  orderNumber: string | null
  method: TicketRow['method']
  customer: string | null
  address: string | null
  note: string | null
  lines: NewLine[]
}

/** How a ticket is called by people, and by the web. */
export const ticketNumber = (ticketId: number): string => `T-${String(ticketId).padStart(6, '0')}`

/** `T-000012`, `t-12` or `12`. */
export function parseTicketNumber(text: string): number | null {
  const digits = /^(?:T-)?0*(\d{1,15})$/i.exec(text.trim())?.[1]
  return digits === undefined ? null : Number(digits)
}

/** Prices and books a ticket with its lines. To be called inside a write transaction. `at` is RFC 3339. */
export function bookTicket(db: DatabaseSync, ticket: NewTicket, at: string): TicketRow {
  const lines = ticket.lines.map((line) => ({ ...line, lineTotalMinor: line.shown?.totalMinor ?? lineTotalMinor(line.unitPriceMinor, line.quantity, line.unit) }))
  const own = sumLines(lines, ticket.shippingMinor)
  const taxes = lines.map(({ shown }, place) => shown?.taxMinor ?? own.taxes[place] ?? 0)
  const totals = { ...own, tax: taxes.reduce((sum, tax) => sum + tax, 0), total: own.subtotal + own.shipping + lines.reduce((sum, { taxIncluded }, place) => sum + (taxIncluded ? 0 : (taxes[place] ?? 0)), 0) }
  const row = db.prepare(`INSERT INTO tickets (kind, state, reference, order_number, method, customer, address, note, currency,
      subtotal_minor, tax_minor, shipping_minor, total_minor, opened_at, updated_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`).get(
    ticket.kind, ticket.state, ticket.reference, ticket.orderNumber, ticket.method, ticket.customer, ticket.address, ticket.note, ticket.currency,
    totals.subtotal, totals.tax, totals.shipping, totals.total, at, at,
  ) as TicketRow
  const insertLine = db.prepare(`INSERT INTO ticket_lines (ticket_id, line_no, line_id, sku, name, quantity, unit, unit_price_minor,
      tax_included, tax_rate, line_total_minor, tax_minor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  lines.forEach((line, index) => {
    insertLine.run(row.ticket_id, index + 1, line.lineId, line.sku, line.name, line.quantity, line.unit, line.unitPriceMinor,
      line.taxIncluded ? 1 : 0, line.taxRate, line.lineTotalMinor, taxes[index] ?? 0)
  })
  return row
}

export function readTicket(db: DatabaseSync, ticketId: number): TicketRow | undefined {
  return db.prepare('SELECT * FROM tickets WHERE ticket_id = ?').get(ticketId) as TicketRow | undefined
}

export function readTicketByReference(db: DatabaseSync, assignmentId: string): TicketRow | undefined {
  return db.prepare('SELECT * FROM tickets WHERE reference = ?').get(assignmentId) as TicketRow | undefined
}

export function readTicketLines(db: DatabaseSync, ticketId: number): TicketLineRow[] {
  return db.prepare('SELECT * FROM ticket_lines WHERE ticket_id = ? ORDER BY line_no').all(ticketId) as TicketLineRow[]
}
