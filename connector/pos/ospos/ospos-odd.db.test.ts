import { afterEach, describe, expect, inject, test } from 'vitest'
import { orderOf, readOn, TEA } from '../pos-under-test.ts'
import { openTestShop, type TestShop } from './test-shop.ts'

let shop: TestShop
afterEach(() => shop.close())

describe('item numbers as people leave them in the form', () => {
  test('with blanks around them are found by their own, and no page is left out or read for ever', async () => {
    shop = await openTestShop(inject('mariadb'), { sku: 'item_number', orders: 'completed' })
    for (const number of ['A ', '\u00a0B', 'C', ' D', 'e', 'E']) await shop.addItem({ number, price: '4.99', stock: 3 })
    expect((await shop.pos.readLevels(['A', 'B', 'C', 'D', 'E', 'e'])).map(({ sku }) => sku).sort()).toEqual(['A', 'B', 'C', 'D', 'E', 'e'])
    const seen: string[] = []
    for (let after: string | null = null, pages = 0; ; pages += 1) {
      expect(pages).toBeLessThan(10)
      const page = await shop.pos.readSnapshot(after, 1)
      seen.push(...page.items.map(({ sku }) => sku))
      after = page.last ?? page.items.at(-1)?.sku ?? after
      if (page.done) break
    }
    expect(seen.sort()).toEqual(['A', 'B', 'C', 'D', 'E', 'e'])
    const order = orderOf([{ ...TEA, sku: 'D' }, 1])
    expect(await shop.pos.writeOrder(order)).toMatchObject({ ok: true, stockFell: true })
    expect(await shop.pos.readLevels(['D'])).toEqual([{ sku: 'D', onHand: 2 }])
  })
})

describe('a POS that came back from a backup', () => {
  test('gives its ids again, and its new sales are told', async () => {
    shop = await openTestShop(inject('mariadb'))
    const tea = await shop.addItem({ price: '4.99', stock: 100 })
    const cart = [{ item: tea, quantity: 1 }]
    await shop.register.sell(cart)
    let { cursor } = await readOn(shop.pos, await shop.pos.currentCursor())
    const lost = [await shop.register.sell(cart), await shop.register.sell(cart)]
    const told = await readOn(shop.pos, cursor)
    expect(told.sales.map(({ saleId }) => saleId)).toEqual(lost.map((id) => `POS ${id}`))
    for (const table of ['sales_taxes', 'sales_items_taxes', 'sales_payments', 'sales_items', 'sales']) await shop.register.db.query(`DELETE FROM ospos_${table} WHERE sale_id IN (?)`, [lost])
    await shop.register.db.query(`DELETE FROM ospos_inventory WHERE trans_comment IN (?)`, [lost.map((id) => `POS ${id}`)])
    for (const table of ['sales', 'inventory']) await shop.register.db.query(`ALTER TABLE ospos_${table} AUTO_INCREMENT = 1`)
    cursor = (await readOn(shop.pos, told.cursor)).cursor
    const again = await shop.register.sell([{ item: tea, quantity: 7 }])
    expect(lost).toContain(again)
    expect((await readOn(shop.pos, cursor)).sales).toMatchObject([{ saleId: `POS ${again}`, lines: [{ quantity: 7 }] }])
  })
})
