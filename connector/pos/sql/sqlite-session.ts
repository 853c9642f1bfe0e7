import { createHash, randomUUID } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import type { FileConnection } from './connection-config.ts'
import { DatabaseFault, toDatabaseFault, type Whereabouts } from './database-fault.ts'
import type { Row } from './ports.ts'
import type { Session } from './session.ts'

/** While another program holds the file: long enough to let it end, short enough not to keep a customer waiting. */
const BUSY_PAUSE_MS = 20
/** Of repeated statements the compiled form is kept; more kinds than this an adapter does not have. */
const STATEMENTS_MAX = 200
/** One with a list of keys in it is another one each time: compiled, two hundred of them would be megabytes. */
const REPEATED_LENGTH_MAX = 2_000

/**
 * A session of a SQLite file. Knows `tillbridge_md5(text)`, the first 48 bits of it as a number (`tillbridge_hash`: of thirty thousand the sum still fits), and by `tillbridge_session()` itself. Waiting for a lock does not stop the process, so `lockTimeoutMs` is kept here
 * and not by SQLite. Numbers are read as 64 bit integers: nothing of a large id is lost.
 */
export async function openSqliteSession(config: FileConnection, at: Whereabouts): Promise<Session> {
  if (!existsSync(config.file)) {
    throw new DatabaseFault('unreachable', 'ENOENT', `There is no database at ${config.file}`, 'Check pos.connection.file; the connector never makes a POS database itself')
  }
  let db: DatabaseSync
  try {
    db = new DatabaseSync(config.file, { timeout: 0 })
  } catch (error) {
    throw toDatabaseFault(error, at)
  }
  const inode = statSync(config.file, { throwIfNoEntry: false })?.ino
  db.function('tillbridge_md5', { deterministic: true }, (value) => createHash('md5').update(String(value)).digest('hex'))
  db.function('tillbridge_hash', { deterministic: true }, (value) => BigInt(createHash('md5').update(String(value)).digest().readUIntBE(0, 6)))
  const session = randomUUID()
  db.function('tillbridge_session', () => session)
  const statements = new Map<string, StatementSync>()
  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql)
    if (known) return known
    const statement = db.prepare(sql)
    statement.setReadBigInts(true)
    if (sql.length > REPEATED_LENGTH_MAX) return statement
    if (statements.size >= STATEMENTS_MAX) statements.clear()
    statements.set(sql, statement)
    return statement
  }

  return {
    begin: { read: ['BEGIN', 'SELECT count(*) FROM sqlite_schema'], write: ['BEGIN IMMEDIATE'] },
    async run(sql, parameters) {
      for (const deadline = performance.now() + config.lockTimeoutMs; ;) {
        try {
          const statement = prepared(sql)
          const values = parameters.map(toInput)
          if (statement.columns().length > 0) return { rows: statement.all(...values).map(toRow) }
          const { changes, lastInsertRowid } = statement.run(...values)
          return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
        } catch (error) {
          const fault = toDatabaseFault(error, at)
          if (!isBusy(fault) || performance.now() > deadline) throw fault
          await pause(BUSY_PAUSE_MS)
        }
      }
    },
    // The file at that path is another one now: a restored backup, a new till.
    isStale: () => statSync(config.file, { throwIfNoEntry: false })?.ino !== inode,
    close: () => {
      if (db.isOpen) db.close()
    },
  }
}

/** SQLITE_BUSY and SQLITE_LOCKED; not the one that says that this transaction's moment has passed. */
const isBusy = ({ code }: DatabaseFault): boolean => code === 'SQLITE_5' || code === 'SQLITE_6'

function toInput(value: unknown): SQLInputValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  throw new TypeError('a parameter of a statement is text, a number or nothing')
}

const toRow = (row: Record<string, SQLOutputValue>): Row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toText(value)]))

function toText(value: SQLOutputValue): string | null {
  if (value === null) return null
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value)
}
