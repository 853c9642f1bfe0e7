-- How each store's feed stands, as its connector said last; written when that changes. A store that never said has no row.
CREATE TABLE feeds (
  store_id TEXT PRIMARY KEY NOT NULL,
  feed TEXT NOT NULL,                 -- JSON: contract FeedReport
  drift TEXT,                         -- JSON: contract DriftReport
  decided TEXT,                       -- approve | refuse: what the operator said of the quarantine `decided_id`
  decided_id TEXT,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
