import type { Availability } from '../../contract/product.ts'
import type { Described } from '../catalog/port.ts'
import type { CommandOutcome } from '../inventory/port.ts'
import type { Queues } from '../queues.ts'
import { availabilityAnnouncement, productAnnouncements } from './announcements.ts'
import { askDelivery } from './deliver-message.ts'
import type { WebhookBook } from './port.ts'

export type AnnouncePorts = { webhooks: Pick<WebhookBook, 'isWanted' | 'announce'>; queues: Pick<Queues, 'webhooks'>; clock: () => number }

/** What of these products is another than the web had. Called before the web has it, so that a crash in between tells it twice and not never. */
export async function announceProducts(ports: AnnouncePorts, changes: readonly { sku: string; before: Described | null; now: Described | null }[]): Promise<void> {
  const now = ports.clock()
  const announcements = changes.flatMap((change) => productAnnouncements(change.sku, change.before, change.now, now))
  if (announcements.length === 0) return
  await askDelivery(ports.queues, await ports.webhooks.announce(announcements, now))
}

export const isProductsWanted = async ({ webhooks }: Pick<AnnouncePorts, 'webhooks'>): Promise<boolean> => (await webhooks.isWanted('product.changed')) || webhooks.isWanted('price.changed')

/** Queue `webhooks`: more or less can be sold of these SKUs; how much is asked of the counters now. */
export async function announceAvailability(ports: AnnouncePorts, skus: string[], read: (skus: string[]) => Promise<Availability[]>): Promise<CommandOutcome> {
  if (!(await ports.webhooks.isWanted('inventory.changed'))) return 'superseded'
  const now = ports.clock()
  const keys = await ports.webhooks.announce((await read(skus)).map((availability) => availabilityAnnouncement(availability, now)), now)
  await askDelivery(ports.queues, keys)
  return 'applied'
}
