import { and, asc, desc, eq, gt, isNotNull, lt, lte, ne, or, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { erasures, orders, retention } from '../db/schema.ts'
import { createSealer } from '../stores/secrets.ts'
import type { ErasureBook, ErasureRecord } from './port.ts'

type Row = typeof erasures.$inferSelect

export function createErasures(database: D1Database, masterKey: string, previous: string | null = null): ErasureBook {
  const db = drizzle(database)
  const sealer = createSealer(masterKey, previous)
  const about = (erasureId: string): string => `erasure ${erasureId}`
  const opened = async ({ sealed, ...row }: Row): Promise<ErasureRecord> => ({ ...row, sought: sealed === null ? null : await sealer.unseal(about(row.erasureId), sealed), progress: JSON.parse(row.progress) })
  const closed = async ({ sought, ...erasure }: ErasureRecord): Promise<Row> => ({ ...erasure, sealed: sought === null ? null : await sealer.seal(about(erasure.erasureId), sought), progress: JSON.stringify(erasure.progress) })

  return {
    async insert(erasure) {
      await db.insert(erasures).values(await closed(erasure))
    },
    async find(erasureId) {
      const [row] = await db.select().from(erasures).where(eq(erasures.erasureId, erasureId))
      return row ? opened(row) : null
    },
    async list(before, limit) {
      const older = before && or(lt(erasures.createdAt, before.at), and(eq(erasures.createdAt, before.at), lt(erasures.erasureId, before.id)))
      const rows = await db.select().from(erasures).where(older ?? undefined).orderBy(desc(erasures.createdAt), desc(erasures.erasureId)).limit(limit)
      return Promise.all(rows.map(opened))
    },
    async open(limit, now) {
      const rows = await db.select().from(erasures).where(now === undefined ? isNotNull(erasures.dueAt) : lte(erasures.dueAt, now)).orderBy(asc(erasures.dueAt)).limit(limit)
      return Promise.all(rows.map(opened))
    },
    async write(erasure) {
      const { erasureId, ...row } = await closed(erasure)
      await db.update(erasures).set(row).where(eq(erasures.erasureId, erasureId))
    },
    async reseal() {
      let stored = 0
      for (const { erasureId, sealed: before } of await db.select().from(erasures).where(isNotNull(erasures.sealed))) {
        const sealed = before === null ? null : await sealer.renew(about(erasureId), before)
        if (sealed !== null && before !== null) stored += (await db.update(erasures).set({ sealed }).where(and(eq(erasures.erasureId, erasureId), eq(erasures.sealed, before))).returning({ erasureId: erasures.erasureId })).length
      }
      return stored
    },
    async customersAfter(orderId, limit) {
      const rows = await db.select({
        orderId: orders.orderId, erasedAt: orders.erasedAt, email: sql<string | null>`${orders.purchase} ->> '$.customer.email'`, phone: sql<string | null>`${orders.purchase} ->> '$.customer.phone'`,
      }).from(orders).where(gt(orders.orderId, orderId)).orderBy(asc(orders.orderId)).limit(limit)
      // A key that only the broom holds has no customer either.
      const customers = rows.flatMap((row) => (row.email === null || row.erasedAt !== null ? [] : [{ orderId: row.orderId, email: row.email, phone: row.phone }]))
      return { customers, last: rows.length < limit ? null : rows.at(-1)?.orderId ?? null }
    },
    async retentionPlace() {
      const [row] = await db.select().from(retention)
      return row ?? { placedAt: 0, orderId: '', restsUntil: 0 }
    },
    async setRetentionPlace({ placedAt, orderId, restsUntil }) {
      const row = { id: 1, placedAt, orderId, restsUntil }
      await db.insert(retention).values(row).onConflictDoUpdate({ target: retention.id, set: row })
    },
    async placedAfter({ placedAt, orderId }, placedBefore, limit) {
      const rows = await db.select({ orderId: orders.orderId, placedAt: orders.placedAt, updatedAt: orders.updatedAt, erasedAt: orders.erasedAt }).from(orders).where(and(
        lt(orders.placedAt, placedBefore), ne(orders.status, 'abandoned'), sql`(${orders.placedAt}, ${orders.orderId}) > (${placedAt}, ${orderId})`,
      )).orderBy(asc(orders.placedAt), asc(orders.orderId)).limit(limit)
      return rows.map(({ erasedAt, ...row }) => ({ ...row, isErased: erasedAt !== null }))
    },
  }
}
