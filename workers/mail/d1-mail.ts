import { and, asc, eq, isNotNull, lt } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { MailKind, MailSettings, OrderMail } from '../../contract/mail.ts'
import { channelMail, mails } from '../db/schema.ts'
import type { MailBook, MailKey, StoredMail } from './port.ts'

const toMail = (row: typeof mails.$inferSelect): StoredMail => ({ ...row, kind: MailKind.parse(row.kind), state: OrderMail.shape.state.parse(row.state) })
const at = ({ orderId, kind }: MailKey) => and(eq(mails.orderId, orderId), eq(mails.kind, kind))

export function createMailBook(database: D1Database): MailBook {
  const db = drizzle(database)
  return {
    async settings(channelId) {
      const [row] = await db.select().from(channelMail).where(eq(channelMail.channelId, channelId))
      return row ? { settings: MailSettings.parse(JSON.parse(row.settings)), updatedAt: row.updatedAt } : null
    },
    async set(channelId, settings, now) {
      const row = { channelId, settings: JSON.stringify(settings), updatedAt: now }
      await db.insert(channelMail).values(row).onConflictDoUpdate({ target: channelMail.channelId, set: row })
    },
    remove: async (channelId) => (await db.delete(channelMail).where(eq(channelMail.channelId, channelId)).returning({ channelId: channelMail.channelId })).length > 0,
    async find(key) {
      const [row] = await db.select().from(mails).where(at(key))
      return row ? toMail(row) : null
    },
    ofOrder: async (orderId) => (await db.select().from(mails).where(eq(mails.orderId, orderId)).orderBy(asc(mails.createdAt), asc(mails.kind))).map(toMail),
    async settle({ state, attempts, said, nextTryAt, settledAt, ...key }, before) {
      const written = await db.update(mails).set({ state, attempts, said, nextTryAt, settledAt }).where(and(at(key), eq(mails.attempts, before), eq(mails.state, 'pending'))).returning({ kind: mails.kind })
      return written.length === 1
    },
    async owe({ orderId, kind }, channelId, now) {
      const row = { orderId, kind, channelId, state: 'pending', attempts: 0, said: null, nextTryAt: now, createdAt: now, settledAt: null }
      await db.insert(mails).values(row).onConflictDoUpdate({ target: [mails.orderId, mails.kind], set: row })
    },
    async due(before, limit) {
      const rows = await db.select({ orderId: mails.orderId, kind: mails.kind }).from(mails).where(and(isNotNull(mails.nextTryAt), lt(mails.nextTryAt, before))).orderBy(asc(mails.nextTryAt)).limit(limit)
      return rows.map(({ orderId, kind }) => ({ orderId, kind: MailKind.parse(kind) }))
    },
  }
}
