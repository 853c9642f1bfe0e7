import type { Sale } from '../../contract/sales.ts'

/** Instants are epoch ms; `to` is the first moment that does not count. */
export type SalesQuery = { storeId?: string; channel?: string; sku?: string; kind?: Sale['kind']; from?: number; to?: number }
export type Place = { at: number; id: string }
export type FoundSale = { place: Place; sale: Sale }

/** A day of a time zone, from its first moment to the first of the next. */
export type Day = { day: string; from: number; to: number }
export type DayTotal = { storeId: string; day: string; channel: string; currency: string; sales: number; salesMinor: number; returns: number; returnsMinor: number }

export type SalesView = {
  /** After the given place, newest first or oldest first. */
  list(query: SalesQuery, order: 'newest' | 'oldest', after: Place | null, limit: number): Promise<FoundSale[]>
  /** What these stores' tills booked on these days. */
  totals(storeIds: readonly string[], days: readonly Day[], channel: string | null): Promise<DayTotal[]>
}
