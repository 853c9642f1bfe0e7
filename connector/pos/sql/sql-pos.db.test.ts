import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { ID, orderOf, OTHER_ID, readOn, TEA } from '../pos-under-test.ts'
import { committing, createMemory } from '../test-memory.ts'
import { openConnection } from './connection.ts'
import { openSqlPos } from './sql-pos.ts'
import { posSuite } from '../pos-suite.ts'
import { createDatabase, openSqlShop, SQL_EXCEPTIONS, sqlShopConfig } from './test-sql-shop.ts'

describe.each([['mysql', inject('mariadb')], ['postgres', inject('postgres')]] as const)('in %s', (dialect, server) => {
  let database: Awaited<ReturnType<typeof createDatabase>>
  beforeAll(async () => { database = await createDatabase(dialect, server) })
  afterAll(() => database.drop())
  posSuite(`a POS of queries in ${dialect}`, () => openSqlShop(database.target), SQL_EXCEPTIONS)

  test.each(['accept', 'later'] as const)('two orders race for the last piece: one gets it, the other is refused (stock falls: %s)', async (stockFallsAt) => {
    const shop = await openSqlShop(database.target, stockFallsAt)
    const rival = openSqlPos(shop.config, createMemory())
    const tea = await shop.floor.addItem(TEA, 1)
    const written = await Promise.all([shop.pos.writeOrder(orderOf([tea, 1])), rival.writeOrder({ ...orderOf([tea, 1]), assignmentId: OTHER_ID })])
    expect(written.map((write) => (write.ok ? 'written' : write.reason)).sort()).toEqual(['out_of_stock', 'written'])
    await rival.close()
    await shop.close()
  })

  test('one order written by two connectors at once is one sale', async () => {
    const shop = await openSqlShop(database.target)
    const rival = openSqlPos(shop.config, createMemory())
    const tea = await shop.floor.addItem(TEA, 10)
    const [a, b] = await Promise.all([shop.pos.writeOrder(orderOf([tea, 3])), rival.writeOrder(orderOf([tea, 3]))])
    expect(a).toEqual(b)
    expect(await shop.floor.countOrders(ID)).toBe(1)
    expect(await shop.pos.readLevels([tea.sku])).toEqual([{ sku: tea.sku, onHand: 7 }])
    await rival.close()
    await shop.close()
  })

  test('an UPDATE that finds its row is in order also where it leaves all as it was; one that finds none undoes the order', async () => {
    const { orders } = sqlShopConfig(database.target)
    const [same, none] = ['= :key', '= -1'].map((where) => ({ run: `UPDATE shelf SET qty = qty WHERE goods_id ${where}`, each: 'line' as const }))
    const shop = await openSqlShop(database.target, 'accept', { orders: { ...orders, write: [...orders?.write ?? [], same] } })
    const tea = await shop.floor.addItem(TEA, 5)
    expect(await shop.pos.writeOrder(orderOf([tea, 1]))).toMatchObject({ ok: true })
    const broken = openSqlPos(sqlShopConfig(database.target, 'accept', { orders: { ...orders, write: [...orders?.write ?? [], none] } }), createMemory())
    await expect(broken.writeOrder({ ...orderOf([tea, 1]), assignmentId: OTHER_ID })).rejects.toThrow(/pos\.orders\.write\.3\.run changed no row for TEA-1/)
    expect(await shop.floor.countOrders(OTHER_ID)).toBe(0)
    expect(await shop.pos.readLevels([tea.sku])).toEqual([{ sku: tea.sku, onHand: 4 }])
    await broken.close()
    await shop.close()
  })

  test('a sale that commits after a later one is told, once', async () => {
    const shop = await openSqlShop(database.target)
    const pos = committing(shop.pos, shop.memory)
    const tea = await shop.floor.addItem(TEA, 10)
    const start = (await readOn(pos, await pos.currentCursor())).cursor
    const slowTill = openConnection(database.target)
    let cursor = start
    await slowTill.write(async (tx) => {
      await sql`INSERT INTO bills (sold_at, state, total) VALUES ('2026-05-01 09:00:00', 1, 4.99)`.execute(tx)
      await sql`INSERT INTO bill_lines (bill_id, n, code, qty, price, unit) SELECT MAX(id), 1, ${tea.sku}, 1, 4.99, 'each' FROM bills`.execute(tx)
      await shop.floor.sell([{ sku: tea.sku, quantity: 2 }])
      const first = await readOn(pos, cursor)
      cursor = first.cursor
      expect(first.sales.map(({ totalMinor }) => totalMinor)).toEqual([998])
    })
    const late = await readOn(pos, cursor)
    expect(late.sales).toMatchObject([{ totalMinor: 499, occurredAt: '2026-05-01T13:00:00.000Z' }])
    expect((await readOn(pos, late.cursor)).sales).toEqual([])
    await slowTill.close()
    await shop.close()
  })
})
