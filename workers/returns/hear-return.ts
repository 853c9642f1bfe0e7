import type { DeadLetters } from '../dead-letters/port.ts'
import { letterId } from '../dead-letters/letter.ts'
import type { StoreEventOf } from '../../contract/events.ts'
import { ok, refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import { findAssignment } from '../orders/assignment.ts'
import { changeOrder } from '../orders/change-order.ts'
import { orderIdOf } from '../orders/ids.ts'
import type { OrderBook, OrderRecord } from '../orders/port.ts'
import { askSettling } from '../payments/settle-payment.ts'
import type { Queues } from '../queues.ts'
import { takenAtTill } from './return.ts'
import type { ReturnRefusal } from './return.ts'

export type ReturnPorts = {
  orders: Pick<OrderBook, 'find' | 'update'>
  queues: Pick<Queues, 'orders'>
  clock: () => number
  log: (event: string, fields: Record<string, string | number>) => void
}
type Decide = (order: OrderRecord, now: number) => Result<OrderRecord, ReturnRefusal>

/** A return is announced, received or withdrawn; money that its provider is to give back goes on its way. */
export async function changeReturn(ports: ReturnPorts, orderId: string, requestId: string, decide: Decide): Promise<Result<OrderRecord, ReturnRefusal>> {
  const after = await changeOrder<{ order: OrderRecord; refusal?: ReturnRefusal }>(ports.orders, orderId, (order) => {
    const decided = decide(order, ports.clock())
    return decided.ok ? { order: decided.value } : { order, refusal: decided.refusal }
  })
  if (!after) return refused({ reason: 'order-not-found' })
  if (after.refusal) return refused(after.refusal)
  await askSettling(ports, after.order, requestId)
  return ok(after.order)
}

/** A till has taken back what it says belongs to a web order. Its levels come with their own events: nothing here moves stock. */
export async function hearTillReturn(ports: ReturnPorts & { deadLetters: Pick<DeadLetters, 'file'> }, storeId: string, sale: StoreEventOf<'sale.recorded'>['data'], requestId: string): Promise<void> {
  const { assignmentId, saleId } = sale
  if (sale.kind !== 'return' || assignmentId === undefined) return
  const orderId = orderIdOf(assignmentId)
  const after = await changeOrder<{ order: OrderRecord; desk?: string }>(ports.orders, orderId, (order) => {
    const assignment = findAssignment(order, assignmentId)
    return assignment?.storeId === storeId ? takenAtTill(order, assignment, sale, ports.clock()) : { order }
  })
  if (!after) return
  ports.log('return.taken', { orderId, assignmentId, storeId, requestId, saleId })
  await askSettling(ports, after.order, requestId)
  if (after.desk === undefined) return
  const body = { orderId, storeId, saleId }
  await ports.deadLetters.file([{ letterId: await letterId('returns', `${storeId}.${saleId}`), queue: 'returns', reason: 'needs_person', storeId, body, attempts: 1, lastError: after.desk, filedAt: ports.clock() }])
}
