import { drizzle } from 'drizzle-orm/d1'
import { deadLetters } from '../db/schema.ts'
import { LETTER_KEPT_MS } from './letter.ts'
import type { Letter } from './port.ts'

/** Files letters; one that is there already stays as it is, corrections included. Throws when D1 is away. */
export async function insertLetters(database: D1Database, letters: readonly Letter[]): Promise<void> {
  const db = drizzle(database)
  for (const letter of letters) {
    const body = JSON.stringify(letter.body ?? null)
    await db.insert(deadLetters).values({
      ...letter, body, original: body, state: 'waiting', revision: 1, outcome: null, updatedAt: letter.filedAt, expiresAt: letter.filedAt + LETTER_KEPT_MS,
    }).onConflictDoNothing()
  }
}
