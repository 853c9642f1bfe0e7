import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { byKey, ID, orderOf, OTHER_ID, readOn, TEA } from '../pos-under-test.ts'
import type { Assignment } from '../../../contract/assignment.ts'
import type { Item } from '../../../contract/product.ts'
import { createMemory } from '../test-memory.ts'
import { openTestShop, type TestShop } from './test-shop.ts'

let shop: TestShop
let tea: Item
let start: string

async function open(settings: Record<string, unknown> = {}, taxRate = '0'): Promise<void> {
  shop = await openTestShop(inject('mariadb'), settings)
  tea = await shop.floor.addItem({ ...TEA, taxRate }, 10)
  start = (await readOn(shop.pos, await shop.pos.currentCursor())).cursor
}
afterEach(() => shop.close())

const told = async () => {
  const changes = await readOn(shop.pos, start)
  start = changes.cursor
  return changes
}
const other = (order: Assignment): Assignment => ({ ...order, assignmentId: OTHER_ID, orderId: OTHER_ID.slice(0, -2) })
async function write(order: Assignment): Promise<number> {
  const written = await shop.pos.writeOrder(order)
  if (!written.ok) throw new Error(written.detail)
  return Number(written.posReference.slice('POS '.length))
}
const rows = (sql: string) => shop.register.rows(sql)

describe('a suspended order', () => {
  beforeEach(() => open())

  test('shows number, name, way and note where the cashier takes it up, and what is due', async () => {
    const sale = await write({ ...orderOf([tea, 3]), note: 'ring the\nbell 🔔' })
    expect(await rows(`SELECT sale_status, sale_type, customer_id, employee_id, sale_time, comment, invoice_number FROM ospos_sales WHERE sale_id = ${sale}`)).toEqual([
      { sale_status: 1, sale_type: 0, customer_id: null, employee_id: 2, sale_time: '2026-05-01 08:00:00', comment: 'Web order W-1001 | Test Customer | pickup | ring the bell ?', invoice_number: null },
    ])
    expect(await rows('SELECT payment_type, payment_amount, reference_code FROM ospos_sales_payments')).toEqual([{ payment_type: 'Due', payment_amount: '14.97', reference_code: 'W-1001' }])
  })

  test('completed twice by a cashier who pressed again is told once, and the level says what the till did', async () => {
    await shop.register.complete(await write(orderOf([tea, 2])), { times: 2 })
    const changes = await told()
    expect(changes.orders.map(({ kind }) => kind)).toEqual(['stock-fell', 'progress'])
    expect(changes.sales).toMatchObject([{ assignmentId: ID }])
    expect(byKey(changes.levels)).toEqual({ [tea.sku]: 6 })
    expect(await told()).toMatchObject({ orders: [], sales: [] })
  })

  test('whose rows are gone from the till is refused, and never written again', async () => {
    const sale = await write(orderOf([tea, 2]))
    for (const table of ['sales_payments', 'sales_items_taxes', 'sales_items', 'sales_taxes', 'sales']) await shop.register.db.query(`DELETE FROM ospos_${table} WHERE sale_id = ?`, [sale])
    expect((await told()).orders).toMatchObject([{ kind: 'refused', reason: 'out_of_stock', assignmentId: ID }])
    expect(await shop.pos.writeOrder(orderOf([tea, 2]))).toMatchObject({ ok: false, reason: 'invalid' })
  })

  test('taken back by the web is not told as refused', async () => {
    await write(orderOf([tea, 2]))
    await told()
    await shop.pos.voidOrder(ID)
    expect(await told()).toMatchObject({ orders: [], sales: [] })
  })

  test('taken back while a cashier had it on the screen, and completed all the same, is a sale at the counter', async () => {
    const sale = await write(orderOf([tea, 2]))
    await shop.pos.voidOrder(ID)
    await told()
    await shop.register.complete(sale)
    expect(await told()).toMatchObject({ orders: [], sales: [{ assignmentId: null, saleId: `POS ${sale}` }], levels: [{ onHand: 8 }] })
  })

  test('completed, and deleted later, is told as a return of that order', async () => {
    const sale = await write(orderOf([tea, 2]))
    await shop.register.complete(sale)
    await told()
    await shop.register.cancel(sale)
    expect(await told()).toMatchObject({ orders: [], sales: [{ kind: 'return', assignmentId: ID, saleId: `POS ${sale} deleted` }], levels: [{ onHand: 10 }] })
  })

  test('is told again as completed to a journal that has lost everything', async () => {
    await shop.register.complete(await write(orderOf([tea, 2])))
    await told()
    const memory = createMemory()
    expect((await readOn(shop.open({}, memory), null)).orders.map(({ kind }) => kind)).toEqual(['stock-fell', 'progress'])
  })

  test('of goods that the till keeps in one line at one price is taxed once when it completes', async () => {
    await shop.close()
    await open({}, '10')
    const sale = await write(orderOf([tea, 1], [tea, 2]))
    await shop.register.complete(sale)
    expect(await shop.register.takings(sale)).toBe('16.47')
    expect((await told()).sales).toMatchObject([{ totalMinor: 1_647 }])
  })
})

