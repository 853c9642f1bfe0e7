import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Longer than any transaction of a till (milliseconds), shorter than a cashier's patience. */
const BUSY_TIMEOUT_MS = 3_000
/** Raised with every change of the tables below; a till written by a newer program is not touched. */
const SCHEMA_VERSION = 1

/**
 * The till's tables. Money in minor units, quantities in the item's unit, instants RFC 3339 in UTC.
 *
 * `changes` is the log other programs read on from. Triggers fill it, so a program that knows nothing of it is seen too.
 * SQLite has one writer at a time: ids are given inside the write transaction, so the order of ids is the order of commits
 * and no smaller id can appear after a greater one was read. That makes an id an exact cursor. AUTOINCREMENT never gives an
 * id twice. Of an item and of a level only the newest entry is kept (whoever reads wants it as it is now), so the log stays
 * as small as the shop; entries of tickets stay.
 */
const TABLES = `
CREATE TABLE till (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), till_id TEXT NOT NULL) STRICT;

CREATE TABLE items (
  sku TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  brand TEXT,
  category TEXT,
  unit TEXT NOT NULL DEFAULT 'each' CHECK (unit IN ('each', 'g', 'ml', 'mm')),
  price_minor INTEGER NOT NULL CHECK (price_minor >= 0),  -- of one piece, or of 1000 g, ml, mm
  currency TEXT NOT NULL,
  tax_included INTEGER NOT NULL,
  tax_rate TEXT NOT NULL,                                 -- percent, '8.875'
  tracked INTEGER NOT NULL DEFAULT 1,                     -- 0: a service, never counted, has no row in stock
  deleted INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE barcodes (
  barcode TEXT PRIMARY KEY NOT NULL,
  sku TEXT NOT NULL REFERENCES items (sku)
) STRICT, WITHOUT ROWID;
CREATE INDEX barcodes_by_sku ON barcodes (sku);

-- No row: never counted, which is not zero. Negative: sold before it was booked in.
CREATE TABLE stock (sku TEXT PRIMARY KEY NOT NULL REFERENCES items (sku), on_hand INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE tickets (
  ticket_id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('sale', 'return', 'web')),
  state TEXT NOT NULL CHECK (state IN ('open', 'picking', 'ready', 'shipped', 'done', 'refused', 'void')),
  reference TEXT UNIQUE,                                  -- the assignment id of a web order; kept for ever, so it is never booked twice
  order_number TEXT,
  method TEXT CHECK (method IN ('pickup', 'ship')),
  customer TEXT,                                          -- JSON: name, email, phone
  address TEXT,                                           -- JSON, when it is shipped
  note TEXT,
  refuse_reason TEXT,
  currency TEXT NOT NULL,
  subtotal_minor INTEGER NOT NULL,
  tax_minor INTEGER NOT NULL,
  shipping_minor INTEGER NOT NULL,
  total_minor INTEGER NOT NULL,
  opened_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX tickets_by_order_number ON tickets (order_number) WHERE order_number IS NOT NULL;
CREATE INDEX tickets_web_by_state ON tickets (state, ticket_id) WHERE kind = 'web';

CREATE TABLE ticket_lines (
  ticket_id INTEGER NOT NULL REFERENCES tickets (ticket_id),
  line_no INTEGER NOT NULL,
  line_id TEXT,                                           -- the web order's own name of the line
  sku TEXT NOT NULL,
  name TEXT NOT NULL,
  quantity INTEGER NOT NULL,                              -- negative on a return
  unit TEXT NOT NULL,
  unit_price_minor INTEGER NOT NULL,
  tax_included INTEGER NOT NULL,
  tax_rate TEXT NOT NULL,
  line_total_minor INTEGER NOT NULL,
  tax_minor INTEGER NOT NULL,
  PRIMARY KEY (ticket_id, line_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('item', 'stock', 'ticket')),
  key TEXT NOT NULL,
  state TEXT,                                             -- of a ticket: what it became, as every step counts
  at TEXT                                                 -- of a ticket: when
) STRICT;
CREATE INDEX changes_by_key ON changes (kind, key) WHERE kind <> 'ticket';

CREATE TRIGGER changes_keep_newest AFTER INSERT ON changes WHEN NEW.kind <> 'ticket' BEGIN
  DELETE FROM changes WHERE kind <> 'ticket' AND kind = NEW.kind AND key = NEW.key AND id < NEW.id;
END;

CREATE TRIGGER items_inserted AFTER INSERT ON items BEGIN INSERT INTO changes (kind, key) VALUES ('item', NEW.sku); END;
CREATE TRIGGER items_updated AFTER UPDATE ON items BEGIN
  INSERT INTO changes (kind, key) SELECT 'item', OLD.sku WHERE OLD.sku <> NEW.sku;
  INSERT INTO changes (kind, key) VALUES ('item', NEW.sku);
END;
CREATE TRIGGER items_deleted AFTER DELETE ON items BEGIN INSERT INTO changes (kind, key) VALUES ('item', OLD.sku); END;
-- An item that comes back, or is counted from now on, tells its level again.
CREATE TRIGGER items_came_back AFTER UPDATE OF deleted, tracked ON items BEGIN INSERT INTO changes (kind, key) VALUES ('stock', NEW.sku); END;

CREATE TRIGGER barcodes_inserted AFTER INSERT ON barcodes BEGIN INSERT INTO changes (kind, key) VALUES ('item', NEW.sku); END;
CREATE TRIGGER barcodes_updated AFTER UPDATE ON barcodes BEGIN
  INSERT INTO changes (kind, key) SELECT 'item', OLD.sku WHERE OLD.sku <> NEW.sku;
  INSERT INTO changes (kind, key) VALUES ('item', NEW.sku);
END;
CREATE TRIGGER barcodes_deleted AFTER DELETE ON barcodes BEGIN INSERT INTO changes (kind, key) VALUES ('item', OLD.sku); END;

CREATE TRIGGER stock_inserted AFTER INSERT ON stock BEGIN INSERT INTO changes (kind, key) VALUES ('stock', NEW.sku); END;
CREATE TRIGGER stock_updated AFTER UPDATE ON stock BEGIN
  INSERT INTO changes (kind, key) SELECT 'stock', OLD.sku WHERE OLD.sku <> NEW.sku;
  INSERT INTO changes (kind, key) VALUES ('stock', NEW.sku);
END;
CREATE TRIGGER stock_deleted AFTER DELETE ON stock BEGIN INSERT INTO changes (kind, key) VALUES ('stock', OLD.sku); END;

CREATE TRIGGER tickets_inserted AFTER INSERT ON tickets WHEN NEW.kind <> 'web' BEGIN
  INSERT INTO changes (kind, key, state, at) VALUES ('ticket', NEW.ticket_id, NEW.state, NEW.updated_at);
END;
CREATE TRIGGER tickets_moved AFTER UPDATE OF state ON tickets WHEN NEW.state <> OLD.state BEGIN
  INSERT INTO changes (kind, key, state, at) VALUES ('ticket', NEW.ticket_id, NEW.state, NEW.updated_at);
END;
`

