import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { startTestEdge, type TestEdge } from '../edge/test-edge.ts'
import { SECRET, STORE_ID, testFolder } from '../test-shop.ts'
import { runCommand, type Said } from './test-command.ts'

/** A till of one table, `products`, in a SQLite file, its connector's configuration, and an edge to speak with. */
export type ProductsTill = { edge: TestEdge; inPos(statements: string): void; command(...args: string[]): Promise<Said>; close(): Promise<void> }

export async function openProductsTill(): Promise<ProductsTill> {
  const folder = testFolder()
  const edge = await startTestEdge()
  writeFileSync(folder.file('store.secret'), SECRET, { mode: 0o600 })
  writeFileSync(folder.file('shop.yaml'), `
edge: { url: '${edge.url}' }
store: { id: ${STORE_ID}, secretFile: store.secret }
journal: { file: journal.sqlite }
server: { port: 0 }
pos:
  type: sql
  dialect: sqlite
  connection: { file: pos.sqlite }
  currency: EUR
  goods:
    query: SELECT id, code, name, price, quantity FROM products
    keyIs: number
    columns: { key: id, sku: code, name: name, price: price, onHand: quantity }
`)
  const till: ProductsTill = {
    edge,
    inPos(statements) {
      const db = new DatabaseSync(folder.file('pos.sqlite'))
      db.exec(statements)
      db.close()
    },
    command: (...args) => runCommand(...args, '--config', folder.file('shop.yaml')),
    async close() {
      await edge.close()
      folder.remove()
    },
  }
  till.inPos('CREATE TABLE products (id INTEGER PRIMARY KEY, code TEXT, name TEXT, price TEXT, quantity INTEGER)')
  return till
}
