import { sql } from 'kysely'
import { DatabaseFault } from '../sql/database-fault.ts'
import type { Connection, Row } from '../sql/ports.ts'
import { parametersOf, statement } from '../sql/statement.ts'

/** `unknown`: a statement of which the database gives no word without running it. */
export type Answer = 'yes' | 'unknown' | DatabaseFault

/** What PostgreSQL and SQLite explain without running it. Some pragmas of SQLite act while they are explained. */
const EXPLAINED = /^(?:WITH|SELECT|INSERT|UPDATE|DELETE|REPLACE|MERGE|VALUES|CREATE\s+TABLE|\()/i
const COMMENTS = /^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/
/** MySQL: not of the kind that is prepared. */
const CANNOT_BE_PREPARED = '1295'
/** A sequence behind an identity column is written without the type, and asks for no right of its own. */
const SEQUENCE = /nextval\('((?:[^']|'')+)'::regclass\)/g

/**
 * Whether the database understands a statement and would run it for this user. It is never run: MySQL prepares it, PostgreSQL and SQLite explain it, and all
 * three look up tables, columns and rights for that. Every parameter is NULL, so no answer holds a value.
 */
export async function ask(connection: Connection, text: string): Promise<Answer> {
  try {
    return connection.dialect === 'mysql' ? await prepared(connection, text) : await explained(connection, text)
  } catch (error) {
    if (!(error instanceof DatabaseFault)) throw error
    return error.code === CANNOT_BE_PREPARED ? 'unknown' : error
  }
}

const withNulls = (text: string) => statement(text, Object.fromEntries(parametersOf(text).map((name) => [name, null])))

async function prepared(connection: Connection, text: string): Promise<Answer> {
  const look: Parameters<Connection['read']>[0] = async (tx) => {
    await sql`PREPARE tillbridge_doctor FROM ${withNulls(text).compile(tx).sql}`.execute(tx)
    await sql`DEALLOCATE PREPARE tillbridge_doctor`.execute(tx)
  }
  try {
    await connection.read(look)
  } catch (error) {
    // What writes or locks is not even prepared in a transaction that only reads.
    if (!(error instanceof DatabaseFault) || error.kind !== 'read-only') throw error
    await connection.write(look)
  }
  return 'yes'
}

async function explained(connection: Connection, text: string): Promise<Answer> {
  const asked = text.trim().replace(/;$/, '')
  if (!EXPLAINED.test(asked.replace(COMMENTS, ''))) return 'unknown'
  // Without parameters PostgreSQL takes several statements at once, and would explain only the first of them.
  if (asked.includes(';') && parametersOf(asked).length === 0) return 'unknown'
  if (connection.dialect === 'sqlite') {
    await connection.read((tx) => sql`EXPLAIN ${withNulls(asked)}`.execute(tx))
    return 'yes'
  }
  const { rows } = await connection.read((tx) => sql<Row>`EXPLAIN (VERBOSE, COSTS OFF) ${withNulls(asked)}`.execute(tx))
  // The right to a sequence is asked for only as its next number is drawn.
  for (const [, name = ''] of rows.flatMap((row) => [...(row['QUERY PLAN'] ?? '').matchAll(SEQUENCE)])) {
    const sequence = name.replaceAll('\'\'', '\'')
    const { rows: [right] } = await connection.read((tx) => sql<Row>`SELECT has_sequence_privilege(${sequence}, 'USAGE, UPDATE') AS may`.execute(tx))
    if (right?.['may'] !== 't') return new DatabaseFault('no-grant', '42501', `No right to the sequence ${sequence}`, 'Ask for USAGE on it', new Error(`permission denied for sequence ${sequence}`))
  }
  return 'yes'
}

/** What the database itself said. */
export const reasonOf = (fault: DatabaseFault): string => (fault.cause instanceof Error ? `${fault.cause.message} (${fault.code})` : fault.message)
