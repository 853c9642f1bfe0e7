import type { DeadLetterSummary } from '../../contract/operator.ts'

/**
 * Why a letter is here. `malformed`: it never had the right shape; `unknown_type`: an event we do not know; `unmatched`: it names
 * an order or assignment that is not there; `failed`: it was tried to the last attempt; `crashed`: the platform gave up for us;
 * `needs_person`: right in form, but somebody must decide (a store's refusal that is a mistake, a late acceptance).
 */
export type LetterReason = 'malformed' | 'unknown_type' | 'unmatched' | 'failed' | 'crashed' | 'needs_person'

/** `queue` is the queue's name, or `events` for a store's event refused at the door. `body` is JSON. The id makes filing idempotent. */
export type Letter = {
  letterId: string
  queue: string
  reason: LetterReason
  storeId: string | null
  body: unknown
  attempts: number
  lastError: string
  filedAt: number
}

/** As filed; `revision` counts corrections, `outcome` is of the last replay, or why it was discarded. */
export type FiledLetter = Letter & { state: DeadLetterSummary['state']; original: unknown; revision: number; outcome: string | null; updatedAt: number; expiresAt: number }

/** In a list, without its body: a page of large letters would not fit a Worker. */
export type ListedLetter = Omit<FiledLetter, 'body' | 'original'>

export type DeadLetters = {
  /** Never loses one: where D1 cannot take it, it waits in a Durable Object. Filing the same id again changes nothing. */
  file(letters: Letter[]): Promise<void>
  find(letterId: string): Promise<FiledLetter | null>
  list(filter: { queue?: string; reason?: string; state?: string }, cursor: string | null, limit: number): Promise<{ items: ListedLetter[]; nextCursor: string | null }>
  /** A revision under the same id; false when it was settled or changed meanwhile. */
  correct(letterId: string, revision: number, body: unknown, now: number): Promise<boolean>
  /** Takes out of every letter that names one of `names` what is personal by its key, and each text that has one of `words` in it. Answers how many it changed. */
  erase(names: string[], words: string[], now: number): Promise<number>
  /** Deletes what is kept no longer, so many of a state at once. Answers how many. */
  deleteExpired(now: number, limit: number): Promise<number>
  settle(letterId: string, revision: number, state: 'replayed' | 'discarded' | 'waiting', outcome: string, now: number): Promise<boolean>
}
