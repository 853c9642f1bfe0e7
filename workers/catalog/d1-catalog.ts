import { and, asc, eq, gt, lte, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { Item } from '../../contract/product.ts'
import { systemClock } from '../../contract/clock.ts'
import type { Clock } from '../../contract/clock.ts'
import { channelPrices, items, skuRenames } from '../db/schema.ts'
import { atListPrice, atListPrices } from '../prices/price-list.ts'
import type { ListedPrice } from '../prices/port.ts'
import { isPriced, readListPrices } from './list-price-keys.ts'
import { readBands, readProduct, toProduct, writeProduct } from './kv.ts'
import type { Catalog, ItemChange } from './port.ts'

/** Items a statement: far below D1's 2 MB a parameter, and a batch stays quick. */
const ITEMS_PER_STATEMENT_MAX = 100
/** A search is a few words; each must occur in name, brand or SKU. */
const WORDS_MAX = 10
/** As a scanner types one. It is looked for whole, in the item's identifiers too. */
const BARCODE = /^\d{8,14}$/
/** KV writes at once: a Worker has six connections, more would only wait. */
const KV_WRITES_AT_ONCE = 6
/** While D1 changed under the writing, the products are written again; more often than this something else is wrong. */
const PUBLISH_TRIES_MAX = 3

/** The guard stands in the UPSERT: what is not newer changes nothing (rules.md 3). The catalogue source describes; without one, whoever came first. */
const UPSERT = `
  INSERT INTO items (store_id, sku, name, brand, category, item, item_hash, describes, removed, epoch, seq, version, updated_at)
  SELECT ?1, value ->> 'sku', value ->> 'name', value ->> 'brand', value ->> 'category', value ->> 'item', value ->> 'hash',
    CASE WHEN EXISTS (SELECT 1 FROM stores WHERE catalog_source = 1)
      THEN EXISTS (SELECT 1 FROM stores WHERE catalog_source = 1 AND store_id = ?1)
      ELSE NOT EXISTS (SELECT 1 FROM items other WHERE other.sku = value ->> 'sku' AND other.describes = 1 AND other.removed = 0 AND other.store_id <> ?1)
    END,
    0, value ->> 'epoch', value ->> 'seq', 1, ?3
  FROM json_each(?2) WHERE true
  ON CONFLICT (store_id, sku) DO UPDATE SET
    name = excluded.name, brand = excluded.brand, category = excluded.category, item = excluded.item, item_hash = excluded.item_hash,
    removed = 0, epoch = excluded.epoch, seq = excluded.seq,
    version = items.version + (items.item_hash <> excluded.item_hash OR items.removed = 1),
    updated_at = CASE WHEN items.item_hash <> excluded.item_hash OR items.removed = 1 THEN excluded.updated_at ELSE items.updated_at END
  WHERE (excluded.epoch, excluded.seq) > (items.epoch, items.seq)
  RETURNING sku`

/** A removal of what never came leaves its stone too, so that an older upsert that comes late stays out. */
const REMOVE = `
  INSERT INTO items (store_id, sku, name, item, item_hash, describes, removed, epoch, seq, version, updated_at)
  SELECT ?1, value ->> 'sku', '', '{}', '', 0, 1, value ->> 'epoch', value ->> 'seq', 1, ?3 FROM json_each(?2) WHERE true
  ON CONFLICT (store_id, sku) DO UPDATE SET removed = 1, epoch = excluded.epoch, seq = excluded.seq, version = items.version + 1, updated_at = excluded.updated_at
  WHERE (excluded.epoch, excluded.seq) > (items.epoch, items.seq)
  RETURNING sku`

/**
 * Who describes each of these SKUs now: the catalogue source where it has ever had the item; else whoever describes it already;
 * else the first store that still has it. Writes only the rows that change.
 */
const REDESCRIBE = `
  UPDATE items SET describes = 1 - describes
  WHERE sku IN (SELECT value FROM json_each(?1)) AND describes <> CASE
    WHEN removed = 1 THEN 0
    WHEN EXISTS (SELECT 1 FROM stores WHERE catalog_source = 1 AND stores.store_id = items.store_id) THEN 1
    WHEN EXISTS (SELECT 1 FROM items source JOIN stores ON stores.store_id = source.store_id WHERE source.sku = items.sku AND stores.catalog_source = 1) THEN 0
    WHEN EXISTS (SELECT 1 FROM stores WHERE catalog_source = 1) THEN describes
    ELSE store_id = (SELECT other.store_id FROM items other WHERE other.sku = items.sku AND other.removed = 0 ORDER BY other.describes DESC, other.store_id LIMIT 1)
  END`

export function createCatalog(database: D1Database, kv: KVNamespace, clock: Clock = systemClock): Catalog {
  const db = drizzle(database)
  const listPrices = (channelId: string | undefined, skus: readonly string[]) => (channelId === undefined ? Promise.resolve(new Map<string, ListedPrice[]>()) : readListPrices(kv, channelId, skus, clock()))
  const described = and(eq(items.describes, true), eq(items.removed, false))

  async function stored(skus: string[]): Promise<Map<string, { item: Item; updatedAt: number; version: number }>> {
    const rows = await db.select().from(items).where(and(inJson(skus), described))
    return new Map(rows.map((row) => [row.sku, { item: JSON.parse(row.item) as Item, updatedAt: row.updatedAt, version: row.version }]))
  }

  async function sellableRows(skus: string[], storeId: string | null, channel?: { channelId: string; now: number }, stopped?: SQL) {
    const ofItems = db.select().from(items).where(and(inJson(skus), storeId === null ? undefined : sql`(${items.storeId} = ${storeId} OR ${items.describes} = 1)`, stopped))
    const ofPrices = db.select().from(channelPrices).where(and(eq(channelPrices.channelId, channel?.channelId ?? ''), sql`${channelPrices.sku} IN (SELECT value FROM json_each(${JSON.stringify(skus)}))`, lte(channelPrices.validFrom, channel?.now ?? 0)))
    const [rows, prices] = channel ? await db.batch([ofItems, ofPrices]) : [await ofItems, []]
    const sellable = rows.map(({ storeId: of, sku, removed, item, describes, updatedAt, version }) => ({ storeId: of, sku, item: removed ? null : (JSON.parse(item) as Item), describes, updatedAt, version }))
    return channel ? atListPrices(sellable, prices.map((price) => ({ ...price, storeId: price.storeId === '' ? null : price.storeId })), channel.now) : sellable
  }

  return {
    async apply(storeId, changes, now) {
      const statements: D1PreparedStatement[] = []
      for (const run of runsOf(changes)) statements.push(database.prepare('removed' in run[0] ? REMOVE : UPSERT).bind(storeId, JSON.stringify(run.map(toJsonRow)), now))
      if (statements.length === 0) return []
      const skus = changes.map((change) => ('removed' in change ? change.removed : change.item.sku))
      statements.push(database.prepare(REDESCRIBE).bind(JSON.stringify([...new Set(skus)])))
      const results = await database.batch<{ sku: string }>(statements)
      return [...new Set(results.flatMap((result) => result.results.map((row) => row.sku)))]
    },

    async unpublished(skus) {
      const now = await stored(skus)
      const changes = []
      for (let at = 0; at < skus.length; at += KV_WRITES_AT_ONCE) {
        changes.push(...(await Promise.all(skus.slice(at, at + KV_WRITES_AT_ONCE).map(async (sku) => {
          const held = await readProduct(kv, sku)
          return { sku, before: held && !('removed' in held) ? held : null, now: now.get(sku) ?? null }
        }))))
      }
      return changes
    },

    async publish(skus) {
      let open = skus
      for (let tries = 0; open.length > 0 && tries < PUBLISH_TRIES_MAX; tries++) {
        const before = await stored(open)
        for (let at = 0; at < open.length; at += KV_WRITES_AT_ONCE) {
          await Promise.all(open.slice(at, at + KV_WRITES_AT_ONCE).map(async (sku) => {
            const wanted = before.get(sku) ?? { removed: true as const }
            const held = await readProduct(kv, sku)
            if (JSON.stringify(held) !== JSON.stringify(wanted)) await writeProduct(kv, sku, wanted)
          }))
        }
        const after = await stored(open)
        open = open.filter((sku) => before.get(sku)?.version !== after.get(sku)?.version)
      }
    },

    isPriced: (channelId) => isPriced(kv, channelId, clock()),

    async product(sku, channelId) {
      const [held, bands, prices] = await Promise.all([readProduct(kv, sku), readBands(kv, [sku]), listPrices(channelId, [sku])])
      const found = held ?? (await stored([sku])).get(sku)
      return found && !('removed' in found) ? toProduct({ ...found, item: atListPrice(found.item, prices.get(sku) ?? [], null, clock()) }, bands.get(sku)) : null
    },

    async productAt(storeId, sku, channelId) {
      const [rows, bands] = await Promise.all([sellableRows([sku], storeId, { channelId, now: clock() }), readBands(kv, [sku])])
      const shown = rows.find((row) => row.storeId === storeId)
      const described = rows.find((row) => row.describes)
      const row = shown ?? described
      return row?.item ? toProduct({ item: { ...(described?.item ?? row.item), price: row.item.price, taxIncluded: row.item.taxIncluded, taxRate: row.item.taxRate, unit: row.item.unit }, updatedAt: row.updatedAt, version: row.version }, bands.get(sku)) : null
    },

    async list({ q, category, productId, channelId }, afterSku, limit) {
      // instr, not LIKE: D1 takes a LIKE pattern of 50 bytes at most, and nothing in it is to be special.
      const text = sql`lower(${items.name} || ' ' || coalesce(${items.brand}, '') || ' ' || ${items.sku})`
      const words = (q ?? '').split(/\s+/).filter((word) => word !== '').slice(0, WORDS_MAX)
      const rows = await db.select().from(items).where(and(
        described,
        afterSku === null ? undefined : gt(items.sku, afterSku),
        category === undefined ? undefined : eq(items.category, category),
        productId === undefined ? undefined : sql`${items}.product_id = ${productId}`,
        ...words.map((word) => (BARCODE.test(word) ? sql`(instr(${text}, ${word}) > 0 OR instr(${items.item}, ${`"value":"${word}"`}) > 0)` : sql`instr(${text}, lower(${word})) > 0`)),
      )).orderBy(asc(items.sku)).limit(limit + 1)
      const shown = rows.slice(0, limit)
      const skus = shown.map((row) => row.sku)
      const [bands, prices] = await Promise.all([readBands(kv, skus), listPrices(channelId, skus)])
      return {
        items: shown.map((row) => toProduct({ item: atListPrice(JSON.parse(row.item) as Item, prices.get(row.sku) ?? [], null, clock()), updatedAt: row.updatedAt, version: row.version }, bands.get(row.sku))),
        nextSku: rows.length > limit ? (shown.at(-1)?.sku ?? null) : null,
      }
    },

    async categories(afterName, limit) {
      const rows = await db.select({ name: items.category, products: sql<number>`count(*)` }).from(items)
        .where(and(described, afterName === null ? sql`${items.category} IS NOT NULL` : gt(items.category, afterName)))
        .groupBy(items.category).orderBy(asc(items.category)).limit(limit + 1)
      const shown = rows.slice(0, limit).map((row) => ({ name: row.name ?? '', products: row.products }))
      return { items: shown, nextName: rows.length > limit ? (shown.at(-1)?.name ?? null) : null }
    },

    sellable: (skus, storeId, channel) => sellableRows(skus, storeId, channel, channel && notStopped(channel.now)),

    async isRenamed(storeId, sku, formerSku) {
      return (await db.select({ at: skuRenames.at }).from(skuRenames).where(and(eq(skuRenames.sku, sku), eq(skuRenames.formerSku, formerSku), eq(skuRenames.storeId, storeId)))).length > 0
    },

    async noteRename(storeId, sku, formerSku, at) {
      await db.insert(skuRenames).values({ storeId, sku, formerSku, at }).onConflictDoNothing()
    },

    async hashesOf(storeId, afterSku, limit) {
      return db.select({ sku: items.sku, itemHash: items.itemHash, priceMinor: sql<number>`json_extract(${items.item}, '$.price.amountMinor')`, epoch: items.epoch, seq: items.seq }).from(items)
        .where(and(eq(items.storeId, storeId), eq(items.removed, false), afterSku === null ? undefined : gt(items.sku, afterSku)))
        .orderBy(asc(items.sku)).limit(limit)
    },

    async listings(storeId, skus) {
      const rows = await db.select({ sku: items.sku, removed: items.removed, epoch: items.epoch, seq: items.seq, version: items.version }).from(items).where(and(eq(items.storeId, storeId), inJson(skus)))
      return rows.map(({ sku, removed, epoch, seq, version }) => ({ sku, sold: !removed, position: { epoch, seq }, version }))
    },

    async hasItems(storeId, skus) {
      const rows = await db.select({ sku: items.sku }).from(items).where(and(eq(items.storeId, storeId), eq(items.removed, false), inJson(skus)))
      return new Set(rows.map((row) => row.sku))
    },
  }
}

/** One parameter for any number of SKUs: D1 takes a hundred. */
const inJson = (skus: string[]) => sql`${items.sku} IN (SELECT value FROM json_each(${JSON.stringify(skus)}))`

/** What is counted is stopped by its counters; what is not (a service) has none. */
const notStopped = (now: number): SQL => sql`(json_extract(${items.item}, '$.tracked') IS NOT 0 OR NOT EXISTS (SELECT 1 FROM sku_stops AS stop
  WHERE stop.sku = ${items.sku} AND stop.store_id IN ('', ${items.storeId}) AND (stop.until IS NULL OR stop.until > ${now})))`

const toJsonRow = (change: ItemChange) => 'removed' in change
  ? { sku: change.removed, ...change.position }
  : { sku: change.item.sku, name: change.item.name, brand: change.item.brand, category: change.item.category, item: JSON.stringify(change.item), hash: change.itemHash, ...change.position }

/** Changes in runs of one kind and bounded length, each SKU at most once a run, so that one statement never meets itself. */
function runsOf(changes: ItemChange[]): [ItemChange, ...ItemChange[]][] {
  const runs: [ItemChange, ...ItemChange[]][] = []
  let skus = new Set<string>()
  for (const change of changes) {
    const sku = 'removed' in change ? change.removed : change.item.sku
    const run = runs.at(-1)
    if (run && 'removed' in run[0] === 'removed' in change && run.length < ITEMS_PER_STATEMENT_MAX && !skus.has(sku)) run.push(change)
    else {
      runs.push([change])
      skus = new Set()
    }
    skus.add(sku)
  }
  return runs
}
