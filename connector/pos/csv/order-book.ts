import type { Assignment } from '../../../contract/assignment.ts'
import { toInstant } from '../../../contract/clock.ts'
import { RejectReason } from '../../../contract/events.ts'
import { otherTerms, termsOf } from '../other-terms.ts'
import type { PosOrderChange, PosWrite } from '../port.ts'
import { readItems, readLevels } from './goods-book.ts'
import type { StatusLine } from './read-lines.ts'
import type { ShopState } from './shop-state.ts'

/** What is known of the web orders, beside their files. Every writing function belongs inside a transaction of the state. */

/** `writing`: its files are being made; only they can say whether it was given (order-files.ts). */
export type OrderState = 'writing' | 'open' | 'picking' | 'ready' | 'shipped' | 'done' | 'void'
export type OrderRow = { state: OrderState; method: string }

/** What the ledger keeps of an order, so that a lost state file can be made again. */
export type LedgerEntry = { method: string; lines: { sku: string; quantity: number }[] }

export function orderOf(state: ShopState, assignmentId: string): OrderRow | null {
  const row = state.get('SELECT state, method FROM orders WHERE assignment_id = ?', assignmentId)
  return row ? { state: String(row['state']) as OrderState, method: String(row['method']) } : null
}

/** Whether the shop can serve it, as far as its files have said; `null`: it can. A level counts less what older orders still take. */
export function refusalOf(state: ShopState, order: Assignment, oversell: 'refuse' | 'allow'): PosWrite & { ok: false } | null {
  const no = (reason: RejectReason, detail: string) => ({ ok: false as const, reason, detail })
  const demand = demandOf(order)
  const items = new Map(readItems(state, [...demand.keys()]).map((item) => [item.sku, item]))
  for (const line of order.lines) {
    const item = items.get(line.sku)
    if (!item) return no('unknown_sku', `the POS does not sell ${line.sku}`)
    // The order's file says of each line whether its price holds tax.
    const other = otherTerms(line, { ...termsOf(item), taxIncluded: null })
    if (other) return other
  }
  if (oversell === 'allow') return null
  const levels = new Map(readLevels(state, [...demand.keys()]).map((level) => [level.sku, level.onHand]))
  for (const [sku, quantity] of demand) {
    if (items.get(sku)?.tracked === false) continue
    const there = levels.get(sku)
    if (there === undefined) return no('out_of_stock', `${sku} was never counted`)
    if (there < quantity) return no('out_of_stock', `${sku}: ${quantity} ordered, ${there} left by the last count and what was sold since`)
  }
  return null
}

export function demandOf(order: Assignment): Map<string, number> {
  const demand = new Map<string, number>()
  for (const { sku, quantity } of order.lines) demand.set(sku, (demand.get(sku) ?? 0) + quantity)
  return demand
}

export function putOrder(state: ShopState, assignmentId: string, { method, lines }: LedgerEntry, now: number): void {
  state.run(`INSERT OR REPLACE INTO orders (assignment_id, state, method, written_at) VALUES (?, 'writing', ?, ?)`, assignmentId, method, now)
  for (const { sku, quantity } of lines) state.run('INSERT OR REPLACE INTO order_lines (sku, assignment_id, quantity) VALUES (?, ?, ?)', sku, assignmentId, quantity)
}

export function dropOrder(state: ShopState, assignmentId: string): void {
  state.run('DELETE FROM orders WHERE assignment_id = ?', assignmentId)
  state.run('DELETE FROM order_lines WHERE assignment_id = ?', assignmentId)
}

/** Its goods are told anew: they may have left the level, or come back to it. */
export function moveOrder(state: ShopState, assignmentId: string, to: OrderState): void {
  state.run('UPDATE orders SET state = ? WHERE assignment_id = ?', to, assignmentId)
  for (const { sku } of state.all('SELECT sku FROM order_lines WHERE assignment_id = ?', assignmentId)) {
    if (state.get('SELECT 1 FROM goods WHERE sku = ? AND item IS NOT NULL', String(sku))) state.changed('level', String(sku))
  }
}

