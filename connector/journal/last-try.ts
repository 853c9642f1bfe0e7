import type { InboxChange } from './inbox.ts'

/** What hindered a try, in words of ours (fault.ts): a name, what happened, what to do. Nothing a driver said, and nothing of the order. */
export type TryFault = { fault: string; why?: string; hint?: string }
/** The last try of an order that is not finished, and for how long and how often it has been tried in vain. Epoch ms. */
export type LastTry = TryFault & { at: number; since: number; count: number }

/** The order waits for the edge, and nothing is wrong with the POS. */
export const WAITS_FOR_EDGE: TryFault = {
  fault: 'edge silent',
  why: 'the edge has not answered lately, and another connector could have the store by now',
  hint: 'it goes on by itself when the edge answers: "status" and "doctor" say what keeps it away',
}

const isWaiting = ({ fault }: TryFault): boolean => fault === WAITS_FOR_EDGE.fault
/** A try that the POS, or the connector itself, has failed. */
export const hasFailed = (last: LastTry | null): last is LastTry => last !== null && !isWaiting(last)

/** What the POS failed counts on whatever it said each time: how long the order has been stuck is what matters. Waiting for the edge is something else. */
export function nextTry(previous: LastTry | null, { fault, why, hint }: TryFault, now: number): LastTry {
  const goesOn = previous !== null && isWaiting(previous) === isWaiting({ fault })
  return {
    fault, ...(why === undefined ? {} : { why }), ...(hint === undefined ? {} : { hint }),
    at: now, since: goesOn ? previous.since : now, count: goesOn ? previous.count + 1 : 1,
  }
}

/** A change that ends what was being tried: the outcome, the answer to a cancel, the answer told again. */
export const isSettling = ({ state, cancel, answerAgain }: InboxChange): boolean =>
  (state !== undefined && state !== 'received' && state !== 'intent') || (cancel !== undefined && cancel !== 'requested') || answerAgain === false
