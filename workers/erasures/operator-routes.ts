import { Hono } from 'hono'
import { RequestErasure } from '../../contract/operator.ts'
import { body } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { encodeCursor, PageQuery, TimeCursor } from '../gateway/paging.ts'
import { problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'
import { log } from '../log.ts'
import { soughtIn, toErasure } from './erasure.ts'
import { requestErasure } from './run-erasures.ts'

const SMALL_BODY_BYTES_MAX = 8_000
const NO_STORE = { 'Cache-Control': 'no-store' }

/** Customers who want to be forgotten, mounted at `/admin/v1/erasures` behind the gateway's authentication. */
export const operatorErasures = new Hono<AppEnv>()

operatorErasures.get('/', query(PageQuery.extend({ cursor: TimeCursor })), async (c) => {
  const { cursor, limit } = c.req.valid('query')
  const found = await c.var.ports.erasures.list(cursor, limit + 1)
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  return c.json({ items: shown.map(toErasure), nextCursor: found.length > limit && last ? encodeCursor(`${last.createdAt} ${last.erasureId}`) : null }, 200, NO_STORE)
})

operatorErasures.get('/:erasureId', async (c) => {
  const erasure = await c.var.ports.erasures.find(c.req.param('erasureId'))
  return erasure ? c.json(toErasure(erasure), 200, NO_STORE) : problem(c, 'not-found', 'There is no such erasure.')
})

operatorErasures.post('/', body(RequestErasure, SMALL_BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const asked = c.req.valid('json').parsed
  const { by, sought } = soughtIn(asked)
  if (by === 'orderId' && !(await ports.orders.find(sought))) return problem(c, 'order-not-found', 'There is no such order.')
  const erasure = await requestErasure({ ...ports, log }, by, sought, asked.why)
  await ports.audit.record({ actor, action: 'erasure.request', subject: erasure.erasureId, detail: `by ${by}: ${asked.why}` })
  return c.json(toErasure(erasure), 202, { ...NO_STORE, Location: `/admin/v1/erasures/${erasure.erasureId}` })
})
