import { afterEach, describe, expect, inject, test } from 'vitest'
import { ID, orderOf, readOn, TEA } from '../pos-under-test.ts'
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

test('an order with more words than the till\'s columns hold is cut to each of them, by signs and not by bytes', async () => {
  shop = await openTestShop(inject('mariadb'))
  const tea = await shop.addItem({ price: '4.99', stock: 3, taxes: [['Sales tax', '10']] })
  for (const change of ['sales MODIFY comment VARCHAR(40)', 'sales_items MODIFY description VARCHAR(12)', 'sales_items_taxes MODIFY name VARCHAR(5)']) await shop.register.db.query(`ALTER TABLE ospos_${change}`)
  await shop.register.db.query("UPDATE ospos_items SET description = 'A tea for the morning'")
  const order = orderOf([{ ...TEA, sku: String(tea), taxRate: '10' }, 1])
  expect(await shop.pos.writeOrder({ ...order, customer: { ...order.customer, name: 'Zoë Ångström-Łukasiewicz' }, note: 'ring '.repeat(100) })).toMatchObject({ ok: true })
  expect(await shop.register.rows('SELECT s.comment, l.description, t.name FROM ospos_sales s JOIN ospos_sales_items l USING (sale_id) JOIN ospos_sales_items_taxes t USING (sale_id)'))
    .toEqual([{ comment: 'Web order W-1001 | Zoë Ångström-Łukas...', description: 'A tea for...', name: 'Sa...' }])
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
    await restoreWithout(lost)
    cursor = (await readOn(shop.pos, told.cursor)).cursor
    const again = await shop.register.sell([{ item: tea, quantity: 7 }])
    expect(lost).toContain(again)
    expect((await readOn(shop.pos, cursor)).sales).toMatchObject([{ saleId: `POS ${again}`, lines: [{ quantity: 7 }] }])
  })

  test('and has sold past its old highest sale before anybody looked, tells those sales and that it went back, once', async () => {
    shop = await openTestShop(inject('mariadb'))
    const tea = await shop.addItem({ price: '4.99', stock: 100 })
    const sell = (quantity: number, at: string) => shop.register.sell([{ item: tea, quantity }], { at: `2026-05-01 ${at}` })
    const first = await sell(1, '08:00:00')
    const start = await shop.pos.currentCursor()
    const kept = await sell(2, '08:01:00')
    const lost = [await sell(3, '08:02:00'), await sell(4, '08:03:00')]
    const { cursor } = await readOn(shop.pos, start)
    await restoreWithout(lost)
    for (const [quantity, at] of [[5, '09:00:00'], [6, '09:01:00'], [7, '09:02:00']] as const) await sell(quantity, at)
    const told = await shop.pos.readChanges(cursor)
    expect(told.sales.map(({ saleId, lines }) => `${saleId}: ${lines[0]?.quantity}`)).toEqual([5, 6, 7].map((quantity, index) => `POS ${first + 2 + index}: ${quantity}`))
    expect(told.wentBack).toBe(`2 of the sales told last are gone, or another sale has the number, from sale ${kept + 1} on`)
    const next = await shop.pos.readChanges(told.cursor)
    expect(next).toMatchObject({ sales: [] })
    expect(next.wentBack).toBeUndefined()
  })

  test('is not to be confused with dates that were edited, sales that were cancelled, or completed once more', async () => {
    shop = await openTestShop(inject('mariadb'))
    const tea = await shop.addItem({ price: '4.99', stock: 100 })
    const start = await shop.pos.currentCursor()
    const suspended = await shop.register.suspend([{ item: tea, quantity: 1 }])
    await shop.register.complete(suspended)
    const [edited, cancelled] = [await shop.register.sell([{ item: tea, quantity: 2 }]), await shop.register.sell([{ item: tea, quantity: 3 }])]
    const { cursor } = await readOn(shop.pos, start)
    await shop.register.complete(suspended, { at: '2026-05-01 11:00:00' })
    await shop.register.db.query("UPDATE ospos_sales SET sale_time = '2026-04-30 08:00:00' WHERE sale_id = ?", [edited])
    await shop.register.cancel(cancelled)
    const told = await shop.pos.readChanges(cursor)
    expect(told.sales.map(({ saleId }) => saleId)).toEqual([`POS ${cancelled} deleted`])
    expect(told.wentBack).toBeUndefined()
  })

  test('is not to be confused with a suspended sale that two registers complete, one with more in it than the other', async () => {
    shop = await openTestShop(inject('mariadb'))
    const tea = await shop.addItem({ price: '4.99', stock: 100 })
    const start = await shop.pos.currentCursor()
    const suspended = await shop.register.suspend([{ item: tea, quantity: 1 }])
    await shop.register.complete(suspended)
    const { cursor } = await readOn(shop.pos, start)
    await shop.register.db.query('UPDATE ospos_sales_items SET quantity_purchased = 2 WHERE sale_id = ?', [suspended])
    await shop.register.complete(suspended, { at: '2026-05-01 11:00:00' })
    const told = await shop.pos.readChanges(cursor)
    expect(told.sales).toEqual([])
    expect(told.wentBack).toBeUndefined()
    await shop.register.sell([{ item: tea, quantity: 1 }])
    expect(await shop.pos.readChanges(told.cursor)).not.toHaveProperty('wentBack')
  })

  test('from before the first web order has no table for them, and takes the next one', async () => {
    shop = await openTestShop(inject('mariadb'))
    const tea = await shop.addItem({ price: '4.99', stock: 100 })
    const order = orderOf([{ ...TEA, sku: String(tea) }, 1])
    expect(await shop.pos.writeOrder(order)).toMatchObject({ ok: true })
    await restoreWithout([1])
    await shop.register.db.query('DROP TABLE tillbridge_orders')
    expect(await shop.pos.findOrder(ID)).toBeNull()
    expect(await shop.pos.writeOrder(order)).toMatchObject({ ok: true })
  })

  /** As the backup had it: these sales and what they moved were never there, and their ids are given anew. */
  async function restoreWithout(lost: readonly number[]): Promise<void> {
    for (const table of ['sales_taxes', 'sales_items_taxes', 'sales_payments', 'sales_items', 'sales']) await shop.register.db.query(`DELETE FROM ospos_${table} WHERE sale_id IN (?)`, [lost])
    await shop.register.db.query(`DELETE FROM ospos_inventory WHERE trans_comment IN (?)`, [lost.map((id) => `POS ${id}`)])
    for (const table of ['sales', 'inventory']) await shop.register.db.query(`ALTER TABLE ospos_${table} AUTO_INCREMENT = 1`)
  }
})
