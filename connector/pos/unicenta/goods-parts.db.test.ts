import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { APPLES, TEA } from '../pos-under-test.ts'
import { openConnection } from '../sql/connection.ts'
import type { Connection, Goods } from '../sql/ports.ts'
import { createGoods } from './goods.ts'
import { createPlace } from './place.ts'
import { dropDatabase, makeDatabase, openTestTill, TEST_ZONE, type TestTill, type TillAddress } from './test-till.ts'
import { UnicentaConfig } from './unicenta-config.ts'

describe.each(['mysql', 'postgres'] as const)('the parts of uniCenta\'s goods on %s', (dialect) => {
  const address: TillAddress = { dialect, ...inject(dialect === 'mysql' ? 'mariadb' : 'postgres'), database: `unicenta_parts_${process.pid}` }
  let till: TestTill
  let connection: Connection
  let goods: Goods

  beforeAll(async () => {
    await makeDatabase(address)
    till = await openTestTill(address)
    const config = UnicentaConfig.parse({ type: 'unicenta', dialect, connection: address, currency: 'USD', measured: 'g', timeZone: TEST_ZONE })
    connection = openConnection({ ...config.connection, dialect })
    goods = createGoods(dialect, createPlace(config), { currency: config.currency, measured: config.measured })
    await till.addItem(TEA, 10)
    await till.addItem(APPLES, 20)
    // Keys that a person or another program gave, in letters of more than one byte.
    for (const [at, key] of ['Käse', 'ß', '茶', '😀', ' x ', 'A', 'a1'].entries()) {
      await till.run(`INSERT INTO products (id, reference, code, name, pricesell, category, taxcat) SELECT '${key}', 'SKU-${at}', 'CODE-${at}', name, pricesell, category, taxcat FROM products WHERE reference = '${TEA.sku}'`)
    }
  })
  afterAll(async () => {
    await connection.close()
    await till.close()
    await dropDatabase(address)
  })

  test('are the same here as in the database, whatever a key is written in', async () => {
    const sums = await connection.read((tx) => goods.checksums(tx))
    const rows = await connection.read((tx) => goods.rowsOf(tx, [...sums.keys()]))
    expect(rows).toHaveLength(9)
    const ours = new Set(rows.map(({ key, bucket }) => goods.parts?.of(key, bucket)))
    expect(new Set([...sums.values()].flatMap(({ parts }) => [...parts?.keys() ?? []]))).toEqual(ours)
    for (const { key, bucket } of rows) {
      const part = goods.parts?.of(key, bucket) ?? ''
      expect((await connection.read(async (tx) => goods.parts?.rows(tx, [part])))?.map((row) => row.key)).toContain(key)
    }
  })

  test('all differ after a change of taxes, which may be one of any price', async () => {
    const parts = async () => new Map([...(await connection.read((tx) => goods.checksums(tx))).values()].flatMap((sum) => [...sum.parts ?? []]))
    const before = await parts()
    await till.run('UPDATE taxes SET rate = rate + 0.01')
    const after = await parts()
    expect([...after.keys()]).toEqual([...before.keys()])
    for (const [part, sum] of after) expect(sum).not.toBe(before.get(part))
  })
})
