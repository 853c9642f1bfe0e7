import type { CsvConfig } from './csv-config.ts'
import { FILES_KEPT } from './file-report.ts'
import { forgottenUntil } from './goods-book.ts'
import type { OrderFiles } from './order-files.ts'
import type { ShopState } from './shop-state.ts'

/** A reading waits for it: more is forgotten with the next. */
const ROWS_AT_ONCE = 1_000
const ORDERS_AT_ONCE = 100
/** As many as the journal's quarantine holds. */
const AILING_KEPT = 10_000
const DAY_MS = 86_400_000

/**
 * Forgets what is older than `keepDays`, a piece at a time. Answers whether there may be more.
 *
 * A sale's number is kept that long after it was sold and after it was told, whichever was later, and what may be forgotten leaves a mark: a sale
 * from before the mark is not told again (putSale). So an old file that is dropped once more books nothing twice, whatever it is called. An order
 * is forgotten when the POS took it or it was taken back that long ago, and no level counts on it any more; with it goes the file that was taken
 * back, which names a customer.
 */
export function forgetOld(state: ShopState, files: OrderFiles, { keepDays }: Pick<CsvConfig, 'keepDays'>, now: number): boolean {
  const until = now - keepDays * DAY_MS
  const orders = state.all(
    `SELECT assignment_id FROM orders WHERE written_at < ?1 AND (state IN ('void', 'done') OR taken_at < ?1) AND state <> 'writing' AND (state = 'void' OR NOT EXISTS (
       SELECT 1 FROM order_lines JOIN goods USING (sku) WHERE order_lines.assignment_id = orders.assignment_id AND on_hand IS NOT NULL AND (fell_at IS NULL OR fell_at >= counted_at)
     )) LIMIT ?2`, until, ORDERS_AT_ONCE,
  ).map((row) => String(row['assignment_id']))
  // The files first: an order whose ledger is gone was never given, and one without its row is only looked for once more.
  for (const id of orders) files.forget(id)
  const forgotten = state.transaction(() => {
    for (const id of orders) {
      state.run(`DELETE FROM changes WHERE kind = 'step' AND key IN (SELECT CAST(id AS TEXT) FROM steps WHERE assignment_id = ?)`, id)
      for (const table of ['steps', 'order_lines', 'orders']) state.run(`DELETE FROM ${table} WHERE assignment_id = ?`, id)
    }
    return orders.length + forgetSales(state, until) + mergeMoves(state, until)
  })
  state.transaction(() => {
    state.run('DELETE FROM files WHERE id <= (SELECT max(id) FROM files) - ?', FILES_KEPT)
    state.run('DELETE FROM ailing WHERE key IN (SELECT key FROM ailing ORDER BY file DESC LIMIT -1 OFFSET ?)', AILING_KEPT)
  })
  return forgotten >= ORDERS_AT_ONCE
}

function forgetSales(state: ShopState, until: number): number {
  const old = state.all('SELECT sale_id, sold_at FROM sales WHERE held_from < ? ORDER BY held_from LIMIT ?', until, ROWS_AT_ONCE)
  for (const { sale_id: id } of old) {
    state.run('DELETE FROM sales WHERE sale_id = ?', String(id))
    state.run(`DELETE FROM changes WHERE kind = 'sale' AND key = ?`, String(id))
  }
  const mark = Math.max(forgottenUntil(state), ...old.map((row) => Number(row['sold_at'])))
  if (old.length > 0) state.setMeta('salesForgottenUntil', String(mark))
  return old.length
}

/** Of goods that nobody counts the sales say nothing of a level. Of goods not counted since, they stay in it, as one. */
function mergeMoves(state: ShopState, until: number): number {
  const gone = state.run(
    'DELETE FROM moves WHERE rowid IN (SELECT moves.rowid FROM moves LEFT JOIN goods USING (sku) WHERE at < ? AND on_hand IS NULL LIMIT ?)', until, ROWS_AT_ONCE,
  )
  const many = state.all('SELECT sku, sum(quantity) AS quantity, max(at) AS at FROM moves WHERE at < ? GROUP BY sku HAVING count(*) > 1 LIMIT ?', until, ROWS_AT_ONCE)
  for (const { sku, quantity, at } of many) {
    state.run('DELETE FROM moves WHERE sku = ? AND at <= ?', String(sku), Number(at))
    state.run('INSERT INTO moves (sku, at, quantity) VALUES (?, ?, ?)', String(sku), Number(at), Number(quantity))
  }
  return gone + many.length
}