describe('two orders for the last piece', () => {
  test.each(['suspended', 'completed'])('written at the same moment: one is refused (%s)', async (orders) => {
    await open({ orders })
    await write({ ...orderOf([tea, 1]), assignmentId: 'ord_00000000000000000000000003.1' })
    const second = shop.open({ orders }, createMemory())
    const written = await Promise.all([shop.pos.writeOrder(orderOf([tea, 9])), second.writeOrder(other(orderOf([tea, 9])))])
    expect(written.filter(({ ok }) => ok)).toHaveLength(1)
    expect(written.find(({ ok }) => !ok)).toMatchObject({ reason: 'out_of_stock' })
  })

  test('an order cancelled at the till, or completed there, asks nothing of the shelf any more', async () => {
    await open()
    const first = await write(orderOf([tea, 6]))
    expect(await shop.pos.writeOrder(other(orderOf([tea, 6])))).toMatchObject({ ok: false, reason: 'out_of_stock', detail: expect.stringContaining('earlier web orders') as string })
    await shop.register.cancel(first)
    expect(await shop.pos.writeOrder(other(orderOf([tea, 6])))).toMatchObject({ ok: true })
  })

  test('are both written where the shop wants that', async () => {
    await open({ oversell: 'allow' })
    expect(await shop.pos.writeOrder(orderOf([tea, 10]))).toMatchObject({ ok: true })
    expect(await shop.pos.writeOrder(other(orderOf([tea, 10])))).toMatchObject({ ok: true })
  })
})

describe('beside a busy till', () => {
  test.each(['suspended', 'completed'])('no sale of the till fails for a web order, and the shelf adds up (%s)', async (orders) => {
    await open({ orders })
    const bread = await shop.floor.addItem({ ...TEA, name: 'Bread', identifiers: [] }, 500)
    await shop.register.saveQuantity(Number(tea.sku), 500)
    // Both ways round: whoever locks in another order than the till meets it here.
    const selling = shop.floor.keepSelling([{ sku: bread.sku, quantity: 1 }, { sku: tea.sku, quantity: 1 }], 150)
    for (let n = 1; n <= 25; n += 1) {
      const order = orderOf([tea, 1], [bread, 1])
      expect(await shop.pos.writeOrder({ ...order, assignmentId: `ord_${String(n).padStart(26, '0')}.1` })).toMatchObject({ ok: true })
    }
    await selling
    const left = orders === 'completed' ? 325 : 350
    expect(byKey(await shop.pos.readLevels([tea.sku, bread.sku]))).toEqual({ [tea.sku]: left, [bread.sku]: left })
  })
})

