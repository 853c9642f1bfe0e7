import type { Clock } from '../../contract/clock.ts'
import type { Edge } from './edge-client.ts'
import type { Monotonic } from './edge-clock.ts'

/**
 * The edge gives a store to another connector 30 s after it last heard of this one, and notes a call only when the last note
 * is 10 s old. So for 20 s from the sending of a call that it took, nobody else can have the store.
 */
export const HELD_FOR_MS = 20_000

/** Whether the store is still ours alone, known without a call: the edge's lease, counted on a clock that nobody sets; and on the wall's, because the first stands still while the machine sleeps. */
export type Lease = {
  /** The same edge; each call that it takes renews the lease. */
  edge: Edge
  isHeld(): boolean
}

export function watchLease(edge: Edge, monotonic: Monotonic, wall: Clock): Lease {
  let taken = { at: Number.NEGATIVE_INFINITY, wallAt: Number.NEGATIVE_INFINITY }
  const watched = async <T extends { ok: boolean }>(call: () => Promise<T>): Promise<T> => {
    const sent = { at: monotonic(), wallAt: wall() }
    const answer = await call()
    if (answer.ok && sent.at >= taken.at) taken = sent
    return answer
  }
  return {
    isHeld: () => monotonic() - taken.at < HELD_FOR_MS && wall() - taken.wallAt < HELD_FOR_MS,
    edge: {
      ...edge,
      takeEpoch: (...call) => watched(() => edge.takeEpoch(...call)),
      sendEvents: (...call) => watched(() => edge.sendEvents(...call)),
      heartbeat: (...call) => watched(() => edge.heartbeat(...call)),
    },
  }
}
