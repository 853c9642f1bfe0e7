-- Rows are money: WITHOUT ROWID where the key is a text (one row written instead of a row and its index),
-- and an index only where a query needs it. workers/db/schema.ts reads these tables; a test holds the two together.

CREATE TABLE stores (
  store_id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  transport TEXT NOT NULL,            -- JSON, the Access secret encrypted
  secrets TEXT NOT NULL,              -- JSON list of encrypted signing secrets, newest first, at most two
  safety_stock INTEGER NOT NULL DEFAULT 0,
  catalog_source INTEGER NOT NULL DEFAULT 0,
  paused INTEGER NOT NULL DEFAULT 0,
  priority INTEGER NOT NULL DEFAULT 100,
  opening_hours TEXT,                 -- JSON
  sell_stale_for_ms INTEGER,          -- NULL: the default of rules.md
  pairing_hash TEXT,                  -- of the one-time code
  pairing_expires_at INTEGER,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE channels (
  channel_id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  allowed_origins TEXT NOT NULL,      -- JSON list
  pay_in_store INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE channel_keys (
  key_hash TEXT PRIMARY KEY NOT NULL, -- hex SHA-256: the key itself is shown once and kept nowhere
  channel_id TEXT NOT NULL REFERENCES channels (channel_id),
  kind TEXT NOT NULL,                 -- publishable | secret
  scopes TEXT NOT NULL,               -- JSON list
  hint TEXT NOT NULL,                 -- its first characters, for people
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

-- What each store says of each item. The row that `describes` is the product the web shows.
CREATE TABLE items (
  store_id TEXT NOT NULL,
  sku TEXT NOT NULL,
  name TEXT NOT NULL,
  brand TEXT,
  category TEXT,
  item TEXT NOT NULL,                 -- JSON: contract Item
  item_hash TEXT NOT NULL,
  describes INTEGER NOT NULL,
  removed INTEGER NOT NULL DEFAULT 0,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (store_id, sku)
) WITHOUT ROWID;
CREATE INDEX items_by_sku ON items (sku, describes);

-- One row is the whole order: lines, assignments and timeline are JSON in it, changed by compare-and-set on `version`.
CREATE TABLE orders (
  order_id TEXT PRIMARY KEY NOT NULL,
  number TEXT NOT NULL,
  channel TEXT NOT NULL,
  status TEXT NOT NULL,               -- contract OrderStatus, or 'abandoned': a key the broom has taken
  body_hash TEXT NOT NULL,
  attempt TEXT NOT NULL,              -- the attempt whose reservations are this order's
  abandoned TEXT NOT NULL DEFAULT '', -- attempts the broom has struck, separated by spaces
  purchase TEXT NOT NULL,             -- JSON: what was bought, never changed after
  assignments TEXT NOT NULL,          -- JSON: what stores were asked to do
  timeline TEXT NOT NULL,             -- JSON
  cancel_requested_at INTEGER,
  due_at INTEGER,                     -- the outbox: when the sweep looks again; NULL once nothing is owed
  placed_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX orders_due ON orders (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX orders_placed ON orders (placed_at);

-- Till sales, for visibility: they subtract nothing.
CREATE TABLE sales (
  store_id TEXT NOT NULL,
  sale_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  lines TEXT NOT NULL,                -- JSON
  total_minor INTEGER NOT NULL,
  currency TEXT NOT NULL,
  assignment_id TEXT,
  occurred_at INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (store_id, sale_id)
) WITHOUT ROWID;
CREATE INDEX sales_occurred ON sales (occurred_at);

CREATE TABLE dead_letters (
  letter_id TEXT PRIMARY KEY NOT NULL,
  queue TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL,                -- waiting | replayed | discarded
  store_id TEXT,
  body TEXT NOT NULL,                 -- JSON as corrected last
  original TEXT NOT NULL,             -- JSON as it came
  revision INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  outcome TEXT,                       -- of the last replay, or why it was discarded
  filed_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX dead_letters_filed ON dead_letters (state, filed_at);

CREATE TABLE audit_log (
  entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT
);
