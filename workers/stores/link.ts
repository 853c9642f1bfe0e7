import type { HeartbeatRequest } from '../../contract/connect.ts'
import { fromInstant } from '../../contract/clock.ts'
import { EMPTY_DIGEST } from '../../contract/digest.ts'
import { ok, refused } from '../../contract/result.ts'
import type { LinkFacts, LinkProgress, LinkRefusal, LinkResult, Mark, Offer } from './port.ts'

/** Three heartbeats: a connector that misses them is gone, and another one may take the store over. */
export const LEASE_MS = 30_000
/** Events renew the lease too, but a row for each call would be money for nothing. */
export const LEASE_RENEW_AFTER_MS = 10_000
/** A store that has been silent for six heartbeats is away: work for it is parked instead of tried. */
export const AWAY_AFTER_MS = 60_000
/** From the first offer. A shop that is closed on a Sunday, or without a line for a night, is a normal day. */
export const ACCEPT_WITHIN_MS = 24 * 60 * 60_000
/** A queue that has forgotten a message, or a consumer that died with it, is not waited for longer than this. */
export const DISPATCH_AGAIN_MS = 30_000
/** Handed over and silent for this long: something between the journal and us was lost. */
export const ASK_AGAIN_MS = 30_000
/** A cancel that the store seems to have answered comes up again this much later, in case the answer was to something else. */
export const CANCEL_AGAIN_MS = 60_000
/** Five full queue batches, or one page of asking: a heartbeat stays one small transaction, and the next one takes the rest. */
export const DISPATCHED_AT_ONCE_MAX = 500
export const ASKED_AT_ONCE_MAX = 100

/** What is known of a store's connector. One value, one row. Epoch ms. */
export type Link = {
  /** Who holds the store, and when it was last heard. */
  connectorId: string | null
  heardAt: number | null
  /** 0: no connector ever came. */
  epoch: number
  mark: Mark
  beat: (Pick<HeartbeatRequest, 'lastSeq' | 'posReachable' | 'version' | 'tunnel' | 'journal'> & { at: number; clockSkewMs: number; ackedSeq: number }) | null
  /** What came of the last push; `null` before the first of this epoch. */
  pushWorked: boolean | null
  requests: string[]
}
export const emptyLink: Link =
  { connectorId: null, heardAt: null, epoch: 0, mark: { seq: 0, digest: EMPTY_DIGEST }, beat: null, pushWorked: null, requests: [] }

/**
 * An assignment the link looks after. `parked`: waits here; `queued`: a message is on its way to the consumer; `offered`: the
 * store has it or may have it; `handed-over`: it is in the store's journal. Forgotten when final.
 */
export type Work = {
  assignmentId: string
  state: 'parked' | 'queued' | 'offered' | 'handed-over'
  /** Set at the first offer and never changed. `null`: the store cannot know of it. */
  acceptBy: number | null
  /** Not handed over: when a heartbeat sends it to the queue (again). */
  dispatchAt: number
  /** Handed over: when the store is asked (again) for an outcome; `null` once it has told one. */
  askAt: number | null
  /** A cancel is requested and is told from then on; `null`: none. */
  cancelAt: number | null
  /** An earlier journal may have written it to the POS: it goes to the store again even when it is to be cancelled. */
  lostJournal: boolean
}

const holdsLease = (link: Link, now: number): boolean => link.heardAt !== null && now - link.heardAt < LEASE_MS

/** A new journal: the numbering starts again. Refused while another connector holds the store. */
export function takeEpoch(link: Link, connectorId: string, now: number): LinkResult<Link> {
  if (link.connectorId !== null && link.connectorId !== connectorId && holdsLease(link, now)) {
    return refused({ reason: 'store-held-by', connectorId: link.connectorId })
  }
  return ok({
    ...link, connectorId, heardAt: now, epoch: link.epoch + 1, mark: { seq: 0, digest: EMPTY_DIGEST }, pushWorked: null,
    beat: link.beat && { ...link.beat, lastSeq: 0, ackedSeq: 0 },
  })
}

/** After a new epoch everything without a final outcome is offered again: the new journal may know nothing of it. */
export const afterEpoch = (work: Work, now: number): Work =>
  ({
    ...work, state: 'queued', dispatchAt: now + DISPATCH_AGAIN_MS, askAt: null, lostJournal: work.lostJournal || work.acceptBy !== null,
    cancelAt: work.cancelAt === null ? null : now,
  })

