import { toInstant } from '../../contract/clock.ts'
import type { Level } from '../../contract/events.ts'
import type { FeedDecision, FeedReport, Suspicion } from '../../contract/feed.ts'
import type { Shop } from '../delivery/accept-order.ts'
import { hashSync } from '../journal/digest-sync.ts'
import { slotOf, type HeldEvent, type ParkedBy } from '../journal/held.ts'
import type { Journal } from '../journal/journal.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'
import { FEED_LIMITS, judgeFeed, suspicionOf, type Concerned, type FeedLimits, type KnownSku } from './judge-feed.ts'

/** What keeps a feed from emptying the web. `onChange` hears when a quarantine opens, is decided, or ends. */
export type Feed = {
  /** A reconcile is reading: what it finds is judged as a whole, at its end. */
  gathering: boolean
  limits: FeedLimits
  onChange(change: FeedChange): void
}
export type FeedChange = { kind: 'quarantined' | 'ended' | 'approved' | 'refused'; report: FeedReport }

export const createFeed = (limits: FeedLimits = FEED_LIMITS, onChange: Feed['onChange'] = () => {}): Feed => ({ gathering: false, limits, onChange })

const QUARANTINE_ID_LENGTH = 16
/** What passed still counts for so long: an import that writes row by row is through by then, and a day's selling out is not one feed. */
const LET_GO_COUNTS_MS = 15 * 60_000
const KINDS: readonly Suspicion[] = ['removed', 'zeroed', 'repriced', 'drifted']

/** Whose item or level was read. */
type Read = { items: readonly { sku: string }[]; removed: readonly string[]; levels: readonly Level[] }

/**
 * Splits a captured reading: what is above suspicion, or so little that no limit could be meant, flows; the rest is parked in
 * place of what waited before. While something is held already, only what a till sale explains flows. Answers what flows.
 * Inside the transaction of the reading.
 */
export function parkSuspicious(
  journal: Journal, limits: FeedLimits, read: Read, events: readonly OutgoingEvent[], known: ReadonlyMap<string, KnownSku>, sold: ReadonlySet<string>, now: number,
): OutgoingEvent[] {
  const { held, letGo } = journal
  const nothingQuarantined = held.quarantine() === null
  if (letGo.count() > 0) {
    if (nothingQuarantined) letGo.purge(now - LET_GO_COUNTS_MS)
    letGo.forget([
      ...read.levels.flatMap(({ sku, onHand }) => (onHand > 0 ? { sku, slot: 'level' as const } : [])), ...read.items.map(({ sku }) => ({ sku, slot: 'item' as const })),
    ])
  }
  const unsure = isUnsure(journal)
  const suspects = events.map((event) => suspectIn(event, known, unsure)).filter((suspect) => suspect !== null)
  const few = suspects.length < limits.minimum
  // A trickle of zeroes and prices that no sale explains is a bulk too.
  const trickle = suspects.length + letGo.count() >= limits.minimum
  const nothingHeld = nothingQuarantined && held.unjudgedByCapture() === 0
  const parked: HeldEvent[] = []
  const flowing: OutgoingEvent[] = []
  for (const event of events) {
    const suspect = suspectIn(event, known, unsure)
    const explained = event.type === 'stock.counted' && sold.has(event.data.sku)
    if (suspect && !(few && (explained || (nothingHeld && !trickle)))) {
      parked.push(suspect)
      continue
    }
    flowing.push(event)
    if (suspect && !explained) letGo.note([{ ...suspect, slot: slotOf(event) }], now)
  }
  replaceHeld(journal, read, parked, 'capture')
  return flowing
}

/** The POS has been read anew: of what was read, this waits and nothing else. What waits as before keeps its quarantine. */
export function replaceHeld({ held }: Journal, read: Read, parked: readonly HeldEvent[], by: ParkedBy): void {
  if (held.count() > 0) {
    const waits = new Set(parked.map(({ sku, event }) => `${slotOf(event)} ${sku}`))
    const slots = [
      ...[...read.items.map(({ sku }) => sku), ...read.removed].map((sku) => ({ sku, slot: 'item' as const })),
      ...[...read.levels.map(({ sku }) => sku), ...read.removed].map((sku) => ({ sku, slot: 'level' as const })),
    ]
    held.release(slots.filter(({ sku, slot }) => !waits.has(`${slot} ${sku}`)))
  }
  held.park(parked, by)
}

/** A comparison with the edge is due: that a SKU or a price was never told says nothing of what the edge has, so nothing is judged before it. */
export const isUnsure = ({ meta }: Journal): boolean => meta.get('reconcileWanted') !== null