describe('a finished order', () => {
  beforeEach(() => open({ orders: 'completed' }))

  test('takes stock and writes the log as the till does', async () => {
    const sale = await write(orderOf([tea, 3]))
    expect(await rows(`SELECT trans_items, trans_comment, trans_inventory, trans_date FROM ospos_inventory WHERE trans_comment LIKE 'POS%'`)).toEqual([
      { trans_items: Number(tea.sku), trans_comment: `POS ${sale}`, trans_inventory: '-3.000', trans_date: '2026-05-01 08:00:00' },
    ])
    expect(await shop.register.takings(sale)).toBe('14.97')
  })

  test('cancelled by the staff before it was fetched is refused; taken back by the web is not', async () => {
    await shop.register.cancel(await write(orderOf([tea, 3])))
    await write(other(orderOf([tea, 1])))
    await shop.pos.voidOrder(OTHER_ID)
    const changes = await told()
    expect(changes.orders).toMatchObject([{ kind: 'refused', assignmentId: ID }])
    expect(changes.sales).toEqual([])
    expect(byKey(await shop.pos.readLevels([tea.sku]))).toEqual({ [tea.sku]: 10 })
  })
})

describe('the tax of an order', () => {
  test.each([
    ['net', '0', 1_078, { tax_type: 1, amount: '0.8800' }, '10.78'],
    ['gross', '1', 990, { tax_type: 0, amount: '0.8100' }, '9.90'],
  ] as const)('is the shopper\'s, to the cent: %s', async (_name, included, total, tax, due) => {
    await open({ orders: 'completed' })
    await shop.register.db.query("REPLACE INTO ospos_app_config VALUES ('tax_included', ?)", [included])
    const id = await shop.addItem({ price: '3.30', stock: 9, taxes: [['City', '2.625'], ['State', '6.250']] })
    const [item] = (await shop.uncommitted.readSnapshot(null, 10)).items.filter(({ sku }) => sku === String(id))
    if (!item) throw new Error('the item is for sale')
    const sale = await write(orderOf([item, 3]))
    expect(await rows(`SELECT tax_type, SUM(item_tax_amount) AS amount FROM ospos_sales_items_taxes WHERE sale_id = ${sale} GROUP BY tax_type`)).toEqual([tax])
    expect(await rows(`SELECT tax_type, SUM(sale_tax_amount) AS amount FROM ospos_sales_taxes WHERE sale_id = ${sale} GROUP BY tax_type`)).toEqual([tax])
    expect(await rows(`SELECT payment_amount FROM ospos_sales_payments WHERE sale_id = ${sale}`)).toEqual([{ payment_amount: due }])
    expect(await shop.register.takings(sale)).toBe(due)
    await shop.floor.handOver(ID)
    expect((await told()).sales).toMatchObject([{ totalMinor: total }])
  })
})

test('an order by item number finds the item for sale among those that had the number, and none where two have it', async () => {
  await open({ sku: 'item_number' })
  const gone = await shop.addItem({ number: '4016', stock: 5 })
  await shop.register.deleteItem(gone)
  await shop.addItem({ number: '4016', price: '4.99', stock: 5 })
  const order = orderOf([{ ...TEA, sku: '4016' }, 1])
  expect(await shop.pos.writeOrder(order)).toMatchObject({ ok: true })
  await shop.addItem({ number: '4016', price: '4.99', stock: 5 })
  expect(await shop.pos.writeOrder(other(order))).toMatchObject({ ok: false, reason: 'unknown_sku' })
})

describe('an order the till cannot keep as it is', () => {
  beforeEach(() => open())
  test.each([
    ['in another currency', { unitPrice: { amountMinor: 499, currency: 'EUR' } }, 'price_mismatch'],
    ['with tax in its prices', { taxIncluded: true }, 'price_mismatch'],
    ['by weight of what is sold by piece', { unit: 'g' as const }, 'invalid'],
  ])('%s is refused', async (_name, line, reason) => {
    const order = orderOf([tea, 1])
    expect(await shop.pos.writeOrder({ ...order, lines: order.lines.map((one) => ({ ...one, ...line })) })).toMatchObject({ ok: false, reason })
  })

  test('is a fault, with what to set, where the POS has no employee to write it', async () => {
    await expect(shop.open({ employee: 1 }).writeOrder(orderOf([tea, 1]))).rejects.toThrow(/no employee with the person id 1.*pos\.employee/)
    expect(await shop.pos.findOrder(ID)).toBeNull()
  })
})
