import type { Logger } from 'pino'
import { toInstant } from '../../contract/clock.ts'
import { createBell } from '../bell.ts'
import type { ComparisonProgress } from '../control/live-status.ts'
import type { Shop } from '../delivery/accept-order.ts'
import { createBackoff } from '../edge/backoff.ts'
import type { Edge } from '../edge/edge-client.ts'
import { tellFailure } from '../failure.ts'
import type { Feed } from './feed.ts'
import { readDrift, reconcile } from './reconcile.ts'

export type ReconcilerOptions = {
  shop: Shop
  edge: Edge
  feed: Feed
  log: Logger
  /** Null: only when asked for. */
  everyMs: number | null
  /** What was numbered has reached the edge, or the patience is over: its state is then worth comparing with. */
  told(): Promise<unknown>
  monotonic: () => number
  /** What a comparison failed of; null when it came to its end. */
  onCompared?: (error: unknown) => void
}

export type Reconciler = {
  run(signal: AbortSignal): Promise<void>
  /** Compare everything with the edge soon. Kept on disk until it is done. */
  want(): void
  /** The comparison under way, if any. */
  comparing(): ComparisonProgress | null
  /** How many ended and how many broke off, in this run. */
  comparisons(): { finished: number; failed: number }
  /** There is an epoch now, or again: look whether something is due. */
  wake(): void
}

/** While it is due and has to wait for an epoch, whose coming wakes it: a fallback that does not spin. */
const WAIT_MS_MIN = 1000
/** A line of progress at most this often. */
const PROGRESS_EVERY_MS = 1000

/** The first sync of a new journal, and a reconcile whenever one is due. Captures go on meanwhile. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { shop, edge, log, monotonic } = options
  const { journal } = shop
  const bell = createBell()
  const backoff = createBackoff()
  let lastAt = monotonic()
  let comparing: ComparisonProgress | null = null
  const comparisons = { finished: 0, failed: 0 }

  const isDue = (): boolean => {
    // Without an epoch the edge tells no state.
    if (journal.meta.number('epoch') === null || journal.meta.get('epochWanted') !== null) return false
    if (journal.meta.get('synced') === null || journal.meta.get('reconcileWanted') !== null) return true
    return options.everyMs !== null && monotonic() - lastAt >= options.everyMs
  }

  const reconcileNow = async (): Promise<void> => {
    const what = journal.meta.get('synced') === null ? 'sync' : 'reconcile'
    const startedAt = monotonic()
    let toldAt = startedAt
    const begun = { what, startedAt: toInstant(shop.now()), compared: 0, total: null, events: 0 } as const
    comparing = begun
    log.info({ event: `${what}.started` })
    await options.told()
    const done = await reconcile(shop, edge, (progress) => {
      comparing = { ...begun, ...progress }
      if (monotonic() - toldAt < PROGRESS_EVERY_MS) return
      toldAt = monotonic()
      log.info({ event: `${what}.progress`, ...progress })
    }, options.feed)
    lastAt = monotonic()
    comparisons.finished += 1
    options.onCompared?.(null)
    const drift = readDrift(journal)
    log.info({ event: `${what}.done`, ...done, driftSkus: drift?.skus, driftUnits: drift?.units, causes: drift?.causes, ms: Math.round(monotonic() - startedAt) })
    if (drift?.unhealed) log.warn({ event: 'drift.unhealed', skus: drift.unhealed.skus, sample: drift.unhealed.sample, hint: 'sent again and still different at the edge: it waits on the operator\'s desk' })
  }

  return {
    want() {
      journal.meta.set('reconcileWanted', '1')
      bell.ring()
    },
    comparing: () => comparing,
    comparisons: () => ({ ...comparisons }),
    wake: () => bell.ring(),
    async run(signal) {
      while (!signal.aborted) {
        let waitMs: number | null = null
        try {
          if (isDue()) await reconcileNow().finally(() => (comparing = null))
          backoff.reset()
          // Woken in between, the rest of the time and not the whole of it once more.
          if (options.everyMs !== null) waitMs = Math.max(WAIT_MS_MIN, options.everyMs - (monotonic() - lastAt))
        } catch (error) {
          waitMs = backoff.next()
          comparisons.failed += 1
          options.onCompared?.(error)
          tellFailure(log, 'reconcile.fault', 'comparison', error, { waitMs })
        }
        await bell.wait(waitMs, signal)
      }
    },
  }
}
