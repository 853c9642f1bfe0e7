import type { Journal } from '../journal/journal.ts'

/** How this run of the connector stands with the edge. */
export type Standing = {
  /** The edge took our epoch or our events. */
  confirmed(): void
  /** The edge took our heartbeat. */
  answered(): void
  /** Another connector holds the store. */
  held(): void
  /** Whether work may be fetched: what is fetched is offered to us, so only as the store's own connector. */
  mayPull(): boolean
}

export function createStanding(journal: Journal): Standing {
  let accepted = false
  let isHeld = false
  const take = (): void => void (accepted = true)
  return {
    confirmed: take,
    answered: take,
    held: () => void (isHeld = true),
    mayPull: () => accepted && !isHeld && journal.meta.number('epoch') !== null && journal.meta.get('epochWanted') === null,
  }
}
