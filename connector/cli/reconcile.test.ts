import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { startTestEdge, type TestEdge } from '../edge/test-edge.ts'
import { SECRET, STORE_ID, testFolder } from '../test-shop.ts'
import { EXIT } from './exit-codes.ts'
import { runCommand } from './test-command.ts'

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
const command = (...args: string[]) => runCommand('reconcile', ...args, '--config', folder.file('shop.yaml'))
const Said = z.object({ skus: z.number(), drifted: z.array(z.object({ sku: z.string(), cause: z.string(), pos: z.number().nullable() })) })

test('each SKU that differed is named, however few of them the edge hears of', async () => {
  const skus = Array.from({ length: 9 }, (_, n) => `TEA-${n}`)
  inPos(`CREATE TABLE products (id INTEGER PRIMARY KEY, code TEXT, name TEXT, price TEXT, quantity INTEGER);
    ${skus.map((sku, n) => `INSERT INTO products VALUES (${n}, '${sku}', 'Tea', '3.50', 4);`).join('')}`)
  expect((await command()).code).toBe(EXIT.ok)
  inPos('UPDATE products SET quantity = 5')
  const { code, stdout } = await command('--json')
  expect([code, Said.parse(JSON.parse(stdout))]).toEqual([EXIT.ok, { skus: 9, drifted: skus.map((sku) => ({ sku, cause: 'never_told', pos: 5 })) }])
  inPos('UPDATE products SET quantity = 6')
  const words = (await command()).stdout
  for (const sku of skus) expect(words).toContain(`  ${sku}: the POS has 6, `)
})
