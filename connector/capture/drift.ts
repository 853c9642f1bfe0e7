import { toInstant } from '../../contract/clock.ts'
import { sampleOf, type DriftCause, type DriftedSku, type DriftReport } from '../../contract/feed.ts'
import type { BaselineRow } from '../journal/baseline.ts'
import { slotOf } from '../journal/held.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'
import type { EdgeRow } from './difference.ts'

/** Where this journal's numbering stands: what it told beyond `ackedSeq` is on its way. */
export type Numbering = { epoch: number | null; ackedSeq: number }

/** Whether the edge will have just this in a moment: it was told and not confirmed yet. Not drift, and nothing to say again. */
export function isInFlight(event: OutgoingEvent, told: BaselineRow | undefined, itemHash: string | null, { ackedSeq }: Numbering): boolean {
  if (!told) return false
  if (event.type === 'stock.counted') return told.onHand === event.data.onHand && told.levelSeq > ackedSeq
  return told.itemHash === itemHash && told.seq > ackedSeq
}

/** Why the edge has something else than `event` says. `itemHash` is that of the POS's item, `null` for a removal. */
export function causeOf(event: OutgoingEvent, told: BaselineRow | undefined, itemHash: string | null, edge: EdgeRow | undefined, { epoch }: Numbering): DriftCause {
  if (event.type === 'catalog.item_removed') return 'not_in_pos'
  if (event.type !== 'stock.counted') return told?.itemHash === itemHash ? 'lost' : 'never_told'
  if (told?.onHand !== event.data.onHand) return 'never_told'
  const hasThisWord = edge !== undefined && edge.onHand !== null && edge.epoch === epoch && (edge.asOf ?? 0) >= told.asOf
  return hasThisWord ? 'other_number' : 'lost'
}

/** A SKU's difference as people read it. */
export function driftedSku(event: OutgoingEvent & { data: { sku: string } }, cause: DriftCause, edge: EdgeRow | undefined): DriftedSku {
  const pos = slotOf(event) === 'level' && 'onHand' in event.data ? event.data.onHand : null
  return { sku: event.data.sku, cause, pos, edge: pos === null ? null : edge?.onHand ?? null }
}

/** Mended once and different again: what was told arrived, or should have. */
const MENDED_IN_VAIN: ReadonlySet<DriftCause> = new Set(['lost', 'other_number', 'not_in_pos'])
/** What the next reconcile is to look at again. */
export const mended = (drifted: readonly DriftedSku[]): string[] => drifted.filter(({ cause }) => MENDED_IN_VAIN.has(cause)).map(({ sku }) => sku)

/** The figure of one reconcile. `healedBefore` are the SKUs that the one before mended. */
export function driftReport(drifted: readonly DriftedSku[], healedBefore: ReadonlySet<string>, before: DriftReport | null, compared: number, now: number): DriftReport {
  const causes: DriftReport['causes'] = {}
  const bySku = new Map<string, DriftedSku>()
  let units = 0
  for (const each of drifted) {
    units += each.pos === null ? 0 : Math.abs(each.pos - (each.edge ?? 0))
    // An item and its level are one SKU; the level says more.
    if (!bySku.has(each.sku) || each.pos !== null) bySku.set(each.sku, each)
  }
  for (const { cause } of bySku.values()) causes[cause] = (causes[cause] ?? 0) + 1
  const at = toInstant(now)
  const unhealed = [...bySku.values()].filter(({ sku, cause }) => MENDED_IN_VAIN.has(cause) && healedBefore.has(sku))
  return {
    at, compared, skus: bySku.size, units, causes, sample: sampleOf([...bySku.values()]),
    unhealed: unhealed.length === 0 ? null : { since: before?.unhealed?.since ?? at, skus: unhealed.length, sample: sampleOf(unhealed) },
  }
}
