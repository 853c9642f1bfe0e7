/** A message for each endpoint of the channel that wants this type, if the order is what was written: whoever lost the race wanted the same version with another history. Written in the order's own batch: what is told has happened, and what happened is told. */
const TELL = `
  INSERT INTO webhook_messages (endpoint_id, resource, sequence, type, body, next_try_at, created_at)
  SELECT endpoint_id, ?2, ?3, ?4, ?5, ?6, ?6 FROM webhook_endpoints
  WHERE channel_id = ?1 AND state = 'enabled' AND EXISTS (SELECT 1 FROM json_each(events) WHERE value IN (SELECT value FROM json_each(?7)))
    AND EXISTS (SELECT 1 FROM orders WHERE order_id = ?2 AND version = ?3 AND timeline = ?8)
  ON CONFLICT DO NOTHING
  RETURNING endpoint_id AS endpointId, resource, sequence`

export type OutboxEntry = { channelId: string; resource: string; sequence: number; type: string; body: string; filters: readonly string[]; timeline: string }

export const tellOrder = (database: D1Database, { channelId, resource, sequence, type, body, filters, timeline }: OutboxEntry, now: number): D1PreparedStatement =>
  database.prepare(TELL).bind(channelId, resource, sequence, type, body, now, JSON.stringify(filters), timeline)
