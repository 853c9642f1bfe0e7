import type { Item } from '../../contract/product.ts'
import type { SellableItem } from '../catalog/port.ts'
import type { ListedPrice } from './port.ts'

const isValid = ({ validFrom, validTo }: ListedPrice, now: number): boolean => validFrom <= now && (validTo === null || now < validTo)

/** The price of one SKU that counts at a store now: the store's own before one for all, of several the one that began last. `null`: the POS's own price. */
export function listPriceAt(entries: readonly ListedPrice[], storeId: string | null, now: number): ListedPrice | null {
  let best: ListedPrice | null = null
  for (const entry of entries) {
    if (!isValid(entry, now) || (entry.storeId !== null && entry.storeId !== storeId)) continue
    const isOwn = entry.storeId !== null
    const isBestOwn = best !== null && best.storeId !== null
    if (best === null || (isOwn && !isBestOwn) || (isOwn === isBestOwn && entry.validFrom > best.validFrom)) best = entry
  }
  return best
}

/** The item as a channel sells it. A list in another currency than the till's says nothing: the till would not take it. */
export function atListPrice(item: Item, entries: readonly ListedPrice[], storeId: string | null, now: number): Item {
  const listed = listPriceAt(entries.filter(({ currency }) => currency === item.price.currency), storeId, now)
  return listed === null ? item : { ...item, price: { amountMinor: listed.amountMinor, currency: listed.currency } }
}

/** Every store's row of what is sold, at the channel's prices. */
export function atListPrices<T extends SellableItem>(rows: readonly T[], entries: readonly ListedPrice[], now: number): T[] {
  if (entries.length === 0) return [...rows]
  const bySku = Map.groupBy(entries, ({ sku }) => sku)
  return rows.map((row) => (row.item ? { ...row, item: atListPrice(row.item, bySku.get(row.sku) ?? [], row.storeId, now) } : row))
}

/** When the prices of this SKU turn next after `now`, by its beginnings and ends; `null`: never, as things are. */
export const turnsAfter = ({ validFrom, validTo }: Pick<ListedPrice, 'validFrom' | 'validTo'>, now: number): number | null =>
  validFrom > now ? validFrom : validTo !== null && validTo > now ? validTo : null
