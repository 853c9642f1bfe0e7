-- Which mails a channel's shoppers get, from whom and in which words (workers/mail): JSON, contract MailSettings. No row: none.
CREATE TABLE channel_mail (
  channel_id TEXT PRIMARY KEY NOT NULL,
  settings TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- A mail that an order's status calls for, once for each. Written with the order itself. What it says, and to whom, is read from the order as it is sent: nothing of a customer stands here.
CREATE TABLE mails (
  order_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending',
  attempts INTEGER NOT NULL DEFAULT 0,
  said TEXT,
  next_try_at INTEGER,
  created_at INTEGER NOT NULL,
  settled_at INTEGER,
  PRIMARY KEY (order_id, kind)
) WITHOUT ROWID;
CREATE INDEX mails_due ON mails (next_try_at) WHERE next_try_at IS NOT NULL;
