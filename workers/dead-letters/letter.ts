import { sha256Hex } from '../../contract/canonical.ts'
import { toInstant } from '../../contract/clock.ts'
import type { DeadLetterSummary } from '../../contract/operator.ts'
import type { FiledLetter } from './port.ts'

/** A letter nobody has settled by then is kept no longer; it has been shouting for a month. */
export const LETTER_KEPT_MS = 30 * 24 * 3_600_000

/** The same fault filed twice is one letter. `what` names the message or fact. */
export const letterId = async (queue: string, what: string): Promise<string> => `ltr_${(await sha256Hex(`${queue}\n${what}`)).slice(0, 32)}`

export function toSummary(letter: FiledLetter): DeadLetterSummary {
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
