import { asc, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { z } from 'zod'
import { DriftReport, FeedReport } from '../../contract/feed.ts'
import { feeds } from '../db/schema.ts'
import type { Feeds, StoreFeed } from './port.ts'

/** Feeds in D1, a row per store. */
export function createFeeds(d1: D1Database): Feeds {
  const db = drizzle(d1)
  return {
    async find(storeId) {
      const [row] = await db.select().from(feeds).where(eq(feeds.storeId, storeId)).limit(1)
      return row ? toFeed(row) : null
    },

    list: async () => (await db.select().from(feeds).orderBy(asc(feeds.storeId))).flatMap((row) => toFeed(row) ?? []),

    async report(storeId, { feed, drift }, now) {
      const said = { feed: JSON.stringify(feed), drift: drift && JSON.stringify(drift), updatedAt: now }
      await db.insert(feeds).values({ storeId, ...said }).onConflictDoUpdate({ target: feeds.storeId, set: said })
    },

    async decide(storeId, decided, decidedId) {
      await db.update(feeds).set({ decided, decidedId }).where(eq(feeds.storeId, storeId))
    },
  }
}

/** `null` for a row of another version's shape: the next heartbeat writes it anew. */
function toFeed({ storeId, feed, drift, decided, decidedId, updatedAt }: typeof feeds.$inferSelect): StoreFeed | null {
  const read = z.object({ feed: FeedReport, drift: DriftReport.nullable() }).safeParse({ feed: JSON.parse(feed), drift: drift === null ? null : JSON.parse(drift) })
  return read.success ? { storeId, ...read.data, decision: decided === null || decidedId === null ? null : { verdict: decided, id: decidedId }, updatedAt } : null
}
