import { toInstant, type Clock } from '../../contract/clock.ts'
import { StateRefused } from '../capture/reconcile.ts'
import { EdgeUnreachable, type Edge } from '../edge/edge-client.ts'
import { failureFields, isBug } from '../failure.ts'
import type { FaultFields } from '../fault.ts'
import { JournalCannotWrite } from '../journal/database.ts'
import type { InboxRow } from '../journal/inbox.ts'
import { hasFailed } from '../journal/last-try.ts'
import type { Journal } from '../journal/journal.ts'
import { saysAway, type PosListener } from '../pos-reachable.ts'
import type { ComparisonProgress, Doing, LiveStatus, StuckOrder } from './live-status.ts'

/** Sees what the connector asks of its POS and of the edge, and so what it does now. Times are epoch ms of this machine. */
export type Activity = {
  hearPos: PosListener
  /** Hears what a part failed of; null when it came to its end. */
  hearPart(part: 'capture' | 'comparison', error: unknown): void
  /** The same edge, listened to. */
  watchEdge(edge: Edge): Edge
  facts(): ActivityFacts
}
export type ActivityFacts = {
  /** The last time the POS said that nothing had changed, or what had was taken down: nothing of it was unknown then, however quiet the shop is. */
  posLookedAt: number | null
  posAwaySince: number | null
  edgeAnsweredAt: number | null
  edgeAwaySince: number | null
  /** The order that is being brought into the POS or taken out of it. */
  order: { assignmentId: string; since: number } | null
  /** What each part has failed of last, with no end to its work since. */
  failing: Failing[]
}
/** `cause`: the POS (away, or not as the configuration says), or anything else. */
export type Failing = FaultFields & { part: 'capture' | 'comparison'; since: number; cause: 'pos' | 'edge' | 'other' }

/** Something may have changed and is not read yet: that is no look. */
const isLook = (method: string, answer: unknown): boolean => method === 'readChanges' || (method === 'mayHaveChanged' && answer === false)

export function createActivity(now: Clock): Activity {
  const facts: ActivityFacts = { posLookedAt: null, posAwaySince: null, edgeAnsweredAt: null, edgeAwaySince: null, order: null, failing: [] }
  const heard = async <T extends { ok: true } | { ok: false; refusal: { problem: unknown } }>(call: () => Promise<T>): Promise<T> => {
    try {
      const answer = await call()
      // A refusal without a word of the contract is somebody else's, on the way.
      const fromEdge = answer.ok || answer.refusal.problem !== null
      facts.edgeAwaySince = fromEdge ? null : facts.edgeAwaySince ?? now()
      if (fromEdge) facts.edgeAnsweredAt = now()
      return answer
    } catch (error) {
      if (!isBug(error)) facts.edgeAwaySince ??= now()
      throw error
    }
  }
  return {
    facts: () => ({ ...facts, failing: [...facts.failing] }),
    hearPos(call) {
      const { method, assignmentId } = call
      if (assignmentId !== null) facts.order = { assignmentId, since: now() }
      return (ok, answer) => {
        if (facts.order?.assignmentId === assignmentId) facts.order = null
        if (ok && isLook(method, answer)) facts.posLookedAt = now()
        if (ok) facts.posAwaySince = null
        else if (answer === undefined || saysAway(call, answer)) facts.posAwaySince ??= now()
      }
    },
    hearPart(part, error) {
      const known = facts.failing.find((each) => each.part === part)
      facts.failing = facts.failing.filter((each) => each.part !== part)
      if (error !== null) facts.failing.push({ part, since: known?.since ?? now(), cause: causeOf(error), ...failureFields(error, part) })
    },
    watchEdge: (edge) => ({
      takeEpoch: (...call) => heard(() => edge.takeEpoch(...call)),
      sendEvents: (...call) => heard(() => edge.sendEvents(...call)),
      heartbeat: (...call) => heard(() => edge.heartbeat(...call)),
      pending: () => heard(() => edge.pending()),
      state: (...call) => heard(() => edge.state(...call)),
    }),
  }
}

/** The edge does not accept this store's signature, or no longer this version. `waitsFor`: as /ready says it. */
export type Refused = { since: number; why: string; hint: string; waitsFor: string }

/** Whose trouble it is. What the POS's driver says, and what an adapter says of its POS, is the POS's. */
function causeOf(error: unknown): Failing['cause'] {
  if (error instanceof StateRefused || error instanceof EdgeUnreachable) return 'edge'
  return isBug(error) || error instanceof JournalCannotWrite ? 'other' : 'pos'
}

