import { sql } from 'kysely'
import type { Row, Tx } from '../sql/ports.ts'
import { instantToWallClock } from '../sql/wall-clock.ts'
import type { Booking } from './booking.ts'
import { toInteger, toPlain } from './doubles.ts'
import { findTicket } from './find-ticket.ts'
import { UnicentaFault } from './place.ts'
import { rowIdOf, voidIdOf } from './reference.ts'
import { findPerson, moveStock, openCash, REASON, saveTicket } from './save-ticket.ts'
import type { Speech } from './speech.ts'
import { voidProperties } from './ticket-xml.ts'

/** Amounts of an earlier ticket are taken back to the millionth, as the till may have written them. */
const AMOUNT_DIGITS = 6

const negated = (text: string): string => toPlain(-toInteger(text, AMOUNT_DIGITS), AMOUNT_DIGITS)

/**
 * Takes a web order back with a refund ticket, as the staff would: the first ticket may stand in a cash session that was closed and counted
 * long ago, and what was counted is not changed any more. Both remain in the books and cancel each other out, in goods, money and taxes. What the staff
 * refunded before is not refunded again.
 */
export async function voidTicket(tx: Tx, speech: Speech, { config, place, zone, clock }: Booking, assignmentId: string): Promise<'voided' | 'absent'> {
  const location = await place(tx)
  await speech.lockTill(tx)
  const found = await findTicket(tx, speech, zone, assignmentId)
  if (found === null) return 'absent'
  if (found === 'gone' || found.isVoid) return 'voided'
  const money = await openCash(tx, config.host)
  if (money === null) throw new UnicentaFault(`No cash session is open, so ticket ${found.number} cannot be refunded`, 'It is tried again; log in at the till once, which opens one')

  const person = await findPerson(tx, config.person)
  const at = instantToWallClock(clock(), zone)
  const note = `Web order cancelled: refund of ticket ${found.number}`
  const lines = found.lines.filter(({ left }) => toInteger(left, AMOUNT_DIGITS) !== 0)
  const number = await speech.nextNumber(tx, 'ticketsnum_refund')
  const receipts = [found.receiptId, ...found.refunds]
  await saveTicket(tx, {
    id: voidIdOf(assignmentId), assignmentId, kind: 'refund', number, refundOf: found.number, money, at, person, note,
    attributes: voidProperties(assignmentId, note),
    lines: lines.map(({ product, left, price, taxId, attributes }) => ({ product, units: negated(left), price, taxId, attributes: Buffer.from(attributes ?? '', 'hex') })),
    taxes: (await sums(tx, sql`SELECT taxid AS kind, SUM(CAST(base AS DECIMAL(30, 6))) AS base, SUM(CAST(amount AS DECIMAL(30, 6))) AS amount FROM taxlines WHERE receipt IN (${sql.join(receipts)}) GROUP BY taxid`))
      .map((row) => ({ taxId: row['kind'] ?? '', base: negated(row['base'] ?? '0'), amount: negated(row['amount'] ?? '0') })),
    payments: (await sums(tx, sql`SELECT payment AS kind, SUM(CAST(total AS DECIMAL(30, 6))) AS total FROM payments WHERE receipt IN (${sql.join(receipts)}) GROUP BY payment`))
      .map((row) => ({ kind: row['kind'] ?? '', total: negated(row['total'] ?? '0') })),
  })
  // The till marks a ticket that was refunded with the refund's number, so that nobody refunds it again.
  await sql`UPDATE tickets SET status = ${number} WHERE id = ${found.receiptId}`.execute(tx)
  for (const { line, product, service, left, price } of lines) {
    if (product !== null && !service) await moveStock(tx, speech, { location, at, person }, { id: rowIdOf(assignmentId, 'void/diary', line), reason: REASON.refund, product, units: left, price })
  }
  return 'voided'
}

const sums = async (tx: Tx, query: ReturnType<typeof sql>): Promise<Row[]> => (await sql<Row>`${query} ORDER BY kind`.execute(tx)).rows
