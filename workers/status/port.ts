import type { StoreEventOf } from '../../contract/events.ts'
import type { Position } from '../../contract/position.ts'

/** Till sales, for visibility: a recorded sale subtracts nothing. */
export type Sales = {
  /** False when this sale was recorded before at the same place or a newer one. `occurredAt` is epoch ms. */
  record(storeId: string, sale: StoreEventOf<'sale.recorded'>['data'], occurredAt: number, position: Position): Promise<boolean>
}
