import { sql } from 'kysely'
import { lostOf, markOf, standingOf, type Mark } from '../sql/went-back.ts'
import type { Row, Tx } from '../sql/ports.ts'
import { list, rowsOf, text, type Tables } from './shop-settings.ts'

/** The marks of these sales as they stand; one that is not there has none. */
export async function readMarks(tx: Tx, table: Tables, ids: readonly number[]): Promise<Map<number, Mark>> {
  if (ids.length === 0) return new Map()
  // Completed once more, a sale gets its lines anew and perhaps in another order.
  const rows = await rowsOf(tx, sql<Row>`SELECT s.sale_id AS id, s.sale_time AS at,
      (SELECT CONCAT(COUNT(*), ':', SUM(CRC32(CONCAT_WS(':', l.item_id, l.quantity_purchased, l.item_unit_price)))) FROM ${table('sales_items')} l WHERE l.sale_id = s.sale_id) AS contents
    FROM ${table('sales')} s WHERE s.sale_id IN (${list(ids)})`)
  return new Map(rows.map((row) => [Number(row['id']), markOf(text(row, 'at'), row['contents'])]))
}

/** `lost`: sales told under ids that have another sale now, or none. `words`: the sign, as `PosChanges.wentBack` has it. */
export type WentBack = { lost: number[]; words: string }

/**
 * Whether the till came back from a backup: its screens cancel a sale and never take its row away, and they change what a finished one consists of only where two
 * registers complete one suspended sale. `told`: marks of the sales told lately, those of earlier versions without one.
 */
export function wentBack(told: ReadonlyMap<number, Mark | null>, now: ReadonlyMap<number, Mark>): WentBack | null {
  const lost = lostOf([...told].map(([saleId, was]) => ({ id: String(saleId), at: BigInt(saleId), now: standingOf(was, now.get(saleId)) })))
  const [first] = lost
  if (first === undefined) return null
  return { lost: lost.map(({ id }) => Number(id)), words: `${lost.length} of the sales told last ${lost.length === 1 ? 'is' : 'are'} gone, or another sale has the number, from sale ${first.id} on` }
}
