/** A price of a channel's list. Instants are epoch ms; `validTo` is the first moment at which it does not count any more. */
export type ListedPrice = { sku: string; storeId: string | null; amountMinor: number; currency: string; validFrom: number; validTo: number | null }
export type StoredPrice = ListedPrice & { channelId: string; updatedAt: number }
/** Names one price of a channel. */
export type PriceKey = { sku: string; storeId: string | null; validFrom: number }

export type PriceBook = {
  /** Writes these prices, those of the same name anew, and what the catalogue shows of them. */
  set(channelId: string, prices: readonly ListedPrice[], now: number): Promise<void>
  /** Answers how many there were. */
  remove(channelId: string, keys: readonly PriceKey[], now: number): Promise<number>
  /** The same item under another SKU at this store: what the lists ask for it there goes on. A price that the new SKU has already stays. */
  carryOver(storeId: string, sku: string, formerSku: string, now: number): Promise<void>
  /** By SKU, store and beginning, after the given place. */
  list(channelId: string, sku: string | null, after: PriceKey | null, limit: number): Promise<StoredPrice[]>
  /** Prices that began or ended and that channels have not been told of, oldest first. */
  turned(now: number, limit: number): Promise<StoredPrice[]>
  /** They have been told: noted when each turns next. */
  told(prices: readonly StoredPrice[], now: number): Promise<void>
}
