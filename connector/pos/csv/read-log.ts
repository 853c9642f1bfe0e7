import type { PosChanges, PosRefusal, PosSale } from '../port.ts'
import { readItems, readLevels } from './goods-book.ts'
import { readStep } from './order-book.ts'
import type { ShopState } from './shop-state.ts'

/** About as many facts as one call to the edge carries. */
const CHANGES_PER_READ_MAX = 500

/** The newest number ever given, also when its row was told and cleared since. */
export const newestChange = (state: ShopState): number => Number(state.get(`SELECT seq FROM sqlite_sequence WHERE name = 'changes'`)?.['seq'] ?? 0)

/** A cursor names its state: in another one its number would point at something else. */
export const writeCursor = (state: ShopState, change: number): string => `${state.id}:${change}`

function readCursor(state: ShopState, cursor: string | null): number {
  const change = cursor?.startsWith(`${state.id}:`) ? Number(cursor.slice(state.id.length + 1)) : 0
  return Number.isSafeInteger(change) && change >= 0 && change <= newestChange(state) ? change : 0
}

/** Enough is known for a reading. A number is given once, so this counts too many where something changed twice: then the reading is short. */
export const isFull = (state: ShopState, cursor: string | null): boolean => newestChange(state) - readCursor(state, cursor) >= CHANGES_PER_READ_MAX

/** What is to be told after `cursor`, as it is now. `full`: there may be more. */
export function readLog(state: ShopState, cursor: string | null): PosChanges & { lastChange: number; full: boolean } {
  return state.transaction(() => {
    const after = readCursor(state, cursor)
    // A cursor that comes back is committed: what was refused before it stands in the journal's quarantine.
    if (state.run(`DELETE FROM refusals WHERE key IN (SELECT key FROM changes WHERE kind = 'refusal' AND id <= ?)`, after) > 0) state.run(`DELETE FROM changes WHERE kind = 'refusal' AND id <= ?`, after)
    const rows = state.all('SELECT id, kind, key FROM changes WHERE id > ? ORDER BY id LIMIT ?', after, CHANGES_PER_READ_MAX)
    const keys = (kind: string): string[] => rows.flatMap((row) => (row['kind'] === kind ? [String(row['key'])] : []))
    const full = rows.length === CHANGES_PER_READ_MAX
    const lastChange = full ? Number(rows.at(-1)?.['id']) : newestChange(state)
    const touched = keys('item')
    const items = readItems(state, touched)
    const here = new Set(items.map(({ sku }) => sku))
    const counted = keys('level')
    const onSale = new Set(state.all('SELECT sku FROM goods WHERE item IS NOT NULL AND sku IN (SELECT value FROM json_each(?))', JSON.stringify(counted)).map((row) => String(row['sku'])))
    return {
      cursor: writeCursor(state, lastChange),
      lastChange,
      full,
      items,
      removed: touched.filter((sku) => !here.has(sku)),
      levels: readLevels(state, counted).filter(({ sku }) => onSale.has(sku)),
      sales: keys('sale').flatMap((saleId) => {
        const row = state.get('SELECT body FROM sales WHERE sale_id = ?', saleId)
        return row ? [JSON.parse(String(row['body'])) as PosSale] : []
      }),
      orders: keys('step').flatMap((id) => readStep(state, id) ?? []),
      refused: keys('refusal').flatMap((key): PosRefusal[] => {
        const row = state.get('SELECT reason, text FROM refusals WHERE key = ?', key)
        return row ? [{ key, reason: row['reason'] === null ? null : String(row['reason']), text: String(row['text']) }] : []
      }),
    }
  })
}
