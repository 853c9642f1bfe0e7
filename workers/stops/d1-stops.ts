import { and, asc, eq, gt, isNull, or, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { skuStops } from '../db/schema.ts'
import type { StopBook, StopRow } from './port.ts'

const toStop = ({ sku, storeId, by, why, since, until }: typeof skuStops.$inferSelect): StopRow => ({ sku, storeId: storeId === '' ? null : storeId, by, why, since, until })
const counts = (now: number) => or(isNull(skuStops.until), gt(skuStops.until, now))

export function createStopBook(database: D1Database): StopBook {
  const db = drizzle(database)
  return {
    async set(stop, position) {
      const row = { ...stop, storeId: stop.storeId ?? '', ...position }
      await db.insert(skuStops).values(row).onConflictDoUpdate({
        target: [skuStops.sku, skuStops.storeId, skuStops.by], set: row,
        ...(position ? { setWhere: sql`(excluded.epoch, excluded.seq) > (${skuStops.epoch}, ${skuStops.seq})` } : {}),
      })
    },
    async standing(sku, storeId, now) {
      const rows = await db.select({ until: skuStops.until }).from(skuStops).where(and(eq(skuStops.sku, sku), eq(skuStops.storeId, storeId ?? ''), counts(now)))
      if (rows.length === 0) return null
      return { until: rows.some(({ until }) => until === null) ? null : Math.max(...rows.map(({ until }) => until ?? 0)) }
    },
    async of(sku, now) {
      return (await db.select().from(skuStops).where(and(eq(skuStops.sku, sku), counts(now)))).map(toStop)
    },
    async list(now, after, limit) {
      const rows = await db.select().from(skuStops).where(and(counts(now), after ? sql`(${skuStops.sku}, ${skuStops.storeId}, ${skuStops.by}) > (${after.sku}, ${after.storeId ?? ''}, ${after.by})` : undefined))
        .orderBy(asc(skuStops.sku), asc(skuStops.storeId), asc(skuStops.by)).limit(limit)
      return rows.map(toStop)
    },
  }
}
