import { and, desc, eq, getTableColumns, inArray, lt, or, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { deadLetters } from '../db/schema.ts'
import { Fault } from '../fault.ts'
import { insertLetters } from './db.ts'
import { letterWithoutWords, withoutWords } from './erase-words.ts'
import { LETTER_KEPT_MS } from './letter.ts'
import type { LetterBox } from './letter-box-object.ts'
import type { DeadLetters, FiledLetter, LetterReason } from './port.ts'

/** One box for the whole house: letters are rare, and those that find D1 away are rarer. */
export const LETTER_BOX_NAME = 'waiting'

/** By state and filing, as the index has them. */
const STATES = ['waiting', 'replayed', 'discarded'] as const

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

    async erase(names, words, now) {
      const box = env.LETTER_BOX as DurableObjectNamespace<LetterBox>
      // The box first: what it hands to D1 meanwhile is found there.
      let changed = await box.get(box.idFromName(LETTER_BOX_NAME)).erase(names, words)
      const named = names.map((name) => sql`(instr(lower(${deadLetters.body}), ${name.toLowerCase()}) OR instr(lower(${deadLetters.original}), ${name.toLowerCase()}))`)
      for (const row of await db.select().from(deadLetters).where(or(...named))) {
        const letter = letterWithoutWords(toLetter(row), words)
        // A new revision: a correction of what somebody has read before finds that it is another.
        const updated = await db.update(deadLetters).set({
          body: JSON.stringify(letter.body), original: JSON.stringify(withoutWords(letter.original, words)), lastError: letter.lastError, revision: row.revision + 1, updatedAt: now,
        }).where(and(eq(deadLetters.letterId, row.letterId), eq(deadLetters.revision, row.revision))).returning({ id: deadLetters.letterId })
        if (updated.length === 0) throw new Fault('A dead letter was changed while it was being erased', 'The sweep does it again.')
        changed++
      }
      return changed
    },

    async deleteExpired(now, limit) {
      let deleted = 0
      for (const state of STATES) {
        const old = db.select({ id: deadLetters.letterId }).from(deadLetters).where(and(eq(deadLetters.state, state), lt(deadLetters.filedAt, now - LETTER_KEPT_MS))).limit(limit)
        deleted += (await db.delete(deadLetters).where(and(inArray(deadLetters.letterId, old), lt(deadLetters.expiresAt, now))).returning({ id: deadLetters.letterId })).length
      }
      return deleted
    },

    async settle(letterId, revision, state, outcome, now) {
      const updated = await db.update(deadLetters).set({ state, outcome, updatedAt: now })
        .where(and(eq(deadLetters.letterId, letterId), eq(deadLetters.revision, revision), eq(deadLetters.state, 'waiting'))).returning({ id: deadLetters.letterId })
      return updated.length === 1
    },
  }
}
