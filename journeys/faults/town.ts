import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { z } from 'zod'
import { seedDemoShop } from '../../connector/pos/embedded/demo-shop.ts'
import { operatorApi, shopApi } from '../local/edge-api.ts'
import { openChannel, prepareShop, registerShop, startConnector, startEdge, writeConnectorConfig, type Shop } from '../local/house.ts'
import type { Running } from '../local/processes.ts'
import { openTill, type Till } from '../local/till.ts'
import { until } from '../local/until.ts'
import { seeded } from '../simulation/random.ts'
import { dealer, FAULT_KINDS, type FaultKind, type Weather } from './faults.ts'
import { startFaultProxy, type FaultProxy } from './proxy.ts'

export const STORE_IDS = ['north', 'south'] as const
const CONNECTOR_COMMAND = path.resolve(import.meta.dirname, '../../connector/main.ts')
/** A small shop is in step within seconds, and has room for every kind of item. */
const ITEMS = 60
const SYNC_WITHIN_MS = 60_000

/** One store: its till, its connector, and the lines from and to the edge. */
export type Store = {
  shop: Shop
  till: Till
  connector: Running
  toEdge: FaultProxy
  toShop: FaultProxy
  /** The level of every SKU before anything was sold, as the till had it. */
  startStock: ReadonlyMap<string, number>
}

/** Two stores, one edge, and a bad line wherever one process calls another. What is asked for the truth goes past the bad lines. */
export type Town = {
  dir: string
  edge: Running
  edgeUrl: string
  stores: Store[]
  /** The line of the shoppers, and what they call through it. */
  toShoppers: FaultProxy
  web: ReturnType<typeof shopApi>
  /** Past every proxy. */
  operator: ReturnType<typeof operatorApi>
  truth: ReturnType<typeof shopApi>
  restartEdge(): Promise<void>
  restartConnector(store: Store): Promise<void>
  trouble(): void
  calm(): Promise<void>
  faults(): Record<FaultKind, number>
  close(): Promise<void>
}

/** Starts everything in `dir`, calm, and answers when the edge knows every level of both tills. What had started is ended when a part does not come up. */
export async function openTown({ dir, seed, weather, adminToken }: { dir: string; seed: number; weather: Weather; adminToken: string }): Promise<Town> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const started: { close(): Promise<void> }[] = []
  const ended = async () => {
    for (const each of started.toReversed()) await each.close()
  }
  try {
    return await build(started, ended, { dir, seed, weather, adminToken })
  } catch (error) {
    await ended()
    throw error
  }
}

type Parts = { dir: string; seed: number; weather: Weather; adminToken: string }

async function build(started: { close(): Promise<void> }[], close: () => Promise<void>, { dir, seed, weather, adminToken }: Parts): Promise<Town> {
  const edgeDir = path.join(dir, 'edge')
  const town: Pick<Town, 'edge'> = { edge: await startEdge({ dir: edgeDir, port: 0, adminToken }) }
  started.push({ close: () => town.edge.stop() })
  const edgeUrl = town.edge.ready.url
  const edgePort = Number(new URL(edgeUrl).port)
  const lines: FaultProxy[] = []
  const line = async (targetPort: number): Promise<FaultProxy> => {
    // A stream of chance for each line: what one of them meets does not depend on what the others carry.
    const proxy = await startFaultProxy({ targetPort, deal: dealer(seeded(seed * 31 + lines.length), weather) })
    lines.push(proxy)
    started.push(proxy)
    return proxy
  }
  const toShoppers = await line(edgePort)
  const keys = await openChannel(edgeUrl, adminToken)
  const stores: Store[] = []
  for (const storeId of STORE_IDS) {
    const shop = await prepareShop(dir, storeId)
    seedDemoShop(shop.tillFile, { items: ITEMS })
    const till = openTill(shop.tillFile)
    started.push({ close: async () => till.close() })
    const [toEdge, toShop] = [await line(edgePort), await line(shop.port)]
    await registerShop(edgeUrl, adminToken, shop, { transport: { kind: 'tunnel', url: toShop.url }, catalogSource: stores.length === 0 })
    await writeConnectorConfig(toEdge.url, shop)
    const store: Store = { shop, till, toEdge, toShop, connector: await startConnector(shop), startStock: till.stock() }
    started.push({ close: () => store.connector.stop() })
    stores.push(store)
  }
  const whole: Town = Object.assign(town, {
    dir, edgeUrl, stores, toShoppers, close,
    web: shopApi(toShoppers.url, keys),
    truth: shopApi(edgeUrl, keys),
    operator: operatorApi(edgeUrl, adminToken),
    restartEdge: async () => void (town.edge = await startEdge({ dir: edgeDir, port: edgePort, adminToken })),
    restartConnector: async (store: Store) => void (store.connector = await startConnector(store.shop)),
    trouble: () => lines.forEach((each) => each.trouble()),
    calm: async () => void (await Promise.all(lines.map((each) => each.calm()))),
    faults: () => {
      const sum = (kind: FaultKind) => lines.reduce((total, { counts }) => total + (counts.get(kind) ?? 0), 0)
      return Object.fromEntries(FAULT_KINDS.map((kind) => [kind, sum(kind)])) as Record<FaultKind, number>
    },
  })
  await until('the edge to know both shops', SYNC_WITHIN_MS, () => isInStep(whole), 250)
  return whole
}

async function isInStep({ stores, truth, operator }: Town): Promise<boolean> {
  const products = await truth.products()
  for (const { till, shop } of stores) {
    if (products.length !== till.items().length) return false
    for (const [sku, onHand] of till.stock()) {
      const level = (await operator.explain(sku))?.stores.find((each) => each.storeId === shop.storeId)
      if (level?.onHand !== onHand) return false
    }
  }
  return true
}

const Status = z.object({ running: z.boolean(), outbox: z.int(), inbox: z.record(z.string(), z.int()), synced: z.boolean() })
export type ConnectorStatus = z.infer<typeof Status>

/** What `tillbridge-connector status --json` says of a store. */
export async function statusOf({ shop }: Store): Promise<ConnectorStatus> {
  const { stdout } = await promisify(execFile)(process.execPath, [CONNECTOR_COMMAND, 'status', '--json', '--config', shop.configFile])
  return Status.parse(JSON.parse(stdout))
}
