import { z } from 'zod'

/** A trolley, not a truck. */
export const LINES_MAX = 100
/** A pallet of grams: one line of an order never asks for more than this many units. */
export const QUANTITY_MAX = 10_000_000
/** Ten billion of any currency's smallest unit: beyond it a price is a typing error, and every sum of 100 such lines stays a safe integer. */
export const AMOUNT_MINOR_MAX = 10_000_000_000
/** What a shelf can hold, in units of the item; negative stock happens in real tills. */
export const ON_HAND_MAX = 1_000_000_000_000

/** Visible characters only (no white space, no control characters), kept exactly as the POS has them. Not "." or "..": no URL can hold those. */
export const Sku = z.string().regex(/^(?!\.{1,2}$)[^\s\p{C}]{1,64}$/u, 'expected 1 to 64 visible characters without spaces')
export const StoreId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'expected letters, digits, "-" or "_", at most 63')
export const ChannelId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'expected letters, digits, "-" or "_", at most 63')
export const OrderId = z.string().regex(/^ord_[0-9a-z]{26}$/, 'expected an order id')
/** `{orderId}.{n}`: the n-th thing one store was asked to do of one order. */
export const AssignmentId = z.string().regex(/^ord_[0-9a-z]{26}\.[1-9][0-9]{0,3}$/, 'expected {orderId}.{n}')
export const ConnectorId = z.string().min(1).max(128)

export const Currency = z.string().regex(/^[A-Z]{3}$/, 'expected an ISO 4217 code such as "USD"')
/** An amount in the currency's smallest unit (cents, pence, yen). Never a fraction. */
export const Money = z.object({
  amountMinor: z.int().min(-AMOUNT_MINOR_MAX).max(AMOUNT_MINOR_MAX),
  currency: Currency,
})
export type Money = z.infer<typeof Money>

export const Price = Money.extend({ amountMinor: z.int().min(0).max(AMOUNT_MINOR_MAX) })

/** `each` counts pieces; the others are sold by measure, and their price is for 1000 of the unit (a kilogram, a litre, a metre). */
export const Unit = z.enum(['each', 'g', 'ml', 'mm'])
export type Unit = z.infer<typeof Unit>

export const Quantity = z.int().min(1).max(QUANTITY_MAX)
export const OnHand = z.int().min(-ON_HAND_MAX).max(ON_HAND_MAX)

/** No till is older than the epoch, and a year of five digits is no RFC 3339. */
const isWritable = (text: string): boolean => Date.parse(text) >= 0 && Date.parse(text) <= Date.parse('9999-12-31T23:59:59.999Z')
/** RFC 3339 in UTC on the wire. An offset is understood and kept as the same instant. */
export const Instant = z.iso.datetime({ offset: true }).refine(isWritable, 'expected an instant from 1970 to 9999')

/** Percent as a decimal string, `"8.875"`: never a float. */
export const TaxRate = z.string().regex(/^\d{1,3}(\.\d{1,6})?$/, 'expected percent as a decimal string such as "8.875"')

/** A store's own numbering. Everything that happened in a shop compares by it, never by a clock. */
export const Epoch = z.int().min(1)
export const Seq = z.int().min(1)
/** 0 is before the first event of the epoch. */
export const AsOf = z.int().min(0)

export const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), nextCursor: z.string().nullable() })
