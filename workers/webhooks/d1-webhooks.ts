import { and, asc, desc, eq, gte, inArray, lt, lte, ne, or, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { webhookEndpoints, webhookMessages } from '../db/schema.ts'
import { createSealer } from '../stores/secrets.ts'
import { filtersFor } from './message.ts'
import type { Endpoint, EndpointSecret, MessageKey, StoredMessage, WebhookBook } from './port.ts'

const WANTED = `SELECT endpoint_id FROM webhook_endpoints WHERE (?1 IS NULL OR channel_id = ?1) AND state = 'enabled' AND EXISTS (SELECT 1 FROM json_each(events) WHERE value IN (SELECT value FROM json_each(?2)))`
/** An older one may wait, too, because somebody had it sent again. */
const IS_NEWEST = (row: string): string => `NOT EXISTS (SELECT 1 FROM webhook_messages newer WHERE newer.endpoint_id = ${row}.endpoint_id AND newer.resource = ${row}.resource AND newer.sequence > ${row}.sequence)`
/** One that waits to be sent becomes the newer one, under the next sequence: an attempt that is under way with the old one then settles nothing. */
const REPLACE = `
  UPDATE webhook_messages SET sequence = sequence + 1, type = ?4, body = json_set(?5, '$.sequence', sequence + 1), created_at = ?6
  WHERE endpoint_id IN (${WANTED}) AND resource = ?3 AND state = 'pending' AND ${IS_NEWEST('webhook_messages')}
  RETURNING endpoint_id AS endpointId, resource, sequence`
const ADD = `
  INSERT INTO webhook_messages (endpoint_id, resource, sequence, type, body, next_try_at, created_at)
  SELECT endpoint_id, ?3, next, ?4, json_set(?5, '$.sequence', next), ?6, ?6 FROM (
    SELECT wanted.endpoint_id, 1 + coalesce((SELECT max(sequence) FROM webhook_messages known WHERE known.endpoint_id = wanted.endpoint_id AND known.resource = ?3), 0) AS next
    FROM (${WANTED}) wanted
    WHERE NOT EXISTS (SELECT 1 FROM webhook_messages waiting WHERE waiting.endpoint_id = wanted.endpoint_id AND waiting.resource = ?3 AND waiting.state = 'pending' AND ${IS_NEWEST('waiting')})
  ) WHERE true
  ON CONFLICT DO NOTHING
  RETURNING endpoint_id AS endpointId, resource, sequence`
/** Two statements each, well below what a batch takes. */
const ANNOUNCED_AT_ONCE = 40

const aboutSecrets = (endpointId: string): string => `webhook endpoint ${endpointId}`
function toEndpoint(row: typeof webhookEndpoints.$inferSelect): Endpoint {
  const { secrets: _, ...endpoint } = row
  return { ...endpoint, events: JSON.parse(row.events) }
}
const toMessage = (row: typeof webhookMessages.$inferSelect): StoredMessage => ({ ...row, tries: JSON.parse(row.tries) })
const keyed = ({ endpointId, resource, sequence }: MessageKey) => and(eq(webhookMessages.endpointId, endpointId), eq(webhookMessages.resource, resource), eq(webhookMessages.sequence, sequence))
const KEY = { endpointId: webhookMessages.endpointId, resource: webhookMessages.resource, sequence: webhookMessages.sequence }

export function createWebhookBook(database: D1Database, masterKey: string, previous: string | null = null): WebhookBook {
  const db = drizzle(database)
  const sealer = createSealer(masterKey, previous)
  const sealed = (endpointId: string, secrets: EndpointSecret[]): Promise<string> => sealer.seal(aboutSecrets(endpointId), JSON.stringify(secrets))

  return {
    async endpoints(channelId) {
      return (await db.select().from(webhookEndpoints).where(eq(webhookEndpoints.channelId, channelId)).orderBy(asc(webhookEndpoints.createdAt), asc(webhookEndpoints.endpointId))).map(toEndpoint)
    },
    async find(endpointId) {
      const [row] = await db.select().from(webhookEndpoints).where(eq(webhookEndpoints.endpointId, endpointId))
      return row ? toEndpoint(row) : null
    },
    async insert(endpoint, secrets) {
      await db.insert(webhookEndpoints).values({ ...endpoint, events: JSON.stringify(endpoint.events), secrets: await sealed(endpoint.endpointId, secrets) })
    },
    async change(endpointId, { events, ...change }, now) {
      await db.update(webhookEndpoints).set({ ...change, ...(events === undefined ? {} : { events: JSON.stringify(events) }), updatedAt: now }).where(eq(webhookEndpoints.endpointId, endpointId))
    },
    async remove(endpointId) {
      await db.batch([db.delete(webhookMessages).where(eq(webhookMessages.endpointId, endpointId)), db.delete(webhookEndpoints).where(eq(webhookEndpoints.endpointId, endpointId))])
    },
    async secrets(endpointId) {
      const [row] = await db.select({ secrets: webhookEndpoints.secrets }).from(webhookEndpoints).where(eq(webhookEndpoints.endpointId, endpointId))
      return row ? (JSON.parse(await sealer.unseal(aboutSecrets(endpointId), row.secrets)) as EndpointSecret[]) : []
    },
    async setSecrets(endpointId, secrets, now) {
      await db.update(webhookEndpoints).set({ secrets: await sealed(endpointId, secrets), updatedAt: now }).where(eq(webhookEndpoints.endpointId, endpointId))
    },
    async reseal() {
      let renewed = 0
      for (const { endpointId, secrets } of await db.select().from(webhookEndpoints)) {
        const next = await sealer.renew(aboutSecrets(endpointId), secrets)
        if (next !== null) renewed += (await db.update(webhookEndpoints).set({ secrets: next }).where(and(eq(webhookEndpoints.endpointId, endpointId), eq(webhookEndpoints.secrets, secrets))).returning({ id: webhookEndpoints.endpointId })).length
      }
      return renewed
    },
    async isWanted(type) {
      return (await database.prepare(`${WANTED} LIMIT 1`).bind(null, JSON.stringify(filtersFor(type))).all()).results.length > 0
    },
    async announce(announcements, now) {
      const keys: MessageKey[] = []
      for (let at = 0; at < announcements.length; at += ANNOUNCED_AT_ONCE) {
        const statements = announcements.slice(at, at + ANNOUNCED_AT_ONCE).flatMap(({ channelId, payload }) => {
          const values = [channelId, JSON.stringify(filtersFor(payload.type)), payload.resource, payload.type, JSON.stringify(payload), now]
          // Where one waits it is replaced, and then there is none to add.
          return [database.prepare(REPLACE).bind(...values), database.prepare(ADD).bind(...values)]
        })
        keys.push(...(await database.batch<MessageKey>(statements)).flatMap(({ results }) => results))
      }
      return keys
    },
    async message(key) {
      const [row] = await db.select().from(webhookMessages).where(keyed(key))
      return row ? toMessage(row) : null
    },
    async settle(message, attempts) {
      const { state, attempts: tried, tries, nextTryAt, settledAt } = message
      const settled = await db.update(webhookMessages).set({ state, attempts: tried, tries: JSON.stringify(tries), nextTryAt, settledAt })
        .where(and(keyed(message), eq(webhookMessages.attempts, attempts), eq(webhookMessages.state, 'pending'))).returning({ sequence: webhookMessages.sequence })
      return settled.length === 1
    },
    async due(now, limit) {
      return db.select(KEY).from(webhookMessages).where(lte(webhookMessages.nextTryAt, now)).orderBy(asc(webhookMessages.nextTryAt)).limit(limit)
    },
    async list(endpointId, { state }, before, limit) {
      const after = before && or(lt(webhookMessages.createdAt, before.at), and(eq(webhookMessages.createdAt, before.at), sql`(${webhookMessages.resource} || ' ' || ${webhookMessages.sequence}) < ${before.id}`))
      const rows = await db.select().from(webhookMessages).where(and(eq(webhookMessages.endpointId, endpointId), state ? eq(webhookMessages.state, state) : undefined, after ?? undefined))
        .orderBy(desc(webhookMessages.createdAt), desc(sql`(${webhookMessages.resource} || ' ' || ${webhookMessages.sequence})`)).limit(limit)
      return rows.map(toMessage)
    },
    async revive(endpointId, filter, now) {
      const chosen = 'key' in filter ? keyed(filter.key)
        : sql`(${webhookMessages.resource}, ${webhookMessages.sequence}) IN (SELECT resource, sequence FROM webhook_messages WHERE endpoint_id = ${endpointId} AND created_at >= ${filter.since}
            AND state <> 'pending' AND (${filter.all ? 1 : 0} = 1 OR state <> 'delivered') ORDER BY created_at LIMIT ${filter.limit})`
      return db.update(webhookMessages).set({ state: 'pending', attempts: 0, nextTryAt: now, settledAt: null })
        .where(and(eq(webhookMessages.endpointId, endpointId), chosen, ne(webhookMessages.state, 'pending'))).returning(KEY)
    },
    async forget(settledBefore, limit) {
      const old = db.select({ key: sql`${webhookMessages.endpointId} || char(0) || ${webhookMessages.resource} || char(0) || ${webhookMessages.sequence}` }).from(webhookMessages)
        .where(and(lt(webhookMessages.settledAt, settledBefore), gte(webhookMessages.settledAt, 0), sql`EXISTS (SELECT 1 FROM webhook_messages newer WHERE newer.endpoint_id = ${webhookMessages.endpointId} AND newer.resource = ${webhookMessages.resource} AND newer.sequence > ${webhookMessages.sequence})`)).limit(limit)
      return (await db.delete(webhookMessages).where(inArray(sql`${webhookMessages.endpointId} || char(0) || ${webhookMessages.resource} || char(0) || ${webhookMessages.sequence}`, old)).returning({ sequence: webhookMessages.sequence })).length
    },
  }
}
