import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { sales } from '../db/schema.ts'
import type { Sales } from './port.ts'

export function createSales(database: D1Database): Sales {
  const db = drizzle(database)
  return {
    async record(storeId, sale, occurredAt, position) {
      const row = {
        storeId, saleId: sale.saleId, kind: sale.kind, lines: JSON.stringify(sale.lines), totalMinor: sale.total.amountMinor,
        currency: sale.total.currency, assignmentId: sale.assignmentId ?? null, partOf: sale.partOf ?? null, occurredAt, ...position,
      }
      const written = await db.insert(sales).values(row).onConflictDoUpdate({
        target: [sales.storeId, sales.saleId],
        set: row,
        setWhere: sql`(excluded.epoch, excluded.seq) > (${sales.epoch}, ${sales.seq})`,
      }).returning({ saleId: sales.saleId })
      return written.length === 1
    },
  }
}
