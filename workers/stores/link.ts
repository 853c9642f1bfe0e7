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
/** Clocks of edge and shop may differ by this much although the connector reckons in edge time: nobody goes elsewhere before it is over. */
export const ACCEPT_SKEW_MS = 2 * 60_000
/** A queue that has forgotten a message, or a consumer that died with it, is not waited for longer than this. */
export const DISPATCH_AGAIN_MS = 30_000
/** Handed over and silent for this long: something between the journal and us was lost. */
export const ASK_AGAIN_MS = 30_000
/** A till that has been off for a day hears of it within the hour. */
export const ASK_AGAIN_MAX_MS = 60 * 60_000
const ASK_DOUBLINGS_MAX = 10
/** Asked this often in vain, the store is given the work anew: its journal does not know it. To one that does it says nothing new. */
export const ASKED_IN_VAIN_MAX = 4
/** A cancel that was pulled and not answered comes up again: what was pulled may be lost, and to look it up costs the POS a query. */
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
  beat: (Pick<HeartbeatRequest, 'lastSeq' | 'posReachable' | 'version' | 'tunnel' | 'journal' | 'erasedUpTo'> & { at: number; clockSkewMs: number; ackedSeq: number }) | null
  /** What came of the last push; `null` before the first of this epoch. */
  pushWorked: boolean | null
  /** What the operator wants and no heartbeat of this epoch was told yet, and what one was told: its answer may be lost, so the next hears it too. */
  requests: string[]
  told: string[]
  /** The last calls that took an epoch, by id: one that comes again is answered as it was. */
  epochCalls: { id: string; epoch: number }[]
}
export const emptyLink: Link =
  { connectorId: null, heardAt: null, epoch: 0, mark: { seq: 0, digest: EMPTY_DIGEST }, beat: null, pushWorked: null, requests: [], told: [], epochCalls: [] }

/**
 * An assignment the link looks after. `parked`: waits here; `queued`: a message is on its way to the consumer; `offered`: the
 * store has it or may have it; `handed-over`: it is in the store's journal. Forgotten when final.
 */
export type Work = {
  assignmentId: string
  state: 'parked' | 'queued' | 'offered' | 'handed-over'
  /** Set at the first offer and never changed. `null`: the store cannot know of it. */
  acceptBy: number | null
  /** How long after the first offer that is. */
  acceptWithin: number
  /** Not handed over: when a heartbeat sends it to the queue (again). */
  dispatchAt: number
  /** When the store is asked (again) for an outcome; `null` while nothing is owed: before it has spoken of it, and once its word is applied. */
  askAt: number | null
  /** How often it was asked since it was handed over, without a word. */
  asked: number
  /** A cancel is requested, and when it is told (again); `null`: none, or answered. */
  cancelAt: number | null
  /** An earlier journal may have written it to the POS: it goes to the store again even when it is to be cancelled. */
  lostJournal: boolean
}

const holdsLease = (link: Link, now: number): boolean => link.heardAt !== null && now - link.heardAt < LEASE_MS

/** A replayed call is fresh for five minutes; nobody takes more epochs than this in five minutes for a good reason. */
const EPOCH_CALLS_KEPT = 20

/** A new journal: the numbering starts again. Refused while another connector holds the store. */
export function takeEpoch(link: Link, connectorId: string, now: number, callId: string | null = null): LinkResult<Link> {
  if (link.connectorId !== null && link.connectorId !== connectorId && holdsLease(link, now)) {
    return refused({ reason: 'store-held-by', connectorId: link.connectorId })
  }
  return ok({
    ...link, connectorId, heardAt: now, epoch: link.epoch + 1, mark: { seq: 0, digest: EMPTY_DIGEST }, pushWorked: null,
    beat: link.beat && { ...link.beat, lastSeq: 0, ackedSeq: 0 }, requests: wanted(link), told: [],
    epochCalls: callId === null ? link.epochCalls : [{ id: callId, epoch: link.epoch + 1 }, ...link.epochCalls].slice(0, EPOCH_CALLS_KEPT),
  })
}

/** Once each, what waited longer first. */
const wanted = (link: Link): string[] => [...new Set([...link.told, ...link.requests])]

/**
 * After a new epoch everything without a final outcome is offered again: the new journal may know nothing of it. Not what was
 * given away: of that it only hears the cancel.
 */
