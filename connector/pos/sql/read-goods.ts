import type { Level } from '../../../contract/events.ts'
import type { Item } from '../../../contract/product.ts'
import type { PosMemory, PosRefusal } from '../port.ts'
import { ownerOf, refusalKey, skuToldOf, type Comparison } from './compare-goods.ts'
import type { Goods, GoodsRow, Tx } from './ports.ts'

/** Keys in one look-up. */
export const KEYS_MAX = 500
/** A chain of rows that wait for each other's SKU is followed so far in one reading; the scan finds the rest. */
const ROUNDS_MAX = 20

export const chunks = <T>(list: readonly T[], size: number): T[][] => Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size))

/** Reads the rows of these keys into the comparison. A key that is not there is left to the scan, which knows its bucket. */
export async function readKeys(tx: Tx, goods: Goods, keys: readonly string[], comparison: Comparison): Promise<void> {
  for (const some of chunks([...new Set(keys)], KEYS_MAX)) for (const row of await goods.rowsByKey(tx, some)) comparison.row(row)
}

/** Reads what others wait for, until nobody waits. */
export async function readWanted(tx: Tx, goods: Goods, comparison: Comparison): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const wanted = comparison.takeWanted()
    if (wanted.length === 0) return
    for (const places of chunks(wanted, KEYS_MAX)) {
      const rows = new Map((await goods.rowsByKey(tx, places.map(({ key }) => key))).map((row) => [row.key, row]))
      for (const place of places) {
        const row = rows.get(place.key)
        if (row) comparison.row(row)
        else comparison.gone(place)
      }
    }
  }
}

export type SnapshotPage = { items: Item[]; levels: Level[]; done: boolean; unreadable: string[]; refused: PosRefusal[]; last?: string }

/** A page of everything for sale. It ends behind all rows of a SKU that can be read, for the next page begins after it. */
export async function readPage(tx: Tx, goods: Goods, memory: PosMemory, afterSku: string | null, limit: number): Promise<SnapshotPage> {
  const page: SnapshotPage = { items: [], levels: [], done: false, unreadable: [], refused: [] }
  const here = new Set<string>()
  for (let after = afterSku, size = limit + 1; ;) {
    const rows = await goods.page(tx, after, size)
    const atEnd = rows.length < size
    const groups = bySkuAsWritten(rows)
    // Rows of the last SKU may stand beyond the end of what was read: one that is gone, and then the one for sale.
    const whole = atEnd ? groups : groups.slice(0, groups.findLastIndex(({ place }) => place !== null))
    // Without a SKU there is no place to read on from.
    const end = whole.findLast(({ place }) => place !== null)?.place ?? null
    if (end === null && !atEnd) {
      size *= 2
      continue
    }
    for (const { place, rows: ofSku } of whole) {
      if (page.items.length >= limit && ofSku.some(isForSale)) return page
      for (const row of ofSku) take(row, page, memory, here)
      if (place !== null) page.last = place
    }
    if (atEnd) return { ...page, done: true }
    after = end
    size = limit + 1
  }
}

/** Rows beside each other with one SKU as the POS has it, which is where a page may end; a row without one stands for itself. */
function bySkuAsWritten(rows: readonly GoodsRow[]): { place: string | null; rows: GoodsRow[] }[] {
  const groups: { place: string | null; rows: GoodsRow[] }[] = []
  for (const row of rows) {
    const { sku, written = sku } = row
    const last = groups.at(-1)
    if (last && written !== null && last.place === written) last.rows.push(row)
    else groups.push({ place: written, rows: [row] })
  }
  return groups
}

const isForSale = (row: GoodsRow): boolean => 'item' in row && row.item !== null

function take(row: GoodsRow, page: SnapshotPage, memory: PosMemory, here: Set<string>): void {
  if ('refused' in row) {
    const sku = row.sku ?? skuToldOf(memory, row)
    if (sku !== null) page.unreadable.push(sku)
    page.refused.push({ key: refusalKey(row.key), reason: row.refused, text: row.text })
    return
  }
  const { sku, item, onHand } = row
  if (item === null || here.has(sku)) return
  // As the changes are told: of two rows with one SKU, the one that has it.
  if ((ownerOf(memory, sku) ?? row.key) !== row.key) {
    page.unreadable.push(sku)
    return
  }
  here.add(sku)
  page.items.push(item)
  if (onHand !== null) page.levels.push({ sku, onHand })
}

/** Of rows with one SKU: the one that has it, else one for sale, else any that is counted. */
export function levelsOf(rows: readonly GoodsRow[], memory: PosMemory): Level[] {
  const best = new Map<string, { rank: number; onHand: number | null }>()
  for (const row of rows) {
    if ('refused' in row) continue
    const rank = row.item === null ? 0 : ownerOf(memory, row.sku) === row.key ? 2 : 1
    if (rank > (best.get(row.sku)?.rank ?? -1)) best.set(row.sku, { rank, onHand: row.onHand })
  }
  return [...best].flatMap(([sku, { onHand }]) => (onHand === null ? [] : [{ sku, onHand }]))
}

