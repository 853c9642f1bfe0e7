import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import {
  CompiledQuery, SqliteAdapter, SqliteDriver, SqliteIntrospector, SqliteQueryCompiler,
  type DatabaseConnection, type DatabaseIntrospector, type Dialect, type Driver, type Kysely, type QueryCompiler, type SqliteDatabase, type SqliteStatement, type TransactionSettings,
} from 'kysely'
import { DatabaseFault } from './database-fault.ts'
import type { Row } from './ports.ts'

const BUSY_TIMEOUT_MS = 10_000

/** kysely's SQLite over Node's own driver: values as text, writers that wait before they have read, and `md5()` as the servers have it. */
export class NodeSqliteDialect implements Dialect {
  readonly #file: string
  constructor(file: string) {
    this.#file = file
  }
  createDriver(): Driver {
    return new WaitingSqliteDriver({ database: async () => openFile(this.#file) })
  }
  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler()
  }
  createAdapter(): SqliteAdapter {
    return new SqliteAdapter()
  }
  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db)
  }
}

class WaitingSqliteDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection, settings?: TransactionSettings): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(settings?.accessMode === 'read only' ? 'begin' : 'begin immediate'))
  }
}

function openFile(file: string): SqliteDatabase {
  // An empty file in its place would be an empty shop.
  if (!existsSync(file)) throw new DatabaseFault(`There is no database file at ${file}`, 'Look at pos.connection.file', 'ENOENT')
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true })
  db.function('md5', { deterministic: true }, (value) => createHash('md5').update(String(value ?? '')).digest('hex'))
  return {
    close: () => db.close(),
    prepare(sql): SqliteStatement {
      const statement = db.prepare(sql)
      statement.setReadBigInts(true)
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...bound(parameters)).map(asTexts),
        run: (parameters) => statement.run(...bound(parameters)),
        *iterate(parameters) {
          for (const row of statement.iterate(...bound(parameters))) yield asTexts(row)
        },
      }
    },
  }
}

/** kysely hands on what the caller gave: texts, numbers, null. */
const bound = (parameters: readonly unknown[]): SQLInputValue[] => parameters.map((value) => {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || value instanceof Uint8Array) return value
  if (typeof value === 'boolean') return value ? 1 : 0
  throw new TypeError(`a ${typeof value} cannot be bound to a statement`)
})

const asTexts = (row: Record<string, unknown>): Row =>
  Object.fromEntries(Object.entries(row).map(([column, value]) => [column, value === null ? null : value instanceof Uint8Array ? Buffer.from(value).toString() : String(value)]))
