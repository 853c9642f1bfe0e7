import { createHash } from 'node:crypto'
import { canonicalJson } from '../../../contract/canonical.ts'
import type { Level } from '../../../contract/events.ts'
import { Item } from '../../../contract/product.ts'
import type { PosSale } from '../port.ts'
import { settle } from './ailing.ts'
import type { GoodsLine, KnownGoods } from './read-lines.ts'
import type { ShopState } from './shop-state.ts'

/** What the shop has and sold, as its files said. Every writing function belongs inside a transaction of the state. */

/** Whether anything of a line was used, what it changed; `newer`: the moment of what is known where that is newer. */
export type GoodsPut = { used: boolean; item: boolean; level: boolean; newer: number }

/** Told only where it differs. What is older than what is known says nothing. `file` is the number of a file of all goods, else 0. */
export function putGoods(state: ShopState, line: GoodsLine, moment: number, file: number): GoodsPut {
  const known = state.get('SELECT item, described_at, on_hand, counted_at FROM goods WHERE sku = ?', line.sku)
  const countedAt = Math.min(line.countedAt ?? moment, moment)
  const describes = !known || moment >= Number(known['described_at'])
  const counts = line.stock !== null && (!known || known['on_hand'] === null || countedAt >= Number(known['counted_at']))
  const item = line.item ? canonicalJson(line.item) : null
  const before = known?.['item'] ?? null
  const put = { used: describes || counts, item: false, level: false, newer: describes ? 0 : Number(known['described_at']) }
  if (!known) {
    state.run('INSERT INTO goods (sku, item, unit, described_at, on_hand, counted_at, listed_in) VALUES (?, ?, ?, ?, NULL, 0, ?)', line.sku, item, line.unit || null, moment, file)
  } else if (describes) {
    state.run('UPDATE goods SET item = ?, unit = ?, described_at = ?, refused = 0, listed_in = ? WHERE sku = ?', item, line.unit || null, moment, file, line.sku)
  }
  if (describes && item !== before) {
    put.item = true
    state.changed('item', line.sku)
    // Goods that come back bring their level with them.
    if (before === null && item !== null) state.changed('level', line.sku)
  }
  if (counts) {
    const sameCount = known !== undefined && Number(known['counted_at']) === countedAt && known['on_hand'] === line.stock
    if (!sameCount) {
      state.run('UPDATE goods SET on_hand = ?, counted_at = ? WHERE sku = ?', line.stock, countedAt, line.sku)
      const ended = state.run('DELETE FROM moves WHERE sku = ? AND at <= ?', line.sku, countedAt)
      // The count that confirms what is known says nothing new, unless sales or orders stood between.
      const moved = known?.['on_hand'] !== line.stock || state.get('SELECT 1 FROM order_lines WHERE sku = ?', line.sku) !== undefined
      put.level = item !== null && (moved || ended > 0)
      if (put.level) state.changed('level', line.sku)
    }
  }
  return put
}

/**
 * The line of this file of all goods that named the item before; 0: none, and this one is noted. `isSame`: both say the same. A file of all goods
 * has one line for each: two that differ are two shelves, or two prices, and which of them is meant cannot be known.
 */
export function namedBefore(state: ShopState, goods: GoodsLine, line: number): { line: number; isSame: boolean } {
  const hash = createHash('sha256').update(canonicalJson(goods)).digest('base64url')
  const named = state.get('SELECT line, hash FROM named_lines WHERE sku = ?', goods.sku)
  if (named) return { line: Number(named['line']), isSame: named['hash'] === hash }
  state.run('INSERT INTO named_lines (sku, line, hash) VALUES (?, ?, ?)', goods.sku, line, hash)
  return { line: 0, isSame: false }
}

/** Goods whose line cannot be read are still there: what is known of them stays, and a whole file does not take them away. */
export function putUnreadableGoods(state: ShopState, sku: string, moment: number, file: number): void {
  state.run(
    `INSERT INTO goods (sku, item, described_at, on_hand, counted_at, refused, listed_in) VALUES (?1, NULL, ?2, NULL, 0, 1, ?3)
     ON CONFLICT (sku) DO UPDATE SET described_at = max(described_at, excluded.described_at), refused = 1, listed_in = excluded.listed_in`, sku, moment, file,
  )
}

/**
 * Takes away what the whole file `file` of that moment did not name, up to `limit` from a SKU on. Answers where to go on, `null` at the end. What a
 * partial file of the same moment named stays: which of the two is the later cannot be known.
 */
