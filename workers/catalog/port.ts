import type { Position } from '../../contract/position.ts'
import type { Category, Item, Product } from '../../contract/product.ts'

/** An item as one store tells it, with its place in the store's numbering. */
export type ItemChange = { item: Item; itemHash: string; position: Position } | { removed: string; position: Position }

/** What an order needs to know of a SKU: read from D1, never from a cache. `storeId` is whose row it is; `item: null` where that store has removed it. */
export type SellableItem = { storeId: string; sku: string; item: Item | null; describes: boolean }

/** A product as the web has it. */
export type Described = { item: Item; updatedAt: number; version: number }
export type Listing = { sku: string; sold: boolean; position: Position; version: number }

export type Catalog = {
  /** Applies what is newer and answers the SKUs that changed. In order; the last of one SKU wins. */
  apply(storeId: string, changes: ItemChange[], now: number): Promise<string[]>
  /** How KV has these products, and how D1 has them now; `null`: not sold. */
  unpublished(skus: string[]): Promise<{ sku: string; before: Described | null; now: Described | null }[]>
  /** Writes the products of these SKUs to KV as D1 has them now. */
  publish(skus: string[]): Promise<void>
  /** Whether the channel has a price list: one that has none sees what all see. */
  isPriced(channelId: string): Promise<boolean>
  /** `channelId`: at that channel's prices. */
  product(sku: string, channelId?: string): Promise<Product | null>
  /** As one store sells it: its own price, or the channel's for it. `null`: it does not. Read from D1. */
  productAt(storeId: string, sku: string, channelId: string): Promise<Product | null>
  list(filter: { q?: string; category?: string; productId?: string; channelId?: string }, afterSku: string | null, limit: number): Promise<{ items: Product[]; nextSku: string | null }>
  categories(afterName: string | null, limit: number): Promise<{ items: Category[]; nextName: string | null }>
  /** Every store's row of these SKUs, as far as it prices (this store) or describes. `storeId: null` is any store. `channelId`: at what that channel asks for them at `now`. */
  sellable(skus: string[], storeId: string | null, channel?: { channelId: string; now: number }): Promise<SellableItem[]>
  hashesOf(storeId: string, afterSku: string | null, limit: number): Promise<{ sku: string; itemHash: string; priceMinor: number; epoch: number; seq: number }[]>
  /** Whether the store sells these SKUs, by its row in D1 and where in its numbering that was said. `version` 1: it has said one thing of it so far. */
  listings(storeId: string, skus: string[]): Promise<Listing[]>
  isRenamed(storeId: string, sku: string, formerSku: string): Promise<boolean>
  noteRename(storeId: string, sku: string, formerSku: string, now: number): Promise<void>
  hasItems(storeId: string, skus: string[]): Promise<Set<string>>
}
