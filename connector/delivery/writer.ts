import type { Logger } from 'pino'
import { createBell } from '../bell.ts'
import { backoffMs } from '../edge/backoff.ts'
import { failureFields, isBug, tellFailure } from '../failure.ts'
import { isUnfinished, type InboxRow } from '../journal/inbox.ts'
import { WAITS_FOR_EDGE, type TryFault } from '../journal/last-try.ts'
import { traceOf } from './receive-order.ts'
import { refusedHere } from './refused-here.ts'
import { acceptOrder, answerAgain, voidOrder, type Settled, type Shop, type SurelyUnwritten } from './accept-order.ts'

export type Writer = {
  /** There may be new work. */
  wake(): void
  /** Tries this order now, whatever it waited for after a fault. */
  hurry(assignmentId: string): void
  /** The edge took a call of ours: what waited for its word may go on. */
  edgeAnswered(): void
  /** When the POS last took an order in, or gave one back, in this run; epoch ms. */
  workedAt(): number | null
  /** Runs until the signal aborts; the step under way is finished first. */
  run(signal: AbortSignal): Promise<void>
  /** One walk over all work that is due. Answers whether something was done. */
  once(signal: AbortSignal): Promise<boolean>
}

/** A look at the inbox takes this many rows at once. */
const PAGE_SIZE = 50

/**
 * Works the inbox in order of arrival, one POS write at a time. A POS fault puts that one order back with a growing wait and
 * the next one has its turn. What another journal's life left as INTENT is met first: it arrived first.
 */
export function createWriter(shop: Shop, log: Logger, random: () => number = Math.random, monotonic: () => number = () => performance.now()): Writer {
  const bell = createBell()
  const surelyUnwritten: SurelyUnwritten = new Map()
  let waitsForEdge = false
  let workedAt: number | null = null
  const waiting = new Map<string, { attempt: number; notBefore: number }>()

  const step = (row: InboxRow): Promise<Settled> => {
    if (isUnfinished(row)) return acceptOrder(shop, row, surelyUnwritten)
    return row.cancel === 'requested' ? voidOrder(shop, row) : answerAgain(shop, row)
  }

  /** For `orders list`, `orders show` and `/ready`: why it is not in the till yet. */
  const noteTry = (assignmentId: string, fault: TryFault): void => {
    try {
      shop.journal.transaction(() => shop.journal.inbox.tried(assignmentId, fault, shop.now()))
    } catch (error) {
      // The log says it, too; a disk that takes nothing has a trouble of its own.
      if (isBug(error)) throw error
    }
  }

  /** Answers whether it went on. */
  const work = async (row: InboxRow): Promise<boolean> => {
    const { assignmentId } = row
    const trace = traceOf(row.assignment)
    try {
      const settled = await step(row)
      waiting.delete(assignmentId)
      if (settled === 'waiting') {
        waitsForEdge = true
        // What the POS failed stands until it is tried again: a restart waits a moment for the edge, too.
        if (!shop.holdsStore() && row.lastTry === null) noteTry(assignmentId, WAITS_FOR_EDGE)
        return false
      }
      surelyUnwritten.delete(assignmentId)
      if (settled === 'accepted' || settled === 'voided') workedAt = shop.now()
      log.info({ event: 'assignment.settled', assignmentId, outcome: settled, ...trace })
      const ended = settled === 'rejected' ? shop.journal.inbox.get(assignmentId) : null
      const refused = ended && refusedHere(ended)
      if (refused) log.warn({ event: 'order.refused', assignmentId, reason: refused.reason, why: refused.detail, hint: refused.hint, ...trace })
    } catch (error) {
      const attempt = (waiting.get(assignmentId)?.attempt ?? 0) + 1
      const waitMs = backoffMs(attempt, random())
      waiting.set(assignmentId, { attempt, notBefore: monotonic() + waitMs })
      noteTry(assignmentId, failureFields(error, 'order'))
      tellFailure(log, 'assignment.retry', 'order', error, { assignmentId, attempt, waitMs, ...trace })
    }
    return true
  }

  /** One walk over all work. Answers whether something was done. */
  const pass = async (signal: AbortSignal): Promise<boolean> => {
    let worked = false
    const seen = new Set<string>()
    for (let after = 0; !signal.aborted;) {
      const rows = shop.journal.inbox.work(after, PAGE_SIZE)
      for (const { arrival, assignmentId } of rows) {
        if (signal.aborted) break
        after = arrival
        seen.add(assignmentId)
        if ((waiting.get(assignmentId)?.notBefore ?? 0) > monotonic()) continue
        // Read again: a cancel may have come while its neighbours were worked on.
        const row = shop.journal.inbox.get(assignmentId)
        if (!row || !(isUnfinished(row) || row.cancel === 'requested' || row.answerAgain)) continue
        if (await work(row)) worked = true
      }
      if (rows.length < PAGE_SIZE) break
    }
    // What was settled by somebody else needs no second try.
    if (!signal.aborted) for (const assignmentId of waiting.keys()) if (!seen.has(assignmentId)) waiting.delete(assignmentId)
    return worked
  }

  return {
    once: pass,
    workedAt: () => workedAt,
    wake: () => bell.ring(),
    hurry(assignmentId) {
      waiting.delete(assignmentId)
      bell.ring()
    },
    edgeAnswered() {
      if (!waitsForEdge) return
      waitsForEdge = false
      bell.ring()
    },
    async run(signal) {
      while (!signal.aborted) {
        if (await pass(signal)) continue
        const soonest = Math.min(...[...waiting.values()].map(({ notBefore }) => notBefore - monotonic()))
        await bell.wait(Number.isFinite(soonest) ? Math.max(soonest, 1) : null, signal)
      }
    },
  }
}
