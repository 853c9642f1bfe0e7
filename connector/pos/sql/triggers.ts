import { sql } from 'kysely'
import type { PosMemory } from '../port.ts'
import { DatabaseFault } from './database-fault.ts'
import type { Activity, Connection, Dialect, Row, Tx } from './ports.ts'

/** A table whose changes are worth knowing at once, and its column with the key of the goods they concern. */
export type WatchedTable = { table: string; key: string }
export type TriggerStatus = { installed: boolean; missing: string[]; waiting: number; newest: string | null }
export type Triggers = {
  /** Throws a `DatabaseFault` with a hint where the grant is missing. Harmless twice. */
  install(): Promise<void>
  /** Takes all of them away, and the table they write. */
  remove(): Promise<void>
  status(): Promise<TriggerStatus>
}

const EVENTS = ['insert', 'update', 'delete'] as const
/** Ids are given before their transaction is committed: so many behind the newest may still appear. */
const OVERLAP = 1_000
/** Rows in one reading. */
const READ_MAX = 5_000
/** Triggers that somebody installs are made use of within a minute. */
const ASK_EVERY_MS = 60_000
/** Rows taken away at once; what the overlap needs stays. */
const PURGE_MAX = 5_000
const NAME_LENGTH_MAX = 64
/** Of a key in MySQL, where a column has a length: a longer one is cut, and what it names is found by the comparison. */
const KEY_LENGTH_MAX = 128
/** So long a statement of the till waits for our table where somebody keeps it locked; its changes are then found by the comparison. */
const LOCK_TIMEOUT_MS = 500

/** `tillbridge_` and what it watches; a long table's name is cut, its place in the list keeps it apart. */
const triggerName = (index: number, { table }: WatchedTable, event: string): string => `tillbridge_${index}_${table}_${event}`.slice(0, NAME_LENGTH_MAX - 1)

/** Connector-owned triggers that note the keys of goods which change, in a connector-owned table. They are the fast lane only: without them, or when one is lost, the comparison of all goods finds the same a little later. */
export function createTriggers(connection: Connection, tables: readonly WatchedTable[]): Triggers {
  const { dialect } = connection
  const each = tables.flatMap((table, index) => EVENTS.map((event) => ({ table, event, name: triggerName(index, table, event) })))
  // MySQL commits at every such statement, so each stands for itself.
  const run = async (statements: readonly string[]): Promise<void> => {
    try {
      for (const statement of statements) await connection.write((tx) => sql.raw(statement).execute(tx))
    } catch (error) {
      if (!(error instanceof DatabaseFault) || error.kind !== 'no-grant') throw error
      throw new DatabaseFault('no-grant', error.code, 'This user may not make triggers on the POS\'s tables', await whatToAsk(connection, tables.map(({ table }) => table)), error)
    }
  }
  const drop = each.flatMap(({ table, event, name }) => dropTrigger(dialect, table, event, name))
  return {
    async install() {
      await run([createTable(dialect), ...drop, ...each.flatMap(({ table, event, name }) => createTrigger(dialect, table, event, name))])
    },
    remove: () => run([...drop, 'DROP TABLE IF EXISTS tillbridge_changes']),
    async status() {
      const there = await connection.read((tx) => triggersThere(tx, dialect))
      const missing = each.map(({ name }) => name).filter((name) => !there.has(name))
      const { rows: [log] } = await connection.read((tx) => sql<Row>`SELECT COUNT(*) AS n, MAX(at) AS newest FROM tillbridge_changes`.execute(tx)).catch((error: unknown) => {
        if (error instanceof DatabaseFault && error.kind === 'no-table') return { rows: [] }
        throw error
      })
      return { installed: missing.length === 0 && log !== undefined, missing, waiting: Number(log?.['n'] ?? 0), newest: log?.['newest'] ?? null }
    },
  }
}

/** The statements as an administrator runs them, with the names that the database itself has for this user and place. */
async function whatToAsk(connection: Connection, tables: readonly string[]): Promise<string> {
  const { dialect } = connection
  const without = 'The connector works without triggers'
  if (dialect === 'sqlite') return `The file and its folder must be writable. ${without}`
  const here = dialect === 'mysql' ? sql<Row>`SELECT CURRENT_USER() AS account, DATABASE() AS place` : sql<Row>`SELECT current_user AS account, current_schema() AS place`
  const { rows: [found] } = await connection.read((tx) => here.execute(tx))
  const [account, place] = [found?.['account'] ?? '', quoted(dialect, found?.['place'] ?? '')]
  if (dialect === 'postgres') {
    const to = quoted(dialect, account)
    const grants = [`GRANT CREATE, USAGE ON SCHEMA ${place} TO ${to};`, ...tables.map((table) => `GRANT TRIGGER ON ${place}.${quoted(dialect, table)} TO ${to};`)]
    return `Have the owner of ${tables.join(', ')} run, or let the owner run this command: ${grants.join(' ')} ${without}`
  }
  const at = account.lastIndexOf('@')
  const to = `'${account.slice(0, at)}'@'${account.slice(at + 1)}'`
  const grants = [`GRANT CREATE, DROP, INSERT, SELECT, DELETE ON ${place}.tillbridge_changes TO ${to};`, ...tables.map((table) => `GRANT TRIGGER ON ${place}.${quoted(dialect, table)} TO ${to};`)]
  return `Have the administrator run: ${grants.join(' ')} ${without}`
}

