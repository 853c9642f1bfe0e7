import type { Logger } from 'pino'
import type { AgeingReport } from '../../contract/ageing.ts'
import { toInstant, type Clock } from '../../contract/clock.ts'
import type { HeartbeatAnswer, HeartbeatRequest } from '../../contract/connect.ts'
import { createBell } from '../bell.ts'
import { feedReport } from '../capture/feed.ts'
import { readDrift } from '../capture/reconcile.ts'
import { tellFailure } from '../failure.ts'
import type { Journal } from '../journal/journal.ts'
import type { Edge, EdgeRefusal } from './edge-client.ts'
import { isOldJournal } from './new-epoch.ts'
import { isToldOnce, refusalHint } from './refusal-words.ts'
import { OLD_JOURNAL } from './sender.ts'

export type HeartbeatOptions = {
  journal: Journal
  edge: Edge
  log: Logger
  everyMs: number
  version: string
  /** This machine's own clock, for the edge to see how far it is off. */
  wall: Clock
  posReachable(): boolean
  /** Whether the tunnel to this shop stands; left out where there is none. Never throws. */
  tunnel?: (() => Promise<HeartbeatRequest['tunnel']>) | undefined
  /** Orders that wait for the staff too long. */
  ageing?: () => AgeingReport | null
  onAnswer(answer: HeartbeatAnswer): void
  onHeld(holder: string | null): void
  /** The journal is not the one the edge knows. */
  onForked(): void
}

export type Heartbeat = {
  run(signal: AbortSignal): Promise<void>
  /** One turn of `run`. Throws when the edge cannot be reached. */
  once(): Promise<void>
  /** Now, not in ten seconds: the epoch was just taken. */
  wake(): void
}

/** Says that the shop is there, and hears what the edge wants of it. Nothing is said before there is an epoch. */
export function createHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { journal, edge, log } = options
  const bell = createBell()
  let away = false

  const refused = (refusal: EdgeRefusal): void => {
    if (refusal.problem === 'store-held-by') options.onHeld(refusal.holder)
    else if (refusal.problem === 'epoch-forked') options.onForked()
    else if (!isToldOnce(refusal)) log.warn({ event: 'heartbeat.refused', status: refusal.status, problem: refusal.problem, hint: refusalHint(refusal) })
  }

  const beat = async (): Promise<void> => {
    // Asked first: what is said below is of one moment.
    const tunnel = await options.tunnel?.() ?? 'none'
    const epoch = journal.meta.number('epoch')
    if (epoch === null || journal.meta.get('epochWanted') !== null) return
    const drift = readDrift(journal)
    const answer = await edge.heartbeat({
      connectorId: journal.connectorId,
      epoch,
      lastSeq: journal.outbox.lastSeq(),
      posReachable: options.posReachable(),
      journal: { inbox: journal.inbox.unfinished(), outbox: journal.outbox.waiting() },
      version: options.version,
      clock: toInstant(options.wall()),
      tunnel,
      feed: feedReport(journal),
      erasedUpTo: journal.erasing.upTo(),
      ...(drift ? { drift } : {}),
      ...(options.ageing ? { ageing: options.ageing() } : {}),
    })
    if (away) log.info({ event: 'edge.back' })
    away = false
    // The sender took another epoch meanwhile: this answer is about the old one.
    if (journal.meta.number('epoch') !== epoch) return
    if (!answer.ok) return refused(answer.refusal)
    if (isOldJournal(answer.value.ackedSeq, journal.outbox.lastSeq())) {
      log.warn({ event: 'journal.old', ackedSeq: answer.value.ackedSeq, lastSeq: journal.outbox.lastSeq(), hint: OLD_JOURNAL })
      options.onForked()
    }
    options.onAnswer(answer.value)
  }

  return {
    once: beat,
    wake: () => bell.ring(),
    async run(signal) {
      while (!signal.aborted) {
        try {
          await beat()
        } catch (error) {
          // Once per absence: the sender tells about its own waits.
          if (!away) tellFailure(log, 'edge.away', 'heartbeat', error)
          away = true
        }
        await bell.wait(options.everyMs, signal)
      }
    },
  }
}
