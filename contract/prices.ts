import { z } from 'zod'
import { ChannelId, Instant, Price, Sku, StoreId } from './values.ts'

/** What a list may hold in one call: a change of season is some of them. */
export const PRICES_PER_CALL_MAX = 500

/**
 * What a channel asks for a SKU, in the tax terms of the stores' own prices (net where those are net). Without `storeId` at every store; one with it goes before one without. Of two that are
 * valid at once the one that began last counts. Without `validFrom` from now on, without `validTo` until it is taken back.
 */
export const ListPrice = z.object({ sku: Sku, storeId: StoreId.optional(), price: Price, validFrom: Instant.optional(), validTo: Instant.optional() })
  .refine(({ validFrom, validTo }) => validFrom === undefined || validTo === undefined || Date.parse(validFrom) < Date.parse(validTo), { path: ['validTo'], message: 'expected an instant after validFrom' })
export type ListPrice = z.infer<typeof ListPrice>

const nameOf = ({ sku, storeId, validFrom }: { sku: string; storeId?: string | undefined; validFrom?: string | undefined }): string => JSON.stringify([sku, storeId, validFrom === undefined ? null : Date.parse(validFrom)])
const isDistinct = (prices: { sku: string; storeId?: string | undefined; validFrom?: string | undefined }[]): boolean => new Set(prices.map(nameOf)).size === prices.length

/** The body of `PUT /admin/v1/channels/{id}/prices`. */
export const SetPrices = z.object({ prices: z.array(ListPrice).min(1).max(PRICES_PER_CALL_MAX).refine(isDistinct, 'expected each SKU, store and validFrom once') })
/** The body of `POST …/prices/remove`; `validFrom` as `GET …/prices` shows it. */
export const RemovePrices = z.object({ prices: z.array(z.object({ sku: Sku, storeId: StoreId.optional(), validFrom: Instant })).min(1).max(PRICES_PER_CALL_MAX) })

export const ChannelPrice = z.object({ channelId: ChannelId, sku: Sku, storeId: StoreId.nullable(), price: Price, validFrom: Instant, validTo: Instant.nullable(), updatedAt: Instant })
/** `unknown`: SKUs that no store sells yet; their prices count once one does. */
export const PricesSet = z.object({ prices: z.int(), unknown: z.array(z.string()) })
export const PricesRemoved = z.object({ prices: z.int() })
