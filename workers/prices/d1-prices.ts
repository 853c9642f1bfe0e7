import { and, asc, eq, lte, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { writeListPrices } from '../catalog/list-price-keys.ts'
import { channelPrices } from '../db/schema.ts'
import { turnsAfter } from './price-list.ts'
import type { PriceBook, PriceKey, StoredPrice } from './port.ts'

type Row = typeof channelPrices.$inferSelect
const toStored = ({ channelId, sku, storeId, validFrom, validTo, amountMinor, currency, updatedAt }: Row): StoredPrice => ({ channelId, sku, storeId: storeId === '' ? null : storeId, validFrom, validTo, amountMinor, currency, updatedAt })
const toKeyRow = ({ sku, storeId, validFrom }: PriceKey) => ({ sku, storeId: storeId ?? '', validFrom })

const UPSERT = `
  INSERT INTO channel_prices (channel_id, sku, store_id, valid_from, valid_to, amount_minor, currency, turns_at, updated_at)
  SELECT ?1, value ->> 'sku', value ->> 'storeId', value ->> 'validFrom', value ->> 'validTo', value ->> 'amountMinor', value ->> 'currency', value ->> 'turnsAt', ?3 FROM json_each(?2) WHERE true
  ON CONFLICT (channel_id, sku, store_id, valid_from) DO UPDATE SET valid_to = excluded.valid_to, amount_minor = excluded.amount_minor, currency = excluded.currency, turns_at = excluded.turns_at, updated_at = excluded.updated_at`
/** Channel by channel: so each is found by its key, and a thousand renames do not read every list a thousand times. */
const CARRY_OVER = `
  INSERT INTO channel_prices (channel_id, sku, store_id, valid_from, valid_to, amount_minor, currency, turns_at, updated_at)
  SELECT channel_id, ?1, store_id, valid_from, valid_to, amount_minor, currency, turns_at, ?4 FROM channel_prices
  WHERE channel_id IN (SELECT channel_id FROM channels) AND sku = ?2 AND store_id IN ('', ?3) AND (valid_to IS NULL OR valid_to > ?4)
  ON CONFLICT DO NOTHING`
const NAMED = `(sku, store_id, valid_from) IN (SELECT value ->> 'sku', value ->> 'storeId', value ->> 'validFrom' FROM json_each(?2))`

/** Price lists in D1, and per channel and SKU in KV for whoever looks at the catalogue. */
export function createPriceBook(database: D1Database, kv: KVNamespace): PriceBook {
  const db = drizzle(database)

  /** As D1 has them now, without what is over. */
  async function publish(channelId: string, skus: readonly string[], now: number): Promise<void> {
    const rows = await db.select().from(channelPrices).where(and(eq(channelPrices.channelId, channelId), sql`${channelPrices.sku} IN (SELECT value FROM json_each(${JSON.stringify([...new Set(skus)])}))`))
    const standing = rows.map(toStored).filter(({ validTo }) => validTo === null || validTo > now)
    await writeListPrices(kv, channelId, Map.groupBy([...standing, ...skus.map((sku) => ({ sku }))], ({ sku }) => sku))
  }

  return {
    async set(channelId, prices, now) {
      // A price that counts already turns at once: channels are to be told of it.
      const rows = prices.map((price) => ({ ...price, storeId: price.storeId ?? '', turnsAt: price.validFrom <= now && (price.validTo === null || price.validTo > now) ? now : turnsAfter(price, now) }))
      await database.prepare(UPSERT).bind(channelId, JSON.stringify(rows), now).run()
      await publish(channelId, prices.map(({ sku }) => sku), now)
    },
    async remove(channelId, keys, now) {
      const { results } = await database.prepare(`DELETE FROM channel_prices WHERE channel_id = ?1 AND ${NAMED} RETURNING sku`).bind(channelId, JSON.stringify(keys.map(toKeyRow))).all()
      await publish(channelId, keys.map(({ sku }) => sku), now)
      return results.length
    },
    async carryOver(storeId, sku, formerSku, now) {
      await database.prepare(CARRY_OVER).bind(sku, formerSku, storeId, now).run()
      const { results } = await database.prepare('SELECT DISTINCT channel_id AS channelId FROM channel_prices WHERE channel_id IN (SELECT channel_id FROM channels) AND sku = ?').bind(sku).all<{ channelId: string }>()
      for (const { channelId } of results) await publish(channelId, [sku], now)
    },
    async list(channelId, sku, after, limit) {
      const place = after && toKeyRow(after)
      const rows = await db.select().from(channelPrices).where(and(
        eq(channelPrices.channelId, channelId), sku === null ? undefined : eq(channelPrices.sku, sku),
        place ? sql`(${channelPrices.sku}, ${channelPrices.storeId}, ${channelPrices.validFrom}) > (${place.sku}, ${place.storeId}, ${place.validFrom})` : undefined,
      )).orderBy(asc(channelPrices.sku), asc(channelPrices.storeId), asc(channelPrices.validFrom)).limit(limit)
      return rows.map(toStored)
    },
    async turned(now, limit) {
      return (await db.select().from(channelPrices).where(lte(channelPrices.turnsAt, now)).orderBy(asc(channelPrices.turnsAt)).limit(limit)).map(toStored)
    },
    async told(prices, now) {
      const statements = prices.map((price) => database.prepare('UPDATE channel_prices SET turns_at = ?5 WHERE channel_id = ?1 AND sku = ?2 AND store_id = ?3 AND valid_from = ?4 AND updated_at = ?6')
        .bind(price.channelId, price.sku, price.storeId ?? '', price.validFrom, turnsAfter(price, now), price.updatedAt))
      if (statements.length > 0) await database.batch(statements)
    },
  }
}

