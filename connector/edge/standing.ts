import { toInstant, type Clock } from '../../contract/clock.ts'
import { JournalCannotWrite } from '../journal/database.ts'
import type { Journal } from '../journal/journal.ts'

/** How this run of the connector stands with the edge. */
export type Standing = {
  /** The edge took our epoch or our events. */
  confirmed(): void
  /** The edge took our heartbeat. */
  answered(): void
  /** Another connector holds the store: kept for `status`, which is asked when this one has ended. */
  held(holder: string | null): void
  /** Whether the edge has said in this run that the store is ours: an epoch of an earlier run says nothing of who has it now. */
  hasStore(): boolean
  /** Whether work may be fetched: what is fetched is offered to us, so only as the store's own connector. */
  mayPull(): boolean
}

/** Which connector held the store when this one was refused; `holder` is `null` when the edge did not say. */
export type HeldBy = { holder: string | null; at: string }

export function createStanding({ meta, transaction }: Pick<Journal, 'meta' | 'transaction'>, now: Clock): Standing {
  let accepted = false
  let isHeld = false
  let isCleared = false
  const hasStore = (): boolean => accepted && !isHeld && meta.number('epoch') !== null
  /** What `status` is told later stands behind what is done now: a disk that takes nothing says so by itself. False when it was not kept. */
  const keep = (write: () => void): boolean => {
    try {
      transaction(write)
      return true
    } catch (error) {
      if (!(error instanceof JournalCannotWrite)) throw error
      return false
    }
  }
  const take = (): void => {
    accepted = true
    isCleared ||= meta.get('heldBy') === null || keep(() => meta.delete('heldBy'))
  }
  return {
    confirmed: take,
    answered: take,
    held(holder) {
      isHeld = true
      keep(() => meta.set('heldBy', JSON.stringify({ holder, at: toInstant(now()) } satisfies HeldBy)))
    },
    hasStore,
    mayPull: () => hasStore() && meta.get('epochWanted') === null,
  }
}
