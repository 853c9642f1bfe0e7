import { Hono } from 'hono'
import { z } from 'zod'
import { AVAILABILITY_SKUS_MAX } from '../../contract/limits.ts'
import { Sku } from '../../contract/values.ts'
import type { AppEnv } from '../gateway/context.ts'
import { invalidField, problem } from '../gateway/problem.ts'
import { refuseKey } from '../gateway/authenticate.ts'
import { query } from '../gateway/query.ts'
import { exactAvailability } from './exact-availability.ts'

const TOO_MANY = `expected 1 to ${AVAILABILITY_SKUS_MAX} SKUs as ?sku=A&sku=B`
const AvailabilityQuery = z.object({ sku: z.array(Sku).min(1, TOO_MANY).max(AVAILABILITY_SKUS_MAX, TOO_MANY) })
/** `key`: nobody needs one; who sends one means its channel and origin. `version`: of the last word that was heard. */
const LiveQuery = z.object({ key: z.string().max(256).optional(), version: z.string().max(64).optional() })
const NO_STORE = { 'Cache-Control': 'no-store' }

export const availability = new Hono<AppEnv>()

availability.get('/', query(AvailabilityQuery), async (c) => {
  const asked = [...new Set(c.req.valid('query').sku)]
  return c.json({ items: await exactAvailability(c.var.ports, asked), nextCursor: null }, 200, NO_STORE)
})

availability.get('/:sku', async (c) => {
  const sku = Sku.safeParse(c.req.param('sku'))
  if (!sku.success) return invalidField(c, '/sku', 'expected 1 to 64 visible characters without spaces')
  const [found] = await exactAvailability(c.var.ports, [sku.data])
  return c.json(found, 200, NO_STORE)
})

availability.get('/:sku/live', query(LiveQuery), async (c) => {
  const sku = Sku.safeParse(c.req.param('sku'))
  if (!sku.success) return invalidField(c, '/sku', 'expected 1 to 64 visible characters without spaces')
  if (c.req.header('Upgrade')?.toLowerCase() !== 'websocket') return problem(c, 'upgrade-required', 'Open this address as a WebSocket.')
  const { key, version } = c.req.valid('query')
  const refusal = key === undefined ? null : await refuseKey(c, key)
  if (refusal) return refusal
  const answer = await c.var.ports.inventory.live(sku.data, c.req.raw, version)
  return answer.status === 503 ? problem(c, 'try-again', 'Too many people watch this product; ask again in half a minute.', {}, Number(answer.headers.get('Retry-After'))) : answer
})

export const operatorInventory = new Hono<AppEnv>()

operatorInventory.get('/:sku', async (c) => {
  const explained = await c.var.ports.inventory.explain(c.req.param('sku'))
  return explained.stores.length === 0 ? problem(c, 'sku-not-found', 'No store has told a level of this SKU.') : c.json(explained, 200, NO_STORE)
})
