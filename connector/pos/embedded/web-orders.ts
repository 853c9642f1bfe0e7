import type { DatabaseSync } from 'node:sqlite'
import { amountsOf } from '../../../contract/assignment.ts'
import type { Assignment } from '../../../contract/assignment.ts'
import { toInstant } from '../../../contract/clock.ts'
import type { RejectReason } from '../../../contract/events.ts'
import { ok, refused, type Result } from '../../../contract/result.ts'
import { otherTerms } from '../other-terms.ts'
import type { PosWrite } from '../port.ts'
import { findItem, moveStock, onHand, type ItemRow, type StockMove } from './items.ts'
import { writeTransaction } from './schema.ts'
import {
  bookTicket, parseTicketNumber, readTicket, readTicketByReference, readTicketLines, ticketNumber, type TicketRow, type TicketState,
} from './tickets.ts'
import type { TillRefusal } from './till.ts'

/** How many orders a listing shows; a shop with more open ones looks for one of them. */
export const ORDERS_LISTED_MAX = 200

/**
 * Books a web order and takes its goods off the shelf, in one transaction; its reference makes a second booking impossible.
 * The prices are those the shopper was shown. Unlike a sale at the counter nobody holds the goods in hand yet, so what the
 * books do not have is refused.
 */
export function bookWebOrder(db: DatabaseSync, order: Assignment, now: number): PosWrite {
  return writeTransaction(db, () => {
    const known = readTicketByReference(db, order.assignmentId)
    if (known !== undefined) return alreadyBooked(known)
    const items = new Map<string, ItemRow>()
    const demand = new Map<string, number>()
    for (const line of order.lines) {
      const item = findItem(db, line.sku)
      if (item === undefined || item.sku !== line.sku || item.deleted === 1) return no('unknown_sku', `the till does not sell ${line.sku}`)
      // A ticket keeps of each line whether its price holds tax.
      const other = otherTerms(line, { unit: item.unit, currency: item.currency, taxIncluded: null })
      if (other) return other
      items.set(item.sku, item)
      demand.set(item.sku, (demand.get(item.sku) ?? 0) + line.quantity)
    }
    for (const [sku, quantity] of demand) {
      if (items.get(sku)?.tracked === 0) continue
      const there = onHand(db, sku)
      if (there === null) return no('out_of_stock', `${sku} was never counted`)
      if (there < quantity) return no('out_of_stock', `${sku}: ${quantity} ordered, ${there} on hand`)
    }
    const row = bookTicket(db, {
      kind: 'web',
      state: 'open',
      currency: order.totals.total.currency,
      shippingMinor: order.totals.shipping.amountMinor,
      reference: order.assignmentId,
      orderNumber: order.number,
      method: order.fulfillment.method,
      customer: JSON.stringify(order.customer),
      address: order.fulfillment.method === 'ship' ? JSON.stringify(order.fulfillment.address) : null,
      note: order.note,
      lines: order.lines.map((line) => ({ ...line, unitPriceMinor: line.unitPrice.amountMinor, shown: amountsOf(line) })),
    }, toInstant(now))
    for (const [sku, quantity] of demand) {
      const item = items.get(sku)
      if (item !== undefined) moveStock(db, item, -quantity)
    }
    return { ok: true, posReference: ticketNumber(row.ticket_id), stockFell: true }
  })
}

/** A reference is used once: what was taken back or refused does not come to life again. */
function alreadyBooked(row: TicketRow): PosWrite {
  if (row.state === 'void' || row.state === 'refused') return no('invalid', `${ticketNumber(row.ticket_id)} had this reference and is ${row.state}`)
  return { ok: true, posReference: ticketNumber(row.ticket_id), stockFell: true }
}

const no = (reason: RejectReason, detail: string): PosWrite => ({ ok: false, reason, detail })

/** Takes a web order back. Goods that have left the shop cannot be; goods already back on the shelf are not put there twice. */
export function voidWebOrder(db: DatabaseSync, assignmentId: string, now: number): 'voided' | 'refused' | 'absent' {
  return writeTransaction(db, () => {
    const row = readTicketByReference(db, assignmentId)
    if (row === undefined) return 'absent'
    if (row.state === 'shipped' || row.state === 'done') return 'refused'
    if (row.state === 'void' || row.state === 'refused') return 'voided'
    move(db, row, 'void', now)
    putBack(db, row)
    return 'voided'
  })
}

export type OrderMoved = { order: TicketRow; from: TicketState; to: TicketState; moves: StockMove[] }

/** Somebody begins to collect the goods. */
export function pick(db: DatabaseSync, order: string, now: number): Result<OrderMoved, TillRefusal> {
  return staff(db, order, now, (row) => (row.state === 'open' ? ok('picking') : cannot(row, 'picked')))
}

