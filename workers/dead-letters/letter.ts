import { z } from 'zod'
import { sha256Hex } from '../../contract/canonical.ts'
import { toInstant } from '../../contract/clock.ts'
import type { DeadLetterSummary } from '../../contract/operator.ts'
import type { ListedLetter } from './port.ts'

/** A letter nobody has settled by then is kept no longer; it has been shouting for a month. */
export const LETTER_KEPT_MS = 30 * 24 * 3_600_000

/** The same fault filed twice is one letter. `what` names the message or fact. */
export const letterId = async (queue: string, what: string): Promise<string> => `ltr_${(await sha256Hex(`${queue}\n${what}`)).slice(0, 32)}`

export function toSummary(letter: ListedLetter): DeadLetterSummary {
  return {
    id: letter.letterId,
    queue: letter.queue,
    reason: letter.reason,
    state: letter.state,
    attempts: letter.attempts,
    lastError: letter.lastError,
    storeId: letter.storeId,
    revision: letter.revision,
    filedAt: toInstant(letter.filedAt),
    expiresAt: toInstant(letter.expiresAt),
  }
}

const Place = z.object({ storeId: z.string(), epoch: z.int(), event: z.looseObject({ seq: z.int() }) })

/** Whether two bodies of a store's event stand at the same place of the same store's numbering. */
export function isSamePlace(original: unknown, corrected: unknown): boolean {
  const [a, b] = [Place.safeParse(original), Place.safeParse(corrected)]
  return a.success && b.success && a.data.storeId === b.data.storeId && a.data.epoch === b.data.epoch && a.data.event.seq === b.data.event.seq
}
