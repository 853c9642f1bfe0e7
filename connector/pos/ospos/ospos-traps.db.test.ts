import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { byKey, CALM, readOn } from '../pos-under-test.ts'
import { committing } from '../test-memory.ts'
import { openTestShop, type TestShop } from './test-shop.ts'

let shop: TestShop
let tea: number
let start: string

beforeEach(async () => {
  shop = await openTestShop(inject('mariadb'))
  tea = await shop.addItem({ name: 'Tea', price: '4.99', stock: 10 })
})
afterEach(() => shop.close())

const begin = async (): Promise<void> => void (start = (await readOn(shop.pos, await shop.pos.currentCursor())).cursor)
const told = async () => {
  const changes = await readOn(shop.pos, start)
  start = changes.cursor
  return changes
}
const cart = (quantity: number, item = tea) => [{ item, quantity }]
const ids = (sales: { saleId: string }[]) => sales.map(({ saleId }) => saleId)

describe('a sale of the till', () => {
  test('that was suspended before the last reading is told when it completes, with the id it always had', async () => {
    await begin()
    const suspended = await shop.register.suspend(cart(2))
    const later = await shop.register.sell(cart(1))
    expect(ids((await told()).sales)).toEqual([`POS ${later}`])
    shop.register.now = '2026-05-01 09:30:00'
    await shop.register.complete(suspended)
    const completed = await told()
    expect(completed.sales).toMatchObject([{ saleId: `POS ${suspended}`, kind: 'sale', occurredAt: '2026-05-01T13:30:00.000Z', lines: [{ sku: String(tea), quantity: 2 }] }])
    expect(byKey(completed.levels)).toEqual({ [tea]: 7 })
    expect((await told()).sales).toEqual([])
  })

  test('that was suspended before the connector came is told when it completes', async () => {
    const suspended = await shop.register.suspend(cart(2))
    await begin()
    await shop.register.complete(suspended)
    expect(ids((await told()).sales)).toEqual([`POS ${suspended}`])
  })

  test('of services only is told when it completes, though the stock log is silent', async () => {
    const wrapping = await shop.addItem({ name: 'Wrapping', price: '2.00', service: true })
    await begin()
    const suspended = await shop.register.suspend(cart(1, wrapping))
    expect((await told()).sales).toEqual([])
    await shop.register.complete(suspended, { at: '2020-01-01 00:00:00' })
    expect(await shop.pos.mayHaveChanged()).toBe(true)
    expect(ids((await told()).sales)).toEqual([`POS ${suspended}`])
  })

  test('that was deleted gives its goods back and is told as undone, once', async () => {
    await begin()
    const sale = await shop.register.sell(cart(3))
    await told()
    shop.register.now = '2026-05-02 10:00:00'
    await shop.register.cancel(sale)
    const undone = await told()
    expect(undone.sales).toMatchObject([{ saleId: `POS ${sale} deleted`, kind: 'return', totalMinor: -1_497, occurredAt: '2026-05-02T14:00:00.000Z', lines: [{ quantity: -3, lineTotalMinor: -1_497 }] }])
    expect(byKey(undone.levels)).toEqual({ [tea]: 10 })
    expect((await told()).sales).toEqual([])
  })

  test('that was deleted before anybody heard of it is never told', async () => {
    await begin()
    await shop.register.cancel(await shop.register.sell(cart(3)))
    expect((await told()).sales).toEqual([])
  })

  test('that commits after a later one is not lost', async () => {
    await begin()
    const slow = await shop.other()
    await slow.db.beginTransaction()
    const early = await slow.insert("INSERT INTO ospos_sales (sale_time, employee_id, comment) VALUES ('2026-05-01 08:00:00', 2, '')")
    await slow.insert(`INSERT INTO ospos_sales_items (sale_id, item_id, line, quantity_purchased, item_cost_price, item_unit_price, item_location) VALUES (${early}, ${tea}, 1, 1, 0, 4.99, 1)`)
    const late = await shop.register.sell(cart(1))
    expect(late).toBeGreaterThan(early)
    expect(ids((await told()).sales)).toEqual([`POS ${late}`])
    await vi.waitFor(async () => {
      expect((await told()).sales).toEqual([])
      expect(await shop.pos.mayHaveChanged()).toBe(false)
    }, CALM)
    await slow.db.commit()
    expect(await shop.pos.mayHaveChanged()).toBe(true)
    expect(ids((await told()).sales)).toEqual([`POS ${early}`])
  })

  test('is told once beside ids that were used up and never written', async () => {
    await begin()
    const lost = await shop.other()
    await lost.db.beginTransaction()
    await lost.insert("INSERT INTO ospos_sales (employee_id, comment) VALUES (2, '')")
    await lost.db.rollback()
    const sale = await shop.register.sell(cart(1))
    expect(ids((await told()).sales)).toEqual([`POS ${sale}`])
    expect((await told()).sales).toEqual([])
  })

  test.each([
    ['backwards, before it was seen', true], ['backwards, after it was told', false],
  ])('dated %s, is told once', async (_name, before) => {
    await begin()
    const sale = await shop.register.sell(cart(1))
    const edit = () => shop.register.db.query("UPDATE ospos_sales SET sale_time = '2019-03-01 10:00:00' WHERE sale_id = ?", [sale])
    if (before) await edit()
    expect(ids((await told()).sales)).toEqual([`POS ${sale}`])
    if (!before) await edit()
    await shop.register.db.query("UPDATE ospos_inventory SET trans_date = '2019-03-01 10:00:00'")
    expect((await told()).sales).toEqual([])
  })

  test('completed twice by a cashier who pressed again is one sale, and the level says what the till did', async () => {
    const suspended = await shop.register.suspend(cart(2))
    await begin()
    await shop.register.complete(suspended, { times: 2 })
    const changes = await told()
    expect(ids(changes.sales)).toEqual([`POS ${suspended}`])
    expect(byKey(changes.levels)).toEqual({ [tea]: 6 })
  })

  test('is dated by the till\'s wall clock, whatever zone the server and the payment are in', async () => {
    await begin()
    await shop.register.db.query("SET time_zone = '+00:00'")
    await shop.register.sell(cart(1), { at: '2026-01-15 23:30:00' })
    expect((await told()).sales).toMatchObject([{ occurredAt: '2026-01-16T04:30:00.000Z' }])
  })

  test('with discounts and taxes adds up to what the till shows', async () => {
    const odd = await shop.addItem({ price: '3.33', stock: 50, taxes: [['State', '6.250'], ['City', '2.625']] })
    await begin()
    const sale = await shop.register.sell([
      { item: odd, quantity: 7, discount: '12.50' }, { item: tea, quantity: 2, discount: '0.40', discountType: 'each' }, { item: odd, quantity: 1 },
    ])
    const [one] = (await told()).sales
    expect(((one?.totalMinor ?? 0) / 100).toFixed(2)).toBe(await shop.register.takings(sale))
    // 23.31 less 2.91; 9.98 less 0.80; 3.33.
    expect(one?.lines.map(({ lineTotalMinor }) => lineTotalMinor)).toEqual([2_040, 918, 333])
  })

  test('that cannot be read is set aside with the reason, and told when it is mended', async () => {
    await begin()
    const sale = await shop.register.sell(cart(1))
    await shop.register.db.query("SET sql_mode = ''")
    await shop.register.db.query("UPDATE ospos_sales SET sale_time = '0000-00-00 00:00:00' WHERE sale_id = ?", [sale])
    const unread = await shop.pos.readChanges(start)
    expect(unread).toMatchObject({ sales: [], refused: expect.arrayContaining([expect.objectContaining({ key: `sales/${sale}`, reason: expect.stringContaining('date') as string })]) as unknown[] })
    await shop.register.db.query("UPDATE ospos_sales SET sale_time = '2026-05-01 08:00:00' WHERE sale_id = ?", [sale])
    expect(await shop.pos.mayHaveChanged()).toBe(true)
    const mended = await shop.pos.readChanges(unread.cursor)
    expect(ids(mended.sales)).toEqual([`POS ${sale}`])
    expect(mended.refused).toContainEqual({ key: `sales/${sale}`, reason: null, text: `POS ${sale}` })
  })
})

