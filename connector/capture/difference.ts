import { toInstant } from '../../contract/clock.ts'
import type { Level } from '../../contract/events.ts'
import { Item } from '../../contract/product.ts'
import { Sku } from '../../contract/values.ts'
import { hashOfItem, type AdoptedRow, type BaselineRow } from '../journal/baseline.ts'
import { EVENT_BYTES_MAX, eventBytes } from '../journal/event-size.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'

/** What the POS says now, read in one moment. `asOf` is the last seq given before that moment. */
export type Reading = { items: readonly Item[]; removed: readonly string[]; levels: readonly Level[]; asOf: number; now: number }

/** What is known of a SKU at the edge, from `GET state`. `epoch` and `asOf` are the level's. */
export type EdgeRow = { itemHash: string | null; priceMinor?: number | null; onHand: number | null; epoch?: number | null; asOf?: number | null }

export type Difference = {
  events: OutgoingEvent[]
  /** SKUs whose item is as the edge has it although this journal never told it: taken into the baseline without an event. */
  adopt: AdoptedRow[]
}

/**
 * What the edge must be told. Unchanged rows make no event. `mustTell` has the SKUs whose level goes out in any case: a sale
 * of theirs is in the same reading. Order: items, removals, levels, so that a level never comes before its item.
 */
export function differenceOf(reading: Reading, baseline: ReadonlyMap<string, BaselineRow>, mustTell: ReadonlySet<string> = new Set()): OutgoingEvent[] {
  const events: OutgoingEvent[] = []
  const occurredAt = toInstant(reading.now)
  for (const item of reading.items) {
    if (baseline.get(item.sku)?.itemHash !== hashOfItem(item)) events.push({ type: 'catalog.item_upserted', occurredAt, data: item })
  }
  for (const sku of reading.removed) {
    const told = baseline.get(sku)
    // Never told, or told as gone: the edge has no item to remove.
    if (told?.itemHash) events.push({ type: 'catalog.item_removed', occurredAt, data: { sku } })
  }
  const gone = new Set(reading.removed)
  const counted = new Set(reading.levels.map(({ sku }) => sku))
  for (const { sku, tracked } of reading.items) {
    const told = baseline.get(sku)
    // Gone and back without a count: the edge still has the number from before, and would sell it.
    if (tracked && !counted.has(sku) && told && told.itemHash === null && told.seq > 0 && told.levelSeq > 0) events.push({ type: 'stock.counted', occurredAt, data: { sku, onHand: 0, asOf: reading.asOf } })
  }
  for (const { sku, onHand } of reading.levels) {
    if (gone.has(sku)) continue
    if (mustTell.has(sku) || baseline.get(sku)?.onHand !== onHand) events.push({ type: 'stock.counted', occurredAt, data: { sku, onHand, asOf: reading.asOf } })
  }
  return events
}

/**
 * As `differenceOf`, compared with what the edge says it has as well as with what it was told: for a new journal, which was
 * told nothing, and for every reconcile. Something is sent when it differs from either; a SKU the journal never told and
 * that the edge has just so is adopted.
 */
export function reconcileDifference(reading: Reading, baseline: ReadonlyMap<string, BaselineRow>, edge: ReadonlyMap<string, EdgeRow>): Difference {
  const events: OutgoingEvent[] = []
  const adopt: Difference['adopt'] = []
  const occurredAt = toInstant(reading.now)
  const levels = new Map(reading.levels.map(({ sku, onHand }) => [sku, onHand]))
  for (const { sku, tracked } of reading.items) {
    // Counted once and not any more: none to sell, or the edge would sell its last number for ever (rules.md 4).
    if (tracked && !levels.has(sku) && ((baseline.get(sku)?.onHand ?? null) !== null || (edge.get(sku)?.onHand ?? null) !== null)) levels.set(sku, 0)
  }
  for (const item of reading.items) {
    const hash = hashOfItem(item)
    const told = baseline.get(item.sku)
    if (!differs(hash, toldOf(told, 'itemHash'), edge.get(item.sku)?.itemHash ?? null)) continue
    const event: OutgoingEvent = { type: 'catalog.item_upserted', occurredAt, data: item }
    // What the edge refuses can never be there: it became a dead letter, once.
    const refused = !Item.safeParse(item).success || eventBytes(event) > EVENT_BYTES_MAX
    if (!refused || told?.itemHash !== hash) events.push(event)
  }
  for (const [sku, onHand] of levels) {
    const told = baseline.get(sku)
    const different = differs(onHand, toldOf(told, 'onHand'), edge.get(sku)?.onHand ?? null)
    const refused = !Sku.safeParse(sku).success
    if (different && (!refused || told?.onHand !== onHand)) events.push({ type: 'stock.counted', occurredAt, data: { sku, onHand, asOf: reading.asOf } })
  }
  const told = new Set(events.map((event) => (event.type === 'stock.counted' || event.type === 'catalog.item_upserted' ? event.data.sku : '')))
  for (const sku of new Set([...reading.items.map((item) => item.sku), ...levels.keys()])) {
    const row = edge.get(sku)
    if (row && !baseline.has(sku) && !told.has(sku)) adopt.push({ sku, itemHash: row.itemHash, priceMinor: row.priceMinor ?? null, onHand: row.onHand })
  }
  // A journal of a connector that kept no prices learns them here.
  for (const item of reading.items) {
    const row = baseline.get(item.sku)
    if (row && row.priceMinor === null && row.itemHash === hashOfItem(item)) adopt.push({ ...row, priceMinor: item.price.amountMinor })
  }
  return { events, adopt }
}

/** What this journal has told of a SKU. `undefined`: nothing, so only the edge's own word counts. `null`: that it is gone. */
function toldOf<K extends 'itemHash' | 'onHand'>(row: BaselineRow | undefined, key: K): BaselineRow[K] | undefined {
  return row && (row[key] !== null || row.seq > 0) ? row[key] : undefined
}

const differs = <T>(value: T, told: T | null | undefined, atEdge: T | null): boolean => value !== atEdge || (told !== undefined && told !== value)

/**
 * Items the edge has and the POS does not. `unseen` is what the edge has and the POS snapshot did not bring. An item told after `startedAtSeq` came
 * (or came back) while the snapshot was read, and is left to the capture.
 */
export function removalsOf(unseen: ReadonlyMap<string, EdgeRow>, baseline: ReadonlyMap<string, BaselineRow>, startedAtSeq: number, now: number): OutgoingEvent[] {
  const events: OutgoingEvent[] = []
  for (const [sku, { itemHash }] of unseen) {
    if (itemHash === null) continue
    if ((baseline.get(sku)?.seq ?? 0) > startedAtSeq) continue
    events.push({ type: 'catalog.item_removed', occurredAt: toInstant(now), data: { sku } })
  }
  return events
}
