import { z } from 'zod'
import { canonicalJson, sha256Hex } from './canonical.ts'
import { Instant, Price, Sku, TaxRate, Unit } from './values.ts'

export const Identifier = z.object({
  type: z.enum(['gtin', 'upc', 'plu', 'pos_item_id']),
  value: z.string().min(1).max(128),
})

/** What this item is one of: the sizes of one shirt, the colours of one mug. Items with the same `productId` are offered together. */
export const Variant = z.object({
  productId: z.string().trim().min(1).max(64),
  options: z.array(z.object({ name: z.string().trim().min(1).max(40), value: z.string().trim().min(1).max(80) })).min(1).max(8)
    .refine((options) => new Set(options.map(({ name }) => name)).size === options.length, 'expected each option once'),
})
export type Variant = z.infer<typeof Variant>

const text = (max: number) => z.string().max(max).nullable().default(null)

/** An item as a POS describes it: the data of `catalog.item_upserted`. What is left out is `null` or the stated default. */
export const Item = z.object({
  sku: Sku,
  name: z.string().min(1).max(200),
  description: text(4000),
  brand: text(120),
  category: text(120),
  identifiers: z.array(Identifier).max(32).default([]),
  unit: Unit.default('each'),
  /** For one piece, or for 1000 of a measured unit. */
  price: Price,
  taxIncluded: z.boolean(),
  taxRate: TaxRate,
  imageUrl: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).nullish().transform((value) => value || null),
  /** False for what is never counted (a service, a gift wrap): sellable without a counter, shown as `untracked`. */
  tracked: z.boolean().default(true),
  /** Left out, not null, where it is none: an item without one keeps the hash it always had. */
  variant: Variant.optional(),
})
export type Item = z.infer<typeof Item>

/** Hex SHA-256 of an item's canonical JSON, defaults filled in: equal on both sides exactly when the items are. */
export const itemHash = (item: Item): Promise<string> => sha256Hex(canonicalJson(item))

/** `low_stock` is for people; whether a basket can be bought is asked of the counters. */
export const AvailabilityBand = z.enum(['in_stock', 'low_stock', 'out_of_stock', 'unknown', 'untracked'])
export type AvailabilityBand = z.infer<typeof AvailabilityBand>

export const Product = z.object({
  sku: Sku,
  name: z.string(),
  description: z.string().nullable(),
  brand: z.string().nullable(),
  category: z.string().nullable(),
  identifiers: z.array(Identifier),
  unit: Unit,
  price: Price,
  taxIncluded: z.boolean(),
  taxRate: TaxRate,
  imageUrl: z.string().nullable(),
  variant: Variant.nullable().default(null),
  availability: AvailabilityBand,
  updatedAt: Instant,
  version: z.int(),
})
export type Product = z.infer<typeof Product>

export const Category = z.object({ name: z.string(), products: z.int() })
export type Category = z.infer<typeof Category>

export const StoreAvailability = z.object({
  storeId: z.string(),
  /** Whole units of the item; `null` where this store never counted it. */
  available: z.int().nullable(),
  /** When the store last told its level; `null` where it never did. */
  asOf: Instant.nullable(),
  /** The store has been silent for longer than a minute. */
  stale: z.boolean(),
})
export const Availability = z.object({
  sku: Sku,
  /** The sum over the stores that counted it; `null` when none did. */
  available: z.int().nullable(),
  asOf: Instant.nullable(),
  stores: z.array(StoreAvailability),
  /** Names this state: the same for the same. Who opens a live line again with it is told at once only if there is another. */
  version: z.string(),
})
export type Availability = z.infer<typeof Availability>
