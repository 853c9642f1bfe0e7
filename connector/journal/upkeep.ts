import type { Logger } from 'pino'
import type { Clock } from '../../contract/clock.ts'
import { createBell } from '../bell.ts'
import { tellFailure } from '../failure.ts'
import type { Journal } from './journal.ts'

/** A full disk is noticed by whoever asks; this is for a shop in which nobody does. */
const LOOK_EVERY_MS = 10_000
const FORGET_EVERY_MS = 3_600_000
const DAY_MS = 86_400_000
/** A shop whose staff never say that an order was handed over has all its orders on the desk for ever: a quarter is long enough for a pickup. */
const KEEP_UNTOUCHED_DAYS = 90

export type UpkeepOptions = { journal: Journal; log: Logger; now: Clock; monotonic: () => number; keepFinishedDays: number }

/** What a journal needs while nothing happens: a look at its disk, and an end to what it knows of customers. */
export async function keepJournal({ journal, log, now, monotonic, keepFinishedDays }: UpkeepOptions, signal: AbortSignal): Promise<void> {
  const bell = createBell()
  let forgotAt = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    try {
      journal.room.state()
      if (monotonic() - forgotAt >= FORGET_EVERY_MS) {
        forgotAt = monotonic()
        // A page at a time, so that a delivery comes in between.
        const daysAgo = (days: number): number => now() - days * DAY_MS
        while (!signal.aborted && journal.forget.finished(daysAgo(keepFinishedDays), daysAgo(Math.max(keepFinishedDays, KEEP_UNTOUCHED_DAYS))) > 0) await bell.wait(1, signal)
      }
    } catch (error) {
      tellFailure(log, 'journal.upkeep-fault', 'upkeep', error)
    }
    await bell.wait(LOOK_EVERY_MS, signal)
  }
}
