import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { APPLES, orderOf, readOn, TEA } from '../pos-under-test.ts'
import { committing } from '../test-memory.ts'
import { createDatabase, openSqlShop, sqlShopConfig } from './test-sql-shop.ts'

/** Columns of another type than a SKU has, and goods that lose their words together with their place on the shelf. */
describe.each([['mysql', inject('mariadb')], ['postgres', inject('postgres')]] as const)('odd goods in %s', (dialect, server) => {
  let database: Awaited<ReturnType<typeof createDatabase>>
  beforeAll(async () => { database = await createDatabase(dialect, server) })
  afterAll(() => database.drop())

  const open = async (more: object = {}) => {
    const shop = await openSqlShop(database.target, 'accept', more)
    return { ...shop, pos: committing(shop.pos, shop.memory), run: (text: string) => shop.connection.write((tx) => sql.raw(text).execute(tx)) }
  }

  test('an order for a SKU that its column could never hold is refused, and does not fail for ever', async () => {
    const { goods } = sqlShopConfig(database.target)
    const byNumber = await open({ goods: { ...goods, columns: { ...goods.columns, sku: 'id' } } })
    await byNumber.floor.addItem(TEA, 3)
    expect(await byNumber.pos.readLevels(['1', 'TEA-1', '99999999999999999999'])).toEqual([{ sku: '1', onHand: 3 }])
    expect(await byNumber.pos.writeOrder(orderOf([TEA, 1]))).toMatchObject({ ok: false, reason: 'unknown_sku' })
    await byNumber.close()
    const shop = await open()
    if (dialect === 'mysql') await shop.run('ALTER TABLE goods CONVERT TO CHARACTER SET latin1')
    await shop.floor.addItem(TEA, 3)
    expect(await shop.pos.readLevels(['茶🍵', TEA.sku])).toEqual([{ sku: TEA.sku, onHand: 3 }])
    expect(await shop.pos.writeOrder(orderOf([{ ...TEA, sku: '茶🍵' }, 1]))).toMatchObject({ ok: false, reason: 'unknown_sku' })
    await shop.close()
  })

  test.each([
    ['its SKU, so that another may have it', "UPDATE goods SET gone = 1, code = NULL WHERE code = 'TEA-1'"],
    ['its SKU for an empty one', "UPDATE goods SET gone = 1, code = '' WHERE code = 'TEA-1'"],
    ['its unit', "UPDATE goods SET gone = 1, unit = 'gone' WHERE code = 'TEA-1'"],
    ['its price and name', "UPDATE goods SET gone = 1, price = -1, title = '' WHERE code = 'TEA-1'"],
  ])('an item that is retired and loses %s is told as gone, by the comparison and to a reconcile', async (_what, retire) => {
    const shop = await open()
    await shop.floor.addItem(TEA, 3)
    await shop.floor.addItem(APPLES, 5_000)
    const { cursor } = await readOn(shop.pos, null)
    await shop.run(retire)
    expect(await readOn(shop.pos, cursor)).toMatchObject({ removed: [TEA.sku], items: [], levels: [] })
    const page = await shop.pos.readSnapshot(null, 500)
    expect({ items: page.items.map(({ sku }) => sku), unreadable: page.unreadable, done: page.done }).toEqual({ items: [APPLES.sku], unreadable: [], done: true })
    await shop.close()
  })

  test('many items without a SKU do not stand in the way of a page, and what cannot be read is not said to be gone', async () => {
    const shop = await open()
    await shop.floor.addItem(TEA, 3)
    await shop.floor.addItem(APPLES, 5_000)
    const { cursor } = await readOn(shop.pos, null)
    for (let n = 0; n < 7; n += 1) await shop.run('INSERT INTO goods (code, title, price, unit, tax, counted, gone) VALUES (NULL, \'old\', 1, \'each\', 0, 1, 1)')
    await shop.run("UPDATE goods SET code = NULL WHERE code = 'TEA-1'")
    expect((await readOn(shop.pos, cursor)).removed).toEqual([])
    const seen: string[] = []
    for (let after: string | null = null, pages = 0; ; pages += 1) {
      expect(pages).toBeLessThan(5)
      const page = await shop.pos.readSnapshot(after, 1)
      seen.push(...page.items.map(({ sku }) => sku), ...(page.unreadable ?? []))
      after = page.last ?? page.items.at(-1)?.sku ?? after
      if (page.done) break
    }
    expect(new Set(seen)).toEqual(new Set([TEA.sku, APPLES.sku]))
    await shop.close()
  })
})