export function afterEpoch(work: Work, givenAway: boolean, now: number): Work {
  const again = { ...work, askAt: null, cancelAt: work.cancelAt === null ? null : now }
  return givenAway ? again : { ...again, state: 'queued', dispatchAt: now + DISPATCH_AGAIN_MS, lostJournal: work.lostJournal || work.acceptBy !== null }
}

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

  const dispatched = new Set(works.filter((work) => isToPush(work) && work.dispatchAt <= now).slice(0, DISPATCHED_AT_ONCE_MAX))
  const asked = new Set(works.filter((work) => work.askAt !== null && work.askAt <= now).slice(0, ASKED_AT_ONCE_MAX))
  const { lastSeq, posReachable, version, tunnel, journal, erasedUpTo } = beat
  return ok({
    link: {
      ...link,
      heardAt: now,
      beat: { at: now, ackedSeq: link.mark.seq, clockSkewMs: fromInstant(beat.clock) - now, lastSeq, posReachable, version, tunnel, journal: { inbox: journal.inbox, outbox: journal.outbox }, erasedUpTo },
      requests: [],
      told: link.requests,
    },
    changed: works.filter((work) => dispatched.has(work) || asked.has(work)).map((work): Work => ({
      ...work,
      ...(dispatched.has(work) && { state: work.state === 'parked' ? 'queued' : work.state, dispatchAt: now + DISPATCH_AGAIN_MS }),
      ...(asked.has(work) && askOnceMore(work, now)),
    })),
    answer: {
      ackedSeq: link.mark.seq,
      pending: works.filter(isToDeliver).length + works.filter((work) => isToCancel(work, now)).length,
      askAgain: [...asked].map(({ assignmentId }) => assignmentId),
      requests: wanted(link),
      pushConfirmed: link.pushWorked ?? tunnel === 'up',
      dispatch: [...dispatched].map(({ assignmentId }) => assignmentId),
    },
  })
}

/** Each ask waits longer than the last, so that an answer nobody can read is no endless traffic. */
function askOnceMore(work: Work, now: number): Partial<Work> {
  const asked = work.asked + 1
  const askAt = now + Math.min(ASK_AGAIN_MS * 2 ** Math.min(asked - 1, ASK_DOUBLINGS_MAX), ASK_AGAIN_MAX_MS)
  const inVain = asked % ASKED_IN_VAIN_MAX === 0 && work.state === 'handed-over' && work.cancelAt === null
  return inVain ? { state: 'queued', dispatchAt: now, askAt, asked, lostJournal: true } : { askAt, asked }
}

/** Not known to be in the journal. What is to be cancelled is not brought after its cancel, unless an older journal may have written it. */
const isToDeliver = (work: Work): boolean => work.state !== 'handed-over' && (work.cancelAt === null || work.lostJournal)
/** A push carries no cancel, so work that is to be cancelled waits for a pull, which brings both. */
export const isToPush = (work: Work): boolean => isToDeliver(work) && work.cancelAt === null
const isToCancel = (work: Work, now: number): boolean => work.cancelAt !== null && work.cancelAt <= now

/** Any signed call is a sign of life: an epoch, events, a heartbeat. */
const isAway = (link: Link, now: number): boolean => link.heardAt === null || now - link.heardAt >= AWAY_AFTER_MS

const offered = (work: Work, now: number): Work & { acceptBy: number } =>
  ({ ...work, state: 'offered', acceptBy: work.acceptBy ?? now + work.acceptWithin, dispatchAt: now + DISPATCH_AGAIN_MS })

