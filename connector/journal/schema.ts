import type { Database } from './database.ts'

/** Rises with every change of the tables below; a journal of a newer connector is refused, an older one is brought up. */
export const SCHEMA_VERSION = 1

/**
 * The tables of version 1.
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

/** The journal was written by a newer connector, or belongs to another store: going on would lose what it promises. */
export class JournalRefused extends Error {
  override name = 'JournalRefused'
}

/** Creates the tables of a new journal, or checks the version of an old one. */
export function prepareSchema(db: Database): void {
  const exists = db.get(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'`)
  if (!exists) {
    db.transaction(() => {
      db.exec(TABLES)
      db.run(`INSERT INTO meta (key, value) VALUES ('schemaVersion', ?)`, String(SCHEMA_VERSION))
    })
    return
  }
  checkSchema(db)
}

/** Throws when the journal comes from the future, or is no journal. */
export function checkSchema(db: Database): void {
  const found = Number(db.get(`SELECT value FROM meta WHERE key = 'schemaVersion'`)?.['value'] ?? Number.NaN)
  if (!Number.isInteger(found)) throw new JournalRefused('this file is not a connector journal')
  if (found > SCHEMA_VERSION) {
    throw new JournalRefused(
      `the journal has schema version ${found}, this connector knows ${SCHEMA_VERSION}: install the newer connector again, or start with a new journal file`,
    )
  }
}