describe('stock', () => {
  test('of a deleted item goes with the item, though the log names another place', async () => {
    const here = shop.open({ location: 1 })
    await shop.register.db.query("INSERT INTO ospos_stock_locations (location_name) VALUES ('cellar')")
    await shop.register.saveQuantity(tea, 4, 2)
    const pos = committing(here, shop.memory)
    const { cursor } = await readOn(pos, null)
    await shop.register.deleteItem(tea, 2)
    expect(await readOn(pos, cursor)).toMatchObject({ removed: [String(tea)], levels: [] })
  })

  test('is the quantity, not the sum of the log', async () => {
    await begin()
    await shop.register.db.query('UPDATE ospos_item_quantities SET quantity = 3 WHERE item_id = ?', [tea])
    expect(byKey((await told()).levels)).toEqual({ [tea]: 3 })
  })

  test('overwritten by the item form is told as it then is, and a reading of everything agrees', async () => {
    await begin()
    const form = 10
    await shop.register.sell(cart(4))
    await shop.register.saveQuantity(tea, form)
    expect(byKey((await told()).levels)).toEqual({})
    expect((await shop.pos.readSnapshot(null, 10)).levels).toEqual([{ sku: String(tea), onHand: form }])
  })
})

test('what is remembered of a busy till stays small, and nothing is told twice or missed', async () => {
  await begin()
  const seen: string[] = []
  const sizes: number[] = []
  for (let round = 0; round < 6; round += 1) {
    for (let sale = 0; sale < 130; sale += 1) await shop.register.sell(cart(1))
    seen.push(...ids((await told()).sales))
    sizes.push(shop.memory.list('told/', null, 10_000).length)
  }
  expect(new Set(seen).size).toBe(780)
  expect(seen).toHaveLength(780)
  expect(Math.max(...sizes)).toBeLessThan(600)
})