/**
 * Whether this connector may speak for the store. An epoch belongs to the connector that took it: another one, even with the
 * right number and after the lease has run out, has a copied journal and must take an epoch of its own.
 */
export function admit(link: Link, call: { connectorId: string; epoch: number }, now: number): LinkRefusal | null {
  if (link.connectorId !== null && link.connectorId !== call.connectorId && holdsLease(link, now)) {
    return { reason: 'store-held-by', connectorId: link.connectorId }
  }
  if (link.epoch === 0 || call.epoch !== link.epoch || link.connectorId !== call.connectorId) return { reason: 'epoch-forked', epoch: link.epoch }
  return null
}

/** The answer is where the numbering stands. The link comes back changed only when the lease is worth a row. */
export function admitEvents(link: Link, call: { connectorId: string; epoch: number; afterSeq: number }, now: number): LinkResult<Link> {
  const refusal = admit(link, call, now)
  if (refusal) return refused(refusal)
  if (call.afterSeq > link.mark.seq) return refused({ reason: 'sequence-gap', expectedSeq: link.mark.seq + 1 })
  return ok(now - (link.heardAt ?? 0) > LEASE_RENEW_AFTER_MS ? { ...link, heardAt: now } : link)
}

/** Only from exactly `from`: of two calls that worked at the same time one moves it, and the other hears where it is. */
export function moveMark(link: Link, epoch: number, from: Mark, to: Mark): LinkResult<Link> {
  if (epoch !== link.epoch || epoch === 0) return refused({ reason: 'epoch-forked', epoch: link.epoch })
  if (link.mark.seq !== from.seq || link.mark.digest !== from.digest) return ok(link)
  return ok({ ...link, mark: { seq: to.seq, digest: to.digest } })
}

export type BeatAnswer = { ackedSeq: number; pending: number; askAgain: string[]; requests: string[]; pushConfirmed: boolean; dispatch: string[] }

/** A sign of life: work that waits goes to the queue, and what is overdue is asked for. `changed` holds the rows to write. */
export function heartbeat(link: Link, works: readonly Work[], beat: HeartbeatRequest, now: number): LinkResult<{ link: Link; changed: Work[]; answer: BeatAnswer }> {
  const refusal = admit(link, beat, now)
  if (refusal) return refused(refusal)
  // A journal that has numbered less than we confirmed came from a backup. Confirmed by the last heartbeat, that is: this one may
  // have been overtaken by events that were numbered after it was written.
  if (beat.lastSeq < (link.beat?.ackedSeq ?? 0)) return refused({ reason: 'epoch-forked', epoch: link.epoch })

  const dispatched = works.filter((work) => isToDeliver(work) && work.dispatchAt <= now).slice(0, DISPATCHED_AT_ONCE_MAX)
  const asked = works.filter((work) => work.state === 'handed-over' && work.askAt !== null && work.askAt <= now).slice(0, ASKED_AT_ONCE_MAX)
  const { lastSeq, posReachable, version, tunnel, journal } = beat
  return ok({
    link: {
      ...link,
      heardAt: now,
      beat: { at: now, ackedSeq: link.mark.seq, clockSkewMs: fromInstant(beat.clock) - now, lastSeq, posReachable, version, tunnel, journal: { inbox: journal.inbox, outbox: journal.outbox } },
      requests: [],
    },
    changed: [
      ...dispatched.map((work): Work => ({ ...work, state: work.state === 'parked' ? 'queued' : work.state, dispatchAt: now + DISPATCH_AGAIN_MS })),
      ...asked.map((work): Work => ({ ...work, askAt: now + ASK_AGAIN_MS })),
    ],
    answer: {
      ackedSeq: link.mark.seq,
      pending: works.filter(isToDeliver).length + works.filter((work) => isToCancel(work, now)).length,
      askAgain: asked.map(({ assignmentId }) => assignmentId),
      requests: link.requests,
      pushConfirmed: link.pushWorked ?? tunnel === 'up',
      dispatch: dispatched.map(({ assignmentId }) => assignmentId),
    },
  })
}

/** Not known to be in the journal. What is to be cancelled is not brought after its cancel, unless an older journal may have written it. */
const isToDeliver = (work: Work): boolean => work.state !== 'handed-over' && (work.cancelAt === null || work.lostJournal)
const isToCancel = (work: Work, now: number): boolean => work.cancelAt !== null && work.cancelAt <= now

const isAway = (link: Link, now: number): boolean => link.beat === null || now - link.beat.at >= AWAY_AFTER_MS

