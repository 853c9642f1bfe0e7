import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SECRET, STORE_ID, testFolder } from '../test-shop.ts'
import { runCommand } from './test-command.ts'

let folder: ReturnType<typeof testFolder>
beforeEach(() => {
  folder = testFolder()
  writeFileSync(folder.file('store.secret'), SECRET, { mode: 0o600 })
})
afterEach(() => folder.remove())

const configure = (pos: string): void => writeFileSync(folder.file('shop.yaml'), `
edge: { url: 'http://127.0.0.1:1' }
store: { id: ${STORE_ID}, secretFile: store.secret }
journal: { file: journal.sqlite }
server: { port: 0 }
pos: ${pos}
`)
const triggers = (...args: string[]) => runCommand('triggers', ...args, '--config', folder.file('shop.yaml'))

test('triggers come, note what changes, and go again without a trace', async () => {
  configure('{ type: sql, dialect: sqlite, connection: { file: pos.sqlite }, currency: EUR, watch: [{ table: products, key: id }], goods: { query: SELECT * FROM products, columns: { key: id, sku: code, name: name, price: price } } }')
  const db = new DatabaseSync(folder.file('pos.sqlite'))
  db.exec('CREATE TABLE products (id INTEGER PRIMARY KEY, code TEXT, name TEXT, price TEXT)')
  expect((await triggers('status')).stdout).toContain('Not installed')
  expect((await triggers('install')).code).toBe(0)
  db.exec(`INSERT INTO products VALUES (1, 'TEA', 'Tea', '3.50')`)
  expect(JSON.parse((await triggers('status', '--json')).stdout)).toMatchObject({ installed: true, waiting: 1 })
  expect(await triggers('remove')).toMatchObject({ code: 0, stdout: expect.stringContaining('A running connector needs no restart') as string })
  expect(db.prepare(`SELECT count(*) AS n FROM sqlite_master WHERE name LIKE 'tillbridge%'`).get()).toEqual({ n: 0 })
  db.close()
})

test('a POS without a database of its own has none, and that is no harm', async () => {
  configure('{ type: embedded, file: till.sqlite }')
  const ended = await triggers('install')
  expect([ended.code, ended.stderr.includes('sees changes without them')]).toEqual([9, true])
})
