import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'

export type StateRow = Record<string, SQLOutputValue>

/**
 * What the POS's files have said so far: a small database of the adapter's own. A file says something once and is then moved away, but
 * levels and the catalogue may be asked for at any moment, before the first sync and between two readings too. So what a file says is on
 * disk here before the file is moved, and `changes` is the log that readings go through, as a till's own log would be.
 */
export type ShopState = {
  /** Made anew with each new database: a cursor of another life does not fit. */
  id: string
  all(sql: string, ...values: SQLInputValue[]): StateRow[]
  get(sql: string, ...values: SQLInputValue[]): StateRow | undefined
  run(sql: string, ...values: SQLInputValue[]): number
  transaction<T>(work: () => T): T
  meta(key: string): string | null
  setMeta(key: string, value: string | null): void
  /** Logs that something is to be told, once, at its newest place. */
  changed(kind: ChangeKind, key: string): void
  close(): void
}
export type ChangeKind = 'item' | 'level' | 'sale' | 'step' | 'refusal'

/**
 * `goods`: `item` null is not for sale. `described_at` and `counted_at` are the moments of the file that said so, epoch ms; what is older never
 * wins. `moves` are sales since, waiting for the next count. `sales` has what was told, so that nothing is told twice (forget.ts).
 * `refused_lines` are those of the file that is being read, for its list of reasons.
 */
const TABLES = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE changes (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, UNIQUE (kind, key)) STRICT;
  CREATE TABLE goods (
    sku TEXT PRIMARY KEY, item TEXT, unit TEXT, described_at INTEGER NOT NULL, on_hand INTEGER, counted_at INTEGER NOT NULL, refused INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE moves (sku TEXT NOT NULL, at INTEGER NOT NULL, quantity INTEGER NOT NULL) STRICT;
  CREATE INDEX moves_of ON moves (sku, at);
  CREATE TABLE sales (sale_id TEXT PRIMARY KEY, hash TEXT NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE orders (
    assignment_id TEXT PRIMARY KEY, state TEXT NOT NULL CHECK (state IN ('writing', 'open', 'picking', 'ready', 'shipped', 'done', 'void')),
    method TEXT NOT NULL, taken_at INTEGER, fell_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX orders_waiting ON orders (assignment_id) WHERE taken_at IS NULL AND state <> 'void';
  CREATE TABLE order_lines (sku TEXT NOT NULL, assignment_id TEXT NOT NULL, quantity INTEGER NOT NULL, PRIMARY KEY (sku, assignment_id)) STRICT, WITHOUT ROWID;
  CREATE TABLE steps (id INTEGER PRIMARY KEY, assignment_id TEXT NOT NULL, step TEXT NOT NULL, reason TEXT, at INTEGER NOT NULL) STRICT;
  CREATE TABLE refusals (key TEXT PRIMARY KEY, reason TEXT, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE refused_lines (line INTEGER PRIMARY KEY, reason TEXT NOT NULL, text TEXT NOT NULL) STRICT;
`
/**
 * From one version to the next; the tables above are the first. `listed_in`: the whole file that listed an item last, 0 for a partial one.
 * `held_from`: a sale's number is kept for a while after it was sold and after it was told, whichever came later. `ailing` are refusals that
 * nothing has mended yet, so that they can be settled; `files` the files that were taken in, newest last.
 * `named_lines` is which line of the file of all goods that is being read named an item, and what it said.
 */
const LATER_VERSIONS = [
  `ALTER TABLE goods ADD COLUMN listed_in INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE sales ADD COLUMN sold_at INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE sales ADD COLUMN held_from INTEGER NOT NULL DEFAULT 0;
   UPDATE sales SET sold_at = unixepoch(json_extract(body, '$.occurredAt')) * 1000 + 999, held_from = unixepoch(json_extract(body, '$.occurredAt')) * 1000;
   CREATE INDEX sales_held ON sales (held_from);
   ALTER TABLE orders ADD COLUMN written_at INTEGER;
   UPDATE orders SET written_at = unixepoch() * 1000;
   CREATE TABLE ailing (
     key TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT, target TEXT NOT NULL, file INTEGER NOT NULL, moment INTEGER NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX ailing_of ON ailing (name);
   CREATE TABLE files (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, target TEXT NOT NULL, moment INTEGER NOT NULL, report TEXT NOT NULL) STRICT;
   CREATE INDEX files_target ON files (target);
   DELETE FROM meta WHERE key = 'reading' OR key LIKE 'ailing/%'`,
  'CREATE TABLE named_lines (sku TEXT PRIMARY KEY, line INTEGER NOT NULL, hash TEXT NOT NULL) STRICT, WITHOUT ROWID',
] as const
const SCHEMA_VERSION = 1 + LATER_VERSIONS.length
/** Another program may look at the file; it has long finished by then. */
const BUSY_TIMEOUT_MS = 5_000

/** The state cannot be used as it is; the hint says what to do. */
export class CsvStateFault extends Error {
  override name = 'CsvStateFault'
  readonly hint: string
  constructor(message: string, hint: string, cause?: unknown) {
    super(`${message}. ${hint}`, { cause })
    this.hint = hint
  }
}

export function openShopState(file: string): ShopState {
  mkdirSync(dirname(file), { recursive: true })
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
  // No WAL: the folder may be a network share. Each commit is on disk before a file is moved on the strength of it.
  db.exec('PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY')
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql)
    if (known) return known
    const statement = db.prepare(sql)
    statements.set(sql, statement)
    return statement
  }
  const state: ShopState = {
    id: '',
    all: (sql, ...values) => prepare(sql).all(...values),
    get: (sql, ...values) => prepare(sql).get(...values),
    run: (sql, ...values) => Number(prepare(sql).run(...values).changes),
    transaction(work) {
      db.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        db.exec('COMMIT')
        return result
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK')
        throw error
      }
    },
    meta: (key) => {
      const row = state.get('SELECT value FROM meta WHERE key = ?', key)
      return row ? String(row['value']) : null
    },
    setMeta(key, value) {
      if (value === null) state.run('DELETE FROM meta WHERE key = ?', key)
      else state.run('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, value)
    },
    changed(kind, key) {
      state.run('INSERT OR REPLACE INTO changes (kind, key) VALUES (?, ?)', kind, key)
    },
    close() {
      statements.clear()
      db.close()
    },
  }
  try {
    state.transaction(() => {
      if (!state.get(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'`)) {
        db.exec(TABLES)
        state.setMeta('version', '1')
        state.setMeta('id', randomUUID().slice(0, 8))
      }
      LATER_VERSIONS.slice(Number(state.meta('version')) - 1).forEach((statements) => db.exec(statements))
      if (Number(state.meta('version')) < SCHEMA_VERSION) state.setMeta('version', String(SCHEMA_VERSION))
    })
    const version = Number(state.meta('version'))
    if (version !== SCHEMA_VERSION) throw new CsvStateFault(`${file} has version ${version}, this connector knows ${SCHEMA_VERSION}`, 'Install the newer connector again, or name another pos.stateFile')
  } catch (error) {
    db.close()
    throw error
  }
  return { ...state, id: state.meta('id') ?? '' }
}
