-- One row for each condition that called a person, or waits to: written when it begins, is told, or ends. `subject` is a store's id, or ''.
CREATE TABLE alerts (
  name TEXT NOT NULL,
  subject TEXT NOT NULL,
  state TEXT NOT NULL,                -- pending | open | resolved
  since INTEGER NOT NULL,             -- when the condition began
  detail TEXT NOT NULL,
  clear_at INTEGER,                   -- open, and not seen any more since then
  ended_at INTEGER,
  owed TEXT,                          -- raised | reminder | resolved: the notice that its receiver has not got yet
  notices INTEGER NOT NULL,           -- how many were owed in this episode, so that each has an id of its own
  attempts INTEGER NOT NULL,          -- at the notice owed
  next_try_at INTEGER,
  notified_at INTEGER,
  PRIMARY KEY (name, subject)
) WITHOUT ROWID;

-- Where alerts are sent: at most one row. Address and secret are sealed with the master key: the address of a chat's webhook is a secret by itself.
CREATE TABLE alert_webhook (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  sealed TEXT NOT NULL,
  host TEXT NOT NULL,
  updated_at INTEGER NOT NULL
);
