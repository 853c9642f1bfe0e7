import { text, type Database } from './database.ts'

/** The SKUs that the last reconcile mended: one that differs again was mended in vain. */
export type Healed = { all(): Set<string>; replace(skus: Iterable<string>): void }

export function openHealed(db: Database): Healed {
  return {
    all: () => new Set(db.all('SELECT sku FROM healed').map((row) => text(row, 'sku'))),
    replace(skus) {
      db.run('DELETE FROM healed')
      for (const sku of skus) db.run('INSERT INTO healed (sku) VALUES (?) ON CONFLICT DO NOTHING', sku)
    },
  }
}
