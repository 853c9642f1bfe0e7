import { Hono } from 'hono'
import { RequestRepair, TakeBackMissing } from '../../contract/operator.ts'
import { body } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { problem } from '../gateway/problem.ts'
import { log } from '../log.ts'
import { repair, takeBackMissing } from './repair.ts'

const SMALL_BODY_BYTES_MAX = 8_000
const NO_STORE = { 'Cache-Control': 'no-store' }

/** After D1 was restored to an earlier moment, mounted at `/admin/v1/repair` behind the gateway's authentication. */
export const operatorRepair = new Hono<AppEnv>()

operatorRepair.post('/', body(RequestRepair, SMALL_BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const { dryRun, cursor, why } = c.req.valid('json').parsed
  const page = await repair({ ...ports, log }, cursor, dryRun)
  await ports.audit.record({ actor, action: dryRun ? 'repair.look' : 'repair.run', subject: cursor ?? 'stores', detail: why })
  return c.json(page, 200, NO_STORE)
})

operatorRepair.post('/take-back', body(TakeBackMissing, SMALL_BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const { storeId, assignmentId, why } = c.req.valid('json').parsed
  if (!(await ports.stores.find(storeId))) return problem(c, 'store-not-found', 'There is no such store.')
  const outcome = await takeBackMissing({ ...ports, log }, storeId, assignmentId)
  if (outcome === 'there') return problem(c, 'conflict', 'Its order is in the database: cancel the order.')
  await ports.audit.record({ actor, action: 'repair.take-back', subject: assignmentId, detail: `${storeId}: ${why}` })
  return c.json({ outcome }, outcome === 'requested' ? 202 : 200, NO_STORE)
})
