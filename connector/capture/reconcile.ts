import type { Shop } from '../delivery/accept-order.ts'
import type { Edge } from '../edge/edge-client.ts'
import { reconcileDifference, removalsOf, type EdgeRow } from './difference.ts'

/** How a reconcile goes: rows compared so far, events so far. */
export type ReconcileProgress = { compared: number; events: number }

type Page = { done: boolean; events: number; items: number; last: string | null }

/** The edge refused to tell its state; tried again later. */
export class StateRefused extends Error {
  override name = 'StateRefused'
}

/** What was compared counts in a numbering that has ended. */
export class ReconcileOvertaken extends Error {
  override name = 'ReconcileOvertaken'
}

/** A page of the POS is one short read inside the turn: orders go between two pages. */
const SNAPSHOT_PAGE_SIZE = 500
/** More pages than any store has: a cursor that never ends is a bug at the other side. */
const STATE_PAGES_MAX = 10_000

/**
 * Compares the whole POS with what the edge has and sends the differences, removals included (rules.md 4). With a new journal
 * this is the first sync: the place to read changes on from is taken before the snapshot, so nothing falls between.
 * Throws what the POS, the edge or the disk throws: begin again, what was sent is not sent twice.
 */
export async function reconcile(shop: Shop, edge: Edge, onProgress: (progress: ReconcileProgress) => void): Promise<ReconcileProgress> {
  const { journal, pos, turn, now } = shop
  const cursor = journal.meta.get('posCursor') ?? await pos.currentCursor()
  const epoch = journal.meta.number('epoch')
  const startedAtSeq = journal.outbox.lastSeq()
  const sameEpoch = (): void => {
    if (journal.meta.number('epoch') !== epoch) throw new ReconcileOvertaken('a new epoch began: everything is compared anew')
  }
  const atEdge = await readState(edge)
  const seen = new Set<string>()
  const progress = { compared: 0, events: 0 }

  for (let afterSku: string | null = null, done = false; !done;) {
    const from: string | null = afterSku
    const page: Page = await turn(async (): Promise<Page> => {
      sameEpoch()
      const asOf = journal.outbox.lastSeq()
      const read = await pos.readSnapshot(from, SNAPSHOT_PAGE_SIZE)
      const skus = [...read.items, ...read.levels].map(({ sku }) => sku)
      const events = journal.transaction(() => {
        const { events, adopt } = reconcileDifference({ ...read, removed: [], asOf, now: now() }, journal.baseline.of(skus), atEdge)
        journal.baseline.adopt(adopt)
        journal.append(events)
        return events.length
      })
      for (const { sku } of read.items) seen.add(sku)
      return { done: read.done, events, items: read.items.length, last: read.items.at(-1)?.sku ?? read.levels.at(-1)?.sku ?? from }
    })
    progress.events += page.events
    progress.compared += page.items
    // A page that leads nowhere is the last one, whatever the adapter says.
    done = page.done || page.last === from
    afterSku = page.last
    onProgress(progress)
  }

  await turn(async () => {
    sameEpoch()
    journal.transaction(() => {
      const removals = removalsOf(atEdge, seen, journal.baseline.of([...atEdge.keys()]), startedAtSeq, now())
      journal.append(removals)
      progress.events += removals.length
      if (journal.meta.get('posCursor') === null) journal.meta.set('posCursor', cursor)
      journal.meta.set('synced', '1')
      journal.meta.delete('reconcileWanted')
    })
  })
  return progress
}

async function readState(edge: Edge): Promise<Map<string, EdgeRow>> {
  const rows = new Map<string, EdgeRow>()
  let cursor: string | null = null
  for (let pages = 0; pages < STATE_PAGES_MAX; pages += 1) {
    const answer = await edge.state(cursor)
    if (!answer.ok) throw new StateRefused(`the edge does not tell its state (${answer.refusal.status} ${answer.refusal.problem ?? ''})`)
    for (const { sku, itemHash, onHand } of answer.value.items) {
      // An item and its level may come in two rows.
      const known = rows.get(sku)
      rows.set(sku, { itemHash: itemHash ?? known?.itemHash ?? null, onHand: onHand ?? known?.onHand ?? null })
    }
    cursor = answer.value.nextCursor
    if (cursor === null) return rows
  }
  throw new StateRefused('the edge\'s state does not end')
}
