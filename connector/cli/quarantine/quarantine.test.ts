import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestEdge, type TestEdge } from '../../edge/test-edge.ts'
import { SECRET, STORE_ID, testFolder } from '../../test-shop.ts'
import { runCommand } from '../test-command.ts'

let folder: ReturnType<typeof testFolder>
let edge: TestEdge

beforeEach(async () => {
  folder = testFolder()
  edge = await startTestEdge()
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
  inPos(`CREATE TABLE products (id INTEGER PRIMARY KEY, code TEXT, name TEXT, price TEXT, quantity INTEGER);
    INSERT INTO products VALUES (1, 'TEA', 'Tea', '3.50', 4), (2, 'CUP', 'Cup', 'a lot', 2)`)
})
afterEach(async () => {
  await edge.close()
  folder.remove()
})

const inPos = (statements: string): void => {
  const db = new DatabaseSync(folder.file('pos.sqlite'))
  db.exec(statements)
  db.close()
}
const command = (...args: string[]) => runCommand(...args, '--config', folder.file('shop.yaml'))
const listed = async (): Promise<string[]> =>
  (JSON.parse((await command('quarantine', 'list', '--json')).stdout) as { rows: { key: string }[] }).rows.map(({ key }) => key)

test('a row that cannot be read is listed, shown, dropped until it changes, and read again when asked', async () => {
  expect((await command('reconcile', '--json')).code).toBe(0)
  expect(edge.events().filter(({ type }) => type === 'catalog.item_upserted')).toMatchObject([{ data: { sku: 'TEA' } }])
  const [key = ''] = await listed()
  expect((await command('quarantine', 'show', key)).stdout).toContain('a lot')

  expect((await command('quarantine', 'drop', key)).code).toBe(0)
  expect((await command('reconcile')).code).toBe(0)
  expect(await listed()).toEqual([])
  inPos(`UPDATE products SET price = 'much' WHERE id = 2`)
  expect((await command('reconcile')).code).toBe(0)
  expect(await listed()).toEqual([key])

  expect((await command('quarantine', 'retry', key)).code).toBe(0)
  expect((await command('quarantine', 'retry', key)).code).toBe(8)
  inPos(`UPDATE products SET price = '4.20' WHERE id = 2`)
  expect((await command('reconcile')).code).toBe(0)
  expect(await listed()).toEqual([])
  const cups = edge.events().flatMap((event) => (event.type === 'catalog.item_upserted' && event.data.sku === 'CUP' ? event.data.price.amountMinor : []))
  expect(cups).toEqual([420])
})
