import type { Logger } from 'pino'
import type { AgeingReport } from '../../contract/ageing.ts'
import type { DeskConfig } from '../config/desk-config.ts'
import type { Shop } from '../delivery/accept-order.ts'
import type { InboxRow } from '../journal/inbox.ts'
import { ageingReport, orderCard, type AgeLimits, type Tap } from './order-card.ts'
import type { DeskView } from './page/desk-page.ts'
import { takeStep, type Tapped, type Wake } from './take-step.ts'

/** The desk over one journal and one POS, as its routes and the heartbeat use it. */
export type Desk = {
  storeId: string
  log: Logger
  view(): Omit<DeskView, 'withPin'>
  find(assignmentId: string): InboxRow | null
  tap(assignmentId: string, tap: Tap): Promise<Tapped>
  /** What waits too long, for the operator. */
  ageing(): AgeingReport | null
}

/** More than a shop can work on; the rest is counted, and comes as these go. */
const OPEN_SHOWN_MAX = 200
/** Of these so many are the newest: also in a shop that never says what was handed over, what comes now is seen and rings. */
const NEWEST_SHOWN = 50
/** The oldest open ones stand first, so counting the late ones among so many is counting them all but in a shop that has given up. */
const AGEING_READ_MAX = 1000
const ENDED_SHOWN_MAX = 30
/** A working day. */
const ENDED_SHOWN_MS = 12 * 3_600_000
const MINUTE_MS = 60_000

export type DeskParts = { shop: Shop; log: Logger; storeId: string; config: DeskConfig; posReachable(): boolean; wake: Wake }

export function createDesk({ shop, log, storeId, config, posReachable, wake }: DeskParts): Desk {
  const { journal, pos, now } = shop
  const limits: AgeLimits = { warnAfterMs: config.warnAfterMinutes * MINUTE_MS, redAfterMs: config.redAfterMinutes * MINUTE_MS }
  return {
    storeId, log,
    view() {
      const open = journal.inbox.open(AGEING_READ_MAX)
      const oldest = open.slice(0, open.length > OPEN_SHOWN_MAX ? OPEN_SHOWN_MAX - NEWEST_SHOWN : OPEN_SHOWN_MAX)
      const newest = open.length > OPEN_SHOWN_MAX ? journal.inbox.newestOpen(NEWEST_SHOWN).toReversed() : []
      const rows = [...oldest, ...newest, ...journal.inbox.endedSince(now() - ENDED_SHOWN_MS, ENDED_SHOWN_MAX)]
      return {
        storeId, hidden: Math.max(0, open.length - OPEN_SHOWN_MAX), lineUp: shop.holdsStore(), posReachable: posReachable(),
        cards: rows.map((row) => orderCard(row, pos.capabilities, limits, now())),
      }
    },
    find: (assignmentId) => journal.inbox.get(assignmentId),
    tap: (assignmentId, tap) => takeStep(shop, assignmentId, tap, wake),
    ageing: () => ageingReport(journal.inbox.open(AGEING_READ_MAX), limits, now()),
  }
}
