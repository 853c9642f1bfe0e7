import { and, desc, eq, lt } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { systemClock } from '../../contract/clock.ts'
import { auditLog } from '../db/schema.ts'
import type { AuditLog } from './port.ts'

/** `requestId`: of the call whose actions are recorded here. */
export function createAuditLog(database: D1Database, requestId: string | null): AuditLog {
  const db = drizzle(database)
  return {
    async record(entry) {
      await db.insert(auditLog).values({ ...entry, requestId, at: systemClock() })
    },
    list: ({ actor, action, subject }, before, limit) =>
      db.select().from(auditLog).where(and(
        actor === undefined ? undefined : eq(auditLog.actor, actor),
        action === undefined ? undefined : eq(auditLog.action, action),
        subject === undefined ? undefined : eq(auditLog.subject, subject),
        before === null ? undefined : lt(auditLog.entryId, before),
      )).orderBy(desc(auditLog.entryId)).limit(limit),
  }
}
