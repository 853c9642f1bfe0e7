import type { StoreEventOf } from '../../contract/events.ts'
import type { DeadLetters } from '../dead-letters/port.ts'
import { letterId } from '../dead-letters/letter.ts'
import { stopSelling } from '../stops/stop-selling.ts'
import type { StopPorts } from '../stops/stop-selling.ts'
import type { StopBook } from '../stops/port.ts'
import type { Inventory } from '../inventory/port.ts'
import type { PriceBook } from '../prices/port.ts'
import type { StoreBook } from '../stores/port.ts'
import type { Catalog } from './port.ts'

export type RenamePorts = StopPorts & {
  catalog: Pick<Catalog, 'isRenamed' | 'noteRename'>
  stops: Pick<StopBook, 'of'>
  prices: Pick<PriceBook, 'carryOver'>
  inventory: Pick<Inventory, 'explain' | 'setSafetyStock'>
  stores: Pick<StoreBook, 'find'>
  deadLetters: Pick<DeadLetters, 'file'>
}

/**
 * The same item under another SKU. What somebody has taken off the web stays off it under its new name, prices of channels and pieces kept back go along, and only then is the name noted:
 * a try that ended between the two does it again, one that comes late does nothing.
 */
export async function hearRename(ports: RenamePorts, storeId: string, { sku, formerSku }: StoreEventOf<'catalog.item_renamed'>['data'], position: { epoch: number; seq: number }): Promise<void> {
  if (await ports.catalog.isRenamed(storeId, sku, formerSku)) return
  const now = ports.clock()
  const stopped = (await ports.stops.of(formerSku, now)).filter((stop) => stop.storeId === null || stop.storeId === storeId)
  for (const stop of stopped) await stopSelling(ports, { ...stop, sku }, stop.by === 'store' ? position : null)
  await ports.prices.carryOver(storeId, sku, formerSku, now)
  await carrySafetyStock(ports, storeId, sku, formerSku)
  await ports.catalog.noteRename(storeId, sku, formerSku, now)
}

/** Only a number of its own: what holds for the whole store does so for the new SKU by itself. */
async function carrySafetyStock({ inventory, stores }: RenamePorts, storeId: string, sku: string, formerSku: string): Promise<void> {
  const [store, of, ofFormer] = await Promise.all([stores.find(storeId), inventory.explain(sku), inventory.explain(formerSku)])
  const [now, before] = [of, ofFormer].map((explained) => explained.stores.find((each) => each.storeId === storeId)?.safetyStock ?? store?.safetyStock)
  if (before !== undefined && before !== store?.safetyStock && now === store?.safetyStock) await inventory.setSafetyStock(storeId, sku, before)
}

/** Another item under a SKU that was some other's: the till is right, but what the web knows of the SKU is about two things now. Once for each time. */
export async function fileReused(ports: Pick<RenamePorts, 'deadLetters' | 'clock'>, storeId: string, sku: string, { epoch, seq }: { epoch: number; seq: number }): Promise<void> {
  const lastError = `The store sells another item under the SKU ${sku} than before. Orders and sales until now are of the former one. Look whether its open orders, price lists, stops and safety stock are meant for the new one; then discard this.`
  await ports.deadLetters.file([{ letterId: await letterId('skus', `reused.${storeId}.${sku}.${epoch}.${seq}`), queue: 'skus', reason: 'needs_person', storeId, body: { storeId, sku }, attempts: 1, lastError, filedAt: ports.clock() }])
}
