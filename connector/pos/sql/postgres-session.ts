import pg from 'pg'
import { trusted } from './authority.ts'
import { portOf, type ServerConnection } from './connection-config.ts'
import { toDatabaseFault, type Whereabouts } from './database-fault.ts'
import { fittingText } from './encoding.ts'
import type { Row } from './ports.ts'
import type { Session } from './session.ts'

/** The server gives up first; ours is for a network that has gone silent. */
const NETWORK_GRACE_MS = 5_000
/** A connector that hangs between two statements must not keep rows of the till locked. */
const IDLE_IN_TRANSACTION_MS = 60_000

/** The text as the server writes it: ISO dates, `t` and `f`, doubles with all their digits. */
const asText = (value: string): string => value

/**
 * A session of PostgreSQL. Its time zone is UTC: a `timestamptz` reads as UTC, now() is UTC; `timestamp` columns are as the POS wrote
 * them. In a database of an older encoding a parameter is what can stand there. Readings are REPEATABLE READ; writing transactions READ COMMITTED, so that a locked row is read as it is once the lock is ours.
 */
export async function openPostgresSession(config: ServerConnection, at: Whereabouts): Promise<Session> {
  const client = new pg.Client({
    host: config.host, port: portOf({ dialect: 'postgres', ...config }), user: config.user, database: config.database, connectionTimeoutMillis: config.connectTimeoutMs,
    ...(config.password === undefined ? {} : { password: config.password }),
    ...(config.ssl === 'off' ? { ssl: false } : { ssl: trusted(config, at) }),
    query_timeout: config.statementTimeoutMs + NETWORK_GRACE_MS, keepAlive: true, application_name: 'tillbridge-connector',
    types: { getTypeParser: () => asText },
  })
  // An idle connection that breaks says so with an event; the next statement meets it.
  client.on('error', () => undefined)
  const close = (): void => void client.end().catch(() => undefined)
  let fitting: ((text: string) => string) | null = null
  const session: Session = {
    begin: { read: ['BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', 'SELECT 1'], write: ['BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE'] },
    async run(sql, parameters) {
      try {
        // Several statements in one text answer a list; of those nobody asks for rows.
        const answer = await client.query<Row>(sql, parameters.map((value) => (fitting !== null && typeof value === 'string' ? fitting(value) : value)))
        if (Array.isArray(answer)) return { rows: [] }
        const { rows, rowCount } = answer
        return { rows, ...(typeof rowCount === 'number' ? { numAffectedRows: BigInt(rowCount) } : {}) }
      } catch (error) {
        throw toDatabaseFault(error, at)
      }
    },
    close,
  }
  try {
    await client.connect()
    await client.query(
      `SET TIME ZONE 'UTC'; SET datestyle = 'ISO, YMD'; SET extra_float_digits = 1; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
       SET statement_timeout = ${config.statementTimeoutMs}; SET lock_timeout = ${config.lockTimeoutMs}; SET idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`)
    const { rows: [server] } = await client.query<{ server_encoding: string }>('SHOW server_encoding')
    fitting = fittingText(server?.server_encoding ?? '')
    return session
  } catch (error) {
    close()
    throw toDatabaseFault(error, at)
  }
}
