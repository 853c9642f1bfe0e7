import { Hono } from 'hono'
import { toInstant } from '../../contract/clock.ts'
import { ORDER_BODY_BYTES_MAX } from '../../contract/limits.ts'
import { CancelOrder } from '../../contract/order.ts'
import { OrderStatus } from '../../contract/status.ts'
import { StoreId } from '../../contract/values.ts'
import { optionalBody } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { log } from '../log.ts'
import { encodeCursor, PageQuery, TimeCursor } from '../gateway/paging.ts'
import { problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'
import { cancelOrder } from './cancel-order.ts'
import { toOrder, toTimelineEvent } from './order.ts'
import { orderProblem } from './refuse.ts'
import { reroute } from './reroute.ts'

const SalesQuery = PageQuery.extend({ cursor: TimeCursor, storeId: StoreId.optional(), status: OrderStatus.optional() })

/** Web orders and till sales in one list, for operators. */
export const operatorOrders = new Hono<AppEnv>()

operatorOrders.get('/', query(SalesQuery), async (c) => {
  const { storeId, status, cursor: before, limit } = c.req.valid('query')
  const { orders } = c.var.ports
  const listed = await orders.listSales({ ...(storeId ? { storeId } : {}), ...(status ? { status } : {}) }, before, limit + 1)
  const shown = listed.slice(0, limit)
  const records = new Map((await orders.findMany(shown.flatMap((each) => (each.kind === 'order' ? [each.orderId] : [])))).map((order) => [order.orderId, order]))
  const items = shown.flatMap((each): Record<string, unknown>[] => {
    if (each.kind === 'order') {
      const order = records.get(each.orderId)
      return order ? [{ kind: 'order', ...toOrder(order) }] : []
    }
    const { storeId: store, saleId, saleKind, totalMinor, currency, assignmentId } = each
    return [{ kind: saleKind, storeId: store, saleId, total: { amountMinor: totalMinor, currency }, assignmentId, occurredAt: toInstant(each.at) }]
  })
  const last = shown.at(-1)
  const nextCursor = listed.length > limit && last ? encodeCursor(`${last.at} ${last.kind === 'order' ? last.orderId : last.saleId}`) : null
  return c.json({ items, nextCursor }, 200, { 'Cache-Control': 'no-store' })
})

operatorOrders.get('/:orderId', async (c) => {
  const order = await c.var.ports.orders.find(c.req.param('orderId'))
  return order ? c.json(toOrder(order)) : problem(c, 'order-not-found', 'There is no such order.')
})

operatorOrders.get('/:orderId/timeline', async (c) => {
  const order = await c.var.ports.orders.find(c.req.param('orderId'))
  return order ? c.json({ items: order.timeline.map(toTimelineEvent), nextCursor: null }) : problem(c, 'order-not-found', 'There is no such order.')
})

operatorOrders.post('/:orderId/reroute', async (c) => {
  const { ports, requestId, actor } = c.var
  const orderId = c.req.param('orderId')
  const rerouted = await reroute({ ...ports, log }, orderId, requestId)
  if (!rerouted.ok) {
    const { type, detail, extra } = orderProblem(rerouted.refusal)
    return problem(c, type, detail, extra)
  }
  await ports.audit.record({ actor, action: 'order.reroute', subject: orderId })
  return c.json(toOrder(rerouted.value), 202)
})

operatorOrders.post('/:orderId/cancel', optionalBody(CancelOrder, ORDER_BODY_BYTES_MAX), async (c) => {
  const { ports, requestId, actor } = c.var
  const orderId = c.req.param('orderId')
  const cancelled = await cancelOrder({ ...ports, log }, orderId, requestId, c.req.valid('json').parsed.lines ?? null)
  if (!cancelled.ok) {
    const { type, detail, extra } = orderProblem(cancelled.refusal)
    return problem(c, type, detail, extra)
  }
  await ports.audit.record({ actor, action: 'order.cancel', subject: orderId })
  return c.json(toOrder(cancelled.value.order), cancelled.value.done ? 200 : 202)
})
