import type { Logger } from 'pino'
import type { Clock } from '../../contract/clock.ts'
import { SIGNATURE_TOLERANCE_S } from '../../contract/limits.ts'
import type { Edge, EdgeRefusal, EdgeResult } from './edge-client.ts'
import { isUnauthorized, refusalHint } from './refusal-words.ts'

/** Whether the edge takes what this store signs. */
export type Acceptance = {
  /** The same edge, listened to. */
  edge: Edge
  /** Since when it has refused every signature, epoch ms; null while it accepts them, or has not been asked. */
  refusedSince(): number | null
}

/** What an edge that does not say what is wrong leaves to think of. `skewMs`: this machine's clock minus the edge's, when the edge has told its own. */
export function whyUnauthorized(skewMs: number | null): string {
  const clock = skewMs === null
    ? `or this machine's clock is off by more than ${SIGNATURE_TOLERANCE_S / 60} minutes, which cannot be told from here`
    : `the clock is not it: it is off by ${Math.round(Math.abs(skewMs) / 1000)} s, and calls are signed with the edge's own time`
  return `the edge does not accept this store's signature: its secret was replaced or belongs to another store, or store.id or edge.url names another; ${clock}`
}

const CONFLICT = 409

/** Hears every answer of the edge, and tells once when it begins to refuse this store's signature, whichever part met it first. */
export function watchAcceptance(edge: Edge, log: Logger, now: Clock, skewMs: () => number | null): Acceptance {
  let since: number | null = null
  const refused = (call: string, refusal: EdgeRefusal): void => {
    if (!isUnauthorized(refusal) || since !== null) return
    since = now()
    log.error({ event: 'edge.unauthorized', call, why: whyUnauthorized(skewMs()), hint: refusalHint(refusal) })
  }
  const heard = async <T>(call: string, answering: Promise<EdgeResult<T>>): Promise<EdgeResult<T>> => {
    const answer = await answering
    if (!answer.ok) refused(call, answer.refusal)
    // A conflict is said to whom the edge knows; other refusals come before it looks at the signature, or from somebody on the way.
    if (since !== null && (answer.ok || (answer.refusal.problem !== null && answer.refusal.status === CONFLICT))) {
      since = null
      log.info({ event: 'edge.authorized', call })
    }
    return answer
  }
  return {
    refusedSince: () => since,
    edge: {
      takeEpoch: (...call) => heard('epochs', edge.takeEpoch(...call)),
      sendEvents: (...call) => heard('events', edge.sendEvents(...call)),
      heartbeat: (...call) => heard('heartbeat', edge.heartbeat(...call)),
      pending: () => heard('orders/pending', edge.pending()),
      state: (...call) => heard('state', edge.state(...call)),
    },
  }
}
