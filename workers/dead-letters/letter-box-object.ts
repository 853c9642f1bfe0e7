import { DurableObject } from 'cloudflare:workers'
import { systemClock } from '../../contract/clock.ts'
import { log } from '../log.ts'
import { insertLetters } from './db.ts'
import { hasWord, letterWithoutWords } from './erase-words.ts'
import type { Letter } from './port.ts'

/** D1 that was away is asked again this often; letters are for people, not for milliseconds. */
const TRY_AGAIN_MS = 30_000
const LETTERS_AT_ONCE_MAX = 50

/** Where dead letters wait while D1 is away, so that none is ever dropped (rules.md 8). */
export class LetterBox extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS letters (letter_id TEXT PRIMARY KEY NOT NULL, text TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID')
  }

  async keep(letters: { letterId: string; text: string }[]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      for (const { letterId, text } of letters) this.ctx.storage.sql.exec('INSERT OR IGNORE INTO letters (letter_id, text) VALUES (?, ?)', letterId, text)
    })
    await this.ctx.storage.setAlarm(systemClock() + TRY_AGAIN_MS)
  }

  /** As `DeadLetters.erase`. */
  async erase(names: string[], words: string[]): Promise<number> {
    let changed = 0
    for (const { letter_id, text } of this.ctx.storage.sql.exec<{ letter_id: string; text: string }>('SELECT letter_id, text FROM letters').toArray()) {
      if (!hasWord(text, names)) continue
      this.ctx.storage.sql.exec('UPDATE letters SET text = ? WHERE letter_id = ?', JSON.stringify(letterWithoutWords(JSON.parse(text) as Letter, words)), letter_id)
      changed++
    }
    return changed
  }

  override async alarm(): Promise<void> {
    const waiting = this.ctx.storage.sql.exec<{ letter_id: string; text: string }>('SELECT letter_id, text FROM letters ORDER BY tries LIMIT ?', LETTERS_AT_ONCE_MAX).toArray()
    if (waiting.length === 0) return
    // Armed before the work: a throw below must not be the end of it.
    await this.ctx.storage.setAlarm(systemClock() + TRY_AGAIN_MS)
    let failed = 0
    for (const { letter_id, text } of waiting) {
      try {
        await insertLetters(this.env.DB, [JSON.parse(text) as Letter])
        this.ctx.storage.sql.exec('DELETE FROM letters WHERE letter_id = ?', letter_id)
      } catch {
        failed++
        // To the end of the line: one that cannot be filed keeps no other waiting.
        this.ctx.storage.sql.exec('UPDATE letters SET tries = tries + 1 WHERE letter_id = ?', letter_id)
      }
    }
    if (failed > 0) log('dead_letters.still_waiting', { letters: failed })
  }
}
