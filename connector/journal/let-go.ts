import type { Suspicion } from '../../contract/feed.ts'
import { integer, integerOrNull, text, type Database } from './database.ts'
import type { Slot } from './held.ts'

/**
 * Suspect changes that passed, or were too few to be judged, for as long as they count: a POS that goes wrong row by row is
 * the same broken feed as one that does it at once.
 */
export type LetGo = {
  note(changes: readonly { sku: string; slot: Slot; kind: Suspicion; was: number | null }[], at: number): void
  /** It is there again. */
  forget(slots: readonly { sku: string; slot: Slot }[]): void
  count(): number
  counts(): Record<Suspicion, number> & { removedInStock: number }
  purge(before: number): void
  clear(): void
}

export function openLetGo(db: Database): LetGo {
  const count = (): number => integer(db.get('SELECT count(*) AS n FROM let_go') ?? {}, 'n')
  return {
    note(changes, at) {
      for (const { sku, slot, kind, was } of changes) db.run('INSERT OR REPLACE INTO let_go (sku, slot, kind, was, at) VALUES (?, ?, ?, ?, ?)', sku, slot, kind, was, at)
    },
    forget(slots) {
      for (const { sku, slot } of slots) db.run(`DELETE FROM let_go WHERE sku = ? AND slot = ? AND kind IN ('zeroed', 'removed')`, sku, slot)
    },
    count,
    counts() {
      const counts = { zeroed: 0, removed: 0, repriced: 0, drifted: 0, removedInStock: 0 }
      // What is held again counts there.
      for (const row of db.all(`SELECT kind, count(*) AS n, sum(was > 0) AS stocked FROM let_go
        WHERE NOT EXISTS (SELECT 1 FROM held WHERE held.sku = let_go.sku AND held.slot = let_go.slot) GROUP BY kind`)) {
        const kind = text(row, 'kind') as Suspicion
        counts[kind] = integer(row, 'n')
        if (kind === 'removed') counts.removedInStock = integerOrNull(row, 'stocked') ?? 0
      }
      return counts
    },
    purge: (before) => void db.run('DELETE FROM let_go WHERE at < ?', before),
    clear: () => void db.run('DELETE FROM let_go'),
  }
}