const quoted = (dialect: Dialect, name: string): string => (dialect === 'mysql' ? `\`${name.replaceAll('`', '``')}\`` : `"${name.replaceAll('"', '""')}"`)

function createTable(dialect: Dialect): string {
  const [id, key, at] = {
    mysql: ['BIGINT AUTO_INCREMENT PRIMARY KEY', `VARCHAR(${KEY_LENGTH_MAX}) CHARACTER SET utf8mb4`, 'TIMESTAMP DEFAULT CURRENT_TIMESTAMP'],
    postgres: ['BIGSERIAL PRIMARY KEY', 'TEXT', 'TIMESTAMPTZ DEFAULT now()'],
    sqlite: ['INTEGER PRIMARY KEY AUTOINCREMENT', 'TEXT', 'TEXT DEFAULT CURRENT_TIMESTAMP'],
  }[dialect]
  return `CREATE TABLE IF NOT EXISTS tillbridge_changes (id ${id}, goods_key ${key}, at ${at})${dialect === 'mysql' ? ' ENGINE=InnoDB' : ''}`
}

function createTrigger(dialect: Dialect, { table, key }: WatchedTable, event: typeof EVENTS[number], name: string): string[] {
  const column = quoted(dialect, key)
  const create = `CREATE TRIGGER ${quoted(dialect, name)} AFTER ${event.toUpperCase()} ON ${quoted(dialect, table)}`
  if (dialect === 'postgres') {
    // Once for each statement: what goes wrong is caught, and each time something could be costs PostgreSQL a transaction within the till's.
    const [tables, rows] = {
      insert: ['NEW TABLE AS tillbridge_new', `SELECT ${column} FROM tillbridge_new`], delete: ['OLD TABLE AS tillbridge_old', `SELECT ${column} FROM tillbridge_old`],
      update: ['OLD TABLE AS tillbridge_old NEW TABLE AS tillbridge_new', `SELECT ${column} FROM tillbridge_old UNION SELECT ${column} FROM tillbridge_new`],
    }[event]
    // The till's user writes the goods and may know nothing of our table: it is written as the function's owner.
    return [
      `CREATE OR REPLACE FUNCTION ${quoted(dialect, name)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = ${LOCK_TIMEOUT_MS}
        AS $tillbridge$ BEGIN INSERT INTO tillbridge_changes (goods_key) ${rows}; RETURN NULL; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $tillbridge$`,
      `${create} REFERENCING ${tables} FOR EACH STATEMENT EXECUTE PROCEDURE ${quoted(dialect, name)}()`,
    ]
  }
  // A row that moved to another key concerns both.
  const keys = event === 'insert' ? [`NEW.${column}`] : event === 'delete' ? [`OLD.${column}`] : [`OLD.${column}`, `NEW.${column}`]
  const inserts = keys.map((value) => `INSERT INTO tillbridge_changes (goods_key) VALUES (${dialect === 'mysql' ? `LEFT(${value}, ${KEY_LENGTH_MAX})` : value});`).join(' ')
  // Whatever becomes of our table, the till's own statement goes on. SQLite knows no way to say so: there the table must stay while the triggers do.
  return [`${create} FOR EACH ROW BEGIN ${dialect === 'mysql' ? 'DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; ' : ''}${inserts} END`]
}

function dropTrigger(dialect: Dialect, { table }: WatchedTable, _event: string, name: string): string[] {
  if (dialect !== 'postgres') return [`DROP TRIGGER IF EXISTS ${quoted(dialect, name)}`]
  return [`DROP TRIGGER IF EXISTS ${quoted(dialect, name)} ON ${quoted(dialect, table)}`, `DROP FUNCTION IF EXISTS ${quoted(dialect, name)}()`]
}

async function hasTable(tx: Tx, dialect: Dialect): Promise<boolean> {
  const query = {
    mysql: sql<Row>`SELECT COUNT(*) AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'tillbridge_changes'`,
    postgres: sql<Row>`SELECT COUNT(to_regclass('tillbridge_changes')) AS n`,
    sqlite: sql<Row>`SELECT COUNT(*) AS n FROM sqlite_schema WHERE name = 'tillbridge_changes'`,
  }[dialect]
  return (await query.execute(tx)).rows[0]?.['n'] !== '0'
}

async function triggersThere(tx: Tx, dialect: Dialect): Promise<Set<string>> {
  const query = {
    mysql: sql<Row>`SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()`,
    postgres: sql<Row>`SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal`,
    sqlite: sql<Row>`SELECT name FROM sqlite_schema WHERE type = 'trigger'`,
  }[dialect]
  return new Set((await query.execute(tx)).rows.map(({ name }) => name ?? ''))
}

/**
 * An activity that hears of touched goods from the triggers' table as well. Ids there commit out of order like any: each reading goes back
 * by the overlap, and what was read of it is remembered. Where the table is missing it is as if nothing had been touched.
 */
export function withTriggers(activity: Activity, connection: Connection): Activity {
  let isThere = false
  let askedAt: number | null = null
  let purgedTo = 0
  /** A failed statement would end PostgreSQL's transaction, so the table is not tried but asked for: triggers come and go while the connector runs. */
  const ask = async (tx: Tx): Promise<boolean> => {
    if (askedAt === null || performance.now() - askedAt > ASK_EVERY_MS) {
      isThere = await hasTable(tx, connection.dialect)
      askedAt = performance.now()
    }
    return isThere
  }
  /** Taken away since it was asked for: this reading fails, the next one asks. */
  const noticing = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof DatabaseFault && error.kind === 'no-table') askedAt = null
      throw error
    }
  }
  const newestId = async (tx: Tx): Promise<number> =>
    (await ask(tx) ? Number((await sql<Row>`SELECT MAX(id) AS id FROM tillbridge_changes`.execute(tx)).rows[0]?.['id'] ?? 0) : 0)
  const countFrom = async (tx: Tx, id: number): Promise<string> => (isThere ? (await sql<Row>`SELECT COUNT(*) AS n FROM tillbridge_changes WHERE id > ${id}`.execute(tx)).rows[0]?.['n'] ?? '0' : '0')
  const purge = async (below: number): Promise<void> => {
    if (below <= purgedTo + PURGE_MAX / 10) return
    purgedTo = below
    // What cannot be taken away now is taken away later, or by whoever gave no DELETE.
    await connection.write(async (tx) => {
      const { rows: [end] } = await sql<Row>`SELECT id FROM tillbridge_changes WHERE id <= ${below} ORDER BY id LIMIT 1 OFFSET ${sql.lit(PURGE_MAX)}`.execute(tx)
      await sql`DELETE FROM tillbridge_changes WHERE id <= ${end?.['id'] ?? below}`.execute(tx)
    }).catch(() => undefined)
  }

  return {
    signal: (tx) => noticing(async () => {
      const newest = await newestId(tx)
      return `${await activity.signal(tx)}|${newest}|${await countFrom(tx, Math.max(0, newest - OVERLAP))}`
    }),
    head: async (tx) => `${await newestId(tx)};${await activity.head(tx)}`,
    read: (tx, cursor, memory) => noticing(async () => {
      const [position, inner] = parse(cursor)
      const told = await activity.read(tx, inner, under(memory))
      const newest = await newestId(tx)
      if (!isThere) return { ...told, cursor: `${position};${told.cursor}`, remember: told.remember.map(inside) }
      const from = Math.max(0, Math.min(position, newest) - OVERLAP)
      const seen = new Set((JSON.parse(memory.get(SEEN) ?? '[]') as number[]))
      const { rows } = await sql<Row>`SELECT id, goods_key FROM tillbridge_changes WHERE id > ${from} ORDER BY id LIMIT ${sql.lit(READ_MAX)}`.execute(tx)
      const fresh = rows.filter(({ id }) => !seen.has(Number(id)))
      const last = Number(rows.at(-1)?.['id'] ?? position)
      const kept = rows.map(({ id }) => Number(id)).filter((id) => id > last - OVERLAP)
      void purge(from - OVERLAP)
      return {
        ...told, cursor: `${last};${told.cursor}`, more: told.more || rows.length === READ_MAX,
        touched: [...new Set([...told.touched, ...fresh.flatMap(({ goods_key: key }) => key ?? [])])],
        remember: [...told.remember.map(inside), ...(fresh.length > 0 ? [{ key: SEEN, value: JSON.stringify(kept) }] : [])],
      }
    }),
  }
}

const SEEN = 'triggers-seen'
const INNER = 'inner/'
const inside = ({ key, value }: { key: string; value: string | null }) => ({ key: INNER + key, value })

function under(memory: PosMemory): PosMemory {
  return {
    get: (key) => memory.get(INNER + key),
    list: (prefix, after, limit) => memory.list(INNER + prefix, after === null ? null : INNER + after, limit).map(({ key, value }) => ({ key: key.slice(INNER.length), value })),
  }
}

/** Ours begins with the place in the triggers' table; any other is the inner one's, from before this wrapping. */
const OURS = /^(\d+);(.*)$/s
function parse(cursor: string | null): [number, string | null] {
  const [, position, inner] = OURS.exec(cursor ?? '') ?? []
  return position === undefined || inner === undefined ? [0, cursor] : [Number(position), inner]
}
