import { Item } from '../../contract/product.ts'
import { integer, integerOrNull, text, textOrNull, type Database } from './database.ts'
import { hashSync } from './digest-sync.ts'
import { levelsOf, type OutgoingEvent } from './outgoing-event.ts'

/** What the edge has been told of a SKU. `itemHash` null: no item told; `onHand` null: no level told. `seq` is that of the last event about the item. */
export type BaselineRow = { sku: string; itemHash: string | null; onHand: number | null; asOf: number; seq: number }

export type Baseline = {
  of(skus: readonly string[]): Map<string, BaselineRow>
  /** Takes over what the edge already has, for SKUs it was never told by this journal. */
  adopt(rows: readonly { sku: string; itemHash: string | null; onHand: number | null }[]): void
}

/** The hash both sides compute: over the item as the contract reads it. An item the contract refuses is hashed as it is. */
export function hashOfItem(item: unknown): string {
  const parsed = Item.safeParse(item)
  return hashSync(parsed.success ? parsed.data : item)
}

export function openBaseline(db: Database): Baseline {
  return {
    of(skus) {
      const found = new Map<string, BaselineRow>()
      for (const sku of new Set(skus)) {
        const row = db.get('SELECT * FROM baseline WHERE sku = ?', sku)
        if (!row) continue
        found.set(sku, {
          sku: text(row, 'sku'),
          itemHash: textOrNull(row, 'item_hash'),
          onHand: integerOrNull(row, 'on_hand'),
          asOf: integer(row, 'as_of'),
          seq: integer(row, 'seq'),
        })
      }
      return found
    },
    adopt(rows) {
      db.transaction(() => {
        for (const row of rows) {
          db.run('INSERT INTO baseline (sku, item_hash, on_hand) VALUES (?, ?, ?) ON CONFLICT (sku) DO NOTHING', row.sku, row.itemHash, row.onHand)
        }
      })
    },
  }
}

/** Keeps the baseline equal to what the numbered events tell. The level with the highest `asOf` stands (rules.md 3). */
export function applyToBaseline(db: Database, event: OutgoingEvent, seq: number): void {
  switch (event.type) {
    case 'catalog.item_upserted':
      db.run(
        'INSERT INTO baseline (sku, item_hash, seq) VALUES (?, ?, ?) ON CONFLICT (sku) DO UPDATE SET item_hash = excluded.item_hash, seq = excluded.seq',
        event.data.sku, hashOfItem(event.data), seq,
      )
      return
    case 'catalog.item_removed':
      // The level goes too: an item that comes back tells its level anew.
      db.run(
        'INSERT INTO baseline (sku, item_hash, on_hand, seq) VALUES (?, NULL, NULL, ?) ON CONFLICT (sku) DO UPDATE SET item_hash = NULL, on_hand = NULL, seq = excluded.seq',
        event.data.sku, seq,
      )
      return
    case 'stock.counted':
      setLevel(db, event.data.sku, event.data.onHand, event.data.asOf)
      return
    default:
      for (const level of levelsOf(event)) setLevel(db, level.sku, level.onHand, seq)
  }
}

function setLevel(db: Database, sku: string, onHand: number, asOf: number): void {
  db.run(
    `INSERT INTO baseline (sku, on_hand, as_of) VALUES (?, ?, ?)
     ON CONFLICT (sku) DO UPDATE SET on_hand = excluded.on_hand, as_of = excluded.as_of WHERE excluded.as_of >= baseline.as_of`,
    sku, onHand, asOf,
  )
}
