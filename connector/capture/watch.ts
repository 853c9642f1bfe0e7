import type { Logger } from 'pino'
import { createBell, type Bell } from '../bell.ts'
import type { Shop } from '../delivery/accept-order.ts'
import { createBackoff } from '../edge/backoff.ts'
import { tellFailure } from '../failure.ts'
import { captureChanges } from './capture.ts'
import { isUnsure, type Feed } from './feed.ts'
import { lookForOrders } from './lost-orders.ts'

/** A till may lose its newest orders to a backup without a sign: nobody waits at the counter for one that is not there for longer than this. */
const ORDERS_EVERY_MS = 15 * 60_000

/** What a restored backup leaves to people. */
const WENT_BACK = 'the POS came back from a backup, it seems: what was sold since is not in it, so its stock counts goods that are gone. Enter those sales again or count. Web orders it lost are on the desk'
const LOST = 'the till had this order and no longer has it: let its staff look for it there and answer on the desk, or: tillbridge-connector orders give-up'

/**
 * Looks at the POS every `everyMs` and takes down what changed, whether the edge is there or not. Begins when the first sync
 * is done: before it there is no place to read changes on from. `pause` is rung when the POS has something to tell now.
 * `onCaughtUp` is called as a look begins, and what it answers when that look has read everything and it is on disk. `onRead` hears
 * of each look what it failed of; null when it went well.
 */
export async function watchPos(shop: Shop, feed: Feed, log: Logger, everyMs: number, signal: AbortSignal, pause: Bell = createBell(), onCaughtUp: () => () => void = () => () => {}, onRead: (error: unknown) => void = () => {}): Promise<void> {
  const { journal, pos } = shop
  const backoff = createBackoff()
  // What happened before this process looked, or while a look failed, is not in the adapter's "may have changed".
  let mustLook = true
  /** Null: this process has not looked for the web orders since it began, or since the POS was away. */
  let ordersSeenAt: number | null = null

  const lookForLost = async (): Promise<void> => {
    const wentBack = journal.meta.get('posWentBack')
    const at = shop.now()
    if (wentBack === null && ordersSeenAt !== null && at >= ordersSeenAt && at - ordersSeenAt < ORDERS_EVERY_MS) return
    await lookForOrders(shop, signal, (assignmentId, became) => {
      if (became === 'lost') log.error({ event: 'order.lost', assignmentId, hint: LOST })
      else log.info({ event: 'order.found-again', assignmentId })
    }, look)
    if (signal.aborted) return
    ordersSeenAt = at
    if (wentBack !== null) journal.meta.delete('posWentBack')
  }

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
      if (captured.wentBack !== undefined) log.error({ event: 'pos.went-back', sign: captured.wentBack, hint: WENT_BACK })
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
      await lookForLost()
      if (failing) log.info({ event: 'capture.works-again' })
      failing = false
      onRead(null)
      backoff.reset()
    } catch (error) {
      waitMs = backoff.next()
      failing = true
      ordersSeenAt = null
      onRead(error)
      tellFailure(log, 'capture.fault', 'capture', error, { waitMs })
    }
    await pause.wait(waitMs, signal)
  }
}