function suspectIn(event: OutgoingEvent, known: ReadonlyMap<string, KnownSku>, unsure: boolean): HeldEvent | null {
  if (event.type !== 'stock.counted' && event.type !== 'catalog.item_removed' && event.type !== 'catalog.item_upserted') return null
  const { sku } = event.data
  if (unsure && event.type === 'stock.counted' && event.data.onHand <= 0 && !known.has(sku)) return { sku, kind: 'zeroed', was: null, becomes: event.data.onHand, event }
  if (unsure && event.type === 'catalog.item_upserted' && (known.get(sku)?.priceMinor ?? null) === null) return { sku, kind: 'repriced', was: null, becomes: event.data.price.amountMinor, event }
  const suspicion = suspicionOf(event, known.get(sku))
  return suspicion && { sku, ...suspicion, event }
}

/** Judges all that is parked or held: lets go what passes, holds the rest. Inside a transaction. */
export function settleFeed(journal: Journal, limits: FeedLimits, now: number): FeedChange | null {
  const { held, letGo, baseline } = journal
  const before = held.quarantine()
  held.settled()
  // The comparison has read on and left it: the edge has nothing that it would change.
  journal.append(held.takeNew().map(({ event }) => event))
  if (before === null && held.count() === 0) return null
  // While something is held, what went before it counts until it is over: time alone ends no quarantine.
  if (before === null) letGo.purge(now - LET_GO_COUNTS_MS)
  const examined = baseline.examined()
  const verdict = judgeFeed(examined, sumOf(held.counts(), letGo.counts()), limits)
  const passes = held.take(verdict.pass ? KINDS : KINDS.filter((kind) => !verdict.held.has(kind)))
  journal.append(passes.map(({ event }) => event))
  letGo.note(passes.filter(({ kind }) => kind !== 'drifted'), now)
  // What went before may exceed a share by itself once others have sold out: nothing waits, so there is nothing to decide.
  if (verdict.pass || held.count() === 0) {
    held.setQuarantine(null)
    return before && { kind: 'ended', report: { state: 'flowing' } }
  }
  const { zeroed, removed, repriced, drifted } = held.counts()
  const isNew = before === null || held.hasNewFor(before.id)
  // A person who said no has decided about what was there then: more of it is another quarantine.
  const since = before === null || (isNew && before.refused) ? toInstant(now) : before.since
  const id = isNew ? hashSync([since, held.fingerprint()]).slice(0, QUARANTINE_ID_LENGTH) : before.id
  if (isNew) held.putUnder(id)
  const report: FeedReport = {
    state: 'quarantined', id, since, reasons: verdict.reasons, zeroed, removed, repriced, drifted,
    inStock: examined.inStock, items: examined.items, refused: !isNew && before.refused, sample: held.sample(),
  }
  held.setQuarantine(report)
  return before?.since === since ? null : { kind: 'quarantined', report }
}

const sumOf = (a: Concerned, b: Concerned): Concerned => ({
  zeroed: a.zeroed + b.zeroed, removed: a.removed + b.removed, repriced: a.repriced + b.repriced, drifted: a.drifted + b.drifted, removedInStock: a.removedInStock + b.removedInStock,
})

/** How the feed stands, for the heartbeat. */
export const feedReport = (journal: Pick<Journal, 'held'>): FeedReport => journal.held.quarantine() ?? { state: 'flowing' }

/**
 * What the operator decided about the quarantine `id`; about any other it says nothing. Approved, what is held goes out as it is;
 * refused, it stays and nobody asks again until it changes. Harmless twice.
 */
export function decideFeed({ journal, turn, now }: Pick<Shop, 'journal' | 'turn' | 'now'>, feed: Feed, decision: FeedDecision, id: string): Promise<boolean> {
  return turn(async () => {
    const change = journal.transaction((): FeedChange | null => {
      const { held } = journal
      const quarantine = held.quarantine()
      if (quarantine?.id !== id || (decision === 'refuse' && quarantine.refused)) return null
      if (decision === 'refuse') {
        const report = { ...quarantine, refused: true }
        held.setQuarantine(report)
        return { kind: 'refused', report }
      }
      journal.append(held.take(KINDS, id).map(({ event }) => event))
      held.setQuarantine(null)
      journal.letGo.clear()
      // What came after the operator looked is judged by itself; what a comparison is gathering, at its end.
      if (!feed.gathering && !isUnsure(journal)) settleFeed(journal, feed.limits, now())
      return { kind: 'approved', report: feedReport(journal) }
    })
    if (change) feed.onChange(change)
    return change !== null
  })
}
