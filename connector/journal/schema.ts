import type { Database } from './database.ts'

/** Rises with every change of the tables below; a journal of a newer connector is refused, an older one is brought up. */
export const SCHEMA_VERSION = 6

/**
 * The tables of version 1; `UPGRADES` brings them to today's.
 *
 * `meta` holds single facts: who we are, where the numbering stands, how far the edge has confirmed, where the POS is read on from.
 * `inbox` has what the store was asked to do, in order of arrival; a struck row is a tombstone and stays, with or without a body.
 * `outbox` has what the edge is to be told, in the store's numbering, each with the rolling digest after it.
 * `baseline` is what the edge has been told of each SKU: a difference is a difference from it.
 */
const TABLES = `
  CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE inbox (
    arrival INTEGER PRIMARY KEY AUTOINCREMENT,
    assignment_id TEXT NOT NULL UNIQUE,
    body_hash TEXT,
    body TEXT,
    state TEXT NOT NULL CHECK (state IN ('received', 'intent', 'done', 'rejected', 'struck', 'in_doubt', 'voided')),
    pos_reference TEXT,
    stock_fell INTEGER NOT NULL DEFAULT 0,
    progress TEXT,
    reason TEXT,
    detail TEXT,
    cancel TEXT NOT NULL DEFAULT 'none' CHECK (cancel IN ('none', 'requested', 'refused', 'done')),
    answer_again INTEGER NOT NULL DEFAULT 0,
    told_epoch INTEGER,
    told_seq INTEGER,
    received_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX inbox_work ON inbox (arrival) WHERE state IN ('received', 'intent') OR cancel = 'requested' OR answer_again = 1;

  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL,
    digest TEXT NOT NULL
  ) STRICT;

  CREATE TABLE baseline (
    sku TEXT PRIMARY KEY,
    item_hash TEXT,
    on_hand INTEGER,
    as_of INTEGER NOT NULL DEFAULT 0,
    seq INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
`

/**
 * What each version added, from 2 on. `price_minor` and `level_seq`: the price told, and the number under which the level was.
 * `held` has changes that wait for a verdict or for a person, `let_go` those that passed a moment ago,
 * `healed` the SKUs that the last reconcile mended. `pos_memory` is what the POS's adapter has seen (PosMemory
 * of pos/port.ts), `refused` what it found and could not read. The indexes of version 4 are the desk's: what is open, and what ended last.
 * `dropped`: a person wants a refused row off the list until it changes. `last_try` is what an order that is not finished met last
 * (journal/last-try.ts).
 */
const UPGRADES: readonly string[] = [`
  ALTER TABLE baseline ADD COLUMN price_minor INTEGER;
  ALTER TABLE baseline ADD COLUMN level_seq INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE held (
    sku TEXT NOT NULL,
    slot TEXT NOT NULL CHECK (slot IN ('item', 'level')),
    kind TEXT NOT NULL CHECK (kind IN ('zeroed', 'removed', 'repriced', 'drifted')),
    was INTEGER,
    becomes INTEGER,
    as_of INTEGER NOT NULL,
    identity TEXT NOT NULL,
    event TEXT NOT NULL,
    parked_by TEXT NOT NULL CHECK (parked_by IN ('capture', 'reconcile')),
    quarantine TEXT,
    PRIMARY KEY (sku, slot)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE let_go (
    sku TEXT NOT NULL,
    slot TEXT NOT NULL,
    kind TEXT NOT NULL,
    was INTEGER,
    at INTEGER NOT NULL,
    PRIMARY KEY (sku, slot)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE healed (
    sku TEXT PRIMARY KEY
  ) STRICT, WITHOUT ROWID;

  -- The prices told so far were not kept: the comparison learns them, and until then none is taken for new.
  INSERT INTO meta (key, value) SELECT 'reconcileWanted', '1' WHERE EXISTS (SELECT 1 FROM baseline) ON CONFLICT DO NOTHING;
`, `
  CREATE TABLE pos_memory (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE refused (
    key TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    text TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`, `
  CREATE INDEX inbox_open ON inbox (arrival)
    WHERE body IS NOT NULL AND (state IN ('received', 'intent', 'in_doubt') OR (state = 'done' AND coalesce(progress, '') <> 'completed'));
  CREATE INDEX inbox_changed ON inbox (changed_at);
`, `
  ALTER TABLE refused ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;
`, `
  ALTER TABLE inbox ADD COLUMN last_try TEXT;
`]

/** The journal was written by a newer connector, or belongs to another store: going on would lose what it promises. */
export class JournalRefused extends Error {
  override name = 'JournalRefused'
}

const isEmpty = (db: Database): boolean => db.get('SELECT 1 FROM sqlite_master LIMIT 1') === undefined

/** Whether it may be written to: `journal.file` may name the till's own database. Throws `JournalRefused`. */
export function mustBeJournal(db: Database): void {
  if (!isEmpty(db)) checkSchema(db)
}

/** Creates the tables of a new journal, or checks the version of an old one. */
export function prepareSchema(db: Database): void {
  if (isEmpty(db)) {
    db.transaction(() => {
      db.exec(TABLES)
      db.run(`INSERT INTO meta (key, value) VALUES ('schemaVersion', '1')`)
    })
  }
  const found = checkSchema(db)
  if (found === SCHEMA_VERSION) return
  db.transaction(() => {
    for (const upgrade of UPGRADES.slice(found - 1)) db.exec(upgrade)
    db.run(`UPDATE meta SET value = ? WHERE key = 'schemaVersion'`, String(SCHEMA_VERSION))
  })
}

/** The version found. Throws when the journal comes from the future, or is no journal. */
export function checkSchema(db: Database): number {
  const hasMeta = db.all(`SELECT name FROM pragma_table_info('meta') WHERE name IN ('key', 'value')`).length === 2
  const found = hasMeta ? Number(db.get(`SELECT value FROM meta WHERE key = 'schemaVersion'`)?.['value'] ?? Number.NaN) : Number.NaN
  if (!Number.isInteger(found)) throw new JournalRefused('this file is not a connector journal: journal.file needs a file of its own')
  if (found > SCHEMA_VERSION) {
    throw new JournalRefused(
      `the journal has schema version ${found}, this connector knows ${SCHEMA_VERSION}: install the newer connector again, or start with a new journal file`,
    )
  }
  return found
}