/** The POS took the file: a count within the time that it needs to book does not know of the order yet. */
export function noteTaken(state: ShopState, assignmentId: string, at: number, bookedWithinMs: number): void {
  state.run('UPDATE orders SET taken_at = ?2, fell_at = coalesce(fell_at, ?3) WHERE assignment_id = ?1', assignmentId, at, at + bookedWithinMs)
}

export const waitingOrders = (state: ShopState): string[] =>
  state.all(`SELECT assignment_id FROM orders WHERE taken_at IS NULL AND state <> 'void' AND state <> 'writing'`).map((row) => String(row['assignment_id']))
export const unsureOrders = (state: ShopState): string[] => state.all(`SELECT assignment_id FROM orders WHERE state = 'writing'`).map((row) => String(row['assignment_id']))

const RANK: Record<OrderState, number> = { writing: 0, open: 0, picking: 1, ready: 2, shipped: 3, done: 4, void: 5 }
const BECOMES = { picking: 'picking', ready: 'ready', shipped: 'shipped', completed: 'done', refused: 'void' } as const

/** What the POS says of an order. Forward only; the same word again says nothing. Answers why it cannot be, or `null`. */
export function putStatus(state: ShopState, line: StatusLine, moment: number): string | null {
  const { assignmentId, status } = line
  const order = orderOf(state, assignmentId)
  const at = Math.min(line.at ?? moment, moment)
  if (!order || order.state === 'writing') return `order: no such order was written for this POS, ${assignmentId}`
  if (status === 'stock_fell') {
    state.run('UPDATE orders SET fell_at = ? WHERE assignment_id = ?', at, assignmentId)
    moveOrder(state, assignmentId, order.state)
    return null
  }
  const to = BECOMES[status]
  if (order.state === to) return null
  if (order.state === 'void') return `status: the order was taken back or refused before, found "${status}"`
  if (to === 'void' && RANK[order.state] >= RANK.shipped) return `status: the goods have left, found "${status}"`
  if (RANK[to] < RANK[order.state]) return null
  if (RANK[to] >= RANK.shipped && to !== 'void' && RANK[order.state] < RANK.shipped) state.run('UPDATE orders SET fell_at = min(coalesce(fell_at, ?2), ?2) WHERE assignment_id = ?1', assignmentId, at)
  moveOrder(state, assignmentId, to)
  tellStep(state, assignmentId, status, line.reason, at)
  return null
}

export function tellStep(state: ShopState, assignmentId: string, step: string, reason: RejectReason | null, at: number): void {
  state.run('INSERT INTO steps (assignment_id, step, reason, at) VALUES (?, ?, ?, ?)', assignmentId, step, reason, at)
  state.changed('step', String(state.get('SELECT last_insert_rowid() AS id')?.['id']))
}

export function readStep(state: ShopState, id: string): PosOrderChange | null {
  const row = state.get('SELECT steps.*, method FROM steps JOIN orders USING (assignment_id) WHERE id = ?', Number(id))
  if (!row) return null
  const told = { assignmentId: String(row['assignment_id']), occurredAt: toInstant(Number(row['at'])) }
  switch (row['step']) {
    case 'picking': return { ...told, kind: 'progress', status: 'picking' }
    // Packed for the carrier has no word of its own for the shopper.
    case 'ready': return row['method'] === 'pickup' ? { ...told, kind: 'progress', status: 'ready_for_pickup' } : null
    case 'shipped': return { ...told, kind: 'progress', status: 'shipped' }
    case 'completed': return { ...told, kind: 'progress', status: 'completed' }
    default: return { ...told, kind: 'refused', reason: RejectReason.catch('out_of_stock').parse(row['reason']) }
  }
}