/** What it does now, the weightiest first; never empty. `holdsStore`: see `Shop`. */
export function doingOf(facts: ActivityFacts, comparing: ComparisonProgress | null, journal: { epoch: number | null; outbox: number; unfinished: number; retried: number }, holdsStore: boolean, refused: Refused | null = null): Doing[] {
  const doing: Doing[] = []
  const { failing } = facts
  const words = ({ why, hint }: FaultFields) => ({ ...(why === undefined ? {} : { why }), ...(hint === undefined ? {} : { hint }) })
  const byPos = failing.find(({ part, cause }) => part === 'capture' && cause === 'pos')
  // A call that gets through between two that do not is no answer.
  const posAwaySince = byPos?.since ?? facts.posAwaySince
  if (posAwaySince !== null) doing.push({ what: 'waiting-for-pos', since: toInstant(posAwaySince), ...(byPos ? words(byPos) : {}) })
  for (const each of failing) if (each !== byPos && each.cause !== 'edge') doing.push({ what: 'failing', part: each.part, since: toInstant(each.since), fault: each.fault, ...words(each) })
  if (refused) doing.push({ what: 'refused-by-edge', since: toInstant(refused.since), why: refused.why, hint: refused.hint })
  const waitsForEdge = refused === null && (facts.edgeAwaySince !== null || journal.epoch === null || (journal.unfinished > 0 && !holdsStore))
  if (waitsForEdge) doing.push({ what: 'waiting-for-edge', since: facts.edgeAwaySince === null ? null : toInstant(facts.edgeAwaySince) })
  if (facts.order) doing.push({ what: 'order', assignmentId: facts.order.assignmentId, since: toInstant(facts.order.since) })
  if (journal.retried > 0) doing.push({ what: 'retrying', orders: journal.retried })
  if (comparing) doing.push({ what: 'comparing', progress: comparing })
  if (journal.outbox > 0 && !waitsForEdge && refused === null) doing.push({ what: 'sending', events: journal.outbox })
  return doing.length > 0 ? doing : [{ what: 'watching' }]
}

export type LiveFacts = {
  version: string
  url: string
  startedAt: number
  now: number
  journal: Journal
  activity: Activity
  posReachable: boolean
  posSeenAfterMs: number | null
  holdsStore: boolean
  clockSkewMs: number | null
  comparing: ComparisonProgress | null
  comparisons: { finished: number; failed: number }
  troubles: LiveStatus['troubles']
  fresh: { posMs: number; edgeMs: number }
  refused: Refused | null
}

/** As many as a person reads; `orders list --open` has them all. */
export const STUCK_MAX = 20

/** Everything a running connector says of itself. Holds nothing of customers and no secret. */
export function liveStatus({ version, url, startedAt, now, journal, activity, ...rest }: LiveFacts): LiveStatus {
  const facts = activity.facts()
  const agoS = (at: number | null): number | null => (at === null ? null : Math.max(0, Math.round((now - at) / 100) / 10))
  const instant = (at: number | null): string | null => (at === null ? null : toInstant(at))
  const stuck = journal.inbox.stuck(STUCK_MAX)
  const counts = { epoch: journal.meta.number('epoch'), outbox: journal.outbox.waiting(), unfinished: journal.inbox.unfinished(), retried: stuck.filter(({ lastTry }) => hasFailed(lastTry)).length }
  return {
    version, url, startedAt: toInstant(startedAt),
    doing: doingOf(facts, rest.comparing, counts, rest.holdsStore, rest.refused),
    pos: { reachable: rest.posReachable, lookedAt: instant(facts.posLookedAt), lookedAgoS: agoS(facts.posLookedAt), seenAfterMs: rest.posSeenAfterMs },
    edge: {
      answering: facts.edgeAwaySince === null && facts.edgeAnsweredAt !== null, answeredAt: instant(facts.edgeAnsweredAt), answeredAgoS: agoS(facts.edgeAnsweredAt),
      holdsStore: rest.holdsStore, clockSkewMs: rest.clockSkewMs === null ? null : Math.round(rest.clockSkewMs),
    },
    fresh: { posS: Math.round(rest.fresh.posMs / 100) / 10, edgeS: Math.round(rest.fresh.edgeMs / 100) / 10 },
    comparisons: { ...rest.comparisons, wanted: journal.meta.get('reconcileWanted') !== null },
    stuck: stuck.flatMap(stuckOrder),
    troubles: rest.troubles,
  }
}

function stuckOrder({ assignmentId, assignment, lastTry }: InboxRow): StuckOrder[] {
  if (lastTry === null) return []
  const { at, since, ...rest } = lastTry
  return [{ assignmentId, number: assignment?.number ?? null, triedAt: toInstant(at), since: toInstant(since), ...rest }]
}
