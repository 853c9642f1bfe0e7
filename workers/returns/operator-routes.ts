import { Hono } from 'hono'
import type { Context } from 'hono'
import { ORDER_BODY_BYTES_MAX } from '../../contract/limits.ts'
import { OperatorReturn } from '../../contract/returns.ts'
import { body } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { idempotencyKey } from '../gateway/idempotency-key.ts'
import { problem } from '../gateway/problem.ts'
import { log } from '../log.ts'
import { toOrder } from '../orders/order.ts'
import { orderProblem } from '../orders/refuse.ts'
import { changeReturn } from './hear-return.ts'
import { announced, received, withdrawn } from './return.ts'
import type { ReturnRefusal } from './return.ts'
import { returnIdOf } from './return-id.ts'

const NO_STORE = { 'Cache-Control': 'no-store' }

/** What comes back of an order, mounted at `/admin/v1/orders` behind the gateway's authentication. */
export const operatorReturns = new Hono<AppEnv>()

operatorReturns.post('/:orderId/returns', idempotencyKey, body(OperatorReturn, ORDER_BODY_BYTES_MAX), async (c) => {
  const { ports, actor, requestId } = c.var
  const orderId = c.req.param('orderId')
  const { lines, method, why, refund } = c.req.valid('json').parsed
  const returnId = await returnIdOf(orderId, c.req.header('Idempotency-Key') ?? '')
  const done = await changeReturn({ ...ports, log }, orderId, requestId, (order, now) => announced(order, { returnId, method, lines, refund, why: why ?? null }, now))
  if (!done.ok) return refuse(c, done.refusal)
  await ports.audit.record({ actor, action: 'return.announce', subject: orderId, detail: returnId })
  return c.json(toOrder(done.value), 201, NO_STORE)
})

operatorReturns.post('/:orderId/returns/:returnId/received', async (c) => {
  const { ports, actor, requestId } = c.var
  const { orderId, returnId } = c.req.param()
  const done = await changeReturn({ ...ports, log }, orderId, requestId, (order, now) => received(order, returnId, null, now))
  if (!done.ok) return refuse(c, done.refusal)
  await ports.audit.record({ actor, action: 'return.received', subject: orderId, detail: returnId })
  return c.json(toOrder(done.value), 200, NO_STORE)
})

operatorReturns.post('/:orderId/returns/:returnId/withdraw', async (c) => {
  const { ports, actor, requestId } = c.var
  const { orderId, returnId } = c.req.param()
  const done = await changeReturn({ ...ports, log }, orderId, requestId, (order, now) => withdrawn(order, returnId, now))
  if (!done.ok) return refuse(c, done.refusal)
  await ports.audit.record({ actor, action: 'return.withdraw', subject: orderId, detail: returnId })
  return c.json(toOrder(done.value), 200, NO_STORE)
})

function refuse(c: Context<AppEnv>, refusal: ReturnRefusal): Response {
  const { type, detail, extra } = orderProblem(refusal)
  return problem(c, type, detail, extra)
}
