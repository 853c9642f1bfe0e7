import { ok, refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import { isAtDesk, isRecalled, isSettled } from './assignment.ts'
import { askedElsewhere } from './cancel-lines.ts'
import { takeBackRecalled } from './cancel-order.ts'
import type { CancelPorts } from './cancel-order.ts'
import { changeOrder } from './change-order.ts'
import { isReplaceable, owesRouting } from './order.ts'
import type { OrderRecord } from './port.ts'

export type RerouteRefusal = { reason: 'order-not-found' } | { reason: 'nothing-to-reroute'; status: string }

/**
 * An operator sends elsewhere what no store has accepted: what waits at the desk goes on at once, what a store was offered is
 * asked back first (rules.md 6). Not pickups, which go nowhere else, not what is in doubt,
 * and not what is unpaid: its goods would be nobody's while the shopper pays.
 */
export async function reroute(ports: CancelPorts, orderId: string, requestId: string): Promise<Result<OrderRecord, RerouteRefusal>> {
  const after = await changeOrder(ports.orders, orderId, (order) => {
    const isMovable = order.purchase.fulfillment.method === 'ship' && order.status !== 'awaiting_payment'
    return { order: isMovable ? askedElsewhere(order, isAtDesk, (each) => !isSettled(each) && isReplaceable(order, each), ports.clock()) : order }
  })
  if (!after) return refused({ reason: 'order-not-found' })
  const isUnderWay = after.order.assignments.some((each) => isRecalled(each)) || (owesRouting(after.order) && after.order.assignments.some((each) => each.released === true))
  if (!isUnderWay) return refused({ reason: 'nothing-to-reroute', status: after.order.status })
  return ok(await takeBackRecalled(ports, after.order, requestId))
}
