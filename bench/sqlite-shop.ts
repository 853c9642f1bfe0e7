import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { batches, spread, wordsOf, type BenchShop } from './shop.ts'

/** A POS in a SQLite file, described by a query. */
export async function openSqliteShop(items: number): Promise<BenchShop> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tillbridge-bench-'))
  const file = path.join(folder, 'pos.sqlite')
  const db = new DatabaseSync(file)
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE goods (id INTEGER PRIMARY KEY, code TEXT UNIQUE, title TEXT, info TEXT, barcode TEXT, price TEXT, qty INTEGER)')
  const insert = db.prepare('INSERT INTO goods VALUES (?, ?, ?, ?, ?, ?, ?)')
  for (const ids of batches(items)) {
    db.exec('BEGIN')
    for (const id of ids) {
      const { name, description, barcode, price, stock } = wordsOf(id)
      insert.run(id, `P${id}`, name, description, barcode, price, stock)
    }
    db.exec('COMMIT')
  }
  const update = db.prepare('UPDATE goods SET qty = qty + 1 WHERE id = ? RETURNING code, qty')
  return {
    name: 'SQLite',
    pos: {
      type: 'sql', dialect: 'sqlite', currency: 'EUR', connection: { file },
      goods: { query: 'SELECT * FROM goods', keyIs: 'number', fixed: { taxIncluded: true }, columns: { key: 'id', sku: 'code', name: 'title', description: 'info', price: 'price', onHand: 'qty', barcodes: 'barcode' } },
    },
    serverPid: null, floor: null, sell: null, work: null,
    async burst(count) {
      db.exec('BEGIN IMMEDIATE')
      const rows = spread(count, items).flatMap((id) => update.all(id))
      db.exec('COMMIT')
      return { levels: new Map(rows.map((row) => [String(row['code']), Number(row['qty'])])), committedAt: performance.now() }
    },
    async close() {
      db.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
