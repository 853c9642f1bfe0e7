-- Stores whose orders wait for the staff too long, as the connector said last. A row is there while it lasts.
CREATE TABLE ageing (
  store_id TEXT PRIMARY KEY NOT NULL,
  since TEXT NOT NULL,                -- RFC 3339: when the first order of this episode came to the store; names its dead letter
  report TEXT NOT NULL,               -- JSON: contract AgeingReport
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
