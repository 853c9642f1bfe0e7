import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { AgeingReport } from '../../contract/ageing.ts'
import { ageing } from '../db/schema.ts'
import type { Ageing, StoreAgeing } from './port.ts'

/** What ages, in D1, a row per store while it lasts. */
export function createAgeing(d1: D1Database): Ageing {
  const db = drizzle(d1)
  return {
    async find(storeId) {
      const [row] = await db.select().from(ageing).where(eq(ageing.storeId, storeId)).limit(1)
      return row ? toAgeing(row) : null
    },

    async report(storeId, since, report, now) {
      const said = { since, report: JSON.stringify(report), updatedAt: now }
      await db.insert(ageing).values({ storeId, ...said }).onConflictDoUpdate({ target: ageing.storeId, set: said })
    },

    async over(storeId) {
      await db.delete(ageing).where(eq(ageing.storeId, storeId))
    },
  }
}

/** `null` for a row of another version's shape: the next heartbeat writes it anew. */
function toAgeing({ storeId, since, report, updatedAt }: typeof ageing.$inferSelect): StoreAgeing | null {
  const read = AgeingReport.safeParse(JSON.parse(report))
  return read.success ? { storeId, since, report: read.data, updatedAt } : null
}
