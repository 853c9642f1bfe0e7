import { ok, refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import { carried, quantityIn } from '../orders/assignment.ts'
import { noted } from '../orders/order.ts'
import type { AssignmentRecord, LineQuantity, OrderRecord, ReturnRecord } from '../orders/port.ts'
import { refundableMinor, valueOf } from '../payments/owed.ts'
import { withRefund } from '../payments/payment.ts'

export type ReturnRefusal =
  | { reason: 'order-not-found' }
  | { reason: 'return-not-found' }
  | { reason: 'unknown-line'; lineId: string }
  | { reason: 'not-returnable'; lineId: string; most: number }
  | { reason: 'return-settled'; status: string }

const standing = (order: OrderRecord): LineQuantity[] => order.returns.flatMap(({ status, lines }) => (status === 'withdrawn' ? [] : lines))
/** The shopper has it, or it is on its way there. */
const isOut = ({ progress }: AssignmentRecord): boolean => progress === 'shipped' || progress === 'completed'

/** How many of a line can still be announced to come back: what left the shops, less what came back or is announced. */
export const returnable = (order: OrderRecord, lineId: string): number =>
  quantityIn(order.assignments.filter(isOut).flatMap(carried), lineId) - quantityIn(standing(order), lineId)

/** Somebody wants to bring or send something back. The same `returnId` again changes nothing. */
export function announced(order: OrderRecord, asked: Pick<ReturnRecord, 'returnId' | 'method' | 'lines' | 'why'> & { refund?: ReturnRecord['refund'] | undefined }, now: number): Result<OrderRecord, ReturnRefusal> {
  if (order.returns.some(({ returnId }) => returnId === asked.returnId)) return ok(order)
  for (const { lineId, quantity } of asked.lines) {
    if (!order.purchase.lines.some((line) => line.lineId === lineId)) return refused({ reason: 'unknown-line', lineId })
    const most = returnable(order, lineId)
    if (quantity > most) return refused({ reason: 'not-returnable', lineId, most })
  }
  const record: ReturnRecord = { ...asked, refund: asked.refund ?? (order.payment?.state === 'captured' ? 'provider' : 'till'), status: 'announced', announcedAt: now, receivedAt: null, saleId: null }
  return ok(noted(order, { ...order, returns: [...order.returns, record] }, entry('return.announced', order, record.lines, now), now))
}

/** The goods are there. What its provider is to give back is written down with it. */
export function received(order: OrderRecord, returnId: string, saleId: string | null, now: number): Result<OrderRecord, ReturnRefusal> {
  const found = order.returns.find((each) => each.returnId === returnId)
  if (!found) return refused({ reason: 'return-not-found' })
  if (found.status === 'received') return ok(order)
  if (found.status === 'withdrawn') return refused({ reason: 'return-settled', status: found.status })
  const next = { ...found, status: 'received' as const, receivedAt: now, saleId }
  const after = noted(order, { ...order, returns: order.returns.map((each) => (each === found ? next : each)) }, entry('return.received', order, found.lines, now), now)
  return ok(found.refund === 'provider' ? refunded(after, found, now) : after)
}

function refunded(order: OrderRecord, { returnId, lines }: ReturnRecord, now: number): OrderRecord {
  // What a person has given back already is not given back twice.
  const amountMinor = Math.min(valueOf(order, lines) ?? 0, refundableMinor(order))
  const next = amountMinor > 0 ? withRefund(order, { refundId: `return-${returnId}`, amountMinor, why: 'returned', lines, state: 'owed', reference: null, at: now }, now) : order
  // One write, one version.
  return next === order ? order : { ...next, version: order.version }
}

/** It does not come back after all. */
export function withdrawn(order: OrderRecord, returnId: string, now: number): Result<OrderRecord, ReturnRefusal> {
  const found = order.returns.find((each) => each.returnId === returnId)
  if (!found) return refused({ reason: 'return-not-found' })
  if (found.status !== 'announced') return found.status === 'withdrawn' ? ok(order) : refused({ reason: 'return-settled', status: found.status })
  return ok(noted(order, { ...order, returns: order.returns.map((each) => (each === found ? { ...each, status: 'withdrawn' as const } : each)) }, entry('return.withdrawn', order, found.lines, now), now))
}

/** What a till took back, as its ticket says: SKUs and pieces. */
export type TillReturn = { saleId: string; lines: readonly { sku: string; quantity: number }[] }

/**
 * A till took back goods of this web order. If just that was announced, it is what was awaited; else it is a return of its own, which the till has paid for. `desk`: what nobody can account for. The same
 * ticket again changes nothing.
 */
export function takenAtTill(order: OrderRecord, assignment: AssignmentRecord, { saleId, lines }: TillReturn, now: number): { order: OrderRecord; desk?: string } {
  if (order.returns.some((each) => each.saleId === saleId)) return { order }
  const pieces = new Map<string, number>()
  for (const { sku, quantity } of lines) if (quantity < 0) pieces.set(sku, (pieces.get(sku) ?? 0) - quantity)
  const awaited = order.returns.find(({ status, method, lines: of }) => status === 'announced' && method === 'in_store' && isSame(piecesOf(order, of), pieces))
  if (awaited) {
    const taken = received(order, awaited.returnId, saleId, now)
    return { order: taken.ok ? taken.value : order }
  }
  const back: LineQuantity[] = []
  for (const { lineId, sku } of order.purchase.lines) {
    const quantity = Math.min(pieces.get(sku) ?? 0, returnable(order, lineId))
    if (quantity > 0) back.push({ lineId, quantity })
    pieces.set(sku, (pieces.get(sku) ?? 0) - Math.max(0, quantity))
  }
  const left = [...pieces].filter(([, quantity]) => quantity > 0)
  const desk = left.length > 0 ? { desk: `The till of ${assignment.storeId} took back (${saleId}) more than this order can give back: ${left.map(([sku, quantity]) => `${quantity} × ${sku}`).join(', ')}. See what was returned, and by whom.` } : {}
  if (back.length === 0) return { order, ...desk }
  const record: ReturnRecord = { returnId: `till-${saleId}`, method: 'in_store', status: 'received', lines: back, refund: 'till', why: null, announcedAt: now, receivedAt: now, saleId }
  return { order: noted(order, { ...order, returns: [...order.returns, record] }, entry('return.received', order, back, now), now), ...desk }
}

function piecesOf({ purchase }: OrderRecord, lines: readonly LineQuantity[]): Map<string, number> {
  const pieces = new Map<string, number>()
  for (const { lineId, sku } of purchase.lines) {
    const quantity = quantityIn(lines, lineId)
    if (quantity > 0) pieces.set(sku, (pieces.get(sku) ?? 0) + quantity)
  }
  return pieces
}
const isSame = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean => a.size === b.size && [...a].every(([sku, quantity]) => b.get(sku) === quantity)

const entry = (type: string, { purchase }: OrderRecord, lines: readonly LineQuantity[], now: number) =>
  ({ type, occurredAt: now, seenAt: now, detail: purchase.lines.flatMap(({ lineId, sku }) => (quantityIn(lines, lineId) > 0 ? [`${quantityIn(lines, lineId)} × ${sku}`] : [])).join(', ') })