const offered = (work: Work, now: number): Work & { acceptBy: number } =>
  ({ ...work, state: 'offered', acceptBy: work.acceptBy ?? now + ACCEPT_WITHIN_MS, dispatchAt: now + DISPATCH_AGAIN_MS })

/** Work has come for the store. `work` is its row, `null` when it is new. Answers the row to write, or `null` to leave it. */
export function offer(link: Link, work: Work | null, assignmentId: string, pushable: boolean, now: number): { offer: Offer; work: Work | null } {
  if (work?.state === 'handed-over') return { offer: { kind: 'handed-over' }, work: null }
  const known: Work = work ?? { assignmentId, state: 'parked', acceptBy: null, dispatchAt: now, askAt: null, cancelAt: null, lostJournal: false }
  if (!isToDeliver(known)) return { offer: { kind: 'parked' }, work: null }
  const away = isAway(link, now)
  if (pushable && !away) {
    const gone = offered(known, now)
    return { offer: { kind: 'go', acceptBy: gone.acceptBy }, work: gone }
  }
  // An away store gets it with its first heartbeat. One that cannot be pushed to has time to pull, or its breaker to try.
  return { offer: { kind: 'parked' }, work: { ...known, state: 'parked', dispatchAt: away ? now : now + DISPATCH_AGAIN_MS } }
}

/** What came of a push. A failed one waits for the next heartbeat and stays offered: nobody knows whether it arrived. */
export function afterPush(work: Work, outcome: 'journaled' | 'failed', now: number): Work | null {
  if (outcome === 'journaled') return handOver(work, now)
  return work.state === 'handed-over' ? null : { ...work, state: 'parked', dispatchAt: now }
}

const handOver = (work: Work, now: number): Work | null =>
  work.state === 'handed-over' ? null : { ...work, state: 'handed-over', acceptBy: work.acceptBy ?? now + ACCEPT_WITHIN_MS, askAt: now + ASK_AGAIN_MS }

/** What waited longest comes first, so that a page of work nobody can journal does not hide the next. */
export function pull(works: readonly Work[], limit: number, now: number): { changed: Work[]; assignments: { assignmentId: string; acceptBy: number }[]; cancels: string[] } {
  const changed = works.filter(isToDeliver).sort((a, b) => a.dispatchAt - b.dispatchAt).slice(0, limit).map((work) => offered(work, now))
  return {
    changed,
    assignments: changed.map(({ assignmentId, acceptBy }) => ({ assignmentId, acceptBy })),
    cancels: works.filter((work) => isToCancel(work, now)).slice(0, limit).map(({ assignmentId }) => assignmentId),
  }
}

/** `struck`: the store cannot know of it, and will not. Else it is a request, and stays one until it is answered. */
export function takeBack(work: Work | null, now: number): { kind: 'struck' } | { kind: 'requested'; work: Work | null } {
  if (work === null || work.acceptBy === null) return { kind: 'struck' }
  return { kind: 'requested', work: work.cancelAt === null ? { ...work, cancelAt: now } : null }
}

/** The store has told something. `null`: nothing to write; `forget`: nothing more will come. */
export function afterProgress(work: Work, progress: LinkProgress, now: number): Work | 'forget' | null {
  switch (progress) {
    case 'final':
      return 'forget'
    case 'journaled':
      return handOver(work, now)
    case 'outcome': {
      // The first outcome is of the work itself; one after it is the answer to the cancel, most likely.
      const toldBefore = work.state === 'handed-over' && work.askAt === null
      const cancelAt = work.cancelAt !== null && toldBefore ? now + CANCEL_AGAIN_MS : work.cancelAt
      if (toldBefore && cancelAt === work.cancelAt) return null
      return { ...(handOver(work, now) ?? work), askAt: null, cancelAt }
    }
  }
}

export const factsOf = (link: Link, works: readonly Work[]): LinkFacts => ({
  lastHeartbeatAt: link.beat?.at ?? null,
  connectorId: link.connectorId,
  epoch: link.epoch,
  ackedSeq: link.mark.seq,
  lastSeq: Math.max(link.beat?.lastSeq ?? 0, link.mark.seq),
  posReachable: link.beat?.posReachable ?? false,
  version: link.beat?.version ?? null,
  clockSkewMs: link.beat?.clockSkewMs ?? null,
  tunnel: link.beat?.tunnel ?? null,
  journal: link.beat?.journal ?? null,
  parked: works.filter(({ state }) => state !== 'handed-over').length,
  handedOver: works.filter(({ state }) => state === 'handed-over').length,
})
