import type { Suspicion } from '../../contract/feed.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'

/** From where on a feed is held for a person. Shares from 0 to 1. */
export type FeedLimits = {
  /** Of the SKUs with stock, the share that may fall to zero or go; of all items, the share that may go. */
  zeroShare: number
  /** Of all items, the share whose price may move by more than half. */
  repriceShare: number
  /** Of all SKUs, the share that one reconcile may mend. */
  healShare: number
  /** Fewer SKUs of a kind than this are never held, however small the shop. */
  minimum: number
}

/** A fifth of the shelves empty at once is a broken export more often than a good day; half the edge being wrong is a broken edge or a POS from a backup. */
export const FEED_LIMITS: FeedLimits = { zeroShare: 0.2, repriceShare: 0.1, healShare: 0.5, minimum: 10 }

/** More than half of what it was: half price is a sale, below it is a slipped comma. */
const PRICE_MOVE_MAX = 0.5

/** What is known of a SKU at the edge: `undefined` and `null` are "nothing". */
export type KnownSku = { onHand: number | null; itemHash: string | null; priceMinor: number | null }

/** What a change does to what is known, if that is something a feed may do only so often. */
export function suspicionOf(event: OutgoingEvent, known: KnownSku | undefined): { kind: Exclude<Suspicion, 'drifted'>; was: number | null; becomes: number | null } | null {
  switch (event.type) {
    case 'stock.counted': {
      const was = known?.onHand ?? 0
      return was > 0 && event.data.onHand <= 0 ? { kind: 'zeroed', was, becomes: event.data.onHand } : null
    }
    case 'catalog.item_removed':
      return known?.itemHash ? { kind: 'removed', was: known.onHand, becomes: null } : null
    case 'catalog.item_upserted': {
      const was = known?.priceMinor ?? null
      const becomes = event.data.price.amountMinor
      return was !== null && Math.abs(becomes - was) > was * PRICE_MOVE_MAX ? { kind: 'repriced', was, becomes } : null
    }
    default:
      // Levels within orders flow whatever else is held: the goods are gone.
      return null
  }
}

/** Of how many SKUs the shares are, those concerned among them. */
export type Examined = { inStock: number; items: number; skus: number }
/** How many SKUs would change in which way. `removedInStock` are those among the removed that had stock. */
export type Concerned = Record<Suspicion, number> & { removedInStock: number }

/** Which kinds exceed their share. `held` is what must wait: a feed that empties shelves is held in its removals too, one that drifts in everything. */
export type Verdict = { pass: true } | { pass: false; reasons: Suspicion[]; held: ReadonlySet<Suspicion> }

export function judgeFeed(examined: Examined, concerned: Concerned, limits: FeedLimits): Verdict {
  const exceeds = (count: number, of: number, share: number): boolean => count >= Math.max(1, limits.minimum) && count > of * share
  const reasons: Suspicion[] = []
  if (exceeds(concerned.zeroed + concerned.removedInStock, examined.inStock, limits.zeroShare)) reasons.push('zeroed')
  if (exceeds(concerned.removed, examined.items, limits.zeroShare)) reasons.push('removed')
  if (exceeds(concerned.repriced, examined.items, limits.repriceShare)) reasons.push('repriced')
  if (exceeds(concerned.drifted, examined.skus, limits.healShare)) reasons.push('drifted')
  if (reasons.length === 0) return { pass: true }
  const held = new Set<Suspicion>(reasons)
  if (held.has('zeroed') || held.has('removed')) held.add('zeroed').add('removed')
  if (held.has('drifted')) held.add('zeroed').add('removed').add('repriced')
  return { pass: false, reasons, held }
}
