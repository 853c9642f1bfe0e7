import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { systemClock } from '../../../contract/clock.ts'
import { ID, orderOf, OTHER_ID, TEA, APPLES, WRAPPING } from '../pos-under-test.ts'
import { openConnection } from '../sql/connection.ts'
import type { Connection, GoodsRow } from '../sql/ports.ts'
import { createMemory } from '../test-memory.ts'
import { createActivity } from './activity.ts'
import type { Booking } from './booking.ts'
import { createGoods } from './goods.ts'
import { createOrderBook } from './order-book.ts'
import { createPlace } from './place.ts'
import { dropDatabase, makeDatabase, openTestTill, TEST_ZONE, type TestTill, type TillAddress } from './test-till.ts'
import { UnicentaConfig } from './unicenta-config.ts'

const DAY_MS = 86_400_000

describe.each(['mysql', 'postgres'] as const)('uniCenta on %s', (dialect) => {
  const address: TillAddress = { dialect, ...inject(dialect === 'mysql' ? 'mariadb' : 'postgres'), database: `unicenta_facts_${process.pid}` }
  const config = (more: object = {}) => UnicentaConfig.parse({ type: 'unicenta', dialect, connection: address, currency: 'USD', measured: 'g', timeZone: TEST_ZONE, ...more })
  let till: TestTill
  let connection: Connection
  let clock: () => number

  beforeAll(() => makeDatabase(address))
  afterAll(() => dropDatabase(address))
  beforeEach(async () => {
    till = await openTestTill(address)
    connection = openConnection({ ...config().connection, dialect })
    clock = systemClock
    await till.addItem(TEA, 10)
  })
  afterEach(async () => {
    await connection.close()
    for (const table of ['taxlines', 'payments', 'ticketlines', 'tickets', 'receipts', 'stockdiary', 'stockcurrent', 'products_cat', 'products', 'taxes', 'taxcategories']) await till.run(`DELETE FROM ${table}`)
    await till.run("DELETE FROM locations WHERE id <> '0'")
    await till.run("DELETE FROM closedcash WHERE money <> 'cash-1'")
    await till.run('UPDATE closedcash SET dateend = NULL')
    await till.close()
  })

  const parts = (more: object = {}) => {
    const parsed = config(more)
    const booking: Booking = { config: parsed, dialect, place: createPlace(parsed), zone: TEST_ZONE, clock: () => clock() }
    const reading = { currency: parsed.currency, measured: parsed.measured }
    return { book: createOrderBook(booking), goods: createGoods(dialect, booking.place, reading), activity: createActivity({ ...booking, reading, tills: parsed.tills }) }
  }
  const goodsOf = async (sku: string, more: object = {}): Promise<GoodsRow | undefined> => (await connection.read((tx) => parts(more).goods.rowsBySku(tx, [sku])))[0]
  const checksums = () => connection.read((tx) => parts().goods.checksums(tx))
  const write = (assignment = orderOf([TEA, 3]), more: object = {}) => connection.write((tx) => parts(more).book.write(tx, assignment))
  const find = () => connection.read((tx) => parts().book.find(tx, ID))
  const takeBack = () => connection.write((tx) => parts().book.void(tx, ID))
  const reader = () => {
    const memory = createMemory()
    let cursor: string | null = null
    return async () => {
      const told = await connection.read((tx) => parts().activity.read(tx, cursor, memory))
      memory.remember(told.remember)
      cursor = told.cursor
      return told
    }
  }
  const productId = async () => String((await till.run('SELECT id FROM products WHERE reference = ?', TEA.sku))[0]?.['id'])
  const stockRows = async () => (await till.run('SELECT units FROM stockcurrent WHERE product = ? ORDER BY units', await productId())).map((row) => Number(row['units']))
  const balance = async (query: string) => Number((await till.run(query))[0]?.['n'] ?? 0)

  describe('goods', () => {
    test('sum rows that are there twice where the attribute set is NULL, and those of attribute sets', async () => {
      await till.run("INSERT INTO stockcurrent (location, product, attributesetinstance_id, units) VALUES ('0', ?, NULL, 2), ('0', ?, 'red', 4)", await productId(), await productId())
      expect(await goodsOf(TEA.sku)).toMatchObject({ onHand: 16, item: { ...TEA, brand: null, description: null } })
    })

    test('count only the location they are sold from', async () => {
      await till.run("INSERT INTO locations (id, name) VALUES ('9', 'Warehouse')")
      await till.run("INSERT INTO stockcurrent (location, product, units) VALUES ('9', ?, 100)", await productId())
      await expect(goodsOf(TEA.sku)).rejects.toThrow(/2 stock locations: "General" \(id 0\), "Warehouse" \(id 9\).*pos\.location/)
      expect(await goodsOf(TEA.sku, { location: 'general' })).toMatchObject({ onHand: 10 })
      expect(await goodsOf(TEA.sku, { location: '9' })).toMatchObject({ onHand: 100 })
      await expect(goodsOf(TEA.sku, { location: 'Cellar' })).rejects.toThrow(/no stock location "Cellar".*"Warehouse"/)
    })

    test('read doubles as what was meant', async () => {
      await till.run('UPDATE products SET pricesell = 0.1e0 + 0.2e0')
      await till.run('UPDATE stockcurrent SET units = 0.1e0 + 0.2e0 + 2.7e0')
      expect(await goodsOf(TEA.sku)).toMatchObject({ item: { price: { amountMinor: 30 } }, onHand: 3 })
      await till.run('UPDATE products SET pricesell = 4.9949999999999992')
      await till.run('UPDATE stockcurrent SET units = 2.5')
      expect(await goodsOf(TEA.sku)).toMatchObject({ item: { price: { amountMinor: 500 } }, onHand: 2 })
    })

    test('are not for sale without their place on the till, and unknown without a count', async () => {
      await till.run('DELETE FROM stockcurrent')
      expect(await goodsOf(TEA.sku)).toMatchObject({ item: { name: TEA.name }, onHand: null })
      await till.run('DELETE FROM products_cat')
      expect(await goodsOf(TEA.sku)).toMatchObject({ item: null })
    })

    test('are taxed as the till taxes a customer of no kind, with the parts of a tax', async () => {
      await till.run("INSERT INTO taxes (id, name, category, custcategory, rate) VALUES ('a', 'A for members', 'tax-0', 'member', 0.5)")
      await till.run("INSERT INTO taxes (id, name, category, rate) VALUES ('b', 'Best', 'tax-0', 0), ('z', 'Zero', 'tax-0', 0.9)")
      const [yes, no] = dialect === 'mysql' ? [1, 0] : [true, false]
      await till.run("INSERT INTO taxes (id, name, category, parentid, rate, ratecascade, rateorder) VALUES ('b1', 'Best 1', 'tax-0', 'b', 0.05, ?, 1), ('b2', 'Best 2', 'tax-0', 'b', 0.1, ?, 2)", no, yes)
      expect(await goodsOf(TEA.sku)).toMatchObject({ item: { taxRate: '15.5' } })
      const order = orderOf([{ ...TEA, taxRate: '15.5' }, 2])
      expect(await write(order)).toMatchObject({ ok: true })
      const lines = await till.run('SELECT taxid, base, amount FROM taxlines ORDER BY taxid')
      expect(lines.map((row) => [row['taxid'], Number(row['base']), Number(row['amount'])])).toEqual([['b1', 9.98, 0.5], ['b2', 9.98, 1.05]])
    })

    test('whose row cannot become an item are refused with what to mend, beside the others', async () => {
      await till.run("UPDATE products SET reference = 'GREEN TEA'")
      await till.addItem({ ...TEA, sku: 'TEA-2', identifiers: [] }, 1)
      const page = await connection.read((tx) => parts().goods.page(tx, null, 10))
      expect(page).toMatchObject([{ sku: 'GREEN TEA', refused: expect.stringMatching(/"GREEN TEA" is no SKU/) }, { sku: 'TEA-2', onHand: 1 }])
      expect(await connection.read((tx) => parts().goods.page(tx, 'GREEN TEA', 10))).toHaveLength(1)
    })

    test('have a checksum that follows every column, and the bucket of their key', async () => {
      const seen = new Set([JSON.stringify([...await checksums()])])
      for (const change of ["UPDATE products SET name = 'Other'", 'UPDATE products SET pricesell = 5', "UPDATE products SET code = '4006381333931'", 'UPDATE stockcurrent SET units = 9',
        'DELETE FROM stockcurrent', 'UPDATE taxes SET rate = 0.07', 'DELETE FROM products_cat', "UPDATE categories SET name = 'Fine teas' WHERE name = 'Grocery'"]) {
        await till.run(change)
        seen.add(JSON.stringify([...await checksums()]))
      }
      expect(seen.size).toBe(9)
      await till.run("UPDATE categories SET name = 'Grocery' WHERE name = 'Fine teas'")
      const [bucket = ''] = (await checksums()).keys()
      expect(await connection.read((tx) => parts().goods.rowsOf(tx, [bucket]))).toMatchObject([{ sku: TEA.sku, bucket }])
    })
  })

  describe('the till\'s activity', () => {
    test('names goods by as many signs as a SKU may have, none of them cut in two', async () => {
      await till.addItem({ ...TEA, sku: '🍵'.repeat(64), identifiers: [] }, 5)
      await till.addItem({ ...TEA, sku: '🍵'.repeat(65), identifiers: [] }, 5)
      const read = reader()
      await read()
      await till.ring([{ sku: '🍵'.repeat(64), quantity: 1 }, { sku: '🍵'.repeat(65), quantity: 1 }])
      expect((await read()).sales).toMatchObject([{ lines: [{ sku: '🍵'.repeat(64) }, { sku: '🍵'.repeat(64) }] }])
    })

    test('is told once, with the till\'s own totals, also when a ticket is deleted', async () => {
      await till.addItem(APPLES, 5000)
      await till.addItem(WRAPPING)
      const read = reader()
      await read()
      const first = await till.ring([{ sku: TEA.sku, quantity: 2 }, { sku: APPLES.sku, quantity: 333 }, { sku: WRAPPING.sku, quantity: 1 }])
      await till.ring([{ sku: TEA.sku, quantity: 1 }], { kind: 'refund' })
      expect((await read()).sales.map(({ kind, totalMinor }) => [kind, totalMinor])).toEqual([['sale', 2080], ['return', -499]])
      await till.deleteTicket(first)
      const gone = await read()
      expect(gone.sales).toMatchObject([{ saleId: `${first}/deleted`, kind: 'return', totalMinor: -2080, lines: [{ sku: TEA.sku, quantity: -2 }, {}, {}] }])
      expect(gone.touched).toContain(await productId())
      expect((await read()).sales).toEqual([])
    })

    test('that commits late, or is dated back, is told all the same', async () => {
      const read = reader()
      const other = await openTestTill(address)
      let release = (): void => undefined
      let held = (): void => undefined
      const isHeld = new Promise<void>((resolve) => { held = resolve })
      const slow = other.ring([{ sku: TEA.sku, quantity: 1 }], { hold: () => new Promise((resolve) => { release = resolve; held() }) })
      await isHeld
      await till.run("INSERT INTO receipts (id, money, datenew) VALUES ('quick', 'cash-1', '2099-01-01 00:00:00')")
      await till.run("INSERT INTO tickets (id, tickettype, ticketid, person) VALUES ('quick', 0, 77, '0')")
      expect((await read()).sales.map(({ saleId }) => saleId)).toEqual(['quick'])
      const before = await connection.read((tx) => parts().activity.signal(tx))
      release()
      const late = await slow
      expect(await connection.read((tx) => parts().activity.signal(tx))).not.toBe(before)
      expect((await read()).sales.map(({ saleId }) => saleId)).toEqual([late])
      await till.ring([{ sku: TEA.sku, quantity: 1 }], { at: new Date(Date.now() - DAY_MS).toISOString().slice(0, 19).replace('T', ' ') })
      expect((await read()).sales).toHaveLength(1)
      await other.close()
    })

    test('forgets what no reading looks at any more, and keeps web orders', async () => {
      const memory = createMemory()
      await write()
      await till.ring([{ sku: TEA.sku, quantity: 1 }])
      const activity = () => parts().activity
      const first = await connection.read((tx) => activity().read(tx, null, memory))
      memory.remember(first.remember)
      clock = () => Date.now() + 30 * DAY_MS
      for (let cursor = first.cursor, round = 0; round < 3; round++) {
        const told = await connection.read((tx) => activity().read(tx, cursor, memory))
        memory.remember(told.remember)
        cursor = told.cursor
        expect(told.sales).toEqual([])
      }
      expect(memory.size()).toBe(1)
    })

    test('from a head on tells what came after it, and the deletion of what was there', async () => {
      const old = await till.ring([{ sku: TEA.sku, quantity: 1 }])
      const memory = createMemory()
      const head = await connection.read((tx) => parts().activity.head(tx))
      const fresh = await till.ring([{ sku: TEA.sku, quantity: 2 }])
      const told = await connection.read((tx) => parts().activity.read(tx, head, memory))
      memory.remember(told.remember)
      expect(told.sales.map(({ saleId }) => saleId)).toEqual([fresh])
      await till.deleteTicket(old)
      expect((await connection.read((tx) => parts().activity.read(tx, told.cursor, memory))).sales.map(({ saleId }) => saleId)).toEqual([`${old}/deleted`])
    })
  })

  describe('a web order', () => {
    test('stands in the till whole: number, cash session, payment, tax, stock and what the staff read', async () => {
      expect(await write(orderOf([{ ...TEA, taxRate: '10' }, 3]))).toMatchObject({ ok: true, stockFell: true })
      const [ticket] = await till.run('SELECT t.ticketid, t.tickettype, r.money, r.attributes, p.total, p.transid, p.notes FROM tickets t JOIN receipts r ON r.id = t.id JOIN payments p ON p.receipt = r.id')
      expect(ticket).toMatchObject({ tickettype: 0, money: 'cash-1', total: 16.47, transid: ID, notes: 'Web order W-1001 · Test Customer · pickup' })
      expect(String(ticket?.['attributes'])).toContain(`<entry key="tillbridge.assignment">${ID}</entry>`)
      const [line] = await till.run('SELECT units, price, attributes FROM ticketlines')
      expect(line).toMatchObject({ units: 3, price: 4.99 })
      expect(String(line?.['attributes'])).toMatch(/"product.name">Green tea, 20 bags<[\s\S]*"notes">Web order W-1001/)
      expect(await stockRows()).toEqual([7])
      expect(await till.run('SELECT reason, units FROM stockdiary WHERE reason = -1')).toEqual([{ reason: -1, units: -3 }])
    })

    test('is refused while no cash session is open, and by the till that was named', async () => {
      await till.run("INSERT INTO closedcash (money, host, hostsequence, datestart) VALUES ('cash-2', 'till-2', 1, '2026-02-01 08:00:00')")
      expect(await write(orderOf([TEA, 1]), { host: 'till-1' })).toMatchObject({ ok: true })
      expect((await till.run('SELECT money FROM receipts'))[0]).toEqual({ money: 'cash-1' })
      await till.run("UPDATE closedcash SET dateend = '2026-03-01 20:00:00'")
      expect(await write({ ...orderOf([TEA, 1]), assignmentId: OTHER_ID })).toMatchObject({ ok: false, reason: 'store_closed', detail: expect.stringContaining('no cash session is open') })
      await expect(takeBack()).rejects.toThrow(/No cash session is open/)
    })

    test('takes its goods off one of two rows, and where there is none writes one', async () => {
      await till.run("INSERT INTO stockcurrent (location, product, attributesetinstance_id, units) VALUES ('0', ?, NULL, 20)", await productId())
      await write()
      expect((await stockRows()).reduce((sum, units) => sum + units)).toBe(27)
      await till.run('DELETE FROM stockcurrent')
      await till.run("INSERT INTO stockcurrent (location, product, attributesetinstance_id, units) VALUES ('0', ?, 'red', 5)", await productId())
      expect(await write({ ...orderOf([TEA, 2]), assignmentId: OTHER_ID })).toMatchObject({ ok: true })
      expect(await stockRows()).toEqual([-2, 5])
    })

    test('of the last piece is taken by one of many at once, while the till sells too', async () => {
      await till.run("DELETE FROM stockcurrent")
      await till.run("INSERT INTO stockcurrent (location, product, attributesetinstance_id, units) VALUES ('0', ?, 'red', 5)", await productId())
      const other = openConnection({ ...config().connection, dialect })
      const order = (n: number) => ({ ...orderOf([TEA, 1]), assignmentId: `ord_0000000000000000000000000${n}.1` })
      const results = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((n) => (n % 2 ? other : connection).write((tx) => parts().book.write(tx, order(n)))))
      expect(results.filter(({ ok }) => ok)).toHaveLength(5)
      expect(results.filter((result) => !result.ok && result.reason === 'out_of_stock')).toHaveLength(3)
      expect(await stockRows()).toEqual([-5, 5])
      const [sold] = await Promise.all([till.ring([{ sku: TEA.sku, quantity: 1 }]), other.write((tx) => parts({ oversell: 'allow' }).book.write(tx, order(9)))])
      expect(sold).toBeTruthy()
      expect(await stockRows()).toEqual([-7, 5])
      expect(await balance('SELECT COUNT(DISTINCT ticketid) AS n FROM tickets')).toBe(7)
      await other.close()
    })

    test('taken back is balanced in goods, money and tax, and marked as refunded', async () => {
      const written = await write(orderOf([{ ...TEA, taxRate: '10' }, 3]))
      expect(await takeBack()).toBe('voided')
      expect(await takeBack()).toBe('voided')
      expect(await stockRows()).toEqual([10])
      for (const sum of ['SUM(total) AS n FROM payments', 'SUM(base) AS n FROM taxlines', 'SUM(amount) AS n FROM taxlines', 'SUM(units) AS n FROM ticketlines']) expect(await balance(`SELECT ${sum}`)).toBeCloseTo(0, 9)
      const [original] = await till.run('SELECT status, ticketid FROM tickets WHERE tickettype = 0')
      const [refund] = await till.run('SELECT status, ticketid FROM tickets WHERE tickettype = 1')
      expect([original?.['status'], refund?.['status']]).toEqual([refund?.['ticketid'], original?.['ticketid']])
      expect(await find()).toEqual({ posReference: written.ok ? written.posReference : '', state: 'void', stockFell: false })
    })

    test('of which the staff refunded a part is taken back for the rest', async () => {
      await write()
      const number = Number((await till.run('SELECT ticketid FROM tickets'))[0]?.['ticketid'])
      const read = reader()
      await read()
      await till.ring([{ sku: TEA.sku, quantity: 1 }], { kind: 'refund', refundOf: number })
      expect(await read()).toMatchObject({ orders: [], sales: [{ kind: 'return', assignmentId: ID }] })
      expect(await find()).toMatchObject({ state: 'open' })
      expect(await takeBack()).toBe('voided')
      expect(await stockRows()).toEqual([10])
      expect(await balance('SELECT SUM(total) AS n FROM payments')).toBeCloseTo(0, 9)
      expect(await read()).toMatchObject({ orders: [], sales: [{ kind: 'return', assignmentId: ID, lines: [{ quantity: -2 }] }] })
    })

    test.each([['tea', () => orderOf([TEA, 3])], ['services alone', () => orderOf([WRAPPING, 1])]])('of %s that the staff delete is refused, and stays void', async (_, order) => {
      await till.addItem(WRAPPING)
      await write(order())
      const read = reader()
      expect((await read()).sales).toMatchObject([{ assignmentId: ID, kind: 'sale' }])
      await till.deleteTicket(String((await till.run('SELECT id FROM receipts'))[0]?.['id']))
      expect(await find()).toMatchObject({ state: 'void', stockFell: false })
      expect(await read()).toMatchObject({ orders: [{ kind: 'refused', assignmentId: ID }], sales: [{ kind: 'return', assignmentId: ID }] })
      expect(await takeBack()).toBe('voided')
    })

    test('that the staff edit gets another id there and is the same order', async () => {
      await write()
      const read = reader()
      await read()
      const [old] = await till.run('SELECT id, attributes, datenew FROM receipts')
      const edited = await till.ring([{ sku: TEA.sku, quantity: 2 }])
      await till.run('UPDATE receipts SET attributes = ? WHERE id = ?', old?.['attributes'], edited)
      await till.deleteTicket(String(old?.['id']))
      expect(await find()).toMatchObject({ state: 'open', stockFell: true })
      const told = await read()
      expect(told.orders).toEqual([])
      expect(told.sales.map(({ kind, totalMinor, assignmentId }) => [kind, totalMinor, assignmentId])).toEqual([['sale', 998, ID], ['return', -1497, ID]])
      expect(await takeBack()).toBe('voided')
      expect(await stockRows()).toEqual([10])
    })
  })
})
