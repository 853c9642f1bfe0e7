import { toInstant, type Clock } from '../../contract/clock.ts'
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

export function createStanding(journal: Journal, now: Clock): Standing {
  let accepted = false
  let isHeld = false
  const hasStore = (): boolean => accepted && !isHeld && journal.meta.number('epoch') !== null
  const take = (): void => {
    if (!accepted) journal.meta.delete('heldBy')
    accepted = true
  }
  return {
    confirmed: take,
    answered: take,
    held(holder) {
      isHeld = true
      journal.meta.set('heldBy', JSON.stringify({ holder, at: toInstant(now()) } satisfies HeldBy))
    },
    hasStore,
    mayPull: () => hasStore() && journal.meta.get('epochWanted') === null,
  }
}
