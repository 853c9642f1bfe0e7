import type { HeartbeatAnswer } from '../../contract/connect.ts'
import { createBell } from '../bell.ts'
import type { Journal } from '../journal/journal.ts'

/** How this run of the connector stands with the edge. A journal that was copied or restored looks like a good one until the edge has spoken. */
export type Standing = {
  /** The edge took our epoch or our events. */
  confirmed(): void
  /** The edge took our heartbeat. */
  answered(answer: Pick<HeartbeatAnswer, 'ackedSeq'>): void
  /** Another connector holds the store. */
  held(): void
  /** Whether work may be fetched: what is fetched is offered to us, so only as the store's own connector. */
  mayPull(): boolean
  /** Ends when the edge has shown that it knows this very journal, or the signal aborts. */
  known(signal: AbortSignal): Promise<void>
}

export function createStanding(journal: Journal): Standing {
  const bell = createBell()
  let accepted = false
  let isKnown = false
  let isHeld = false
  const inEpoch = (): boolean => journal.meta.number('epoch') !== null && journal.meta.get('epochWanted') === null

  const confirmed = (): void => {
    accepted = true
    isKnown = true
    bell.ring()
  }
  return {
    confirmed,
    answered({ ackedSeq }) {
      accepted = true
      // An edge that has confirmed more than we know of may have it from another life of this journal: its digest, with our next events, will tell.
      if (inEpoch() && ackedSeq <= journal.outbox.acked().seq) confirmed()
    },
    held() {
      isHeld = true
    },
    mayPull: () => accepted && !isHeld && inEpoch(),
    async known(signal) {
      while (!isKnown && !signal.aborted) await bell.wait(null, signal)
    },
  }
}
