import type { Logger } from 'pino'
import { EVENTS_PER_CALL_MAX } from '../../contract/limits.ts'
import { createBell } from '../bell.ts'
import type { Shop } from '../delivery/accept-order.ts'
import { tellFailure } from '../failure.ts'
import { BACKOFF_CAP_MS, createBackoff } from './backoff.ts'
import type { Batch } from '../journal/outbox.ts'
import type { Edge, EdgeRefusal } from './edge-client.ts'
import { enterEpoch, isOldJournal } from './new-epoch.ts'
import { tracedEvents } from './traced-events.ts'
import { isToldOnce, refusalHint } from './refusal-words.ts'

export type Sender = {
  /** Takes the epoch and sends events, in order and one call at a time, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
  /** One turn of `run`: one call, or nothing to send. */
  once(): Promise<{ kind: 'again' | 'idle' | 'wait' }>
  /** There are new events, or a new epoch is wanted. Does not shorten a backoff. */
  wake(): void
  /** The edge has just answered another call: try now. */
  edgeIsBack(): void
  /** Tells the next run to take a new epoch, and keeps that on disk. */
  wantEpoch(): void
  /** Ends when everything is sent, or after the time; for shutting down. */
  drained(timeoutMs: number): Promise<boolean>
}

export type SenderEvents = {
  /** Another connector holds the store: stop. `holder` is its id, when the edge says it. */
  onHeld(holder: string | null): void
  onEpoch(epoch: number): void
  onSent(ackedSeq: number): void
}

/** Under the contract's megabyte with room for the head and for multi-byte surprises. */
const BATCH_BYTES_MAX = 900_000
/** A wrong secret, or a version that the edge no longer takes, does not mend itself: once in this time is enough to notice that it was mended. */
const UNAUTHORIZED_WAIT_MS = 30_000

/** Nothing to do: it mends itself. */
export const OLD_JOURNAL = 'this journal is not the one the edge knows (a backup?): a new epoch and a reconcile follow by themselves'

/** The edge will never take this call, however often it is sent. */
const REFUSED_FOR_ITS_CONTENT: ReadonlySet<number> = new Set([400, 413, 422])
const TOO_LARGE = 413

/** In the edge's own words, that is: what a broken line or a proxy calls a bad request is as good as before. Too large is too large whoever says it. */
const isRefusedForItsContent = ({ status, problem }: EdgeRefusal): boolean => REFUSED_FOR_ITS_CONTENT.has(status) && (problem !== null || status === TOO_LARGE)

/** What one step came to: go on at once, wait for events, or wait this long (`untilBack`: or until the edge answers another call). */
type Step = { kind: 'again' } | { kind: 'idle' } | { kind: 'wait'; ms: number; untilBack?: boolean }

