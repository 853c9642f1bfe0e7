import { z } from 'zod'
import type { Shop } from '../delivery/accept-order.ts'
import type { Journal } from './journal.ts'

/**
 * What became of a refused row that a person wants read again. `compared`: off the list, and the comparison that is now due tells it anew if it
 * still cannot be read. `read`: off the list, and the POS's adapter reads it again. `not`: nothing to read; it stays on the list.
 */
export const Retried = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('unknown') }),
  z.object({ kind: z.literal('compared') }),
  z.object({ kind: z.literal('read'), what: z.string() }),
  z.object({ kind: z.literal('not'), why: z.string(), todo: z.string() }),
])
export type Retried = z.infer<typeof Retried>

/**
 * Forgets a refused row; the comparison that is now due reads every row of the POS, and says it again if it still cannot be read.
 * False when nothing is refused under this key.
 */
export function readRefusedAgain(journal: Journal, key: string): boolean {
  return journal.transaction(() => {
    if (!journal.refused.forget(key)) return false
    journal.meta.set('reconcileWanted', '1')
    return true
  })
}

/** Sends a refused row back into the reading, the way that its POS has. In the turn, so that no reading tells it between its way back and its end on the list. */
export function retryRefused({ journal, pos, turn }: Pick<Shop, 'journal' | 'pos' | 'turn'>, key: string): Promise<Retried> {
  return turn(async (): Promise<Retried> => {
    if (journal.refused.get(key) === null) return { kind: 'unknown' }
    const answer = await pos.readAgain?.(key)
    if (answer === undefined) return { kind: readRefusedAgain(journal, key) ? 'compared' : 'unknown' }
    if (!answer.again) return { kind: 'not', why: answer.why, todo: answer.todo }
    journal.refused.forget(key)
    return { kind: 'read', what: answer.what }
  })
}
