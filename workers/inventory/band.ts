import type { AvailabilityBand } from '../../contract/product.ts'

/** Where the catalogue finds a SKU's band in KV. The value is the band itself. */
export const bandKey = (sku: string): string => `band:${sku}`

/** "Only a few left": few enough that a shopper should hurry, whatever the unit. */
export const LOW_STOCK_AT = 5

/** The word for what can be sold over all stores; `null` when none has counted it. `untracked` is the catalogue's to say. */
export function bandOf(available: number | null): AvailabilityBand {
  if (available === null) return 'unknown'
  if (available <= 0) return 'out_of_stock'
  return available <= LOW_STOCK_AT ? 'low_stock' : 'in_stock'
}