/** Work has come for the store. `work` is its row, `null` when it is new. Answers the row to write, or `null` to leave it. */
export function offer(link: Link, work: Work | null, assignmentId: string, pushable: boolean, now: number, acceptWithin = ACCEPT_WITHIN_MS): { offer: Offer; work: Work | null } {
  if (work?.state === 'handed-over') return { offer: { kind: 'handed-over' }, work: null }
  const known: Work = work ?? { assignmentId, state: 'parked', acceptBy: null, acceptWithin, dispatchAt: now, askAt: null, asked: 0, cancelAt: null, lostJournal: false }
  if (!isToPush(known)) return { offer: { kind: 'parked' }, work: null }
  const away = isAway(link, now)
  if (pushable && !away) {
    const gone = offered(known, now)
    return { offer: { kind: 'go', acceptBy: gone.acceptBy, maybeWritten: gone.lostJournal }, work: gone }
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
  work.state === 'handed-over' ? null : { ...work, state: 'handed-over', acceptBy: work.acceptBy ?? now + work.acceptWithin, askAt: Math.max(work.askAt ?? 0, now + ASK_AGAIN_MS) }

export type Pulled = { assignments: { assignmentId: string; acceptBy: number; maybeWritten: boolean }[]; cancels: string[] }

/** What waited longest comes first, so that a page of work nobody can journal does not hide the next. Work never goes without its cancel. */
export function pull(works: readonly Work[], limit: number, now: number): Pulled & { changed: Work[] } {
  const given = works.filter(isToDeliver).sort((a, b) => a.dispatchAt - b.dispatchAt).slice(0, limit).map((work) => offered(work, now))
  const kept = works.filter((work) => !given.some(({ assignmentId }) => assignmentId === work.assignmentId))
  const cancels = [...given.filter(({ cancelAt }) => cancelAt !== null), ...kept.filter((work) => isToCancel(work, now))].slice(0, limit)
  return {
    changed: [...given.filter((work) => !cancels.includes(work)), ...cancels.map((work): Work => ({ ...work, cancelAt: now + CANCEL_AGAIN_MS }))],
    assignments: given.map(({ assignmentId, acceptBy, lostJournal }) => ({ assignmentId, acceptBy, maybeWritten: lostJournal })),
    cancels: cancels.map(({ assignmentId }) => assignmentId),
  }
}

/** `struck`: the store cannot know of it, and will not. Else it is a request, and stays one until it is answered. */
export function takeBack(work: Work | null, now: number): { kind: 'struck' } | { kind: 'requested'; work: Work | null } {
  if (work === null || work.acceptBy === null) return { kind: 'struck' }
  return { kind: 'requested', work: work.cancelAt === null ? { ...work, cancelAt: now } : null }
}

/**
 * What a store lets lie. Never offered: it is struck if another store can do it (`isElsewhere`). Offered: it is given away once the
 * time to accept it has passed, a day later where nobody else can.
 */
export function giveUp(work: Work, isElsewhere: boolean, now: number): 'struck' | 'given-away' | 'kept' {
  if (work.acceptBy === null) return isElsewhere ? 'struck' : 'kept'
  return now >= work.acceptBy + ACCEPT_SKEW_MS + (isElsewhere ? 0 : ACCEPT_WITHIN_MS) ? 'given-away' : 'kept'
}

/** The store has taken what was given away. Nothing is owed but the answer to the cancel. `work` is `null` when it was forgotten, or never here. */
export const undone = (work: Work | null, assignmentId: string, now: number): Work => ({
  ...(work ?? { assignmentId, acceptWithin: ACCEPT_WITHIN_MS, dispatchAt: now, asked: 0, lostJournal: false }),
  state: 'handed-over', acceptBy: work?.acceptBy ?? now + ACCEPT_WITHIN_MS, askAt: null, cancelAt: work?.cancelAt ?? now,
})

/** It is asked for its outcome again, however much it has said: who heard it has forgotten. `work` is `null` when it was forgotten here as well. `null`: it is still on its way. */
export function recalled(work: Work | null, assignmentId: string, now: number): Work | null {
  if (work !== null && work.state !== 'handed-over') return null
  const known: Work = work ?? { assignmentId, state: 'handed-over', acceptBy: now + ACCEPT_WITHIN_MS, acceptWithin: ACCEPT_WITHIN_MS, dispatchAt: now, askAt: null, asked: 0, cancelAt: null, lostJournal: false }
  return { ...known, askAt: now, asked: 0 }
}

/** Events about it are on their way to the consumer. If they are lost there, no `progress` comes, and the store is asked to tell it again. */
export const afterEvents = (work: Work, now: number): Work => ({ ...work, askAt: now + ASK_AGAIN_MS })

/** What the store told has been applied. `null`: nothing to write; `forget`: nothing more will come. */
export function afterProgress(work: Work, progress: LinkProgress, givenAway: boolean, now: number): Work | 'forget' | null {
  switch (progress) {
    case 'final':
      // The order is over, but the store still has goods set aside for it.
      return givenAway && work.cancelAt !== null ? { ...work, askAt: null } : 'forget'
    case 'journaled':
      // The acceptance is still owed, whatever else was told: who has stopped asking asks again.
      return handOver(work, now) ?? (work.askAt === null ? { ...work, askAt: now + ASK_AGAIN_MS } : null)
    case 'outcome':
      return work.state === 'handed-over' && work.askAt === null ? null : answered(work, now)
    case 'cancel-answered':
      return givenAway ? 'forget' : { ...work, cancelAt: null }
  }
}

const answered = (work: Work, now: number): Work => ({ ...(handOver(work, now) ?? work), askAt: null, asked: 0 })

export const factsOf = (link: Link, works: readonly Work[]): LinkFacts => ({
  lastHeartbeatAt: link.heardAt,
  connectorId: link.connectorId,
  epoch: link.epoch,
  ackedSeq: link.mark.seq,
  lastSeq: Math.max(link.beat?.lastSeq ?? 0, link.mark.seq),
  posReachable: link.beat?.posReachable ?? false,
  version: link.beat?.version ?? null,
  clockSkewMs: link.beat?.clockSkewMs ?? null,
  tunnel: link.beat?.tunnel ?? null,
  journal: link.beat?.journal ?? null,
  erasedUpTo: link.beat?.erasedUpTo ?? null,
  parked: works.filter(({ state }) => state !== 'handed-over').length,
  handedOver: works.filter(({ state }) => state === 'handed-over').length,
})
