-- Since when the order has no customer any more; what was bought and what became of it stays.
ALTER TABLE orders ADD COLUMN erased_at INTEGER;

-- What operators asked to be erased. Whom it is about is sealed with the master key, and gone once the search for it is over.
CREATE TABLE erasures (
  erasure_id TEXT PRIMARY KEY NOT NULL,
  state TEXT NOT NULL,                -- searching | waiting | done
  sought_by TEXT NOT NULL,            -- orderId | email | phone
  sealed TEXT,
  why TEXT NOT NULL,
  progress TEXT NOT NULL,             -- JSON: workers/erasures/port.ts
  due_at INTEGER,                     -- when the sweep goes on with it; NULL once it is done
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- How far the look for orders that are older than they may be has come: at most one row.
CREATE TABLE retention (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  placed_at INTEGER NOT NULL,
  order_id TEXT NOT NULL,
  rests_until INTEGER NOT NULL
);
