import { Item } from '../../contract/product.ts'
import { integer, integerOrNull, text, textOrNull, type Database } from './database.ts'
import { hashSync } from './digest-sync.ts'
import { levelsOf, type OutgoingEvent } from './outgoing-event.ts'

/** What the edge has been told of a SKU. `itemHash` null: no item told; `onHand` null: no level told. `seq` is that of the last event about the item, `levelSeq` of the one that told the level (0: adopted). */
export type BaselineRow = { sku: string; itemHash: string | null; priceMinor: number | null; onHand: number | null; asOf: number; levelSeq: number; seq: number }

/** What the edge was found to have just so. */
export type AdoptedRow = { sku: string; itemHash: string | null; priceMinor: number | null; onHand: number | null }

export type Baseline = {
  of(skus: readonly string[]): Map<string, BaselineRow>
  /** Takes over what the edge already has, for SKUs it was never told by this journal; and the price of an item that was told without one being kept. */
  adopt(rows: readonly AdoptedRow[]): void
  /** How many SKUs a feed's shares are of; what is held, or was let go a moment ago, counts with what it was. */
  examined(): { inStock: number; items: number; skus: number }
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
          priceMinor: integerOrNull(row, 'price_minor'),
          onHand: integerOrNull(row, 'on_hand'),
          levelSeq: integer(row, 'level_seq'),
          asOf: integer(row, 'as_of'),
          seq: integer(row, 'seq'),
        })
      }
      return found
    },
    adopt(rows) {
      db.transaction(() => {
        for (const row of rows) {
          db.run(
            `INSERT INTO baseline (sku, item_hash, price_minor, on_hand) VALUES (?, ?, ?, ?)
             ON CONFLICT (sku) DO UPDATE SET price_minor = excluded.price_minor WHERE baseline.price_minor IS NULL AND baseline.item_hash = excluded.item_hash`,
            row.sku, row.itemHash, row.priceMinor, row.onHand,
          )
        }
      })
    },
    examined() {
      const row = db.get(`SELECT
        (SELECT count(*) FROM (SELECT sku FROM baseline WHERE on_hand > 0 UNION SELECT sku FROM held WHERE kind IN ('zeroed', 'removed') AND was > 0
          UNION SELECT sku FROM let_go WHERE kind IN ('zeroed', 'removed') AND was > 0)) AS in_stock,
        (SELECT count(*) FROM (SELECT sku FROM baseline WHERE item_hash IS NOT NULL UNION SELECT sku FROM held WHERE slot = 'item' UNION SELECT sku FROM let_go WHERE slot = 'item')) AS items,
        (SELECT count(*) FROM (SELECT sku FROM baseline UNION SELECT sku FROM held)) AS skus`) ?? {}
      return { inStock: integer(row, 'in_stock'), items: integer(row, 'items'), skus: integer(row, 'skus') }
    },
  }
}

/** Keeps the baseline equal to what the numbered events tell. The level with the highest `asOf` stands (rules.md 3). */
export function applyToBaseline(db: Database, event: OutgoingEvent, seq: number): void {
  switch (event.type) {
    case 'catalog.item_upserted':
      db.run(
        `INSERT INTO baseline (sku, item_hash, price_minor, seq) VALUES (?, ?, ?, ?)
         ON CONFLICT (sku) DO UPDATE SET item_hash = excluded.item_hash, price_minor = excluded.price_minor, seq = excluded.seq`,
        event.data.sku, hashOfItem(event.data), event.data.price.amountMinor, seq,
      )
      return
    case 'catalog.item_removed':
      // The level goes too: an item that comes back tells its level anew.
      db.run(
        'INSERT INTO baseline (sku, item_hash, on_hand, seq) VALUES (?, NULL, NULL, ?) ON CONFLICT (sku) DO UPDATE SET item_hash = NULL, price_minor = NULL, on_hand = NULL, seq = excluded.seq',
        event.data.sku, seq,
      )
      return
    case 'stock.counted':
      setLevel(db, event.data.sku, event.data.onHand, event.data.asOf, seq)
      return
    default:
      for (const level of levelsOf(event)) setLevel(db, level.sku, level.onHand, seq, seq)
  }
}

function setLevel(db: Database, sku: string, onHand: number, asOf: number, seq: number): void {
  db.run(
    `INSERT INTO baseline (sku, on_hand, as_of, level_seq) VALUES (?, ?, ?, ?)
     ON CONFLICT (sku) DO UPDATE SET on_hand = excluded.on_hand, as_of = excluded.as_of, level_seq = excluded.level_seq WHERE excluded.as_of >= baseline.as_of`,
    sku, onHand, asOf, seq,
  )
}
