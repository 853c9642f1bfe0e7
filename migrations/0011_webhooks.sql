-- Where a channel is told what happens (workers/webhooks). `secrets` is sealed: JSON of the signing secrets and until when each counts; null `expires_at`: for good.
CREATE TABLE webhook_endpoints (
  endpoint_id TEXT PRIMARY KEY NOT NULL,
  channel_id TEXT NOT NULL,
  url TEXT NOT NULL,
  events TEXT NOT NULL,
  secrets TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'enabled',
  why_disabled TEXT,
  failing_since INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- What an endpoint is told, in the order of each resource's own sequence. Written together with what it tells of, so that nothing is told that did not happen and nothing that happened is
-- forgotten. `tries` is JSON of the last attempts.
CREATE TABLE webhook_messages (
  endpoint_id TEXT NOT NULL,
  resource TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending',
  attempts INTEGER NOT NULL DEFAULT 0,
  tries TEXT NOT NULL DEFAULT '[]',
  next_try_at INTEGER,
  created_at INTEGER NOT NULL,
  settled_at INTEGER,
  PRIMARY KEY (endpoint_id, resource, sequence)
) WITHOUT ROWID;
-- Only what is still to be told stands in it, so that a message that was taken costs no more.
CREATE INDEX webhook_messages_due ON webhook_messages (next_try_at) WHERE next_try_at IS NOT NULL;
-- The delivery log of an endpoint, newest first.
CREATE INDEX webhook_messages_log ON webhook_messages (endpoint_id, created_at);
