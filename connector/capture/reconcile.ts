import type { Level } from '../../contract/events.ts'
import type { DriftedSku, DriftReport } from '../../contract/feed.ts'
import type { Item } from '../../contract/product.ts'
import type { Shop } from '../delivery/accept-order.ts'
import type { Edge } from '../edge/edge-client.ts'
import { refusalHint } from '../edge/refusal-words.ts'
import { hashOfItem, type AdoptedRow, type BaselineRow } from '../journal/baseline.ts'
import type { Journal } from '../journal/journal.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'
import { reconcileDifference, removalsOf, type EdgeRow } from './difference.ts'
import { causeOf, driftedList, driftedSku, driftReport, isInFlight, mended, type Numbering } from './drift.ts'
import { openEdgeState, type EdgeState } from './edge-state.ts'
import { createFeed, replaceHeld, settleFeed, type Feed } from './feed.ts'
import { suspicionOf } from './judge-feed.ts'

/** How a reconcile goes: rows compared so far, events so far. `total`: how many rows either side had before; `null` while neither had any. */
export type ReconcileProgress = { compared: number; events: number; total: number | null }

type Page = { done: boolean; events: number; items: number; last: string | null }

/** The edge refused to tell its state; tried again later. */
export class StateRefused extends Error {
  override name = 'StateRefused'
  readonly hint: string
  constructor(message: string, hint: string) {
    super(`${message}. ${hint}`)
    this.hint = hint
  }
}

/** The POS cannot be read to its end. */
export class SnapshotStuck extends Error {
  override name = 'SnapshotStuck'
  readonly hint = 'this is a mistake in the adapter of this POS: report it'
}

/** What was compared counts in a numbering that has ended. */
export class ReconcileOvertaken extends Error {
  override name = 'ReconcileOvertaken'
}

/** A page of the POS is one short read inside the turn: orders go between two pages. */
const SNAPSHOT_PAGE_SIZE = 500
/** More pages than any store has: a cursor that never ends is a bug at the other side. */
const STATE_PAGES_MAX = 10_000
/** SKUs that the POS does not have, judged at once. */
const REMOVALS_AT_ONCE = 500

/**
 * Compares the whole POS with what the edge has and sends the differences, removals included (rules.md 4). With a new journal
 * this is the first sync: the place to read changes on from is taken before the snapshot, so nothing falls between. What
 * contradicts the edge waits for the end, where all of it is judged at once; the drift found is kept as a figure.
 * Throws what the POS, the edge or the disk throws: begin again, what was sent is not sent twice.
 */
export async function reconcile(shop: Shop, edge: Edge, onProgress: (progress: ReconcileProgress) => void, feed: Feed = createFeed()): Promise<ReconcileProgress> {
  const atEdge = openEdgeState()
  feed.gathering = true
  try {
    return await compare(shop, edge, atEdge, onProgress, feed)
  } catch (error) {
    // Half a comparison is no verdict; the next one finds it again.
    shop.journal.held.dropUnjudged('reconcile')
    throw error
  } finally {
    feed.gathering = false
    atEdge.close()
  }
}

async function compare({ journal, pos, turn, now }: Shop, edge: Edge, atEdge: EdgeState, onProgress: (progress: ReconcileProgress) => void, feed: Feed): Promise<ReconcileProgress> {
  const cursor = journal.meta.get('posCursor') ?? await pos.currentCursor()
  const epoch = journal.meta.number('epoch')
  const startedAtSeq = journal.outbox.lastSeq()
  const sameEpoch = (): void => {
    if (journal.meta.number('epoch') !== epoch) throw new ReconcileOvertaken('a new epoch began: everything is compared anew')
  }
  const firstSync = journal.meta.get('synced') === null
  const told = { epoch, ackedSeq: journal.outbox.acked().seq }
  await readState(edge, atEdge)
  const progress: ReconcileProgress = { compared: 0, events: 0, total: Math.max(atEdge.count(), journal.baseline.examined().skus) || null }

  /** What is new to the edge flows; what contradicts it waits. */
  const keep = (events: readonly OutgoingEvent[], read: { items: readonly Item[]; removed: readonly string[]; levels: readonly Level[] }, known: ReadonlyMap<string, EdgeRow>): number => {
    const baseline = journal.baseline.of(events.flatMap((event) => (isAboutSku(event) ? event.data.sku : [])))
    const sorted = events.filter(isAboutSku).map((event) => ({ event, ...sortFound(event, baseline.get(event.data.sku), known.get(event.data.sku), told) }))
    atEdge.note(sorted.flatMap(({ drift, contradicts }) => (drift && (contradicts || !firstSync) ? drift : [])))
    const waits = sorted.flatMap(({ held }) => held ?? [])
    // Compared from now on with what the edge has, not with nothing.
    journal.baseline.adopt(waits.flatMap(({ sku }) => adoptable(sku, baseline, known)))
    replaceHeld(journal, read, waits, 'reconcile')
    const flowing = sorted.filter(({ held, inFlight }) => !held && !inFlight).map(({ event }) => event)
    journal.append(flowing)
    return flowing.length
  }

  for (let afterSku: string | null = null, done = false; !done;) {
    const from: string | null = afterSku
    const page: Page = await turn(async (): Promise<Page> => {
      sameEpoch()
      const asOf = journal.outbox.lastSeq()
      const read = { ...await pos.readSnapshot(from, SNAPSHOT_PAGE_SIZE), removed: [], asOf, now: now() }
      const skus = [...read.items, ...read.levels].map(({ sku }) => sku)
      const known = atEdge.of(skus)
      const events = journal.transaction(() => {
        const { events, adopt } = reconcileDifference(read, journal.baseline.of(skus), known)
        journal.baseline.adopt(adopt)
        journal.refused.note(read.refused ?? [], now())
        return keep(events, read, known)
      })
      atEdge.see([...read.items.map((item) => item.sku), ...(read.unreadable ?? [])])
      return { done: read.done, events, items: read.items.length, last: read.last ?? read.items.at(-1)?.sku ?? read.levels.at(-1)?.sku ?? from }
    })
    progress.events += page.events
    progress.compared += page.items
    // What was not read must not be taken for gone (rules.md 4): an adapter that gets no further says nothing of the rest.
    if (!page.done && page.last === from) throw new SnapshotStuck('the POS adapter answers the same page again: the comparison ends without a verdict')
    done = page.done
    afterSku = page.last
    onProgress(progress)
  }

  const change = await turn(async () => {
    sameEpoch()
    return journal.transaction(() => {
      const before = journal.outbox.lastSeq()
      for (let afterSku: string | null = null, unseen; (unseen = atEdge.unseen(afterSku, REMOVALS_AT_ONCE)).size > 0;) {
        const removals = removalsOf(unseen, journal.baseline.of([...unseen.keys()]), startedAtSeq, now())
        keep(removals, { items: [], removed: removals.flatMap((event) => (isAboutSku(event) ? event.data.sku : [])), levels: [] }, unseen)
        afterSku = [...unseen.keys()].at(-1) ?? null
      }
      const change = settleFeed(journal, feed.limits, now())
      keepFigure(journal, atEdge, progress.compared, now())
      progress.events += journal.outbox.lastSeq() - before
      if (journal.meta.get('posCursor') === null) journal.meta.set('posCursor', cursor)
      journal.meta.set('synced', '1')
      journal.meta.delete('reconcileWanted')
      return change
    })
  })
  if (change) feed.onChange(change)
  return progress
}

