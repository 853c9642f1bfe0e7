import type { AvailabilityBand, Item, Product } from '../../contract/product.ts'
import { AvailabilityBand as Band } from '../../contract/product.ts'
import { toInstant } from '../../contract/clock.ts'
import { bandKey } from '../inventory/band.ts'

/** A product as KV holds it, without the band: that is written by the counters, under a key of its own. A removed one leaves a stone. */
export type StoredProduct = { item: Item; updatedAt: number; version: number } | { removed: true }

const productKey = (sku: string): string => `product:${sku}`
/** Workers KV answers 100 keys at once. */
const KEYS_PER_READ_MAX = 100

export async function readProduct(kv: KVNamespace, sku: string): Promise<StoredProduct | null> {
  return kv.get<StoredProduct>(productKey(sku), 'json')
}

export async function writeProduct(kv: KVNamespace, sku: string, product: StoredProduct): Promise<void> {
  await kv.put(productKey(sku), JSON.stringify(product))
}

export async function readBands(kv: KVNamespace, skus: string[]): Promise<Map<string, AvailabilityBand>> {
  const bands = new Map<string, AvailabilityBand>()
  for (let at = 0; at < skus.length; at += KEYS_PER_READ_MAX) {
    const part = skus.slice(at, at + KEYS_PER_READ_MAX)
    const found = await kv.get(part.map(bandKey))
    for (const sku of part) {
      const band = Band.safeParse(found.get(bandKey(sku)))
      if (band.success) bands.set(sku, band.data)
    }
  }
  return bands
}

/** As the contract shows it. What was never counted is unknown, not sold out. */
export function toProduct(stored: { item: Item; updatedAt: number; version: number }, band: AvailabilityBand | undefined): Product {
  const { tracked, ...item } = stored.item
  return { ...item, variant: item.variant ?? null, availability: tracked ? (band ?? 'unknown') : 'untracked', updatedAt: toInstant(stored.updatedAt), version: stored.version }
}
