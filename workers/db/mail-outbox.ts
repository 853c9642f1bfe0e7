/** The mail that an order's new status calls for, where its channel sends it and the order is what was written: whoever lost the race wanted the same version with another history. In the order's own batch, and once for each status. */
const OWE = `
  INSERT INTO mails (order_id, kind, channel_id, next_try_at, created_at)
  SELECT ?1, ?2, channel_id, ?4, ?4 FROM channel_mail
  WHERE channel_id = ?3 AND EXISTS (SELECT 1 FROM json_each(settings, '$.kinds') WHERE value = ?2)
    AND EXISTS (SELECT 1 FROM orders WHERE order_id = ?1 AND version = ?5 AND timeline = ?6)
  ON CONFLICT DO NOTHING
  RETURNING order_id AS orderId, kind`

export const oweMail = (database: D1Database, { orderId, kind, channelId, version, timeline }: { orderId: string; kind: string; channelId: string; version: number; timeline: string }, now: number): D1PreparedStatement =>
  database.prepare(OWE).bind(orderId, kind, channelId, now, version, timeline)
