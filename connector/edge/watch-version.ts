import type { Logger } from 'pino'
import type { Clock } from '../../contract/clock.ts'
import { refused as refusal } from '../../contract/result.ts'
import type { Edge, EdgeRefusal, EdgeResult } from './edge-client.ts'
import type { Monotonic } from './edge-clock.ts'
import { isTooOld, refusalHint } from './refusal-words.ts'

/**
 * An edge that wants a newer connector takes nothing from this one until somebody has put the newer one here, or the edge was set back. Asking as
 * often as before would be some ten thousand calls a day from each store that was forgotten.
 */
export const TOO_OLD_ASK_EVERY_MS = 5 * 60_000

export type VersionWatch = {
  /** The same edge; while it wants a newer connector, it is asked once in five minutes, and every other call has the last answer at once. */
  edge: Edge
  /** Since when it wants one, epoch ms, and why; null while it does not. */
  tooOld(): { since: number; why: string } | null
}

export const whyTooOld = (version: string, { minVersion }: EdgeRefusal): string =>
  `this connector is ${version}; the edge needs ${minVersion === undefined ? 'a newer one' : `at least ${minVersion}`}. The till sells on, and everything for the edge waits in the journal`

export function watchVersion(edge: Edge, log: Logger, version: string, now: Clock, monotonic: Monotonic): VersionWatch {
  let known: { since: number; refusal: EdgeRefusal; askAgainAt: number } | null = null
  const asked = async <T>(call: string, ask: () => Promise<EdgeResult<T>>): Promise<EdgeResult<T>> => {
    if (known && monotonic() < known.askAgainAt) return refusal(known.refusal)
    // Before the call, so that of several that are due at once one goes out.
    if (known) known.askAgainAt = monotonic() + TOO_OLD_ASK_EVERY_MS
    const answer = await ask()
    if (!answer.ok && isTooOld(answer.refusal)) {
      if (!known) log.error({ event: 'edge.wants-newer', call, why: whyTooOld(version, answer.refusal), hint: refusalHint(answer.refusal) })
      known = { since: known?.since ?? now(), refusal: answer.refusal, askAgainAt: monotonic() + TOO_OLD_ASK_EVERY_MS }
    } else if (known && (answer.ok || answer.refusal.problem !== null)) {
      // Something on the way that answers for the edge says nothing of what the edge wants.
      known = null
      log.info({ event: 'edge.takes-this-version', call })
    }
    return answer
  }
  return {
    tooOld: () => known && { since: known.since, why: whyTooOld(version, known.refusal) },
    edge: {
      takeEpoch: (...call) => asked('epochs', () => edge.takeEpoch(...call)),
      sendEvents: (...call) => asked('events', () => edge.sendEvents(...call)),
      heartbeat: (...call) => asked('heartbeat', () => edge.heartbeat(...call)),
      pending: () => asked('orders/pending', () => edge.pending()),
      state: (...call) => asked('state', () => edge.state(...call)),
    },
  }
}
