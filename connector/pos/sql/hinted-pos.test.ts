import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { readOn } from '../pos-under-test.ts'
import { committing, createMemory } from '../test-memory.ts'
import { testFolder } from '../../test-shop.ts'
import { openConnection } from './connection.ts'
import { createDatabasePos } from './database-pos.ts'
import type { Goods } from './ports.ts'
import { SqlConfig } from './sql-config.ts'
import { sqlGoods } from './sql-goods.ts'

test('what the till did is told without waiting for the scan that a hint brings; the scan comes with the next look', async () => {
  const folder = testFolder()
  const file = folder.file('pos.sqlite')
  const db = new DatabaseSync(file)
  db.exec("CREATE TABLE goods (k INTEGER PRIMARY KEY, name TEXT, price TEXT, qty INTEGER); INSERT INTO goods VALUES (1, 'One', '1.00', 5), (2, 'Two', '1.00', 5)")
  const config = SqlConfig.parse({
    type: 'sql', dialect: 'sqlite', currency: 'USD', connection: { file }, goods: { query: 'SELECT * FROM goods', keyIs: 'number', skuIs: 'number', fixed: { taxIncluded: false }, columns: { key: 'k', sku: 'k', name: 'name', price: 'price', onHand: 'qty' } },
  })
  const { dialect, read, write, close } = openConnection({ dialect: 'sqlite', file, lockTimeoutMs: 5_000 })
  const ofDatabase = sqlGoods(config.goods, 'sqlite', 'USD')
  let [scans, hint, now] = [0, 'a', 0]
  const goods: Goods = {
    ...ofDatabase, tables: ['goods'],
    checksums(tx, buckets) {
      if (!buckets) scans += 1
      return ofDatabase.checksums(tx, buckets)
    },
  }
  const touched: string[] = []
  const memory = createMemory()
  const pos = committing(createDatabasePos({
    // A share so small that no scan has its turn again.
    connection: { dialect, read, write, close, writeHint: async () => hint }, goods, orders: null, memory, clock: () => now, scan: { share: 1e-9 },
    activity: { signal: async () => String(touched.length), head: async () => 'h', read: async () => ({ cursor: 'h', sales: [], orders: [], touched: touched.splice(0), remember: [], refused: [], more: false }) },
    capabilities: { name: 'a bench', stockFallsAt: 'accept', duplicates: 'never' },
  }), memory)
  const { cursor } = await readOn(pos, 'at:h')
  expect(scans).toBe(1)

  db.exec('UPDATE goods SET qty = 4')
  now += 5_000
  hint = 'b'
  touched.push('1')
  expect((await pos.readChanges(cursor)).levels).toEqual([{ sku: '1', onHand: 4 }])
  expect(scans).toBe(1)
  expect(await pos.mayHaveChanged()).toBe(true)
  expect((await pos.readChanges(cursor)).levels).toEqual([{ sku: '2', onHand: 4 }])
  expect(scans).toBe(2)
  expect(await pos.mayHaveChanged()).toBe(false)

  await pos.close()
  db.close()
  folder.remove()
})
