import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startServer, type DatabaseServer } from '../../connector/pos/test-databases.ts'
import { operatorApi, shopApi } from '../local/edge-api.ts'
import { openChannel, prepareShop, registerShop, startConnector, startEdge, writeConnectorConfig, type Shop } from '../local/house.ts'
import type { Running } from '../local/processes.ts'
import { until } from '../local/until.ts'
import { openDatabaseLine, type DatabaseLine } from './database-line.ts'
import type { OpenTillTables, TillTables } from './till-tables.ts'

export const STORE_ID = 'downtown'
const ADMIN_TOKEN = 'exactly-once-admin-token'
const SYNCED_WITHIN_MS = 60_000

/** An edge, a database server with a POS in it, and a connector whose line to the database can be watched and cut. */
export type DatabaseHouse = {
  edge: Running
  connector: Running
  shop: Shop
  secret: string
  server: DatabaseServer
  line: DatabaseLine
  till: TillTables
  operator: ReturnType<typeof operatorApi>
  web: ReturnType<typeof shopApi>
  /** After it was killed or stopped: same journal. `pos`: with this in its configuration from now on. */
  restartConnector(pos?: Record<string, unknown>): Promise<void>
  /** Ends everything; keeps the logs and says where when `failed`. */
  close(failed: boolean): Promise<void>
}

type Options = {
  openTill: OpenTillTables
  /** What else stands in `pos:`. */
  pos?: Record<string, unknown>
  /** What lies on the shelf, by name. */
  shelf: Record<string, number>
  /** How the edge reaches the store: its tunnel, unless told otherwise. */
  transport?: Record<string, unknown>
}

/** Starts everything from nothing and answers once the edge sells what lies on the shelf. What had started is ended when a part does not come up. */
export async function openDatabaseHouse({ openTill, pos = {}, shelf, transport }: Options): Promise<DatabaseHouse> {
  const dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-exactly-once-'))
  const started: (() => Promise<unknown>)[] = []
  const end = async (): Promise<void> => {
    for (const stop of started.toReversed()) await stop()
  }
  try {
    const [edge, server] = await Promise.all([startEdge({ dir: path.join(dir, 'edge'), port: 0, adminToken: ADMIN_TOKEN }), startServer(openTill.server)])
    started.push(() => edge.stop(), () => server.stop())
    const line = await openDatabaseLine(server.port)
    started.push(() => line.close())
    const till = await openTill.create(server)
    started.push(() => till.close())
    for (const [name, pieces] of Object.entries(shelf)) await till.addItem(name, pieces)
    const shop = await prepareShop(dir, STORE_ID)
    await registerShop(edge.ready.url, ADMIN_TOKEN, shop, transport ? { transport } : {})
    const keys = await openChannel(edge.ready.url, ADMIN_TOKEN)
    const configure = (more: Record<string, unknown>) => writeConnectorConfig(edge.ready.url, shop, { pos: { ...till.config(line.port), ...more }, pull: { everyMs: 200 } })
    await configure(pos)
    const house: DatabaseHouse = {
      edge, shop, server, line, till,
      connector: await startConnector(shop),
      secret: (await readFile(shop.secretFile, 'utf8')).trim(),
      operator: operatorApi(edge.ready.url, ADMIN_TOKEN),
      web: shopApi(edge.ready.url, keys),
      async restartConnector(more) {
        if (more) await configure(more)
        house.connector = await startConnector(shop)
      },
      async close(failed) {
        await end()
        if (failed) console.error(`the house is kept in ${dir}`)
        else await rm(dir, { recursive: true, force: true })
      },
    }
    started.push(() => house.connector.stop())
    await until('the shelf on the web', SYNCED_WITHIN_MS, async () => {
      for (const [name, pieces] of Object.entries(shelf)) if ((await house.web.availability(till.sku(name))).available !== pieces) return false
      return (await house.web.products()).length === Object.keys(shelf).length
    }, 100)
    return house
  } catch (error) {
    await end()
    console.error(`the house is kept in ${dir}`)
    throw error
  }
}
