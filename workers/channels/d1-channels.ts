import { asc, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { channelKeys, channels } from '../db/schema.ts'
import type { Channel, ChannelBook } from './channel.ts'

const toChannel = (row: typeof channels.$inferSelect): Channel => ({ ...row, allowedOrigins: JSON.parse(row.allowedOrigins) })

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
      const inserted = await db.insert(channels).values({ ...channel, allowedOrigins: JSON.stringify(channel.allowedOrigins) }).onConflictDoNothing().returning({ id: channels.channelId })
      return inserted.length === 1
    },
    async insertKey(key) {
      await db.insert(channelKeys).values({ ...key, scopes: JSON.stringify(key.scopes) })
    },
    async findByKey(keyHash) {
      const [row] = await db.select().from(channelKeys).innerJoin(channels, eq(channels.channelId, channelKeys.channelId)).where(eq(channelKeys.keyHash, keyHash))
      return row ? { channel: toChannel(row.channels), kind: row.channel_keys.kind, scopes: JSON.parse(row.channel_keys.scopes) } : null
    },
  }
}
