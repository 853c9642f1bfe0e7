import type { KyselyPlugin } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { openConnection } from '../sql/connection.ts'
import type { Connection } from '../sql/ports.ts'
import { osposActivity } from './activity.ts'
import { orderTable } from './order-table.ts'
import { OsposConfig } from './ospos-config.ts'
import { openTestShop, TEST_NOW, type TestShop } from './test-shop.ts'

let shop: TestShop
let config: OsposConfig
let connection: Connection
beforeAll(async () => {
  shop = await openTestShop(inject('mariadb'))
  const { host, port, user, password } = inject('mariadb')
  config = OsposConfig.parse({ type: 'ospos', connection: { host, port, user, password, database: shop.database } })
  connection = openConnection({ dialect: 'mysql', ...config.connection })
})
afterAll(async () => {
  await connection.close()
  await shop.close()
})

test('a reading of many sales asks the till no more questions than one of a single sale, and one that finds nothing asks fewer', async () => {
  const item = await shop.addItem({ stock: 100 })
  const activity = osposActivity(config, orderTable(), () => TEST_NOW)
  let asked = 0
  const counting: KyselyPlugin = {
    transformQuery({ node }) {
      asked += 1
      return node
    },
    transformResult: async ({ result }) => result,
  }
  let cursor: string | null = null
  const read = async (): Promise<{ sold: number; asked: number }> => {
    asked = 0
    const reading = await connection.read((tx) => activity.read(tx.withPlugin(counting), cursor, shop.memory))
    cursor = reading.cursor
    shop.memory.remember(reading.remember)
    return { sold: reading.sales.length, asked }
  }
  const sell = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) await shop.register.sell([{ item, quantity: 1 }])
  }
  // Once something was told, each reading looks whether that is still there.
  await read()
  await sell(1)
  await read()
  const none = await read()
  await sell(1)
  const one = await read()
  await sell(12)
  const many = await read()
  expect([none.sold, one.sold, many.sold]).toEqual([0, 1, 12])
  expect(none.asked).toBeGreaterThan(0)
  expect(none.asked).toBeLessThan(one.asked)
  expect(many.asked).toBe(one.asked)
})
