import { Hono } from 'hono'
import { z } from 'zod'
import { toInstant } from '../../contract/clock.ts'
import type { AuditEntry } from '../../contract/operator-answers.ts'
import type { AppEnv } from '../gateway/context.ts'
import { encodeCursor, PageQuery, place } from '../gateway/paging.ts'
import { query } from '../gateway/query.ts'

/** What operators did, mounted at `/admin/v1/audit-log`: read, and never changed. */
export const operatorAudit = new Hono<AppEnv>()

/** As long as the longest of them. An empty one is as if it were left out. */
const word = z.string().max(320).optional()
const AuditQuery = PageQuery.extend({ cursor: place((text) => (/^\d{1,15}$/.test(text) ? Number(text) : null)), actor: word, action: word, target: word })

operatorAudit.get('/', query(AuditQuery), async (c) => {
  const { actor, action, target, cursor, limit } = c.req.valid('query')
  const rows = await c.var.ports.audit.list({ ...(actor ? { actor } : {}), ...(action ? { action } : {}), ...(target ? { subject: target } : {}) }, cursor, limit + 1)
  const items = rows.slice(0, limit).map(({ entryId, at, subject, ...row }): z.infer<typeof AuditEntry> => ({ id: entryId, at: toInstant(at), target: subject, actor: row.actor, action: row.action, requestId: row.requestId, detail: row.detail }))
  const last = items.at(-1)
  return c.json({ items, nextCursor: rows.length > limit && last ? encodeCursor(`${last.id}`) : null }, 200, { 'Cache-Control': 'no-store' })
})