export function removeUnnamed(state: ShopState, moment: number, file: number, after: string, limit: number): { next: string | null; removed: number } {
  const page = state.all('SELECT sku, item, described_at, refused, listed_in FROM goods WHERE sku > ? ORDER BY sku LIMIT ?', after, limit)
  let removed = 0
  for (const row of page) {
    const [sku, at, listedIn] = [String(row['sku']), Number(row['described_at']), Number(row['listed_in'])]
    if (at > moment || (at === moment && (listedIn === 0 || listedIn === file))) continue
    if (row['refused'] === 1) {
      settle(state, `goods/${sku}`, file)
      state.run('UPDATE goods SET refused = 0 WHERE sku = ?', sku)
    }
    if (row['item'] === null) continue
    state.run('UPDATE goods SET item = NULL, described_at = ? WHERE sku = ?', moment, sku)
    state.changed('item', sku)
    removed += 1
  }
  return { next: page.length < limit ? null : String(page.at(-1)?.['sku']), removed }
}

/** The newest moment whose sales may have been forgotten; 0 when none has been. */
export const forgottenUntil = (state: ShopState): number => Number(state.meta('salesForgottenUntil') ?? 0)

/** `known`: the same sale again. `other`: a sale of this number was told with other lines. `forgotten`: so old that it may have been told. */
export function putSale(state: ShopState, sale: PosSale, at: number, { moveStock, now }: { moveStock: boolean; now: number }): 'new' | 'known' | 'other' | 'forgotten' {
  // Its place on the receipt is not what was sold.
  const { partOf: _place, ...sold } = sale
  const hash = createHash('sha256').update(canonicalJson(sold)).digest('base64url')
  const known = state.get('SELECT hash FROM sales WHERE sale_id = ?', sale.saleId)
  if (known) return known['hash'] === hash ? 'known' : 'other'
  if (at <= forgottenUntil(state)) return 'forgotten'
  state.run('INSERT INTO sales (sale_id, hash, body, sold_at, held_from) VALUES (?, ?, ?, ?, ?)', sale.saleId, hash, JSON.stringify(sale), at, Math.max(at, now))
  state.changed('sale', sale.saleId)
  // A web order's goods are off the level since it was written.
  if (!moveStock || sale.assignmentId !== null) return 'new'
  for (const { sku, quantity } of sale.lines) {
    const goods = state.get('SELECT counted_at FROM goods WHERE sku = ?', sku)
    if (at <= Number(goods?.['counted_at'] ?? 0)) continue
    state.run('INSERT INTO moves (sku, at, quantity) VALUES (?, ?, ?)', sku, at, quantity)
    if (goods) state.changed('level', sku)
  }
  return 'new'
}

export function knownGoods(state: ShopState, sku: string): KnownGoods {
  const row = state.get('SELECT unit, item FROM goods WHERE sku = ?', sku)
  return { unit: typeof row?.['unit'] === 'string' ? row['unit'] : null, tax: typeof row?.['item'] === 'string' ? Item.parse(JSON.parse(row['item'])) : null }
}

export function readItems(state: ShopState, skus: readonly string[]): Item[] {
  return state.all('SELECT item FROM goods WHERE item IS NOT NULL AND sku IN (SELECT value FROM json_each(?)) ORDER BY sku', JSON.stringify(skus)).map((row) => Item.parse(JSON.parse(String(row['item']))))
}

/** Goods that a file named in a line that cannot be read, and of which nothing else is known: they are there all the same. */
export const unreadableSkus = (state: ShopState, after: string, upTo: string | null): string[] =>
  state.all('SELECT sku FROM goods WHERE refused = 1 AND item IS NULL AND sku > ?1 AND (?2 IS NULL OR sku <= ?2)', after, upTo).map((row) => String(row['sku']))

/**
 * The last count, less the sales after it, less the web orders that the POS had not booked when it counted. Also of goods no longer for sale:
 * an order may still hold them.
 */
export function readLevels(state: ShopState, skus: readonly string[]): Level[] {
  return state.all(
    `SELECT sku, on_hand
       - coalesce((SELECT sum(quantity) FROM moves WHERE moves.sku = goods.sku AND at > counted_at), 0)
       - coalesce((SELECT sum(quantity) FROM order_lines JOIN orders USING (assignment_id)
           WHERE order_lines.sku = goods.sku AND state <> 'void' AND (fell_at IS NULL OR fell_at >= counted_at)), 0) AS level
     FROM goods WHERE on_hand IS NOT NULL AND (item IS NULL OR json_extract(item, '$.tracked')) AND sku IN (SELECT value FROM json_each(?)) ORDER BY sku`,
    JSON.stringify(skus),
  ).map((row) => ({ sku: String(row['sku']), onHand: Number(row['level']) }))
}
