import { sql, type RawBuilder } from 'kysely'
import type { Dialect, Row, Tx } from '../sql/ports.ts'
import { UnicentaFault } from './place.ts'

/** Where MariaDB and PostgreSQL say the same thing differently. */
export type Speech = {
  /** Bytes as hexadecimal text. */
  hex(column: RawBuilder<unknown>): RawBuilder<unknown>
  contains(column: RawBuilder<unknown>, text: string): RawBuilder<unknown>
  /** A number that follows from a text, for sums. */
  numberOf(column: RawBuilder<unknown>): RawBuilder<unknown>
  /** Put after a reading inside a writing transaction: the newest that is committed, not what the transaction saw at its beginning. */
  newest: RawBuilder<unknown>
  /**
   * From here to the end of the transaction no ticket is saved and no stock moved by anybody else. In MariaDB the till begins every ticket with
   * the row that numbers them; in PostgreSQL a sequence numbers them, so the stock itself is locked. Taken before anything else is.
   */
  lockTill(tx: Tx): Promise<void>
  nextNumber(tx: Tx, sequence: 'ticketsnum' | 'ticketsnum_refund'): Promise<string>
  /** Adds to one row without an attribute set, of the several there may be; the till's own statement would hit them all. */
  addUnits(tx: Tx, location: string, product: string, units: string): Promise<void>
}

const PLAIN = (location: string, product: string) => sql`location = ${location} AND product = ${product} AND attributesetinstance_id IS NULL`

const mysql: Speech = {
  hex: (column) => sql`HEX(${column})`,
  contains: (column, text) => sql`INSTR(${column}, ${text}) > 0`,
  numberOf: (column) => sql`CAST(CONV(SUBSTRING(MD5(${column}), 1, 12), 16, 10) AS UNSIGNED)`,
  newest: sql`LOCK IN SHARE MODE`,
  async lockTill(tx) {
    await sql`SELECT id FROM ticketsnum FOR UPDATE`.execute(tx)
  },
  async nextNumber(tx, sequence) {
    const { numAffectedRows } = await sql`UPDATE ${sql.table(sequence)} SET id = LAST_INSERT_ID(id + 1)`.execute(tx)
    if (numAffectedRows !== 1n) throw new UnicentaFault(`The till's table ${sequence} does not have its one row, which numbers the tickets`, 'Is this the database of the till? A till that has sold anything has that row: restore it from a backup, with the number of the newest ticket')
    const { rows } = await sql<Row>`SELECT LAST_INSERT_ID() AS id`.execute(tx)
    return rows[0]?.['id'] ?? ''
  },
  async addUnits(tx, location, product, units) {
    await sql`UPDATE stockcurrent SET units = units + ${units} WHERE ${PLAIN(location, product)} LIMIT 1`.execute(tx)
  },
}

const postgres: Speech = {
  hex: (column) => sql`ENCODE(${column}, 'hex')`,
  contains: (column, text) => sql`POSITION(${Buffer.from(text)} IN ${column}) > 0`,
  numberOf: (column) => sql`('x' || SUBSTRING(MD5(${column}), 1, 12))::bit(48)::bigint`,
  newest: sql``,
  async lockTill(tx) {
    await sql`LOCK TABLE stockcurrent IN SHARE ROW EXCLUSIVE MODE`.execute(tx)
  },
  async nextNumber(tx, sequence) {
    const { rows } = await sql<Row>`SELECT NEXTVAL(${sql.lit(sequence)}) AS id`.execute(tx)
    return rows[0]?.['id'] ?? ''
  },
  async addUnits(tx, location, product, units) {
    await sql`UPDATE stockcurrent SET units = units + ${units} WHERE ctid = (SELECT ctid FROM stockcurrent WHERE ${PLAIN(location, product)} LIMIT 1)`.execute(tx)
  },
}

export const speechOf = (dialect: Dialect): Speech => (dialect === 'postgres' ? postgres : mysql)
