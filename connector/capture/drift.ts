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
export function* mended(drifted: Iterable<DriftedSku>): Iterable<string> {
  for (const { sku, cause } of drifted) if (MENDED_IN_VAIN.has(cause)) yield sku
}

/** The figure of one reconcile, of its SKUs, each of them once. `healedBefore`: whether the one before mended it. */
export function driftReport(drifted: Iterable<DriftedSku>, healedBefore: (sku: string) => boolean, before: DriftReport | null, compared: number, now: number): DriftReport {
  const causes: DriftReport['causes'] = {}
  const all = { skus: 0, sample: [] as DriftedSku[] }
  const inVain = { skus: 0, sample: [] as DriftedSku[] }
  let units = 0
  for (const each of drifted) {
    units += each.pos === null ? 0 : Math.abs(each.pos - (each.edge ?? 0))
    causes[each.cause] = (causes[each.cause] ?? 0) + 1
    count(all, each)
    if (MENDED_IN_VAIN.has(each.cause) && healedBefore(each.sku)) count(inVain, each)
  }
  const at = toInstant(now)
  return { at, compared, ...all, units, causes, unhealed: inVain.skus === 0 ? null : { since: before?.unhealed?.since ?? at, ...inVain } }
}

/** One megabyte of the journal at the most. Whoever has more than this to look at looks for one cause, not at each. */
const DRIFTED_MAX = 10_000
/** The SKUs that differed, for store IT: kept here, while the edge hears of some. */
export function driftedList(drifted: Iterable<DriftedSku>, max = DRIFTED_MAX): DriftedSku[] {
  const list: DriftedSku[] = []
  for (const each of drifted) {
    if (list.length >= max) break
    list.push(each)
  }
  return sampleOf(list, max)
}

function count(counted: { skus: number; sample: DriftedSku[] }, each: DriftedSku): void {
  counted.skus += 1
  counted.sample = sampleOf([...counted.sample, each])
}
