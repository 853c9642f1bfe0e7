import type { Position } from '../../contract/position.ts'

/** What is not to be sold on the web. `storeId: null`: at no store. Instants are epoch ms; `until: null`: until it is lifted. */
export type StopRow = { sku: string; storeId: string | null; by: 'operator' | 'store'; why: string; since: number; until: number | null }

export type StopBook = {
  /** Written, unless the store has said something newer. */
  set(stop: StopRow, position: Position | null): Promise<void>
  /** The last moment to which anybody has stopped it there, of those that count now; `null` in `until`: for good. `null`: it is sold. */
  standing(sku: string, storeId: string | null, now: number): Promise<{ until: number | null } | null>
  /** Whatever counts now of a SKU, at any store. */
  of(sku: string, now: number): Promise<StopRow[]>
  /** What counts now, by SKU. */
  list(now: number, after: { sku: string; storeId: string | null; by: string } | null, limit: number): Promise<StopRow[]>
}
