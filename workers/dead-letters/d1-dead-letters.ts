import { and, desc, eq, getTableColumns, lt, or, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { deadLetters } from '../db/schema.ts'
import { insertLetters } from './db.ts'
import type { LetterBox } from './letter-box-object.ts'
import type { DeadLetters, FiledLetter, LetterReason } from './port.ts'

/** One box for the whole house: letters are rare, and those that find D1 away are rarer. */
export const LETTER_BOX_NAME = 'waiting'

type Row = typeof deadLetters.$inferSelect
const toLetter = (row: Row): FiledLetter => ({ ...row, reason: row.reason as LetterReason, body: JSON.parse(row.body), original: JSON.parse(row.original) })

export function createDeadLetters(env: Pick<Env, 'DB' | 'LETTER_BOX'>): DeadLetters {
  const db = drizzle(env.DB)
  return {
    async file(letters) {
      if (letters.length === 0) return
      try {
        await insertLetters(env.DB, letters)
      } catch {
        const box = env.LETTER_BOX as DurableObjectNamespace<LetterBox>
        await box.get(box.idFromName(LETTER_BOX_NAME)).keep(letters.map((letter) => ({ letterId: letter.letterId, text: JSON.stringify(letter) })))
      }
    },

    async find(letterId) {
      const [row] = await db.select().from(deadLetters).where(eq(deadLetters.letterId, letterId))
      return row ? toLetter(row) : null
    },

    async list({ queue, reason, state }, cursor, limit) {
      const [at, id] = cursor === null ? [] : (cursor.split(' ') as [string, string])
      const { body: _, original: __, ...listed } = getTableColumns(deadLetters)
      const rows = await db.select(listed).from(deadLetters).where(and(
        queue === undefined ? undefined : eq(deadLetters.queue, queue),
        reason === undefined ? undefined : eq(deadLetters.reason, reason),
        state === undefined ? undefined : sql`${deadLetters.state} = ${state}`,
        at === undefined || id === undefined ? undefined : or(lt(deadLetters.filedAt, Number(at)), and(eq(deadLetters.filedAt, Number(at)), lt(deadLetters.letterId, id))),
      )).orderBy(desc(deadLetters.filedAt), desc(deadLetters.letterId)).limit(limit + 1)
      const shown = rows.slice(0, limit)
      const last = shown.at(-1)
      return { items: shown.map((row) => ({ ...row, reason: row.reason as LetterReason })), nextCursor: rows.length > limit && last ? `${last.filedAt} ${last.letterId}` : null }
    },

    async correct(letterId, revision, body, now) {
      const updated = await db.update(deadLetters).set({ body: JSON.stringify(body ?? null), revision: revision + 1, updatedAt: now })
        .where(and(eq(deadLetters.letterId, letterId), eq(deadLetters.revision, revision), eq(deadLetters.state, 'waiting'))).returning({ id: deadLetters.letterId })
      return updated.length === 1
    },

    async settle(letterId, revision, state, outcome, now) {
      const updated = await db.update(deadLetters).set({ state, outcome, updatedAt: now })
        .where(and(eq(deadLetters.letterId, letterId), eq(deadLetters.revision, revision), eq(deadLetters.state, 'waiting'))).returning({ id: deadLetters.letterId })
      return updated.length === 1
    },
  }
}
