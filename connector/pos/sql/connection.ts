import { Kysely, sql, MysqlAdapter, MysqlIntrospector, MysqlQueryCompiler, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type Dialect as KyselyDialect } from 'kysely'
import { setTimeout as pause } from 'node:timers/promises'
import { portOf, type ConnectionTarget } from './connection-config.ts'
import { DatabaseFault, type Whereabouts } from './database-fault.ts'
import { openMySqlSession } from './mysql-session.ts'
import { openPostgresSession } from './postgres-session.ts'
import type { Connection, Dialect, Row, Tx } from './ports.ts'
import type { OpenSession } from './session.ts'
import { SessionDriver } from './session-driver.ts'
import { openSqliteSession } from './sqlite-session.ts'
import { mysqlHint, postgresHint } from './write-hint.ts'

/** One for a long reading, one for an order meanwhile. A SQLite file has one writer, and its readers would wait for their own process. */
const SESSIONS_MAX: Record<Dialect, number> = { mysql: 2, postgres: 2, sqlite: 1 }
/** Two transactions that met once rarely meet again. */
const WRITE_TRIES_MAX = 5
const RETRY_PAUSE_MS = 25

/** Answers at once; the first use connects. Each later one connects anew where the connection broke. */
export function openConnection(target: ConnectionTarget, random: () => number = Math.random): Connection {
  const db = new Kysely<unknown>({ dialect: dialectOf(target) })
  let writes = 0
  return {
    dialect: target.dialect,
    read: (work) => db.transaction().setAccessMode('read only').execute(work),
    async write(work) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await db.transaction().setAccessMode('read write').execute(work)
        } catch (error) {
          // The database has rolled it back and says to try again.
          if (!(error instanceof DatabaseFault) || error.kind !== 'conflict' || attempt >= WRITE_TRIES_MAX) throw error
          await pause(RETRY_PAUSE_MS * attempt * (0.5 + random()))
        } finally {
          writes += 1
        }
      }
    },
    // Of the pragma's number and of the session it counts in; a session does not count what it writes itself.
    ...(target.dialect === 'sqlite' ? { changeMark: async (tx: Tx) => {
      const { rows } = await sql<Row>`SELECT data_version AS mark, tillbridge_session() AS session FROM pragma_data_version`.execute(tx)
      return `${rows[0]?.['session']}/${rows[0]?.['mark']}/${writes}`
    } } : {}),
    ...(target.dialect === 'sqlite' ? {} : { writeHint: (tables: readonly string[]) => (target.dialect === 'mysql' ? mysqlHint : postgresHint)(db, tables) }),
    close: () => db.destroy(),
  }
}

/** The database in words for a message. */
export function whereabouts(target: ConnectionTarget): Whereabouts {
  if (target.dialect === 'sqlite') return { place: target.file, user: null, dialect: 'sqlite' }
  return { place: `${target.database} on ${target.host}:${portOf(target)}`, user: target.user, dialect: target.dialect }
}

function openSessionOf(target: ConnectionTarget): OpenSession {
  const at = whereabouts(target)
  switch (target.dialect) {
    case 'mysql': return () => openMySqlSession(target, at)
    case 'postgres': return () => openPostgresSession(target, at)
    case 'sqlite': return () => openSqliteSession(target, at)
  }
}

function dialectOf(target: ConnectionTarget): KyselyDialect {
  const createDriver = () => new SessionDriver(openSessionOf(target), SESSIONS_MAX[target.dialect])
  switch (target.dialect) {
    case 'mysql': return { createDriver, createAdapter: () => new MysqlAdapter(), createQueryCompiler: () => new MysqlQueryCompiler(), createIntrospector: (db) => new MysqlIntrospector(db) }
    case 'postgres': return { createDriver, createAdapter: () => new PostgresAdapter(), createQueryCompiler: () => new PostgresQueryCompiler(), createIntrospector: (db) => new PostgresIntrospector(db) }
    case 'sqlite': return { createDriver, createAdapter: () => new SqliteAdapter(), createQueryCompiler: () => new SqliteQueryCompiler(), createIntrospector: (db) => new SqliteIntrospector(db) }
  }
}