export function createSender(shop: Shop, edge: Edge, log: Logger, events: SenderEvents, random: () => number = Math.random): Sender {
  const { journal } = shop
  const work = createBell()
  const back = createBell()
  const backoff = createBackoff(random)
  let untilBack = false
  /** Smaller after a call that the edge refused for what was in it, and growing again with each one it takes. */
  let eventsMax = EVENTS_PER_CALL_MAX
  /** The last number the edge may have got from us under this epoch, in this run. */
  let shownSeq = 0
  const onDrained = new Set<() => void>()

  const wantEpoch = (): void => {
    journal.meta.set('epochWanted', '1')
    work.ring()
  }

  const refusedStep = (refusal: EdgeRefusal, what: string): Step => {
    if (refusal.problem === 'store-held-by') {
      events.onHeld(refusal.holder)
      return { kind: 'wait', ms: UNAUTHORIZED_WAIT_MS }
    }
    if (isToldOnce(refusal)) return { kind: 'wait', ms: UNAUTHORIZED_WAIT_MS, untilBack: true }
    const ms = refusal.retryAfterMs ?? backoff.next()
    log.warn({ event: 'edge.refused', call: what, status: refusal.status, problem: refusal.problem, waitMs: ms, hint: refusalHint(refusal) })
    return { kind: 'wait', ms }
  }

  const takeEpoch = async (): Promise<Step> => {
    const answer = await edge.takeEpoch(journal.connectorId)
    if (!answer.ok) return refusedStep(answer.refusal, 'epochs')
    const how = await enterEpoch(shop, answer.value.epoch)
    shownSeq = 0
    log.info({ event: 'epoch.taken', epoch: answer.value.epoch, how })
    events.onEpoch(answer.value.epoch)
    return { kind: 'again' }
  }

  const sendNext = async (epoch: number): Promise<Step> => {
    const batch = journal.outbox.next(eventsMax, BATCH_BYTES_MAX)
    if (batch.events.length === 0) return { kind: 'idle' }
    shownSeq = Math.max(shownSeq, batch.lastSeq)
    const answer = await edge.sendEvents({ connectorId: journal.connectorId, epoch, after: batch.after, events: batch.events })
    if (!answer.ok) return afterRefusal(answer.refusal, batch)
    const { ackedSeq, rejected } = answer.value
    // A smaller call may come after a larger one whose answer was lost, and the first call of a run repeats at least what the last
    // run's carried. So the edge cannot have more than was shown, unless another life of this journal sent it. Confirmed numbers
    // then are not our events, and none of them may be dropped.
    if (isOldJournal(ackedSeq, shownSeq)) {
      log.warn({ event: 'journal.old', ackedSeq, sentSeq: shownSeq, hint: OLD_JOURNAL })
      wantEpoch()
      return { kind: 'wait', ms: backoff.next() }
    }
    for (const { seq, code } of rejected) log.error({ event: 'event.rejected', seq, code, hint: 'the edge filed it as a dead letter' })
    if (ackedSeq <= batch.after.seq) return { kind: 'wait', ms: backoff.next() }
    journal.outbox.markAcked(ackedSeq)
    for (const told of tracedEvents(batch, ackedSeq)) log.info({ event: 'event.confirmed', ...told })
    backoff.reset()
    eventsMax = Math.min(EVENTS_PER_CALL_MAX, eventsMax * 2)
    events.onSent(ackedSeq)
    return { kind: 'again' }
  }

  const afterRefusal = (refusal: EdgeRefusal, { after, events: sent, lastSeq }: Batch): Step => {
    if (refusal.problem === 'epoch-forked') {
      log.warn({ event: 'epoch.forked', hint: OLD_JOURNAL })
      wantEpoch()
      return { kind: 'wait', ms: backoff.next() }
    }
    if (refusal.problem === 'sequence-gap') {
      // Only backwards: an edge that wants what comes later would have us drop what it never confirmed.
      const held = refusal.expectedSeq !== null && refusal.expectedSeq <= after.seq && journal.outbox.goBackTo(refusal.expectedSeq)
      log.warn({ event: 'sequence.gap', expectedSeq: refusal.expectedSeq, held, hint: held ? 'the edge asks for what it has not got: it is sent again' : OLD_JOURNAL })
      if (!held) wantEpoch()
      // Not at once: two sides that disagree for ever must not spin.
      return { kind: 'wait', ms: backoff.next() }
    }
    if (isRefusedForItsContent(refusal)) {
      const { status, problem } = refusal
      if (sent.length > 1) {
        eventsMax = Math.ceil(sent.length / 2)
        log.warn({ event: 'events.halved', status, problem, events: eventsMax, hint: 'the edge refuses this call for what is in it: it is sent in halves until the one event is found' })
        return { kind: 'again' }
      }
      const hint = 'the edge refuses this one event and everything behind it waits: compare the versions of connector and edge, and update the older one'
      log.error({ event: 'event.refused', seq: lastSeq, status, problem, waitMs: BACKOFF_CAP_MS, hint })
      return { kind: 'wait', ms: BACKOFF_CAP_MS }
    }
    return refusedStep(refusal, 'events')
  }

  const step = async (): Promise<Step> => {
    try {
      const epoch = journal.meta.number('epoch')
      return epoch === null || journal.meta.get('epochWanted') !== null ? await takeEpoch() : await sendNext(epoch)
    } catch (error) {
      const ms = backoff.next()
      tellFailure(log, 'edge.fault', 'events', error, { waitMs: ms })
      return { kind: 'wait', ms, untilBack: true }
    }
  }

  return {
    once: step,
    async run(signal) {
      while (!signal.aborted) {
        const next = await step()
        if (next.kind === 'idle') {
          for (const resolve of onDrained) resolve()
          await work.wait(null, signal)
        } else if (next.kind === 'wait') {
          untilBack = next.untilBack ?? false
          await back.wait(next.ms, signal)
          untilBack = false
        }
      }
    },
    wake: () => work.ring(),
    edgeIsBack() {
      if (untilBack) back.ring()
    },
    wantEpoch,
    async drained(timeoutMs) {
      if (journal.outbox.waiting() === 0) return true
      work.ring()
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, timeoutMs)
      onDrained.add(resolve)
      await promise
      clearTimeout(timer)
      onDrained.delete(resolve)
      return journal.outbox.waiting() === 0
    },
  }
}
