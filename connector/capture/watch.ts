import type { Logger } from 'pino'
import { createBell, type Bell } from '../bell.ts'
import type { Shop } from '../delivery/accept-order.ts'
import { createBackoff } from '../edge/backoff.ts'
import { faultFields } from '../fault.ts'
import { captureChanges } from './capture.ts'
import { isUnsure, type Feed } from './feed.ts'

/**
 * Looks at the POS every `everyMs` and takes down what changed, whether the edge is there or not. Begins when the first sync
 * is done: before it there is no place to read changes on from. `pause` is rung when the POS has something to tell now.
 * `onCaughtUp` is called as a look begins, and what it answers when that look has read everything and it is on disk.
 */
export async function watchPos(shop: Shop, feed: Feed, log: Logger, everyMs: number, signal: AbortSignal, pause: Bell = createBell(), onCaughtUp: () => () => void = () => () => {}): Promise<void> {
  const { journal, pos } = shop
  const backoff = createBackoff()
  // What happened before this process looked, or while a look failed, is not in the adapter's "may have changed".
  let mustLook = true

  const look = async (): Promise<void> => {
    if (journal.meta.get('synced') === null) return
    // Parked while a comparison read, which then broke off: a quiet POS must not keep it unjudged.
    const caughtUp = onCaughtUp()
    const isUnjudged = journal.held.unsettled() && !feed.gathering && !isUnsure(journal)
    if (!(await pos.mayHaveChanged()) && !mustLook && !isUnjudged) return caughtUp()
    mustLook = true
    for (let more = true; more && !signal.aborted;) {
      const captured = await captureChanges(shop, feed)
      if (captured.events > 0) log.debug({ event: 'capture.events', count: captured.events })
      for (const key of captured.refused) log.warn({ event: 'capture.refused', key, hint: 'this row of the POS cannot be read: tillbridge-connector quarantine show' })
      more = captured.more
      mustLook = more
      if (!more) caughtUp()
    }
  }

  let failing = false
  while (!signal.aborted) {
    let waitMs = everyMs
    try {
      await look()
      if (failing) log.info({ event: 'capture.works-again' })
      failing = false
      backoff.reset()
    } catch (error) {
      waitMs = backoff.next()
      failing = true
      log.warn({ event: 'capture.fault', waitMs, ...faultFields(error) })
    }
    await pause.wait(waitMs, signal)
  }
}
