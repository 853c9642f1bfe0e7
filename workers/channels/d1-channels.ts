import { and, asc, eq, gt, gte, isNull, lt, or, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { LIMITS_DEFAULT } from '../../contract/operator.ts'
import type { ChannelLimits } from '../../contract/operator.ts'
import { channelKeys, channels } from '../db/schema.ts'
import { isLive, keyIdOf, LAST_USED_EVERY_MS } from './channel.ts'
import type { Channel, ChannelBook, StoredKey } from './channel.ts'

const toChannel = (row: typeof channels.$inferSelect): Channel => ({ ...row, allowedOrigins: JSON.parse(row.allowedOrigins), paymentProviders: JSON.parse(row.paymentProviders), limits: { ...LIMITS_DEFAULT, ...JSON.parse(row.limits) } })
const toKey = (row: typeof channelKeys.$inferSelect): StoredKey => ({ ...row, scopes: JSON.parse(row.scopes) })
const toRow = (key: StoredKey) => ({ ...key, scopes: JSON.stringify(key.scopes) })

/** What is as it is by default follows the default. */
const limitsText = (limits: ChannelLimits): string =>
  JSON.stringify(Object.fromEntries(Object.entries(limits).filter(([name, value]) => value !== LIMITS_DEFAULT[name as keyof ChannelLimits])))

/** Hex: "g" comes after every digit that could follow. */
const withId = (keyId: string) => and(gte(channelKeys.keyHash, keyId), lt(channelKeys.keyHash, `${keyId}g`))
const stillLive = (now: number) => or(isNull(channelKeys.expiresAt), gt(channelKeys.expiresAt, now))

export function createChannelBook(database: D1Database): ChannelBook {
  const db = drizzle(database)
  return {
    async find(channelId) {
      const [row] = await db.select().from(channels).where(eq(channels.channelId, channelId))
      return row ? toChannel(row) : null
    },
    async list() {
      return (await db.select().from(channels).orderBy(asc(channels.channelId))).map(toChannel)
    },
    async insert(channel) {
      const inserted = await db.insert(channels).values({ ...channel, allowedOrigins: JSON.stringify(channel.allowedOrigins), paymentProviders: JSON.stringify(channel.paymentProviders), limits: limitsText(channel.limits) }).onConflictDoNothing().returning({ id: channels.channelId })
      return inserted.length === 1
    },
    async change(channelId, { allowedOrigins, paymentProviders, limits, ...change }) {
      await db.update(channels).set({ ...change, ...(allowedOrigins === undefined ? {} : { allowedOrigins: JSON.stringify(allowedOrigins) }), ...(paymentProviders === undefined ? {} : { paymentProviders: JSON.stringify(paymentProviders) }), ...(limits === undefined ? {} : { limits: limitsText(limits) }) }).where(eq(channels.channelId, channelId))
    },
    async keysOf(channelId) {
      return (await db.select().from(channelKeys).where(eq(channelKeys.channelId, channelId)).orderBy(asc(channelKeys.createdAt), asc(channelKeys.keyHash))).map(toKey)
    },
    async insertKey(key) {
      await db.insert(channelKeys).values(toRow(key))
    },
    async rotateKey(keyHash, next, endsAt) {
      await db.batch([
        db.update(channelKeys).set({ expiresAt: sql`min(coalesce(${channelKeys.expiresAt}, ${endsAt}), ${endsAt})` }).where(eq(channelKeys.keyHash, keyHash)),
        db.insert(channelKeys).values(toRow(next)),
      ])
    },
    async endKey(channelId, keyId, now) {
      const ended = await db.update(channelKeys).set({ expiresAt: now }).where(and(withId(keyId), eq(channelKeys.channelId, channelId), stillLive(now))).returning({ keyHash: channelKeys.keyHash })
      return ended.length > 0
    },
    async findByKey(keyHash, now) {
      const [row] = await db.select().from(channelKeys).innerJoin(channels, eq(channels.channelId, channelKeys.channelId)).where(withId(keyIdOf({ keyHash })))
      if (!row || !isSame(row.channel_keys.keyHash, keyHash) || !isLive(row.channel_keys, now)) return null
      return { channel: toChannel(row.channels), key: toKey(row.channel_keys) }
    },
    async noteUse(keyHash, now) {
      // The guard stands in the statement: of many at once one writes the row.
      await db.update(channelKeys).set({ lastUsedAt: now }).where(and(eq(channelKeys.keyHash, keyHash), or(isNull(channelKeys.lastUsedAt), lt(channelKeys.lastUsedAt, now - LAST_USED_EVERY_MS))))
    },
  }
}

const encoder = new TextEncoder()
/** Found by a part of the hash, compared whole in constant time. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [encoder.encode(a), encoder.encode(b)]
  return left.length === right.length && crypto.subtle.timingSafeEqual(left, right)
}
