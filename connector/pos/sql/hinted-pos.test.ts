import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readOn } from '../pos-under-test.ts'
import { committing, createMemory } from '../test-memory.ts'
import { testFolder } from '../../test-shop.ts'
import { openConnection } from './connection.ts'
import { createDatabasePos } from './database-pos.ts'
import type { Goods } from './ports.ts'
import { SqlConfig } from './sql-config.ts'
import { sqlGoods } from './sql-goods.ts'

/** A POS of two goods whose scans are counted, with a hint that says what a test has it say. */
function hintedShop() {
  const folder = testFolder()
  const file = folder.file('pos.sqlite')
  const db = new DatabaseSync(file)
  db.exec("CREATE TABLE goods (k INTEGER PRIMARY KEY, name TEXT, price TEXT, qty INTEGER); INSERT INTO goods VALUES (1, 'One', '1.00', 5), (2, 'Two', '1.00', 5)")
  const config = SqlConfig.parse({
    type: 'sql', dialect: 'sqlite', currency: 'USD', connection: { file }, goods: { query: 'SELECT * FROM goods', keyIs: 'number', skuIs: 'number', fixed: { taxIncluded: false }, columns: { key: 'k', sku: 'k', name: 'name', price: 'price', onHand: 'qty' } },
  })
  const { dialect, read, write, close } = openConnection({ dialect: 'sqlite', file, lockTimeoutMs: 5_000 })
  const ofDatabase = sqlGoods(config.goods, 'sqlite', 'USD')
  const now = { ms: 0, hint: 'a', sold: 0, scans: 0, queries: 0 }
  const goods: Goods = {
    ...ofDatabase, tables: ['goods'],
    checksums(tx, buckets) {
      now.queries += 1
      if (!buckets) now.scans += 1
      return ofDatabase.checksums(tx, buckets)
    },
  }
  const touched: string[] = []
  const touch = (key: string): void => {
    touched.push(key)
    now.sold += 1
  }
  const memory = createMemory()
  const pos = committing(createDatabasePos({
    // A share so small that no scan has its turn again.
    connection: { dialect, read, write, close, writeHint: async () => now.hint }, goods, orders: null, memory, clock: () => now.ms, scan: { share: 1e-9 },
    activity: { signal: async () => String(now.sold), head: async () => 'h', read: async () => ({ cursor: 'h', sales: [], orders: [], touched: touched.splice(0), remember: [], refused: [], more: false }) },
    capabilities: { name: 'a bench', stockFallsAt: 'accept', duplicates: 'never' },
  }), memory)
  return {
    now, db, pos, touch,
    async close() {
      await pos.close()
      db.close()
      folder.remove()
    },
  }
}

let shop: ReturnType<typeof hintedShop>
beforeEach(() => { shop = hintedShop() })
afterEach(() => shop.close())

test('what the till did is told without waiting for the scan that a hint brings; the scan comes with the next look', async () => {
  const { now, db, pos, touch } = shop
  const { cursor } = await readOn(pos, 'at:h')
  expect(now.scans).toBe(1)

  db.exec('UPDATE goods SET qty = 4')
  now.ms += 5_000
  now.hint = 'b'
  touch('1')
  expect((await pos.readChanges(cursor)).levels).toEqual([{ sku: '1', onHand: 4 }])
  expect(now.scans).toBe(1)
  expect(await pos.mayHaveChanged()).toBe(true)
  expect((await pos.readChanges(cursor)).levels).toEqual([{ sku: '2', onHand: 4 }])
  expect(now.scans).toBe(2)
  expect(await pos.mayHaveChanged()).toBe(false)
})

test.each([0, 1, 5, 30])('a hint that comes %i looks after the change has one more look at the goods, and then there is calm', async (late) => {
  const { now, db, pos, touch } = shop
  const { cursor } = await readOn(pos, 'at:h')
  db.exec('UPDATE goods SET qty = 4 WHERE k = 1')
  touch('1')
  const looked: number[] = []
  let levels = 0
  for (let look = 0; look < 200; look += 1) {
    now.ms += 1_000
    if (look === late) now.hint = 'b'
    if (!await pos.mayHaveChanged()) continue
    looked.push(look)
    levels += (await pos.readChanges(cursor)).levels.length
  }
  expect([levels, looked]).toEqual([1, late === 0 ? [0, 1] : [0, late]])
  expect(now.scans).toBe(2)
  const { queries } = now
  for (let look = 0; look < 50; look += 1) expect(await pos.mayHaveChanged()).toBe(false)
  expect(now.queries).toBe(queries)
})
