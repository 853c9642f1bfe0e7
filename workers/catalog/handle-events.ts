import { itemHash } from '../../contract/product.ts'
import type { CommandOutcome, Inventory } from '../inventory/port.ts'
import type { StoreEventsMessage } from '../queue-messages.ts'
import type { Catalog, ItemChange } from './port.ts'
import { announceProducts, isProductsWanted } from '../webhooks/announce.ts'
import type { AnnouncePorts } from '../webhooks/announce.ts'
import { fileReused, hearRename } from './renames.ts'
import type { RenamePorts } from './renames.ts'
import { tellListings } from './tell-listings.ts'

export type CatalogPorts = AnnouncePorts & RenamePorts & { catalog: Catalog; inventory: Pick<Inventory, 'apply'> }

/** Queue `catalog`: what a store says of its items, into D1 where it is newer, then to KV where it changed, and to the counters what is no longer sold. */
export async function handleCatalogEvents(message: StoreEventsMessage, ports: CatalogPorts): Promise<CommandOutcome> {
  const { storeId, epoch } = message
  const changes: ItemChange[] = []
  for (const event of message.events) {
    const position = { epoch, seq: event.seq }
    if (event.type === 'catalog.item_upserted') changes.push({ item: event.data, itemHash: await itemHash(event.data), position })
    if (event.type === 'catalog.item_renamed') await hearRename(ports, storeId, event.data, position)
    if (event.type === 'catalog.sku_reused') await fileReused(ports, storeId, event.data.sku, position)
    if (event.type === 'catalog.item_removed') changes.push({ removed: event.data.sku, position })
  }
  const applied = await ports.catalog.apply(storeId, changes, ports.clock())
  const skus = [...new Set(changes.map((change) => ('removed' in change ? change.removed : change.item.sku)))]
  if (await isProductsWanted(ports)) await announceProducts(ports, await ports.catalog.unpublished(skus))
  // Published even when nothing was newer: an earlier try may have ended between D1 and KV.
  await ports.catalog.publish(skus)
  await tellListings(ports, storeId, skus)
  return applied.length > 0 || changes.length < message.events.length ? 'applied' : 'superseded'
}
