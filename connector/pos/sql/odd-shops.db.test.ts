import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Item } from '../../../contract/product.ts'
import { ID, orderOf, readOn, TEA } from '../pos-under-test.ts'
import { committing } from '../test-memory.ts'
import { createDatabase, openSqlShop, sqlShopConfig } from './test-sql-shop.ts'
import type { Row } from './ports.ts'
import { createTriggers } from './triggers.ts'

/** What real databases hold that no form of a till would let in: rows twice, blanks around SKUs, dates of another year, older character sets. */
describe.each([['mysql', inject('mariadb')], ['postgres', inject('postgres')]] as const)('an odd shop in %s', (dialect, server) => {
  let database: Awaited<ReturnType<typeof createDatabase>>
  beforeAll(async () => { database = await createDatabase(dialect, server) })
  afterAll(() => database.drop())

  const open = async (more: object = {}) => {
    const shop = await openSqlShop(database.target, 'accept', more)
    return { ...shop, pos: committing(shop.pos, shop.memory), run: (text: string) => shop.connection.write((tx) => sql.raw(text).execute(tx)) }
  }
  const named = (sku: string): Item => ({ ...TEA, sku, identifiers: [] })

  test('a change in rows that are there twice is seen', async () => {
    const { goods } = sqlShopConfig(database.target)
    const shop = await open({ goods: { ...goods, query: 'SELECT g.id, g.code, g.title, g.info, g.maker, g.section, g.price, g.unit, g.tax, g.counted, g.gone, s.qty FROM goods g JOIN codes c ON c.goods_id = g.id LEFT JOIN shelf s ON s.goods_id = g.id' } })
    await shop.floor.addItem(TEA, 10)
    await shop.run("INSERT INTO codes (goods_id, code) VALUES (1, '2000000000015')")
    const { cursor } = await readOn(shop.pos, null)
    await shop.floor.setPrice(TEA.sku, 450)
    const repriced = await readOn(shop.pos, cursor)
    expect(repriced.items.map(({ price }) => price.amountMinor)).toEqual([450])
    await shop.run("UPDATE codes SET code = '2000000000022'")
    expect((await readOn(shop.pos, repriced.cursor)).items.at(-1)?.identifiers).toEqual([{ type: 'gtin', value: '2000000000022' }])
    await shop.close()
  })

  test('a SKU with blanks around it is found by its own name, and no page is left out or read for ever', async () => {
    const shop = await open()
    for (const sku of ['A', 'B', 'C', 'D', 'E']) await shop.floor.addItem(named(sku), 1)
    await shop.run("UPDATE goods SET code = CASE code WHEN 'A' THEN 'A ' WHEN 'D' THEN ' D' ELSE code END")
    await shop.run(`UPDATE goods SET code = ${dialect === 'mysql' ? "CONCAT(CHAR(194, 160 USING utf8mb4), 'B')" : "CHR(160) || 'B'"} WHERE code = 'B'`)
    expect((await shop.pos.readLevels(['A', 'B', 'C', 'D'])).map(({ sku }) => sku).sort()).toEqual(['A', 'B', 'C', 'D'])
    const seen: string[] = []
    for (let after: string | null = null, pages = 0; ; pages += 1) {
      expect(pages).toBeLessThan(10)
      const page = await shop.pos.readSnapshot(after, 1)
      seen.push(...page.items.map(({ sku }) => sku))
      after = page.last ?? page.items.at(-1)?.sku ?? after
      if (page.done) break
    }
    expect(seen.sort()).toEqual(['A', 'B', 'C', 'D', 'E'])
    expect(await shop.pos.writeOrder(orderOf([named('D'), 1]))).toMatchObject({ ok: true })
    await shop.close()
  })

  test('a sale dated in another year hides none of those that come after it', async () => {
    const { sales } = sqlShopConfig(database.target)
    const shop = await open({ sales: { ...sales, columns: { ...sales?.columns, cursor: 'sold_at' }, cursor: { is: 'time', overlap: 3_600 } } })
    await shop.floor.addItem(TEA, 10)
    const { cursor } = await readOn(shop.pos, await shop.pos.currentCursor())
    const now = dialect === 'mysql' ? 'UTC_TIMESTAMP() - INTERVAL 4 HOUR' : "(now() AT TIME ZONE 'America/New_York')"
    const ring = async (id: number, at: string): Promise<void> => {
      await shop.run(`INSERT INTO bills (id, sold_at, state, total) VALUES (${id}, ${at}, 1, 4.99)`)
      await shop.run(`INSERT INTO bill_lines (bill_id, n, code, qty, price, unit) VALUES (${id}, 1, '${TEA.sku}', 1, 4.99, 'each')`)
    }
    await ring(1, "'2099-05-01 10:00:00'")
    const wrong = await readOn(shop.pos, cursor)
    expect(wrong.sales.map(({ saleId }) => saleId)).toEqual(['1'])
    await ring(2, now)
    expect(await shop.pos.mayHaveChanged()).toBe(true)
    const later = await readOn(shop.pos, wrong.cursor)
    expect(later.sales.map(({ saleId }) => saleId)).toEqual(['2'])
    await ring(3, now)
    const last = await readOn(shop.pos, await shop.pos.currentCursor())
    expect(last.sales).toEqual([])
    await ring(4, now)
    expect((await readOn(shop.pos, last.cursor)).sales.map(({ saleId }) => saleId)).toEqual(['4'])
    await shop.close()
  })

  test('ids as long as a database has them lose no sale', async () => {
    const shop = await open()
    await shop.floor.addItem(TEA, 10)
    await shop.run(dialect === 'mysql' ? 'ALTER TABLE bills MODIFY id BIGINT' : 'ALTER TABLE bills ALTER id TYPE BIGINT')
    await shop.run(dialect === 'mysql' ? 'ALTER TABLE bill_lines MODIFY bill_id BIGINT' : 'ALTER TABLE bill_lines ALTER bill_id TYPE BIGINT')
    const ring = async (id: string): Promise<void> => {
      await shop.run(`INSERT INTO bills (id, sold_at, state, total) VALUES (${id}, '2026-05-01 10:00:00', 1, 4.99)`)
      await shop.run(`INSERT INTO bill_lines (bill_id, n, code, qty, price, unit) VALUES (${id}, 1, '${TEA.sku}', 1, 4.99, 'each')`)
    }
    let { cursor } = await readOn(shop.pos, await shop.pos.currentCursor())
    // The first is rounded up to the next multiple of 1,024 where it is made a float: beyond the overlap of the second.
    for (const id of ['9000000000000000513', '9000000000000000514', '9000000000000000515']) {
      await ring(id)
      const told = await readOn(shop.pos, cursor)
      expect(told.sales.map(({ saleId }) => saleId)).toEqual([id])
      cursor = told.cursor
    }
    await shop.close()
  })

  test('a POS that came back from a backup gives its ids again, and its new sales are told', async () => {
    const shop = await open()
    await shop.floor.addItem(TEA, 100)
    await shop.floor.sell([{ sku: TEA.sku, quantity: 1 }])
    const start = await readOn(shop.pos, await shop.pos.currentCursor())
    for (const quantity of [2, 3]) await shop.floor.sell([{ sku: TEA.sku, quantity }])
    const told = await readOn(shop.pos, start.cursor)
    expect(told.sales.map(({ saleId }) => saleId)).toEqual(['2', '3'])
    for (const table of ['bill_lines WHERE bill_id', 'bills WHERE id']) await shop.run(`DELETE FROM ${table} > 1`)
    await shop.run(dialect === 'mysql' ? 'ALTER TABLE bills AUTO_INCREMENT = 2' : 'ALTER SEQUENCE bills_id_seq RESTART WITH 2')
    expect(await shop.pos.mayHaveChanged()).toBe(true)
    const restored = await readOn(shop.pos, told.cursor)
    await shop.floor.sell([{ sku: TEA.sku, quantity: 7 }])
    expect((await readOn(shop.pos, restored.cursor)).sales).toMatchObject([{ saleId: '2', lines: [{ quantity: 7 }] }])
    await shop.close()
  })

  test('a sale that could not be read is told once it has been mended, and refused only once', async () => {
    const shop = await open()
    await shop.floor.addItem(TEA, 100)
    const { cursor } = await readOn(shop.pos, await shop.pos.currentCursor())
    await shop.floor.sell([{ sku: TEA.sku, quantity: 1 }])
    await shop.run('UPDATE bill_lines SET price = -5')
    const broken = await shop.pos.readChanges(cursor)
    expect(broken).toMatchObject({ sales: [], refused: [{ key: 'sales/1' }] })
    await shop.floor.sell([{ sku: TEA.sku, quantity: 2 }])
    const next = await shop.pos.readChanges(broken.cursor)
    expect({ sales: next.sales.map(({ saleId }) => saleId), refused: next.refused }).toEqual({ sales: ['2'], refused: [] })
    await shop.run('UPDATE bill_lines SET price = 4.99 WHERE bill_id = 1')
    await shop.floor.sell([{ sku: TEA.sku, quantity: 3 }])
    const mended = await shop.pos.readChanges(next.cursor)
    expect(mended.sales.map(({ saleId }) => saleId)).toEqual(['1', '3'])
    expect(mended.refused).toMatchObject([{ key: 'sales/1', reason: null }])
    expect((await shop.pos.readChanges(mended.cursor))).toMatchObject({ sales: [], refused: [] })
    await shop.close()
  })

  test('an order with quotes, signs and a smile is written, whatever the character set', async () => {
    const { orders } = sqlShopConfig(database.target)
    const insert = `INSERT INTO bills (sold_at, reference, state, total, who, phone) VALUES (:now, :assignmentId, 0, :total, :customerName, :customerPhone)${dialect === 'postgres' ? ' RETURNING id' : ''}`
    const shop = await open({ orders: { ...orders, write: [{ run: insert, as: 'reference' }, ...(orders?.write.slice(1) ?? [])] } })
    await shop.run(`ALTER TABLE bills ADD who VARCHAR(255)${dialect === 'mysql' ? ' CHARACTER SET utf8mb3' : ''}`)
    await shop.run(`ALTER TABLE bills ADD phone VARCHAR(255)${dialect === 'mysql' ? ' CHARACTER SET latin1' : ''}`)
    if (dialect === 'mysql') for (const table of ['goods', 'bill_lines']) await shop.run(`ALTER TABLE ${table} CONVERT TO CHARACTER SET utf8mb4`)
    const sku = `O'B"\\%_;--🍵`
    await shop.floor.addItem(named(sku), 5)
    const order = orderOf([named(sku), 2])
    const written = await shop.pos.writeOrder({ ...order, customer: { ...order.customer, name: `Robert'); DROP TABLE bills; -- \\' /* ? :now 🍵`, phone: '+81 三 \u0000' } })
    expect(written).toMatchObject({ ok: true })
    expect(await shop.floor.countOrders(ID)).toBe(1)
    expect(await shop.pos.readLevels([sku])).toEqual([{ sku, onHand: 3 }])
    await shop.close()
  })

  test('triggers never stand in the till\'s way: keys longer than theirs, and signs of another character set', async () => {
    const shop = await open()
    const key = 'k'.repeat(200)
    await shop.run(`CREATE TABLE things (id VARCHAR(250)${dialect === 'mysql' ? ' CHARACTER SET utf8mb4' : ''} PRIMARY KEY, price INT)`)
    const triggers = createTriggers(shop.connection, [{ table: 'things', key: 'id' }])
    if (dialect === 'mysql') await shop.run(`ALTER DATABASE ${database.target.database} CHARACTER SET latin1`)
    await triggers.install()
    try {
      await shop.run(`INSERT INTO things (id, price) VALUES ('${key}', 1), ('茶', 2)`)
      await shop.run('UPDATE things SET price = 3')
      const { rows } = await shop.connection.read((tx) => sql<Row>`SELECT DISTINCT goods_key FROM tillbridge_changes`.execute(tx))
      expect(rows.map((row) => row['goods_key'])).toContain('茶')
      if (dialect === 'mysql') {
        await shop.run('DROP TABLE tillbridge_changes')
        await shop.run('UPDATE things SET price = 4')
      }
    } finally {
      await triggers.remove()
      await shop.run('DROP TABLE things')
      await shop.close()
    }
  })
})
