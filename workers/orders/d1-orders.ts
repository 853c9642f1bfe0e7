import { and, asc, gt, inArray, isNotNull, lte, ne, notInArray, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { eq } from 'drizzle-orm'
import { FINAL_STATUSES } from '../../contract/status.ts'
import { tellOrder } from '../db/webhook-outbox.ts'
import { MailKind } from '../../contract/mail.ts'
import { oweMail } from '../db/mail-outbox.ts'
import type { MailKey } from '../mail/port.ts'
import { newStatusOf, orderAnnouncement } from '../webhooks/announcements.ts'
import { filtersFor } from '../webhooks/message.ts'
import type { MessageKey } from '../webhooks/port.ts'
import type { OrderStatus } from '../../contract/status.ts'
import { orders } from '../db/schema.ts'
import { orderIdOf } from './ids.ts'
import { findAssignment, isSettled, isUnreserved } from './assignment.ts'
import { assignmentBody } from './order.ts'
import type { ListedSale, OrderBook, OrderRecord } from './port.ts'

type Row = typeof orders.$inferSelect

const toRecord = (row: Row): OrderRecord => ({
  ...row,
  status: row.status as OrderStatus,
  purchase: JSON.parse(row.purchase),
  assignments: JSON.parse(row.assignments),
  cancelled: JSON.parse(row.cancelled),
  timeline: JSON.parse(row.timeline),
  returns: JSON.parse(row.returns),
  payment: row.payment === null ? null : JSON.parse(row.payment),
})

const toRow = (order: OrderRecord): Row => ({
  ...order,
  abandoned: '',
  purchase: JSON.stringify(order.purchase),
  assignments: JSON.stringify(order.assignments),
  cancelled: JSON.stringify(order.cancelled),
  timeline: JSON.stringify(order.timeline),
  returns: JSON.stringify(order.returns),
  payment: order.payment && JSON.stringify(order.payment),
})

/** D1 takes 100 bound parameters a statement. */
const IDS_PER_QUERY_MAX = 90

/**
 * `tell` hears which messages were written for channels together with an order; that it fails costs nothing but time.
 * Each write of an order is one batch with what its channel is to be told: where nobody wants to be told, it writes nothing more.
 */
export function createOrderBook(database: D1Database, tell: (written: MessageKey[], mails: MailKey[]) => Promise<void> = async () => undefined): OrderBook {
  const db = drizzle(database)

  async function write(order: OrderRecord, query: { toSQL(): { sql: string; params: unknown[] } }): Promise<boolean> {
    const { channelId, payload } = orderAnnouncement(order)
    const { sql: text, params } = query.toSQL()
    const entry = { channelId: channelId ?? '', resource: payload.resource, sequence: payload.sequence, type: payload.type, body: JSON.stringify(payload), filters: filtersFor(payload.type), timeline: JSON.stringify(order.timeline) }
    const kind = MailKind.safeParse(newStatusOf(order)).data
    const [written, told, owed] = await database.batch<Record<string, unknown>>([
      database.prepare(text).bind(...params), tellOrder(database, entry, order.updatedAt),
      ...(kind ? [oweMail(database, { orderId: order.orderId, kind, channelId: order.channel, version: order.version, timeline: entry.timeline }, order.updatedAt)] : []),
    ])
    if (written?.results.length !== 1) return false
    const keys = (told?.results ?? []) as MessageKey[]
    const mails = (owed?.results ?? []) as MailKey[]
    if (keys.length + mails.length > 0) await tell(keys, mails).catch(() => undefined)
    return true
  }
  const placed = ne(orders.status, 'abandoned')

  async function findMany(orderIds: string[]): Promise<OrderRecord[]> {
    const found: OrderRecord[] = []
    for (let at = 0; at < orderIds.length; at += IDS_PER_QUERY_MAX) {
      const ids = orderIds.slice(at, at + IDS_PER_QUERY_MAX)
      found.push(...(await db.select().from(orders).where(and(inArray(orders.orderId, ids), placed))).map(toRecord))
    }
    return found
  }

  return {
    findMany,

    async find(orderId) {
      const [row] = await db.select().from(orders).where(and(eq(orders.orderId, orderId), placed))
      return row ? toRecord(row) : null
    },

    async insert(order) {
      const row = toRow(order)
      // A key that only the broom holds may be taken again, but never by an attempt it has struck: that one's goods are released.
      return write(order, db.insert(orders).values(row)
        .onConflictDoUpdate({
          target: orders.orderId,
          set: { ...row, abandoned: sql`${orders.abandoned}` },
          setWhere: sql`${orders.status} = 'abandoned' AND instr(' ' || ${orders.abandoned} || ' ', ' ' || excluded.attempt || ' ') = 0`,
        })
        .returning({ orderId: orders.orderId }))
    },

    async update(order, expectedVersion) {
      const { status, assignments, timeline, cancelled, cancelRequestedAt, dueAt, updatedAt, version, payment, returns } = toRow(order)
      return write(order, db.update(orders)
        .set({ status, assignments, timeline, cancelled, cancelRequestedAt, dueAt, updatedAt, version, payment, returns })
        .where(and(eq(orders.orderId, order.orderId), eq(orders.version, expectedVersion), placed))
        .returning({ orderId: orders.orderId }))
    },

    async erase(order, expectedVersion) {
      const { purchase, timeline, erasedAt, version } = toRow(order)
      const erased = await db.update(orders).set({ purchase, timeline, erasedAt, version })
        .where(and(eq(orders.orderId, order.orderId), eq(orders.version, expectedVersion), placed))
        .returning({ orderId: orders.orderId })
      return erased.length === 1
    },

    async due(now, limit) {
      const rows = await db.select().from(orders).where(and(isNotNull(orders.dueAt), lte(orders.dueAt, now), placed)).orderBy(asc(orders.dueAt)).limit(limit)
      return rows.map(toRecord)
    },

    async openAfter(orderId, limit) {
      const rows = await db.select().from(orders).where(and(gt(orders.orderId, orderId), notInArray(orders.status, [...FINAL_STATUSES, 'abandoned']))).orderBy(asc(orders.orderId)).limit(limit)
      return rows.map(toRecord)
    },

    async setDue({ orderId, version }, dueAt) {
      await db.update(orders).set({ dueAt }).where(and(eq(orders.orderId, orderId), eq(orders.version, version)))
    },

    async assignments(storeId, wanted) {
      const found = new Map((await findMany([...new Set(wanted.map((each) => orderIdOf(each.assignmentId)))])).map((order) => [order.orderId, order]))
      return wanted.flatMap(({ assignmentId, acceptBy, maybeWritten }) => {
        const order = found.get(orderIdOf(assignmentId))
        const assignment = order && findAssignment(order, assignmentId)
        return order && assignment?.storeId === storeId && !isSettled(assignment) && !isUnreserved(assignment) ? [assignmentBody(order, assignment, acceptBy, maybeWritten)] : []
      })
    },

    async listSales(filter, before, limit) {
      const rows = await db.all<{ kind: 'order' | 'sale'; id: string; at: number; storeId: string; saleKind: 'sale' | 'return'; totalMinor: number; currency: string; assignmentId: string | null }>(sql`
        SELECT kind, id, at, storeId, saleKind, totalMinor, currency, assignmentId FROM (
          SELECT 'order' AS kind, order_id AS id, placed_at AS at, '' AS storeId, '' AS saleKind, 0 AS totalMinor, '' AS currency, NULL AS assignmentId FROM orders
            WHERE status <> 'abandoned' AND placed_at <= ${before?.at ?? Number.MAX_SAFE_INTEGER}
              AND (${filter.status ?? null} IS NULL OR status = ${filter.status ?? null})
              AND (${filter.storeId ?? null} IS NULL OR EXISTS (SELECT 1 FROM json_each(orders.assignments) WHERE json_extract(value, '$.storeId') = ${filter.storeId ?? null}))
          UNION ALL
          SELECT 'sale', sale_id, occurred_at, store_id, kind, total_minor, currency, assignment_id FROM sales
            WHERE occurred_at <= ${before?.at ?? Number.MAX_SAFE_INTEGER} AND ${filter.status ?? null} IS NULL
              -- A web order at the till is that order, not a second sale (rules.md 3).
              AND NOT EXISTS (SELECT 1 FROM orders WHERE order_id = substr(sales.assignment_id, 1, instr(sales.assignment_id, '.') - 1) AND orders.status <> 'abandoned')
              AND (${filter.storeId ?? null} IS NULL OR store_id = ${filter.storeId ?? null})
        )
        WHERE ${before?.id ?? null} IS NULL OR at < ${before?.at ?? 0} OR id < ${before?.id ?? null}
        ORDER BY at DESC, id DESC LIMIT ${limit}`)
      return rows.map((row): ListedSale => row.kind === 'order'
        ? { kind: 'order', orderId: row.id, at: row.at }
        : { kind: 'sale', storeId: row.storeId, saleId: row.id, saleKind: row.saleKind, totalMinor: row.totalMinor, currency: row.currency, assignmentId: row.assignmentId, at: row.at })
    },
  }
}
