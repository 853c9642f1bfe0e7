import { z } from 'zod'

/** One word a shopper understands. */
export const OrderStatus = z.enum([
  'awaiting_payment', 'placed', 'sent_to_store', 'accepted', 'picking', 'ready_for_pickup', 'shipped', 'completed',
  'cancelled', 'refunded', 'partially_refunded', 'backordered',
])
export type OrderStatus = z.infer<typeof OrderStatus>

/** What a store may say of work it has accepted (`order.status_changed`). */
export const FulfilmentProgress = z.enum(['accepted', 'picking', 'ready_for_pickup', 'shipped', 'completed'])
export type FulfilmentProgress = z.infer<typeof FulfilmentProgress>

/**
 * How far along the way each status stands. Status may jump forward over what was not heard of; a late event never
 * moves it back. `ready_for_pickup` and `shipped` are the same step of two ways.
 */
const STEP: Record<OrderStatus, number> = {
  awaiting_payment: 0, placed: 1, backordered: 1, sent_to_store: 2, accepted: 3, picking: 4, ready_for_pickup: 5, shipped: 5, completed: 6,
  cancelled: 7, partially_refunded: 7, refunded: 8,
}

export const FINAL_STATUSES = ['completed', 'cancelled', 'refunded', 'partially_refunded'] as const satisfies readonly OrderStatus[]
const FINAL: ReadonlySet<OrderStatus> = new Set(FINAL_STATUSES)

/** Nothing but money moves after these. */
export const isFinal = (status: OrderStatus): boolean => FINAL.has(status)

/**
 * Whether an order may go from one status to another. Forward only, over any number of steps; out of a final status
 * only money moves (`completed` → refunds, `cancelled` → `refunded`, `partially_refunded` → `refunded`).
 */
export function mayBecome(from: OrderStatus, to: OrderStatus): boolean {
  if (from === to) return false
  if (isFinal(from)) return to === 'refunded' || (to === 'partially_refunded' && from === 'completed')
  return STEP[to] > STEP[from]
}
