import type { HeartbeatAnswer, HeartbeatRequest } from '../../contract/connect.ts'
import { ok } from '../../contract/result.ts'
import { admitEvents, afterEpoch, afterEvents, afterProgress, afterPush, factsOf, giveUp, heartbeat, isToPush, moveMark, offer, pull, recalled, takeBack, takeEpoch, undone } from './link.ts'
import type { BeatAnswer, Link, Pulled, Work } from './link.ts'
import type { LinkFacts, LinkProgress, LinkResult, Mark, Offer, StoreLinkRpc } from './port.ts'

/** Words of the operator that wait for a heartbeat. There is one word today; a list that grows is a mistake somewhere. */
const REQUESTS_MAX = 10
/** Some 8 kB of an answer; the next heartbeat, at once, takes the next. */
const ERASED_AT_ONCE_MAX = 200

/** Where a link keeps its rows. Synchronous, so that load, decide and write are one transaction of whoever holds it. */
export type LinkBook = {
  link(): Link
  writeLink(link: Link): void
  work(assignmentId: string): Work | null
  /** By id. */
  works(): Work[]
  write(work: Work): void
  forget(assignmentId: string): void
  isStruck(assignmentId: string): boolean
  /** Kept for ever: a late message of any age must find it. A row beside it is what the store took all the same, until its cancel is answered. */
  strike(assignmentId: string, now: number): void
  /** Assignments whose customer the store's journal is to forget, in the order in which that was asked, after the given number. Kept for ever: a journal from a backup hears of them again. */
  erased(after: number, limit: number): { n: number; assignmentId: string }[]
  lastErased(): number
  /** Puts it at the end of that list and answers its number. */
  erase(assignmentId: string): number
}

/** `StoreLinkRpc` without the wire: the same, at once. */
export type SyncLink = { [Name in keyof StoreLinkRpc]: (...args: Parameters<StoreLinkRpc[Name]>) => Awaited<ReturnType<StoreLinkRpc[Name]>> }

