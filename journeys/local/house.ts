import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { operatorApi, type Keys } from './edge-api.ts'
import { startProcess, type Running } from './processes.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
/** A cold build and start on two busy cores take a quarter of it. */
const READY_WITHIN_MS = 60_000
export const CHANNEL_ID = 'web'

/** Where one store of the house keeps its things, and how the edge reaches it. */
export type Shop = { storeId: string; dir: string; tillFile: string; configFile: string; secretFile: string; port: number; url: string }

/** Where the mails of an edge that was started in `dir`/edge lie. */
export const mailFolderOf = (dir: string): string => path.join(dir, 'edge', 'edge', 'mail')

/** The edge in a process group of its own, its log in `DIR/edge.log`. Port 0 picks a free one. */
export async function startEdge({ dir, port, adminToken, secrets = {} }: { dir: string; port: number; adminToken: string; secrets?: Record<string, string> }): Promise<Running> {
  await mkdir(dir, { recursive: true })
  return startProcess({
    name: 'the edge',
    args: [path.join(ROOT, 'journeys/local/edge.ts'), '--port', String(port), '--state', path.join(dir, 'edge')],
    env: { ...secrets, ADMIN_TOKEN: adminToken },
    logFile: path.join(dir, 'edge.log'),
    readyEvent: 'edge.ready',
    readyWithinMs: READY_WITHIN_MS,
  })
}

/** The connector of a shop in a process group of its own, its log in the shop's folder. */
export function startConnector(shop: Shop): Promise<Running> {
  return startProcess({
    name: `the connector of ${shop.storeId}`,
    args: [path.join(ROOT, 'connector/main.ts'), 'run', '--config', shop.configFile],
    logFile: path.join(shop.dir, 'connector.log'),
    readyEvent: 'connector.ready',
    readyWithinMs: READY_WITHIN_MS,
  })
}

/** A free port of 127.0.0.1. Somebody else could take it before it is used; then the process that wants it says so. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no free port'))))
    })
  })
}

/** Room for one store under `dir`, with a port for its connector. */
export async function prepareShop(dir: string, storeId: string): Promise<Shop> {
  const own = path.join(dir, storeId)
  await mkdir(own, { recursive: true, mode: 0o700 })
  const portFile = path.join(own, 'port')
  const port = existsSync(portFile) ? Number(await readFile(portFile, 'utf8')) : await freePort()
  await writeFile(portFile, String(port))
  return {
    storeId,
    dir: own,
    tillFile: path.join(own, 'till.db'),
    configFile: path.join(own, 'connector.yaml'),
    secretFile: path.join(own, 'secret'),
    port,
    url: `http://127.0.0.1:${port}`,
  }
}

/** Makes the store known to the edge and keeps its secret for the connector. `transport` is a tunnel to the shop's port unless told otherwise. */
export async function registerShop(edgeUrl: string, adminToken: string, shop: Shop, more: Record<string, unknown> = {}): Promise<void> {
  const secret = await operatorApi(edgeUrl, adminToken).registerStore({
    storeId: shop.storeId,
    name: 'Demo store',
    timeZone: 'Europe/London',
    transport: { kind: 'tunnel', url: shop.url },
    ...more,
  })
  await writeFile(shop.secretFile, `${secret}\n`, { mode: 0o600 })
  await chmod(shop.secretFile, 0o600)
}

/** The configuration a store's IT would write, with short intervals so that a person can watch. `change` stands in place of its parts. */
export async function writeConnectorConfig(edgeUrl: string, shop: Shop, change: Record<string, unknown> = {}): Promise<void> {
  await writeFile(shop.configFile, stringify({
    edge: { url: edgeUrl },
    store: { id: shop.storeId, secretFile: shop.secretFile },
    connector: { id: `${shop.storeId}-connector` },
    journal: { file: path.join(shop.dir, 'journal.db') },
    pos: { type: 'embedded', file: shop.tillFile },
    server: { host: '127.0.0.1', port: shop.port },
    poll: { everyMs: 100 },
    heartbeat: { everyMs: 2_000 },
    pull: { everyMs: 1_000 },
    ...change,
  }))
}

/** All its shoppers come from one address, hundreds at once. */
const DEMO_LIMITS = { writesPerMinute: 100_000, writesPerMinutePerAddress: 100_000, unpaidUnitsPerAddress: 1_000_000, unpaidUnitsPerKey: 10_000_000 }

/** The channel `web`, which lets shoppers pay in the store, and a key of each kind. */
export async function openChannel(edgeUrl: string, adminToken: string): Promise<Keys> {
  const operator = operatorApi(edgeUrl, adminToken)
  await operator.registerChannel({ channelId: CHANNEL_ID, name: 'Demo web shop', payInStore: true, limits: DEMO_LIMITS })
  await operator.send(`/channels/${CHANNEL_ID}/mail`, 'PUT', { from: { email: 'orders@shop.example', name: 'Demo web shop' } })
  return { publishable: await operator.issueKey(CHANNEL_ID, 'publishable'), secret: await operator.issueKey(CHANNEL_ID, 'secret') }
}

const SavedKeys = z.object({ publishable: z.string(), secret: z.string() })

/** Keys of an earlier run, or `null`. */
export async function readKeys(file: string): Promise<Keys | null> {
  return existsSync(file) ? SavedKeys.parse(JSON.parse(await readFile(file, 'utf8'))) : null
}

export async function saveKeys(file: string, keys: Keys): Promise<void> {
  await writeFile(file, JSON.stringify(keys), { mode: 0o600 })
}
