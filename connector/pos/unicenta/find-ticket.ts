import { sql } from 'kysely'
import type { Row, Tx } from '../sql/ports.ts'
import { instantToWallClock, wallClockToInstant } from '../sql/wall-clock.ts'
import { toInteger, toPlain } from './doubles.ts'
import { diaryIdOf, receiptIdOf } from './reference.ts'
import type { Speech } from './speech.ts'
import { assignmentMark } from './ticket-xml.ts'

/** Clocks of two tills differ, and an edited ticket may get another day; nobody dates one back further than this to hide it from its own number. */
const CLOCKS_APART_MS = 86_400_000
/** Units are compared to the millionth: a till's doubles are no finer. */
const UNIT_DIGITS = 6

export type FoundLine = { line: number; product: string | null; service: boolean; units: string; price: string; taxId: string; attributes: string | null; left: string }

/** A web order as it stands in the till. `left` is what no refund has taken back; all zero: the order is void. */
export type FoundTicket = { receiptId: string; number: string; at: string; lines: FoundLine[]; refunds: string[]; isVoid: boolean }

/** A reading that decides nothing needs no `newest`. */
type Reading = Pick<Speech, 'hex' | 'contains' | 'newest'>

/** `gone`: it was there, and somebody deleted it at the till. */
export type Found = FoundTicket | 'gone' | null

/**
 * The ticket of a web order, by its receipt's id. Where that is not there, the order's row in the stock diary tells one that was deleted from one that
 * never was; and a ticket that was edited, which has a new id, still carries the order's reference among its properties.
 */
export async function findTicket(tx: Tx, speech: Reading, zone: string, assignmentId: string): Promise<Found> {
  const own = await ticketRow(tx, sql`r.id = ${receiptIdOf(assignmentId)}`, speech)
  if (own) return withLines(tx, speech, zone, own)
  const { rows: [trace] } = await sql<Row>`SELECT datenew FROM stockdiary WHERE id = ${diaryIdOf(assignmentId, 0)}`.execute(tx)
  if (!trace) return null
  const since = dayBefore(trace['datenew'] ?? '', zone)
  const edited = await ticketRow(tx, sql`r.datenew >= ${since} AND t.tickettype = 0 AND ${speech.contains(sql`r.attributes`, assignmentMark(assignmentId))}`, speech)
  return edited ? withLines(tx, speech, zone, edited) : 'gone'
}

async function ticketRow(tx: Tx, where: ReturnType<typeof sql>, { newest }: Reading): Promise<Row | undefined> {
  const { rows } = await sql<Row>`SELECT r.id, r.datenew, t.ticketid FROM receipts r JOIN tickets t ON t.id = r.id WHERE ${where} ORDER BY r.datenew DESC LIMIT 1 ${newest}`.execute(tx)
  return rows[0]
}

async function withLines(tx: Tx, speech: Reading, zone: string, row: Row): Promise<FoundTicket> {
  const [receiptId, number, at] = [row['id'] ?? '', row['ticketid'] ?? '', row['datenew'] ?? '']
  const refunds = await refundsOf(tx, speech, zone, number, at)
  const { rows } = await sql<Row>`SELECT l.line, l.product, CASE WHEN p.isservice THEN '1' ELSE '0' END AS service, l.units, l.price, l.taxid, ${speech.hex(sql`l.attributes`)} AS attributes
    FROM ticketlines l LEFT JOIN products p ON p.id = l.product WHERE l.ticket = ${receiptId} ORDER BY l.line`.execute(tx)
  const back = await unitsOf(tx, speech, refunds)
  const lines = rows.map((line): FoundLine => {
    const key = line['product'] ?? ''
    const units = toInteger(line['units'] ?? '0', UNIT_DIGITS)
    const taken = Math.min(Math.max(units, 0), back.get(key) ?? 0)
    back.set(key, (back.get(key) ?? 0) - taken)
    return {
      line: Number(line['line']), product: line['product'] ?? null, service: line['service'] === '1', units: line['units'] ?? '0', price: line['price'] ?? '0', taxId: line['taxid'] ?? '',
      attributes: line['attributes'] ?? null, left: toPlain(units - taken, UNIT_DIGITS),
    }
  })
  return { receiptId, number, at, lines, refunds, isVoid: refunds.length > 0 && lines.every((line) => line.product === null || toInteger(line.left, UNIT_DIGITS) <= 0) }
}

/** Refund tickets that the till linked to this number. Numbers may begin anew, so only those that are not older count. */
async function refundsOf(tx: Tx, { newest }: Reading, zone: string, number: string, at: string): Promise<string[]> {
  const { rows } = await sql<Row>`SELECT t.id FROM tickets t JOIN receipts r ON r.id = t.id
    WHERE t.tickettype = 1 AND t.status = ${number} AND r.datenew >= ${dayBefore(at, zone)} ORDER BY t.id ${newest}`.execute(tx)
  return rows.map((row) => row['id'] ?? '')
}

/** Units that refunds took back, by product, in millionths. */
async function unitsOf(tx: Tx, { newest }: Reading, tickets: readonly string[]): Promise<Map<string, number>> {
  const units = new Map<string, number>()
  if (tickets.length === 0) return units
  const { rows } = await sql<Row>`SELECT product, units FROM ticketlines WHERE ticket IN (${sql.join(tickets)}) ${newest}`.execute(tx)
  for (const row of rows) units.set(row['product'] ?? '', (units.get(row['product'] ?? '') ?? 0) - toInteger(row['units'] ?? '0', UNIT_DIGITS))
  return units
}

/** A day before a wall clock's time; where it is no time, the beginning of all tills. */
function dayBefore(wall: string, zone: string): string {
  const instant = wallClockToInstant(wall, zone)
  return instant === null ? '1970-01-01 00:00:00' : instantToWallClock(Date.parse(instant) - CLOCKS_APART_MS, zone)
}