/** What went wrong, and what a person can do about it. A fault: it is tried again. */
export class TillFault extends Error {
  readonly hint: string
  constructor(message: string, hint: string, cause?: unknown) {
    super(`${message}. ${hint}`, { cause })
    this.name = 'TillFault'
    this.hint = hint
  }
}

/**
 * Opens a till's database for this process. With `create` a missing file becomes an empty till; without, it is a fault, so
 * that a mistyped path is noticed instead of being an empty shop.
 */
export function openTillFile(file: string, mode: 'create' | 'existing'): DatabaseSync {
  const path = resolve(file)
  if (!existsSync(path)) {
    if (mode === 'existing') throw new TillFault(`There is no till at ${path}`, 'Look at its path (pos.file of the connector). The embedded till is for trying things out: "npm start" in the repository of Tillbridge makes one, or "npm run till -- --file FILE seed". A shop\'s connector has another pos.type')
    mkdirSync(dirname(path), { recursive: true })
  }
  let db: DatabaseSync
  try {
    db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true })
  } catch (cause) {
    throw new TillFault(`The till at ${path} cannot be opened`, 'Check that the file and its folder may be read and written', cause)
  }
  try {
    prepare(db, path, mode)
    return db
  } catch (cause) {
    db.close()
    if (cause instanceof TillFault) throw cause
    throw new TillFault(`The file ${path} is not a till`, 'Check the path (pos.file): the embedded till is a SQLite database that "npm run till -- --file FILE seed" makes, in the repository of Tillbridge', cause)
  }
}

function prepare(db: DatabaseSync, path: string, mode: 'create' | 'existing'): void {
  // FULL: what a write has answered is on disk, also after a power cut. Acknowledgements rest on it.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  if (schemaVersion(db) === 0 && mode === 'create') {
    writeTransaction(db, () => {
      // Asked again inside: two programs may have found the file empty at once.
      if (schemaVersion(db) !== 0) return
      db.exec(TABLES)
      db.prepare('INSERT INTO till (only_row, till_id) VALUES (1, ?)').run(randomBytes(4).toString('hex'))
      db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
    })
  }
  const version = schemaVersion(db)
  if (version === 0) throw new TillFault(`The database ${path} is empty`, 'Put a demo shop into it: "npm run till -- --file FILE seed", in the repository of Tillbridge')
  if (version !== SCHEMA_VERSION) throw new TillFault(`The till at ${path} has version ${version}, this program knows ${SCHEMA_VERSION}`, 'Use the program that wrote it')
}

function schemaVersion(db: DatabaseSync): number {
  const row = db.prepare('PRAGMA user_version').get()
  return Number(row?.['user_version'] ?? 0)
}

/** Which till this is: another file, or the same path made anew, has another id. */
export function tillId(db: DatabaseSync): string {
  const row = db.prepare('SELECT till_id FROM till').get()
  return String(row?.['till_id'])
}

/** Everything `work` writes becomes visible at once, or nothing does. IMMEDIATE: whoever waits, waits before it has read. */
export function writeTransaction<T>(db: DatabaseSync, work: () => T): T {
  return transaction(db, 'BEGIN IMMEDIATE', work)
}

/** Everything `work` reads is of one moment: in WAL the first read fixes what is seen until COMMIT. */
export function readTransaction<T>(db: DatabaseSync, work: () => T): T {
  return transaction(db, 'BEGIN', work)
}

function transaction<T>(db: DatabaseSync, begin: string, work: () => T): T {
  db.exec(begin)
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}
