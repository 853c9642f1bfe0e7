import { sql } from 'kysely'
import type { Row, Tx } from '../sql/ports.ts'
import { UnicentaFault } from './place.ts'
import { rowIdOf } from './reference.ts'
import type { Speech } from './speech.ts'
import type { UnicentaConfig } from './unicenta-config.ts'

/** A ticket as it is saved: amounts and units as decimal text, which both databases take for a double. */
export type Ticket = {
  id: string
  assignmentId: string
  kind: 'sale' | 'refund'
  number: string
  /** Of a refund: the number of the ticket it takes back, as the till links them. */
  refundOf: string | null
  money: string
  /** The till's wall clock. */
  at: string
  person: Person
  attributes: Buffer
  lines: { product: string | null; units: string; price: string; taxId: string; attributes: Buffer }[]
  taxes: { taxId: string; base: string; amount: string }[]
  payments: { kind: string; total: string }[]
  note: string
}

export type Person = { id: string; name: string }

/** The open cash session that web orders are booked in; `null` when none is open. */
export async function openCash(tx: Tx, host: string | undefined): Promise<string | null> {
  const { rows } = await sql<Row>`SELECT money, host FROM closedcash WHERE dateend IS NULL ORDER BY datestart DESC, host`.execute(tx)
  const chosen = host === undefined ? rows[0] : rows.find((row) => row['host']?.toLowerCase() === host.toLowerCase())
  return chosen?.['money'] ?? null
}

/** In whose name web orders are booked. */
export async function findPerson(tx: Tx, wanted: UnicentaConfig['person']): Promise<Person> {
  const { rows } = await sql<Row>`SELECT id, name, CASE WHEN visible THEN '1' ELSE '0' END AS shown FROM people ORDER BY id`.execute(tx)
  const people = rows.map((row) => ({ id: row['id'] ?? '', name: row['name'] ?? '', shown: row['shown'] === '1' }))
  const named = (name: string): (typeof people)[number] | undefined => people.find((person) => person.name.toLowerCase() === name.toLowerCase())
  const found = wanted === undefined ? named('Tillbridge') ?? people.find(({ shown }) => shown) : people.find(({ id }) => id === wanted) ?? named(wanted)
  if (found) return { id: found.id, name: found.name }
  throw new UnicentaFault(wanted === undefined ? 'The till has no user' : `The till has no user "${wanted}"`, 'Make one in the till (Maintenance, Users), and name it in pos.person')
}

/** All rows of a ticket but those of its stock. The receipt's id is its reference: a second one with it cannot be. */
export async function saveTicket(tx: Tx, ticket: Ticket): Promise<void> {
  const { id, assignmentId } = ticket
  const rowId = (kind: string, line: number): string => rowIdOf(assignmentId, `${ticket.kind}/${kind}`, line)
  await sql`INSERT INTO receipts (id, money, datenew, attributes, person) VALUES (${id}, ${ticket.money}, ${ticket.at}, ${ticket.attributes}, ${ticket.person.id})`.execute(tx)
  await sql`INSERT INTO tickets (id, tickettype, ticketid, person, customer, status)
    VALUES (${id}, ${sql.lit(ticket.kind === 'sale' ? 0 : 1)}, ${ticket.number}, ${ticket.person.id}, NULL, ${ticket.refundOf ?? '0'})`.execute(tx)
  for (const [line, { product, units, price, taxId, attributes }] of ticket.lines.entries()) {
    await sql`INSERT INTO ticketlines (ticket, line, product, attributesetinstance_id, units, price, taxid, attributes)
      VALUES (${id}, ${sql.lit(line)}, ${product}, NULL, ${units}, ${price}, ${taxId}, ${attributes})`.execute(tx)
  }
  for (const [line, { kind, total }] of ticket.payments.entries()) {
    await sql`INSERT INTO payments (id, receipt, payment, total, transid, notes, tendered) VALUES (${rowId('payment', line)}, ${id}, ${kind}, ${total}, ${assignmentId}, ${ticket.note}, ${total})`.execute(tx)
  }
  for (const [line, { taxId, base, amount }] of ticket.taxes.entries()) {
    await sql`INSERT INTO taxlines (id, receipt, taxid, base, amount) VALUES (${rowId('tax', line)}, ${id}, ${taxId}, ${base}, ${amount})`.execute(tx)
  }
}

/** The till's own words in the stock diary. */
export const REASON = { sale: -1, refund: 2 } as const

export type StockMove = { id: string; reason: number; product: string; units: string; price: string }

/** The diary row of a move, and the move itself. */
export async function moveStock(tx: Tx, speech: Speech, place: { location: string; at: string; person: Person }, move: StockMove): Promise<void> {
  const { location, at, person } = place
  await sql`INSERT INTO stockdiary (id, datenew, reason, location, product, attributesetinstance_id, units, price, appuser)
    VALUES (${move.id}, ${at}, ${sql.lit(move.reason)}, ${location}, ${move.product}, NULL, ${move.units}, ${move.price}, ${person.name})`.execute(tx)
  if (/^-?[0.]+$/.test(move.units)) return
  const plain = await sql<Row>`SELECT COUNT(*) AS n FROM stockcurrent WHERE location = ${location} AND product = ${move.product} AND attributesetinstance_id IS NULL ${speech.newest}`.execute(tx)
  if (plain.rows[0]?.['n'] !== '0') return speech.addUnits(tx, location, move.product, move.units)
  await sql`INSERT INTO stockcurrent (location, product, attributesetinstance_id, units) VALUES (${location}, ${move.product}, NULL, ${move.units})`.execute(tx)
}
