import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { openTillFile } from '../../connector/pos/embedded/schema.ts'
import { addItem } from '../../connector/pos/embedded/till.ts'
import { operatorApi, shopApi, type Keys } from './edge-api.ts'
import { openChannel, prepareShop, registerShop, startConnector, startEdge, writeConnectorConfig, type Shop } from './house.ts'
import type { Item } from '../../contract/product.ts'
import type { Running } from './processes.ts'
import { openTill, type Till } from './till.ts'
import { until } from './until.ts'

/** What lies on a shelf: an item counted in pieces, its price in dollars with tax in it, unless `item` says otherwise. */
export type Shelf = { sku: string; pieces: number; priceMinor: number; item?: Partial<Item> }
export type StoreOf = { shop: Shop; connector: Running; till: Till; shelf: readonly Shelf[] }

/** One edge and several stores, each with a real till, a connector and a shelf of its own. */
export type Stores = {
  edge: Running
  keys: Keys
  operator: ReturnType<typeof operatorApi>
  web: ReturnType<typeof shopApi>
  stores: Map<string, StoreOf>
  close(): Promise<void>
}

/** A few SKUs of a few stores are told in one call each; a cold start on busy cores takes the rest. */
const SYNCED_WITHIN_MS = 60_000

/** Starts them in `dir`, from nothing, and answers once the edge sells what lies on every shelf. What had started is ended when a part does not come up. */
export async function openStores(dir: string, adminToken: string, shelves: Record<string, readonly Shelf[]>, secrets: Record<string, string> = {}): Promise<Stores> {
  await rm(dir, { recursive: true, force: true })
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const started: Running[] = []
  try {
    const edge = await startEdge({ dir: path.join(dir, 'edge'), port: 0, adminToken, secrets })
    started.push(edge)
    const keys = await openChannel(edge.ready.url, adminToken)
    const stores = new Map<string, StoreOf>()
    for (const [storeId, shelf] of Object.entries(shelves)) {
      const shop = await prepareShop(dir, storeId)
      stock(shop.tillFile, shelf)
      await registerShop(edge.ready.url, adminToken, shop)
      await writeConnectorConfig(edge.ready.url, shop)
      const connector = await startConnector(shop)
      started.push(connector)
      stores.set(storeId, { shop, connector, till: openTill(shop.tillFile), shelf })
    }
    const house: Stores = {
      edge,
      keys,
      operator: operatorApi(edge.ready.url, adminToken),
      web: shopApi(edge.ready.url, keys),
      stores,
      close: async () => {
        await Promise.all([...stores.values()].map(({ connector }) => connector.stop()))
        // A journey may have started it anew.
        await house.edge.stop()
        for (const { till } of stores.values()) till.close()
      },
    }
    await until('every shelf on the web', SYNCED_WITHIN_MS, () => isOnTheWeb(house), 200)
    return house
  } catch (error) {
    await Promise.all(started.map((running) => running.kill()))
    throw error
  }
}

function stock(tillFile: string, shelf: readonly Shelf[]): void {
  const db = openTillFile(tillFile, 'create')
  try {
    for (const { sku, pieces, priceMinor, item = {} } of shelf) {
      const added = addItem(db, {
        sku, name: `Item ${sku}`, description: null, brand: null, category: null, identifiers: [], unit: 'each',
        price: { amountMinor: priceMinor, currency: 'USD' }, taxIncluded: true, taxRate: '20', imageUrl: null, tracked: true, ...item,
      }, item.tracked === false ? undefined : pieces)
      if (!added.ok) throw new Error(`the till does not take ${sku}: ${added.refusal.message}`)
    }
  } finally {
    db.close()
  }
}

async function isOnTheWeb({ stores, web }: Stores): Promise<boolean> {
  const known = new Set((await web.products()).map(({ sku }) => sku))
  for (const [storeId, { shelf }] of stores) {
    for (const { sku, pieces, item } of shelf) {
      if (item?.tracked === false) continue
      const there = known.has(sku) ? (await web.availability(sku)).stores.find((store) => store.storeId === storeId) : undefined
      if (there?.available !== pieces) return false
    }
  }
  return true
}
