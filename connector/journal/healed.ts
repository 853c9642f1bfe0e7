import type { Database } from './database.ts'

/** The SKUs that the last reconcile mended: one that differs again was mended in vain. */
export type Healed = { has(sku: string): boolean; replace(skus: Iterable<string>): void }

export function openHealed(db: Database): Healed {
  return {
    has: (sku) => db.get('SELECT 1 FROM healed WHERE sku = ?', sku) !== undefined,
    replace(skus) {
      db.run('DELETE FROM healed')
      for (const sku of skus) db.run('INSERT INTO healed (sku) VALUES (?) ON CONFLICT DO NOTHING', sku)
    },
  }
}
