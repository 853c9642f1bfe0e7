import { drizzle } from 'drizzle-orm/d1'
import { systemClock } from '../../contract/clock.ts'
import { auditLog } from '../db/schema.ts'
import type { AuditLog } from './port.ts'

export function createAuditLog(database: D1Database): AuditLog {
  const db = drizzle(database)
  return {
    async record(entry) {
      await db.insert(auditLog).values({ ...entry, at: systemClock() })
    },
  }
}
