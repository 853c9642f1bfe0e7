import mysql from 'mysql2/promise'
import { trusted } from './authority.ts'
import { portOf, type ServerConnection, type Writes } from './connection-config.ts'
import { toDatabaseFault, type Whereabouts } from './database-fault.ts'
import type { Row } from './ports.ts'
import type { Session } from './session.ts'

/** The server gives up first, so that its word and not ours ends a statement; ours is for a network that has gone silent. */
const NETWORK_GRACE_MS = 5_000

/**
 * A session of MariaDB or MySQL. Its time zone is UTC: a TIMESTAMP reads as UTC, and NOW() in a statement is UTC; DATETIME columns are
 * as the POS wrote them. Readings are REPEATABLE READ; writing transactions READ COMMITTED, so that what is read under a lock is the newest.
 * (A server whose binary log keeps statements takes no such writes: there they are REPEATABLE READ, and only locking reads see the newest. An adapter may ask for that: `writes`.)
 */
export async function openMySqlSession(config: ServerConnection & Writes, at: Whereabouts): Promise<Session> {
  try {
    const connection = await mysql.createConnection({
      host: config.host, port: portOf({ dialect: 'mysql', ...config }), user: config.user, database: config.database, connectTimeout: config.connectTimeoutMs,
      ...(config.password === undefined ? {} : { password: config.password }),
      ...(config.ssl === 'off' ? {} : { ssl: { ...trusted(config, at), verifyIdentity: true } }),
      charset: 'utf8mb4', enableKeepAlive: true, typeCast: asText,
    })
    // An idle connection that breaks says so with an event; the next statement meets it.
    connection.on('error', () => undefined)
    const session = sessionOf(connection, config, at)
    try {
      const { logsStatements } = await prepare(session, config)
      return { ...session, begin: { read: [READ], write: logsStatements || config.writes === 'one-moment' ? [WRITE] : [NEWEST, WRITE] } }
    } catch (error) {
      session.close()
      throw error
    }
  } catch (error) {
    throw toDatabaseFault(error, at)
  }
}

type Field = { type: string; string(encoding?: BufferEncoding): string | null; buffer(): Buffer | null }

/** Text of every value. A BIT comes as bytes and becomes its number. */
function asText(field: Field): string | null {
  if (field.type !== 'BIT') return field.string()
  const bytes = field.buffer()
  return bytes === null ? null : BigInt(`0x${bytes.toString('hex') || '0'}`).toString()
}

const READ = 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY'
const NEWEST = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED'
const WRITE = 'START TRANSACTION READ WRITE'

function sessionOf(connection: mysql.Connection, config: ServerConnection, at: Whereabouts): Omit<Session, 'begin'> {
  return {
    async run(sql, parameters) {
      try {
        const [result] = await connection.query({ sql, values: [...parameters], timeout: config.statementTimeoutMs + NETWORK_GRACE_MS })
        if (Array.isArray(result)) return { rows: result as Row[] }
        const { affectedRows, insertId } = result
        return { rows: [], numAffectedRows: BigInt(affectedRows), ...(insertId > 0 ? { insertId: BigInt(insertId) } : {}) }
      } catch (error) {
        throw toDatabaseFault(error, at)
      }
    },
    close: () => connection.destroy(),
  }
}

async function prepare(session: Omit<Session, 'begin'>, config: ServerConnection): Promise<{ logsStatements: boolean }> {
  const { rows: [server] } = await session.run('SELECT VERSION() AS version, @@log_bin AS logs, @@binlog_format AS format', [])
  const isMariaDb = /mariadb/i.test(server?.['version'] ?? '')
  // Values are escaped with backslashes, so the server must read them so. MySQL keeps when a table was written for a day, unless it is told not to; MariaDB takes those words for a remark.
  await session.run("SET SESSION sql_mode = REPLACE(@@SESSION.sql_mode, 'NO_BACKSLASH_ESCAPES', ''), time_zone = '+00:00', innodb_lock_wait_timeout = ? /*!80000 , information_schema_stats_expiry = 0 */", [Math.ceil(config.lockTimeoutMs / 1000)])
  await session.run('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ', [])
  // MariaDB counts in seconds and ends every statement; MySQL in milliseconds, and only a SELECT.
  await session.run(isMariaDb ? `SET SESSION max_statement_time = ${config.statementTimeoutMs / 1000}` : `SET SESSION max_execution_time = ${config.statementTimeoutMs}`, [])
  return { logsStatements: server?.['logs'] === '1' && server['format'] === 'STATEMENT' }
}
