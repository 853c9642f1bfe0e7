import { toInstant } from '../../contract/clock.ts'
import { LINES_MAX } from '../../contract/values.ts'
import type { Shop } from '../delivery/accept-order.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'
import type { PosChanges } from '../pos/port.ts'
import { differenceOf } from './difference.ts'
import { createFeed, isUnsure, parkSuspicious, settleFeed, type Feed, type FeedChange } from './feed.ts'
import { orderChangeEffect, skusOfChange } from './order-changes.ts'
import { saleEvents } from './sale-events.ts'

/**
 * What one look at the POS brought. `more`: there may be another at once. `refused`: keys of rows that could not be read and are new in the quarantine.
 * `wentBack`: what shows that the POS came back from a backup; kept as `posWentBack` until its orders were looked for.
 */
export type Captured = { events: number; more: boolean; refused: string[]; wentBack?: string }

/**
 * Reads what changed in the POS since the cursor and puts the cursor, the new baseline and the events into one commit.
 * `asOf` is taken before the reading. Throws what the POS or the disk throws; nothing is lost, the cursor stands.
 */
export async function captureChanges(shop: Shop, feed: Feed = createFeed()): Promise<Captured> {
  const { journal, pos, turn, now } = shop
  const { captured, change } = await turn(async () => {
    const cursor = journal.meta.get('posCursor')
    const asOf = journal.outbox.lastSeq()
    const changes = await pos.readChanges(cursor)
    const { remember = [], refused = [], wentBack } = changes
    const more = changes.more ?? !isEmpty(changes)
    if (isEmpty(changes) && changes.cursor === cursor && remember.length + refused.length === 0 && wentBack === undefined && !journal.held.unsettled()) return { captured: { events: 0, more, refused: [] }, change: null }
    const moved = changes.levels.map(({ sku }) => sku).slice(0, LINES_MAX)
    const sold = new Set(changes.sales.flatMap((sale) => sale.lines.map((line) => line.sku)))
    const orders = changes.orders.map((change) => {
      const row = journal.inbox.get(change.assignmentId)
      return { change, skus: skusOfChange(change, row, moved, pos.capabilities) }
    })

    // Still before any number of this reading is given, and nobody else can number a POS effect meanwhile (turn.ts).
    const missing = [...sold].filter((sku) => !changes.levels.some((level) => level.sku === sku))
    const readBack = new Set([...missing, ...orders.flatMap(({ skus }) => skus)])
    const fresh = new Map((readBack.size > 0 ? await pos.readLevels([...readBack]) : []).map((level) => [level.sku, level.onHand]))
    // The later reading is the truer one.
    const levels = new Map([...changes.levels.map(({ sku, onHand }) => [sku, onHand] as const), ...missing.flatMap((sku) => entry(sku, fresh)),
      ...[...fresh].filter(([sku]) => moved.includes(sku))])

    return journal.transaction((): { captured: Captured; change: FeedChange | null } => {
      const at = now()
      const baseline = journal.baseline.of([...changes.items.map((item) => item.sku), ...changes.removed, ...levels.keys()])
      const reading = { items: changes.items, removed: changes.removed, levels: [...levels].map(([sku, onHand]) => ({ sku, onHand })), asOf, now: at }
      const flowing = parkSuspicious(journal, feed.limits, reading, differenceOf(reading, baseline, sold), baseline, sold, at)
      const events: OutgoingEvent[] = [...flowing, ...namesEvents(changes, at), ...changes.sales.flatMap(saleEvents)]
      for (const { change, skus } of orders) {
        const effect = orderChangeEffect(change, journal.inbox.get(change.assignmentId), skus.flatMap((sku) => entry(sku, fresh)).map(([sku, onHand]) => ({ sku, onHand })), pos.capabilities)
        journal.inbox.change(effect.assignmentId, effect.change, at)
        events.push(...effect.events)
      }
      journal.append(events)
      journal.meta.set('posCursor', changes.cursor)
      if (wentBack !== undefined) journal.meta.set('posWentBack', wentBack)
      journal.memory.remember(remember)
      // A bulk comes in several readings; what it would do is the sum of them, known when the POS has nothing more to say.
      const change = more || feed.gathering || isUnsure(journal) || !journal.held.unsettled() ? null : settleFeed(journal, feed.limits, at)
      return { captured: { events: events.length, more, refused: journal.refused.note(refused, at), ...(wentBack === undefined ? {} : { wentBack }) }, change }
    })
  })
  if (change) feed.onChange(change)
  return captured
}

const namesEvents = ({ renamed = [], reused = [] }: PosChanges, at: number): OutgoingEvent[] => [
  ...renamed.map((data): OutgoingEvent => ({ type: 'catalog.item_renamed', occurredAt: toInstant(at), data })),
  ...reused.map((sku): OutgoingEvent => ({ type: 'catalog.sku_reused', occurredAt: toInstant(at), data: { sku } })),
]

const entry = (sku: string, levels: ReadonlyMap<string, number>): [string, number][] => {
  const onHand = levels.get(sku)
  return onHand === undefined ? [] : [[sku, onHand]]
}

const isEmpty = (changes: PosChanges): boolean =>
  changes.items.length + changes.removed.length + changes.levels.length + changes.sales.length + changes.orders.length + (changes.renamed?.length ?? 0) + (changes.reused?.length ?? 0) === 0
