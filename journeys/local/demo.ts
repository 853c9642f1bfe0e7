import { mkdir, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { seedDemoShop } from '../../connector/pos/embedded/demo-shop.ts'
import type { PlacedAnswer } from '../../contract/order.ts'
import { operatorApi, shopApi, type Basket, type Keys } from './edge-api.ts'
import {
  openChannel, prepareShop, readKeys, registerShop, saveKeys, startConnector, startEdge, writeConnectorConfig, type Shop,
} from './house.ts'
import type { Running } from './processes.ts'
import { openTill, type Till } from './till.ts'

export const DEMO_STORE_ID = 'demo'
const EDGE_FOLDER = 'edge'

/** A running house: one edge, one store with its till and connector, a web channel. */
export type Demo = {
  dir: string
  adminToken: string
  edge: Running
  connector: Running
  shop: Shop
  till: Till
  keys: Keys
  operator: ReturnType<typeof operatorApi>
  web: ReturnType<typeof shopApi>
  latency: { tillToWebMs: number[]; webToTillMs: number[] }
  /** The order that one step places and the next ones follow. */
  followed?: PlacedAnswer
  /** A SKU counted in pieces with at least `atLeast` of it on the shelf, never given twice: what happens to it is this step's doing alone. */
  takeSku(atLeast: number): string
  /** Processes a step started beside the house; ended with it. */
  also: Running[]
  close(): Promise<void>
}

type Options = { dir: string; port: number; adminToken: string; keep: boolean; safetyStock?: number; log: (line: string) => void }

/** Starts the house in `dir`, from nothing unless `keep`. Throws when a part does not come up; what had started is ended. */
export async function openDemo({ dir, port, adminToken, keep, safetyStock = 0, log }: Options): Promise<Demo> {
  if (!keep) await rm(dir, { recursive: true, force: true })
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const shop = await prepareShop(dir, DEMO_STORE_ID)
  log('starting the edge, filling the till')
  const started: Running[] = []
  try {
    const starting = startEdge({ dir: path.join(dir, EDGE_FOLDER), port, adminToken })
    // Seeded while the edge's own process builds.
    if (!existsSync(shop.tillFile)) seedDemoShop(shop.tillFile)
    const edge = await starting
    started.push(edge)
    const url = edge.ready.url
    const keysFile = path.join(dir, 'keys.json')
    let keys = await readKeys(keysFile)
    if (!keys) {
      await registerShop(url, adminToken, shop, { safetyStock })
      keys = await openChannel(url, adminToken)
      await saveKeys(keysFile, keys)
    }
    await writeConnectorConfig(url, shop)
    log('starting the connector')
    const connector = await startConnector(shop)
    started.push(connector)
    return houseOf({ dir, adminToken, edge, connector, shop, keys })
  } catch (error) {
    await Promise.all(started.map((running) => running.kill()))
    throw error
  }
}

function houseOf(parts: Pick<Demo, 'dir' | 'adminToken' | 'edge' | 'connector' | 'shop' | 'keys'>): Demo {
  const till = openTill(parts.shop.tillFile)
  const taken = new Set<string>()
  const demo: Demo = {
    ...parts,
    till,
    operator: operatorApi(parts.edge.ready.url, parts.adminToken),
    web: shopApi(parts.edge.ready.url, parts.keys),
    latency: { tillToWebMs: [], webToTillMs: [] },
    takeSku: (atLeast) => {
      const stock = till.stock()
      const found = till.items().find((item) => item.unit === 'each' && item.tracked === 1 && !taken.has(item.sku) && (stock.get(item.sku) ?? 0) >= atLeast)
      if (!found) throw new Error(`the till has no further item with ${atLeast} pieces`)
      taken.add(found.sku)
      return found.sku
    },
    also: [],
    close: async () => {
      await Promise.all([demo.connector, ...demo.also].map((running) => running.stop()))
      await demo.edge.stop()
      till.close()
    },
  }
  return demo
}

/** The edge again, after it was stopped or killed: same port, same state. */
export async function restartEdge(demo: Demo): Promise<void> {
  demo.edge = await startEdge({ dir: path.join(demo.dir, EDGE_FOLDER), port: Number(new URL(demo.edge.ready.url).port), adminToken: demo.adminToken })
}

/** The connector again, after it was stopped or killed: same journal. */
export async function restartConnector(demo: Demo): Promise<void> {
  demo.connector = await startConnector(demo.shop)
}

/** An order for pickup at the demo store (or another). */
export const basket = (lines: { sku: string; quantity: number }[], storeId = DEMO_STORE_ID): Basket => ({
  lines,
  fulfillment: { method: 'pickup', storeId },
  customer: { name: 'Test Customer', email: 'customer@shop.example' },
})
