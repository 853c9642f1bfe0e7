import { Hono } from 'hono'
import { fromInstant, toInstant } from '../../contract/clock.ts'
import { ResumeSelling, StopSelling } from '../../contract/stops.ts'
import type { Stop } from '../../contract/stops.ts'
import { body } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { encodeCursor, PageQuery, place } from '../gateway/paging.ts'
import { invalidField, problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'
import type { StopRow } from './port.ts'
import { stopSelling } from './stop-selling.ts'

const BODY_BYTES_MAX = 4_000
const NO_STORE = { 'Cache-Control': 'no-store' }
const StopCursor = place((text) => {
  const [, by = '', storeId = '', sku] = /^(operator|store) (\S*) (.+)$/u.exec(text) ?? []
  return sku === undefined ? null : { sku, storeId: storeId === '' ? null : storeId, by }
})
const ListQuery = PageQuery.extend({ cursor: StopCursor })

/** What is not to be sold on the web for now, mounted at `/admin/v1/stops` behind the gateway's authentication. */
export const operatorStops = new Hono<AppEnv>()

const toAnswer = ({ since, until, ...stop }: StopRow): Stop => ({ ...stop, since: toInstant(since), until: until === null ? null : toInstant(until) })

operatorStops.get('/', query(ListQuery), async (c) => {
  const { cursor, limit } = c.req.valid('query')
  const found = await c.var.ports.stops.list(c.var.ports.clock(), cursor, limit + 1)
  const last = found.length > limit ? found[limit - 1] : undefined
  return c.json({ items: found.slice(0, limit).map(toAnswer), nextCursor: last ? encodeCursor(`${last.by} ${last.storeId ?? ''} ${last.sku}`) : null }, 200, NO_STORE)
})

operatorStops.post('/', body(StopSelling, BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const { sku, storeId, why, until } = c.req.valid('json').parsed
  const now = ports.clock()
  if (until !== undefined && fromInstant(until) <= now) return invalidField(c, '/until', 'expected an instant that is still to come')
  if (storeId !== undefined && !(await ports.stores.find(storeId))) return problem(c, 'store-not-found', 'There is no store with this id.')
  const stop: StopRow = { sku, storeId: storeId ?? null, by: 'operator', why, since: now, until: until === undefined ? null : fromInstant(until) }
  await stopSelling(ports, stop)
  await ports.audit.record({ actor, action: 'selling.stop', subject: sku, detail: `${storeId ?? 'everywhere'}: ${why}` })
  return c.json(toAnswer(stop), 201, NO_STORE)
})

operatorStops.post('/lift', body(ResumeSelling, BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const { sku, storeId } = c.req.valid('json').parsed
  const now = ports.clock()
  await stopSelling(ports, { sku, storeId: storeId ?? null, by: 'operator', why: 'lifted', since: now, until: now })
  await ports.audit.record({ actor, action: 'selling.resume', subject: sku, detail: storeId ?? 'everywhere' })
  const still = await ports.stops.standing(sku, storeId ?? null, now)
  return c.json({ sku, storeId: storeId ?? null, sold: still === null }, 200, NO_STORE)
})