/** The goods stand ready: at the counter for pickup, packed for the carrier. */
export function ready(db: DatabaseSync, order: string, now: number): Result<OrderMoved, TillRefusal> {
  return staff(db, order, now, (row) => (row.state === 'open' || row.state === 'picking' ? ok('ready') : cannot(row, 'made ready')))
}

/** The goods leave: to the shopper, or to the carrier; then once more when a shipped order has arrived. */
export function handOver(db: DatabaseSync, order: string, now: number): Result<OrderMoved, TillRefusal> {
  return staff(db, order, now, (row) => {
    if (row.state === 'shipped') return ok('done')
    if (row.state === 'open' || row.state === 'picking' || row.state === 'ready') return ok(row.method === 'ship' ? 'shipped' : 'done')
    return cannot(row, 'handed over')
  })
}

/** The shop cannot serve the order. What was set aside for it goes back on the shelf. */
export function refuse(db: DatabaseSync, order: string, reason: RejectReason, now: number): Result<OrderMoved, TillRefusal> {
  return staff(db, order, now, (row) => (row.state === 'open' || row.state === 'picking' || row.state === 'ready' ? ok('refused') : cannot(row, 'refused')), reason)
}

function staff(
  db: DatabaseSync, order: string, now: number, decide: (row: TicketRow) => Result<TicketState, TillRefusal>, reason: RejectReason | null = null,
): Result<OrderMoved, TillRefusal> {
  return writeTransaction(db, () => {
    const found = findWebOrder(db, order)
    if (!found.ok) return found
    const to = decide(found.value)
    if (!to.ok) return to
    const moved = move(db, found.value, to.value, now, reason)
    return ok({ order: moved, from: found.value.state, to: to.value, moves: to.value === 'refused' ? putBack(db, found.value) : [] })
  })
}

/** Time and reason are set together with the state: the trigger that logs the step reads them. */
function move(db: DatabaseSync, row: TicketRow, to: TicketState, now: number, reason: RejectReason | null = null): TicketRow {
  return db.prepare('UPDATE tickets SET state = ?, updated_at = ?, refuse_reason = ? WHERE ticket_id = ? RETURNING *')
    .get(to, toInstant(now), reason, row.ticket_id) as TicketRow
}

function putBack(db: DatabaseSync, row: TicketRow): StockMove[] {
  return readTicketLines(db, row.ticket_id).map((line) => moveStock(db, line, line.quantity)).filter((moved) => moved !== null)
}

function cannot(row: TicketRow, what: string): { ok: false; refusal: TillRefusal } {
  const next: Record<TicketState, string> = {
    open: 'Next: pick, ready or hand-over.',
    picking: 'Next: ready or hand-over.',
    ready: 'Next: hand-over.',
    shipped: 'Next: hand-over, once it has arrived.',
    done: 'It is finished; goods that come back are a return.',
    refused: 'It is finished: the goods are on the shelf, and the web was told.',
    void: 'It is finished: the web took it back, and the goods are on the shelf.',
  }
  return refused({ message: `Order ${row.order_number ?? ticketNumber(row.ticket_id)} is ${row.state} and cannot be ${what}`, hint: next[row.state] })
}

/** By assignment id, ticket number or order number. An order number with several assignments means the one still being worked on. */
export function findWebOrder(db: DatabaseSync, order: string): Result<TicketRow, TillRefusal> {
  const byReference = readTicketByReference(db, order)
  if (byReference !== undefined) return ok(byReference)
  const byNumber = db.prepare(`SELECT * FROM tickets WHERE order_number = ? AND kind = 'web'
    ORDER BY state IN ('refused', 'void'), ticket_id DESC LIMIT 1`).get(order)
  if (byNumber !== undefined) return ok(byNumber as TicketRow)
  const ticketId = parseTicketNumber(order)
  const row = ticketId === null ? undefined : readTicket(db, ticketId)
  if (row?.kind === 'web') return ok(row)
  if (row !== undefined) return refused({ message: `${ticketNumber(row.ticket_id)} is a ${row.kind} at the counter, not a web order`, hint: 'List web orders: npm run till -- orders' })
  return refused({ message: `There is no web order ${order}`, hint: 'List them with npm run till -- orders --all; name one by ticket number, order number or assignment id.' })
}

/** Web orders, oldest first: those the staff still have to do, or the newest of all. */
export function listWebOrders(db: DatabaseSync, which: 'open' | 'all'): TicketRow[] {
  const states = which === 'open' ? "AND state IN ('open', 'picking', 'ready', 'shipped')" : ''
  const newestFirst = db.prepare(`SELECT * FROM tickets WHERE kind = 'web' ${states} ORDER BY ticket_id DESC LIMIT ?`).all(ORDERS_LISTED_MAX)
  return newestFirst.reverse() as TicketRow[]
}
