import { systemClock } from '../contract/clock.ts'
import type { Clock } from '../contract/clock.ts'
import { createAgeing } from './ageing/d1-ageing.ts'
import type { Ageing } from './ageing/port.ts'
import { createAuditLog } from './audit/d1-audit.ts'
import type { AuditLog } from './audit/port.ts'
import { createCatalog } from './catalog/d1-catalog.ts'
import type { Catalog } from './catalog/port.ts'
import type { ChannelBook } from './channels/channel.ts'
import { createChannelBook } from './channels/d1-channels.ts'
import { createDeadLetters } from './dead-letters/d1-dead-letters.ts'
import type { DeadLetters } from './dead-letters/port.ts'
import { createFeeds } from './feeds/d1-feeds.ts'
import type { Feeds } from './feeds/port.ts'
import { createInventory } from './inventory/durable-inventory.ts'
import type { Inventory } from './inventory/port.ts'
import { createOperators } from './operators/identify-operator.ts'
import type { Operators } from './operators/port.ts'
import { createOrderBook } from './orders/d1-orders.ts'
import type { OrderBook } from './orders/port.ts'
import { createQueues } from './queues.ts'
import type { Queues } from './queues.ts'
import { createSales } from './status/d1-sales.ts'
import type { Sales } from './status/port.ts'
import { createStoreBook } from './stores/d1-stores.ts'
import { createStoreLinks } from './stores/durable-links.ts'
import type { StoreBook, StoreLinks } from './stores/port.ts'

/** Everything a use case can ask of the world. Functions, so that a fake is an object literal. */
export type Ports = {
  clock: Clock
  inventory: Inventory
  orders: OrderBook
  catalog: Catalog
  sales: Sales
  stores: StoreBook
  feeds: Feeds
  ageing: Ageing
  links: StoreLinks
  channels: ChannelBook
  operators: Operators
  deadLetters: DeadLetters
  audit: AuditLog
  queues: Queues
  /** Random and unguessable; used for attempts and request ids. */
  newId: () => string
  /** Waits; jitter in tests is nothing. */
  sleep: (ms: number) => Promise<void>
  secrets: { masterKey: string }
}

/** The one place that turns `env` into ports. */
export function createPorts(env: Env): Ports {
  return {
    clock: systemClock,
    inventory: createInventory(env),
    orders: createOrderBook(env.DB),
    catalog: createCatalog(env.DB, env.CATALOG),
    sales: createSales(env.DB),
    stores: createStoreBook(env.DB, env.MASTER_KEY),
    feeds: createFeeds(env.DB),
    ageing: createAgeing(env.DB),
    links: createStoreLinks(env),
    channels: createChannelBook(env.DB),
    operators: createOperators({
      teamDomain: env.ACCESS_TEAM_DOMAIN, audience: env.ACCESS_AUD,
      developmentToken: env.ENVIRONMENT === 'development' && env.ADMIN_TOKEN ? env.ADMIN_TOKEN : null,
    }),
    deadLetters: createDeadLetters(env),
    audit: createAuditLog(env.DB),
    queues: createQueues(env),
    newId: () => crypto.randomUUID(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    secrets: { masterKey: env.MASTER_KEY },
  }
}
