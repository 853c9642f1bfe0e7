import type { DatabaseSync } from 'node:sqlite'
import { RejectReason } from '../../../contract/events.ts'
import type { PosChanges, PosOrderChange, PosSale } from '../port.ts'
import { readItems, readStock } from './items.ts'
import { readTransaction, tillId } from './schema.ts'
import { readTicket, readTicketLines, ticketNumber, type TicketRow, type TicketState } from './tickets.ts'

/** About as many facts as one call to the edge carries. A ticket may be two (a sale, and a web order handed over). */
const CHANGES_PER_READ_MAX = 500

type Change = { id: number; kind: 'item' | 'stock' | 'ticket'; key: string; state: TicketState | null; at: string | null }

/** The id of the newest change; 0 in a till where nothing ever happened. One look at the end of the log. */
export function newestChange(db: DatabaseSync): number {
  return Number(db.prepare('SELECT max(id) AS id FROM changes').get()?.['id'] ?? 0)
}

/** A cursor names its till: in another file, or in one that came back from a backup, its number would point at something else. */
export const writeCursor = (till: string, changeId: number): string => `${till}:${changeId}`

/** After which change to read on. Where the cursor is not of this log: from the beginning, which repeats facts but misses none. */
function readCursor(cursor: string | null, till: string, newest: number): number {
  const id = cursor?.startsWith(`${till}:`) ? Number(cursor.slice(till.length + 1)) : 0
  return Number.isSafeInteger(id) && id >= 0 && id <= newest ? id : 0
}

/** What changed since `cursor`, all as of one moment; `lastChange` is the id that the new cursor stands for. */
export function readChanges(db: DatabaseSync, cursor: string | null): PosChanges & { lastChange: number } {
  return readTransaction(db, () => {
    const till = tillId(db)
    const newest = newestChange(db)
    const after = readCursor(cursor, till, newest)
    const isOfThisLog = cursor === null || cursor === writeCursor(till, after)
    const changes = db.prepare('SELECT * FROM changes WHERE id > ? ORDER BY id LIMIT ?').all(after, CHANGES_PER_READ_MAX) as Change[]
    const lastChange = changes.at(-1)?.id ?? after
    const touched = keysOf(changes, 'item')
    const items = readItems(db, touched)
    const here = new Set(items.map((item) => item.sku))
    const counted = keysOf(changes, 'stock')
    const onSale = new Set(readItems(db, counted).map((item) => item.sku))
    return {
      cursor: writeCursor(till, lastChange),
      lastChange,
      items,
      removed: touched.filter((sku) => !here.has(sku)),
      levels: readStock(db, counted).filter((level) => onSale.has(level.sku)),
      ...(isOfThisLog ? {} : { wentBack: `this till's log ends at ${newest}, and was read as ${cursor}` }),
      ...readTicketFacts(db, till, changes.filter((change) => change.kind === 'ticket')),
    }
  })
}

const keysOf = (changes: Change[], kind: Change['kind']): string[] => [...new Set(changes.filter((change) => change.kind === kind).map((change) => change.key))]

function readTicketFacts(db: DatabaseSync, till: string, changes: Change[]): { sales: PosSale[]; orders: PosOrderChange[] } {
  const sales: PosSale[] = []
  const orders: PosOrderChange[] = []
  for (const change of changes) {
    const ticket = readTicket(db, Number(change.key))
    if (ticket === undefined || change.state === null) continue
    const at = change.at ?? ticket.updated_at
    const order = orderChange(ticket, change.state, at)
    if (order !== null) orders.push(order)
    if (goodsLeft(ticket, change.state)) sales.push(toSale(db, till, ticket, at))
  }
  return { sales, orders }
}

/** Every step the staff took is told, also when two were taken between two reads. A void is the web's own doing. */
function orderChange(ticket: TicketRow, became: TicketState, occurredAt: string): PosOrderChange | null {
  if (ticket.reference === null) return null
  const told = { assignmentId: ticket.reference, occurredAt }
  switch (became) {
    case 'picking':
      return { ...told, kind: 'progress', status: 'picking' }
    case 'ready':
      // Packed for the carrier has no word of its own for the shopper.
      return ticket.method === 'pickup' ? { ...told, kind: 'progress', status: 'ready_for_pickup' } : null
    case 'shipped':
      return { ...told, kind: 'progress', status: 'shipped' }
    case 'done':
      return { ...told, kind: 'progress', status: 'completed' }
    case 'refused':
      return { ...told, kind: 'refused', reason: RejectReason.catch('out_of_stock').parse(ticket.refuse_reason) }
    case 'open':
    case 'void':
      return null
  }
}

/** A sale is what went over the counter, or out of the door: a shipped order that later arrives is not sold again. */
function goodsLeft(ticket: TicketRow, became: TicketState): boolean {
  if (ticket.kind !== 'web') return became === 'done'
  return ticket.method === 'ship' ? became === 'shipped' : became === 'done'
}

/** Whose goods a return ticket brings back: the part of that order that this shop gave out. */
function orderReturned(db: DatabaseSync, { order_number: number }: TicketRow): string | null {
  if (number === null) return null
  const given = db.prepare("SELECT reference FROM tickets WHERE kind = 'web' AND order_number = ? AND state IN ('done', 'shipped') ORDER BY ticket_id DESC LIMIT 1").get(number) as { reference: string } | undefined
  return given?.reference ?? null
}

function toSale(db: DatabaseSync, till: string, ticket: TicketRow, occurredAt: string): PosSale {
  return {
    // Ticket numbers begin again in a new till, and the web remembers sales for ever.
    saleId: `${till}/${ticketNumber(ticket.ticket_id)}`,
    kind: ticket.kind === 'return' ? 'return' : 'sale',
    lines: readTicketLines(db, ticket.ticket_id).map((line) => ({
      sku: line.sku,
      quantity: line.quantity,
      unitPriceMinor: line.unit_price_minor,
      lineTotalMinor: line.line_total_minor,
    })),
    totalMinor: ticket.total_minor,
    currency: ticket.currency,
    assignmentId: ticket.kind === 'return' ? orderReturned(db, ticket) : ticket.reference,
    occurredAt,
  }
}
