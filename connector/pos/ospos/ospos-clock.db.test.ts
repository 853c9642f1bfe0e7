import mysql from 'mysql2/promise'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { CALM, orderOf, readOn, TEA } from '../pos-under-test.ts'
import { startServer, type DatabaseServer } from '../test-databases.ts'
import { openTestShop } from './test-shop.ts'

let server: DatabaseServer
beforeAll(async () => {
  server = await startServer('mariadb')
  // Of the whole server, so it is one of this test's own.
  const { host, port, user, password } = server
  const admin = await mysql.createConnection({ host, port, user, password })
  await admin.query("SET GLOBAL time_zone = '+09:00'")
  await admin.end()
})
afterAll(() => server.stop())

test('on a server in another time zone than the till, sales and orders carry the till\'s wall clock', async () => {
  const shop = await openTestShop(server)
  try {
    const tea = await shop.floor.addItem(TEA, 10)
    const start = (await readOn(shop.pos, await shop.pos.currentCursor())).cursor
    await shop.register.sell([{ item: Number(tea.sku), quantity: 1 }], { at: '2026-07-01 20:15:00' })
    expect((await readOn(shop.pos, start)).sales).toMatchObject([{ occurredAt: '2026-07-02T00:15:00.000Z' }])
    await shop.pos.writeOrder(orderOf([tea, 1]))
    expect(await shop.register.rows('SELECT sale_time FROM ospos_sales WHERE sale_status = 1')).toEqual([{ sale_time: '2026-05-01 08:00:00' }])
    await vi.waitFor(async () => {
      await readOn(shop.pos, start)
      expect(await Promise.all([shop.pos.mayHaveChanged(), shop.pos.mayHaveChanged()])).toEqual([false, false])
    }, CALM)
  } finally {
    await shop.close()
  }
})