/** Loads, decides (link.ts), writes. Each method must run in one transaction. */
export function createLink(book: LinkBook): SyncLink {
  const change = (id: string, decide: (work: Work) => Work | 'forget' | null): void => {
    const work = book.work(id)
    const next = work && decide(work)
    if (next === 'forget') book.forget(id)
    else if (next) book.write(next)
  }

  return {
    takeEpoch(connectorId: string, now: number, callId?: string): LinkResult<{ epoch: number; dispatch: string[] }> {
      const link = book.link()
      const before = link.connectorId === connectorId && link.epochCalls.find(({ id }) => id === callId)
      if (before) return ok({ epoch: before.epoch, dispatch: [] })
      const taken = takeEpoch(link, connectorId, now, callId)
      if (!taken.ok) return taken
      book.writeLink(taken.value)
      const works = book.works().map((work) => afterEpoch(work, book.isStruck(work.assignmentId), now))
      works.forEach(book.write)
      return ok({ epoch: taken.value.epoch, dispatch: works.filter((work) => work.state === 'queued' && isToPush(work)).map(({ assignmentId }) => assignmentId) })
    },

    heartbeat(beat: HeartbeatRequest, now: number): LinkResult<BeatAnswer & Pick<HeartbeatAnswer, 'erase'>> {
      const heard = heartbeat(book.link(), book.works(), beat, now)
      if (!heard.ok) return heard
      book.writeLink(heard.value.link)
      heard.value.changed.forEach(book.write)
      // From where the journal itself says it is: it may come from a backup, or be new. One that is further than this list ever was has followed another.
      const { erasedUpTo } = beat
      const erased = erasedUpTo === undefined ? [] : book.erased(erasedUpTo > book.lastErased() ? 0 : erasedUpTo, ERASED_AT_ONCE_MAX)
      const last = erased.at(-1)
      return ok({ ...heard.value.answer, ...(last ? { erase: { upTo: last.n, assignmentIds: erased.map(({ assignmentId }) => assignmentId) } } : {}) })
    },

    admitEvents(call: { connectorId: string; epoch: number; afterSeq: number }, now: number): LinkResult<Mark> {
      const link = book.link()
      const admitted = admitEvents(link, call, now)
      if (!admitted.ok) return admitted
      if (admitted.value !== link) book.writeLink(admitted.value)
      return ok(admitted.value.mark)
    },

    markDurable(epoch: number, from: Mark, to: Mark, told?: { assignmentIds: string[]; at: number }): LinkResult<Mark> {
      const link = book.link()
      const moved = moveMark(link, epoch, from, to)
      if (!moved.ok) return moved
      if (moved.value !== link) {
        book.writeLink(moved.value)
        if (told) for (const assignmentId of told.assignmentIds) change(assignmentId, (work) => afterEvents(work, told.at))
      }
      return ok(moved.value.mark)
    },

    offer(assignmentId: string, pushable: boolean, now: number, acceptWithinMs?: number): Offer {
      // A row beside it: the store may have it, so it is not as if it had never been offered.
      if (book.isStruck(assignmentId)) return { kind: book.work(assignmentId) ? 'handed-over' : 'struck' }
      const decided = offer(book.link(), book.work(assignmentId), assignmentId, pushable, now, acceptWithinMs)
      if (decided.work) book.write(decided.work)
      return decided.offer
    },

    pushed(assignmentId: string, outcome: 'journaled' | 'failed', now: number): void {
      const link = book.link()
      const pushWorked = outcome === 'journaled'
      if (link.pushWorked !== pushWorked) book.writeLink({ ...link, pushWorked })
      change(assignmentId, (work) => afterPush(work, outcome, now))
    },

    pull(limit: number, now: number): Pulled {
      const { changed, assignments, cancels } = pull(book.works(), limit, now)
      changed.forEach(book.write)
      return { assignments, cancels }
    },

    takeBack(assignmentId: string, now: number): 'struck' | 'requested' {
      const work = book.work(assignmentId)
      if (work === null && book.isStruck(assignmentId)) return 'struck'
      const decided = takeBack(work, now)
      if (decided.kind === 'struck') {
        book.strike(assignmentId, now)
        book.forget(assignmentId)
      } else if (decided.work) {
        book.write(decided.work)
      }
      return decided.kind
    },

    giveUp(assignmentId: string, isElsewhere: boolean, now: number): 'struck' | 'given-away' | 'kept' {
      const work = book.work(assignmentId)
      // Struck before, and whoever asked crashed before it said so: a row beside it is what the store may have.
      if (book.isStruck(assignmentId)) return work === null ? 'struck' : 'given-away'
      if (work === null) return 'kept'
      const given = giveUp(work, isElsewhere, now)
      if (given === 'struck') {
        book.strike(assignmentId, now)
        book.forget(assignmentId)
      } else if (given === 'given-away') this.undo(assignmentId, now)
      return given
    },

    undo(assignmentId: string, now: number): void {
      book.strike(assignmentId, now)
      book.write(undone(book.work(assignmentId), assignmentId, now))
    },

    progress(assignmentId: string, progress: LinkProgress, now: number): void {
      change(assignmentId, (work) => afterProgress(work, progress, book.isStruck(assignmentId), now))
    },

    request(word: string): void {
      const link = book.link()
      if (link.requests.includes(word) || link.requests.length >= REQUESTS_MAX) return
      book.writeLink({ ...link, requests: [...link.requests, word] })
    },

    erase: (assignmentIds: string[]): number => assignmentIds.reduce((_, assignmentId) => book.erase(assignmentId), book.lastErased()),

    erasedAfter: (n: number, limit: number) => book.erased(n, limit),

    works: () => book.works().map(({ assignmentId, state }) => ({ assignmentId, state })),

    recall(assignments: { assignmentId: string; mayBeNew: boolean }[], now: number): string[] {
      return assignments.flatMap(({ assignmentId, mayBeNew }) => {
        const work = book.work(assignmentId)
        const next = work === null && (mayBeNew || book.isStruck(assignmentId)) ? null : recalled(work, assignmentId, now)
        if (next === null) return []
        book.write(next)
        return [assignmentId]
      })
    },

    facts: (): LinkFacts => factsOf(book.link(), book.works()),

    assignmentState: (assignmentId: string) => book.work(assignmentId)?.state ?? (book.isStruck(assignmentId) ? 'struck' : 'unknown'),
  }
}