type SkuEvent = Extract<OutgoingEvent, { type: 'catalog.item_upserted' | 'catalog.item_removed' | 'stock.counted' }>
const isAboutSku = (event: OutgoingEvent): event is SkuEvent =>
  event.type === 'catalog.item_upserted' || event.type === 'catalog.item_removed' || event.type === 'stock.counted'

/** What is to be done with one difference: nothing while it is on its way, wait where it contradicts what the edge has, else flow. */
function sortFound(event: SkuEvent, told: BaselineRow | undefined, edge: EdgeRow | undefined, numbering: Numbering) {
  const { sku } = event.data
  const itemHash = event.type === 'catalog.item_upserted' ? hashOfItem(event.data) : null
  const level = event.type === 'stock.counted'
  const contradicts = edge !== undefined && (level ? edge.onHand : edge.itemHash) !== null
  const inFlight = isInFlight(event, told, itemHash, numbering)
  if (inFlight) return { contradicts, inFlight, drift: null, held: null }
  const drift = driftedSku(event, causeOf(event, told, itemHash, edge, numbering), edge)
  // What was told once has passed its verdict then; of it only the amount counts.
  const toldSo = level ? told?.onHand === event.data.onHand : told !== undefined && told.seq > 0 && told.itemHash === itemHash
  const known = { onHand: edge?.onHand ?? null, itemHash: edge?.itemHash ?? null, priceMinor: edge?.priceMinor ?? told?.priceMinor ?? null }
  const suspicion = toldSo ? null : suspicionOf(event, known)
  const kind = suspicion ?? (told ? { kind: 'drifted' as const, was: drift.edge, becomes: drift.pos } : null)
  return { contradicts, inFlight, drift, held: contradicts && kind ? { sku, ...kind, event } : null }
}

function adoptable(sku: string, baseline: ReadonlyMap<string, BaselineRow>, atEdge: ReadonlyMap<string, EdgeRow>): AdoptedRow[] {
  const row = atEdge.get(sku)
  return row && !baseline.has(sku) ? [{ sku, itemHash: row.itemHash, priceMinor: row.priceMinor ?? null, onHand: row.onHand }] : []
}

function keepFigure(journal: Journal, atEdge: EdgeState, compared: number, at: number): void {
  const held = journal.held.count() > 0
  const drifted = function* (): Iterable<DriftedSku> {
    for (const each of atEdge.drifted()) yield held && journal.held.has(each.sku) ? { ...each, cause: 'held' } : each
  }
  journal.meta.set('drift', JSON.stringify(driftReport(drifted(), (sku) => journal.healed.has(sku), readDrift(journal), compared, at)))
  journal.meta.set('drifted', JSON.stringify(driftedList(drifted())))
  journal.healed.replace(mended(drifted()))
}

/** What the last reconcile found; `null` before the first. */
export function readDrift({ meta }: Pick<Journal, 'meta'>): DriftReport | null {
  const kept = meta.get('drift')
  return kept === null ? null : JSON.parse(kept) as DriftReport
}

/** The SKUs of it, the first ten thousand. */
export function readDrifted({ meta }: Pick<Journal, 'meta'>): DriftedSku[] {
  const kept = meta.get('drifted')
  return kept === null ? [] : JSON.parse(kept) as DriftedSku[]
}

async function readState(edge: Edge, into: EdgeState): Promise<void> {
  let cursor: string | null = null
  for (let pages = 0; pages < STATE_PAGES_MAX; pages += 1) {
    const answer = await edge.state(cursor)
    if (!answer.ok) throw new StateRefused(`the edge does not tell its state (${[answer.refusal.status, answer.refusal.problem ?? 'no word of its own'].join(', ')})`, refusalHint(answer.refusal))
    into.put(answer.value.items)
    cursor = answer.value.nextCursor
    if (cursor === null) return
  }
  throw new StateRefused('the edge\'s state does not end', 'tell the operator: the connector and the edge may be of different versions')
}
