import { FEED_SAMPLE_MAX, sampleOf, type HeldChange, type Quarantine, type Suspicion } from '../../contract/feed.ts'
import { integer, integerOrNull, text, type Database, type Row } from './database.ts'
import { hashSync } from './digest-sync.ts'
import type { Meta } from './meta.ts'
import type { OutgoingEvent } from './outgoing-event.ts'

/** A SKU's item and its level are held apart: one may wait while the other flows. Items sort before levels, as they must be told. */
export type Slot = 'item' | 'level'
export type HeldEvent = { sku: string; kind: Suspicion; was: number | null; becomes: number | null; event: OutgoingEvent }
export type TakenEvent = Omit<HeldEvent, 'becomes'> & { slot: Slot }
/** Who parked it. What a reconcile parked and did not finish is found again by the next; what a capture parked is behind its cursor. */
export type ParkedBy = 'capture' | 'reconcile'

/**
 * Changes that wait: parked until their whole reading is judged, or in quarantine. Not in the baseline, because the edge was not
 * told. Each is the newest the POS said of its slot.
 */
export type Held = {
  park(changes: readonly HeldEvent[], by: ParkedBy): void
  /** The POS has been read again: what it said before counts no more. */
  release(slots: readonly { sku: string; slot: Slot }[]): void
  count(): number
  /** Whether something was parked or released since the last verdict, or nobody judged in this process yet. */
  unsettled(): boolean
  settled(): void
  /** How many a capture has parked that nobody has judged. */
  unjudgedByCapture(): number
  counts(): Record<Suspicion, number> & { removedInStock: number }
  /** Whose level or item is held, among these. */
  has(sku: string): boolean
  sample(): HeldChange[]
  /** Takes out what is of these kinds (and under this quarantine), in the order it must be told. A level that an order has overtaken is dropped. */
  take(kinds: readonly Suspicion[], quarantine?: string): TakenEvent[]
  /** Takes out what was parked because nobody knew what the edge has of it, in the order it must be told. */
  takeNew(): TakenEvent[]
  /** Whether something is not part of the quarantine `id`. */
  hasNewFor(id: string | null): boolean
  /** What is held, as one hash: the same SKUs changed in the same way. */
  fingerprint(): string
  putUnder(id: string): void
  /** What a reconcile parked that was never judged. */
  dropUnjudged(by: ParkedBy): void
  /** The quarantine as it stands, `null` while the feed flows. */
  quarantine(): Quarantine | null
  setQuarantine(quarantine: Quarantine | null): void
  clear(): void
}

export const slotOf = (event: OutgoingEvent): Slot => (event.type === 'stock.counted' ? 'level' : 'item')

export function openHeld(db: Database, meta: Meta): Held {
  let unsettled = true
  /** A level within an order's own event was read later, and has been told. */
  const dropOvertaken = (): void => void db.run(
    `DELETE FROM held WHERE slot = 'level' AND EXISTS (SELECT 1 FROM baseline WHERE baseline.sku = held.sku AND baseline.as_of > held.as_of)`)

  const takeWhere = (where: string, ...values: (string | null)[]): TakenEvent[] => {
    dropOvertaken()
    const rows = db.all(`SELECT sku, slot, kind, was, event FROM held WHERE ${where} ORDER BY slot, sku`, ...values)
    db.run(`DELETE FROM held WHERE ${where}`, ...values)
    // Our own text, written by `park`.
    return rows.map((row) => ({
      sku: text(row, 'sku'), slot: text(row, 'slot') as Slot, kind: text(row, 'kind') as Suspicion, was: integerOrNull(row, 'was'), event: JSON.parse(text(row, 'event')) as OutgoingEvent,
    }))
  }

  return {
    park(changes, by) {
      if (changes.length > 0) unsettled = true
      for (const { sku, kind, was, becomes, event } of changes) {
        // What a level falls to changes with every sale; it is the same change to a person.
        const identity = kind === 'zeroed' || kind === 'removed' ? kind : `${kind} ${becomes}`
        db.run(
          `INSERT INTO held (sku, slot, kind, was, becomes, as_of, identity, event, parked_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (sku, slot) DO UPDATE SET quarantine = CASE WHEN identity = excluded.identity THEN quarantine END,
             kind = excluded.kind, was = excluded.was, becomes = excluded.becomes, as_of = excluded.as_of, identity = excluded.identity, event = excluded.event,
             parked_by = CASE WHEN excluded.parked_by = 'capture' THEN 'capture' ELSE parked_by END`,
          sku, slotOf(event), kind, was, becomes, event.type === 'stock.counted' ? event.data.asOf : 0, identity, JSON.stringify(event), by,
        )
      }
    },
    release(slots) {
      for (const { sku, slot } of slots) if (db.run('DELETE FROM held WHERE sku = ? AND slot = ?', sku, slot) > 0) unsettled = true
    },
    count: () => countOf(db.get('SELECT count(*) AS n FROM held')),
    unsettled: () => unsettled,
    settled() {
      unsettled = false
    },
    unjudgedByCapture: () => countOf(db.get(`SELECT count(*) AS n FROM held WHERE quarantine IS NULL AND parked_by = 'capture'`)),
    counts() {
      dropOvertaken()
      const counts = { zeroed: 0, removed: 0, repriced: 0, drifted: 0, removedInStock: 0 }
      for (const row of db.all('SELECT kind, count(*) AS n, sum(was > 0) AS stocked FROM held GROUP BY kind')) {
        const kind = text(row, 'kind') as Suspicion
        counts[kind] = integer(row, 'n')
        if (kind === 'removed') counts.removedInStock = integerOrNull(row, 'stocked') ?? 0
      }
      return counts
    },
    has: (sku) => db.get('SELECT 1 FROM held WHERE sku = ? LIMIT 1', sku) !== undefined,
    sample: () => sampleOf(db.all('SELECT sku, kind, was, becomes FROM held ORDER BY kind DESC, sku LIMIT ?', FEED_SAMPLE_MAX).map((row) =>
      ({ sku: text(row, 'sku'), kind: text(row, 'kind') as Suspicion, was: integerOrNull(row, 'was'), becomes: integerOrNull(row, 'becomes') }))),
    take: (kinds, quarantine) => takeWhere('kind IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR quarantine = ?2)', JSON.stringify(kinds), quarantine ?? null),
    takeNew: () => takeWhere(`was IS NULL AND kind IN ('zeroed', 'repriced')`),
    hasNewFor: (id) => db.get('SELECT 1 FROM held WHERE quarantine IS NOT ? LIMIT 1', id) !== undefined,
    fingerprint: () => hashSync(db.all('SELECT sku, identity FROM held ORDER BY sku, slot').map((row) => [text(row, 'sku'), text(row, 'identity')])),
    putUnder: (id) => void db.run('UPDATE held SET quarantine = ?', id),
    dropUnjudged: (by) => void db.run('DELETE FROM held WHERE quarantine IS NULL AND parked_by = ?', by),
    quarantine() {
      const kept = meta.get('feed')
      return kept === null ? null : JSON.parse(kept) as Quarantine
    },
    setQuarantine(quarantine) {
      if (quarantine === null) meta.delete('feed')
      else meta.set('feed', JSON.stringify(quarantine))
    },
    clear() {
      db.run('DELETE FROM held')
      meta.delete('feed')
    },
  }
}

const countOf = (row: Row | undefined): number => (row ? integer(row, 'n') : 0)
