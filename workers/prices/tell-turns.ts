import type { Catalog } from '../catalog/port.ts'
import type { Queues } from '../queues.ts'
import { priceAnnouncement } from '../webhooks/announcements.ts'
import { askDelivery } from '../webhooks/deliver-message.ts'
import type { WebhookBook } from '../webhooks/port.ts'
import type { PriceBook } from './port.ts'

export type TurnPorts = {
  prices: Pick<PriceBook, 'turned' | 'told'>
  catalog: Pick<Catalog, 'product'>
  webhooks: Pick<WebhookBook, 'announce'>
  queues: Pick<Queues, 'webhooks'>
  clock: () => number
}

/** Prices that one run tells of; the next minute goes on. */
const TURNS_PER_RUN_MAX = 200

/** Each minute: a dated price that has begun or ended is told to its channel, as the price that counts now. Told before it is noted, so that a crash tells it twice. */
export async function tellTurns(ports: TurnPorts): Promise<void> {
  const now = ports.clock()
  const turned = await ports.prices.turned(now, TURNS_PER_RUN_MAX)
  if (turned.length === 0) return
  const channels = Map.groupBy(turned, ({ channelId }) => channelId)
  for (const [channelId, prices] of channels) {
    const products = await Promise.all([...new Set(prices.map(({ sku }) => sku))].map((sku) => ports.catalog.product(sku, channelId)))
    const keys = await ports.webhooks.announce(products.flatMap((product) => (product ? [priceAnnouncement(channelId, product, now)] : [])), now)
    await askDelivery(ports.queues, keys)
  }
  await ports.prices.told(turned, now)
}
