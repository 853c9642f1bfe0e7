import type { OrderEvent } from '../../contract/events.ts'
import type { CounterCommand } from '../inventory/port.ts'
import { levelCommands } from '../orders/store-event.ts'
import type { LinkProgress } from '../stores/port.ts'

/**
 * What a store says of an order that D1 has not: it was restored to an earlier moment, and the store goes on with its work. Which goods it is about is known from the levels that come
 * with every fall and rise. So no reservation weighs for ever for want of its order.
 */
export function orphanCommands(storeId: string, event: OrderEvent, epoch: number, now: number): CounterCommand[] {
  const position = { epoch, seq: event.seq }
  const levels = 'levels' in event.data ? event.data.levels ?? [] : []
  const { assignmentId } = event.data
  const about = levels.map(({ sku }) => ({ storeId, sku, assignmentId }))
  const first = fell(event) ? about.map((each): CounterCommand => ({ type: 'fell', ...each, position })) : isOver(event) ? about.map((each): CounterCommand => ({ type: 'release', ...each, at: now })) : []
  return [...first, ...levelCommands(storeId, position, levels, now)]
}

/** What the link may forget, so that it does not ask for ever. */
export function orphanProgress(event: OrderEvent): LinkProgress {
  if (isOver(event) || (event.type === 'order.status_changed' && event.data.status === 'completed')) return 'final'
  if (event.type === 'order.cancel_result') return 'cancel-answered'
  return event.type === 'order.journaled' ? 'journaled' : 'outcome'
}

const fell = (event: OrderEvent): boolean => event.type === 'order.stock_fell' || ((event.type === 'order.accepted' || event.type === 'order.status_changed') && event.data.stockFell === true)
const isOver = (event: OrderEvent): boolean => event.type === 'order.rejected' || (event.type === 'order.cancel_result' && event.data.outcome !== 'refused')
