import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { PosChanges } from '../port.ts'
import { byKey, ID, orderOf, OTHER_ID, TEA } from '../pos-under-test.ts'
import { createMemory } from '../test-memory.ts'
import { openConnection } from './connection.ts'
import type { ConnectionTarget } from './connection-config.ts'
import type { Row } from './ports.ts'
import { SqlConfig } from './sql-config.ts'
import { openSqlPos } from './sql-pos.ts'
import { createDatabase } from './test-sql-shop.ts'

const GOODS = { query: 'SELECT id, code, title, price, qty FROM goods', keyIs: 'number', fixed: { taxIncluded: false }, columns: { key: 'id', sku: 'code', name: 'title', price: 'price', onHand: 'qty' } }
const FLAGGED = { ...GOODS, query: 'SELECT id, code, title, price, qty, gone FROM goods', columns: { ...GOODS.columns, deleted: 'gone' } }
const ORDERS = (dialect: string) => ({
  stockFallsAt: 'accept', states: { 0: 'open', 9: 'void' }, find: 'SELECT id AS reference, state FROM bills WHERE reference = :assignmentId',
  stock: 'SELECT qty AS "onHand" FROM goods WHERE id = :key'.replaceAll('"', dialect === 'mysql' ? '`' : '"'), changes: 'SELECT reference AS "assignmentId", state FROM bills'.replaceAll('"', dialect === 'mysql' ? '`' : '"'),
  write: [{ run: 'INSERT INTO bills (id, reference, state) VALUES (7, :assignmentId, 0)' }, { run: 'UPDATE bills SET state = 0 WHERE reference = :assignmentId', mayMatchNone: true }, { run: 'UPDATE goods SET qty = qty - :quantity WHERE id = :key', each: 'line' }],
  void: [{ run: 'UPDATE bills SET state = 9 WHERE reference = :assignmentId' }, { run: 'UPDATE goods SET qty = qty + :quantity WHERE id = :key', each: 'line' }],
  lines: `SELECT g.code AS sku, g.id AS ${dialect === 'mysql' ? '`key`' : 'key'}, 1 AS quantity FROM goods g`,
})
/** Every sale here is of the past: of one ahead of the clock the reading would go no further than now. */
const LATER = Date.parse('2027-01-01T00:00:00Z')
const TABLE = 'CREATE TABLE goods (id BIGINT, code VARCHAR(64), title VARCHAR(100), price DECIMAL(12,2), qty INT, gone INT DEFAULT 0)'

/** Tables that nobody would draw so, in each of the databases: what is told and what stands there. */
describe.each([['sqlite', null], ['mysql', inject('mariadb')], ['postgres', inject('postgres')]] as const)('odd tables in %s', (dialect, server) => {
  let target: ConnectionTarget
  let drop: () => void | Promise<void>
  beforeAll(async () => {
    if (dialect === 'sqlite') {
      const folder = mkdtempSync(join(tmpdir(), 'odd-tables-'))
      writeFileSync(join(folder, 'till.sqlite'), '')
      target = { dialect, file: join(folder, 'till.sqlite'), lockTimeoutMs: 5_000 }
      drop = () => rmSync(folder, { recursive: true, force: true })
    } else {
      const database = await createDatabase(dialect, server)
      target = database.target
      drop = database.drop
    }
  })
  afterAll(() => drop())

  async function open(parts: object, ...tables: string[]) {
    const { dialect: _, ...connection } = target
    const memory = createMemory()
    const pos = openSqlPos(SqlConfig.parse({ type: 'sql', dialect, connection, currency: 'USD', scan: { everyMs: 0 }, ...parts }), memory, () => LATER)
    const till = openConnection(target)
    const run = async (...texts: string[]): Promise<Row[]> => {
      let rows: Row[] = []
      for (const text of texts) rows = (await till.write((tx) => sql.raw<Row>(text).execute(tx))).rows
      return rows
    }
    await run('DROP TABLE IF EXISTS goods', 'DROP TABLE IF EXISTS bills', 'DROP TABLE IF EXISTS bill_lines', ...tables)
    let cursor: string | null = null
    return {
      pos, run,
      /** Everything that is told until nothing is left. */
      async told() {
        const all = { items: [] as string[], removed: [] as string[], levels: {} as Record<string, number>, sales: [] as string[], refused: [] as string[] }
        for (let rounds = 0; ; rounds += 1) {
          expect(rounds).toBeLessThan(50)
          const read: PosChanges = await pos.readChanges(cursor)
          memory.remember(read.remember ?? [])
          cursor = read.cursor
          all.items.push(...read.items.map(({ sku }) => sku))
          all.removed.push(...read.removed)
          Object.assign(all.levels, byKey(read.levels))
          all.sales.push(...read.sales.map(({ saleId }) => saleId))
          all.refused.push(...(read.refused ?? []).flatMap(({ reason }) => reason ?? []))
          if (!read.more) return all
        }
      },
      async pages(limit: number) {
        const seen: string[] = []
        for (let after: string | null = null, pages = 0; ; pages += 1) {
          expect(pages).toBeLessThan(20)
          const page = await pos.readSnapshot(after, limit)
          seen.push(...page.items.map(({ sku }) => sku))
          if (page.done) return seen.sort()
          after = page.last ?? page.items.at(-1)?.sku ?? after
        }
      },
      async close() {
        await pos.close()
        await till.close()
      },
    }
  }
  const insert = (...rows: readonly (string | number | bigint | null)[][]): string =>
    `INSERT INTO goods (id, code, title, price, qty${(rows[0]?.length ?? 0) > 5 ? ', gone' : ''}) VALUES ${rows.map((row) => `(${row.map((value) => (typeof value === 'string' ? `'${value}'` : value ?? 'NULL')).join(', ')})`).join(', ')}`

  test.each([['nineteen digits', 1234567890123456789n, 37n], ['eighteen digits', 101234567890123457n, 1n], ['a sign', -40n, 1n]])('keys with %s are all told, and none is lost when all of them change', async (_what, first, step) => {
    const shop = await open({ goods: GOODS }, TABLE, insert(...Array.from({ length: 60 }, (__, n) => [first + step * BigInt(n), `S${n}`, 'Thing', 1, n])))
    expect(new Set((await shop.told()).items).size).toBe(60)
    await shop.run('UPDATE goods SET price = 2, qty = qty + 100')
    const after = await shop.told()
    expect({ items: new Set(after.items).size, levels: Object.keys(after.levels).length, removed: after.removed }).toEqual({ items: 60, levels: 60, removed: [] })
    await shop.run(`DELETE FROM goods WHERE id = ${first}`)
    expect((await shop.told()).removed).toEqual(['S0'])
    await shop.close()
  })

  test.each([1, 2, 3, 4])('a SKU that one item gave up and another has is on a page, wherever that ends (%i a page)', async (limit) => {
    const shop = await open({ goods: FLAGGED }, TABLE, insert([1, 'A', 'Thing', 1, 5, 0], [2, 'B', 'Thing', 1, 5, 0], [3, 'M', 'Old', 1, 5, 1], [4, 'M', 'Old', 1, 5, 1], [5, 'M', 'New', 1, 5, 0], [6, 'Z', 'Thing', 1, 5, 0]))
    await shop.told()
    expect(await shop.pages(limit)).toEqual(['A', 'B', 'M', 'Z'])
    await shop.close()
  })

  test('a key that a query gives twice with other words is an error to mend, and not one item now and another then', async () => {
    const shop = await open({ goods: { ...GOODS, query: 'SELECT g.id, g.code, g.title, g.price, s.qty FROM goods g JOIN bill_lines s ON s.goods_id = g.id' } },
      TABLE, 'CREATE TABLE bill_lines (goods_id INT, qty INT)', insert([1, 'A', 'Tea', 1, 0], [2, 'B', 'Tea', 1, 0]), 'INSERT INTO bill_lines VALUES (1, 2), (1, 50), (2, 4)')
    const first = await shop.told()
    expect(first).toMatchObject({ items: ['B'], levels: { B: 4 }, refused: [expect.stringContaining('the query gives the key 1 in 2 rows that differ')] })
    expect((await shop.pos.readLevels(['A', 'B']))).toEqual([{ sku: 'B', onHand: 4 }])
    expect(await shop.pos.readSnapshot(null, 10)).toMatchObject({ items: [{ sku: 'B' }], unreadable: ['A'] })
    await shop.run('UPDATE goods SET price = 3')
    expect((await shop.told()).items).toEqual(['B'])
    await shop.run('DELETE FROM bill_lines WHERE qty = 50')
    expect((await shop.told())).toMatchObject({ items: ['A'], levels: { A: 2 } })
    await shop.close()
  })

  test('an item without a key is refused, and the rest is told', async () => {
    const shop = await open({ goods: GOODS }, TABLE, insert([null, 'A', 'Tea', 1, 3], [2, 'B', 'Tea', 1, 4]))
    expect((await shop.told()).items).toEqual(['B'])
    const page = await shop.pos.readSnapshot(null, 10)
    expect(page).toMatchObject({ items: [{ sku: 'B' }], unreadable: ['A'], refused: [{ reason: expect.stringMatching(/^key: nothing/) as string }] })
    await shop.close()
  })

  test('an order takes nothing from either of two items with its SKU, nor puts anything back on both', async () => {
    const { write: [first, second, takeOff], ...orders } = ORDERS(dialect)
    const reference = dialect === 'postgres' ? `${first?.run} RETURNING id` : first?.run.replace('id, ', '').replace('7, ', '')
    const shop = await open({ goods: GOODS, orders: { ...orders, write: [{ run: reference, as: 'reference' }, second, takeOff] } },
      TABLE, `CREATE TABLE bills (id ${{ mysql: 'INT AUTO_INCREMENT PRIMARY KEY', postgres: 'INT', sqlite: 'INTEGER PRIMARY KEY' }[dialect]}, reference VARCHAR(64), state INT)`, insert([1, TEA.sku, 'Tea', 4.99, 5]))
    await shop.told()
    expect(await shop.pos.writeOrder(orderOf([TEA, 1]))).toMatchObject({ ok: true })
    await shop.run(insert([2, TEA.sku, 'Tea, typed in again', 4.99, 9]))
    expect((await shop.told()).refused).toHaveLength(1)
    expect(await shop.pos.writeOrder({ ...orderOf([TEA, 1]), assignmentId: OTHER_ID })).toMatchObject({ ok: false, reason: 'unknown_sku', detail: 'TEA-1 is the SKU of several items for sale in this POS: each needs its own' })
    await expect(shop.pos.voidOrder(ID)).rejects.toThrow(/orders\.lines gives several items for the SKU TEA-1 \(1, 2\)/)
    expect(await shop.run('SELECT qty FROM goods ORDER BY id')).toEqual([{ qty: '4' }, { qty: '9' }])
    expect(await shop.run('SELECT state FROM bills')).toEqual([{ state: '0' }])
    await shop.run('DELETE FROM goods WHERE id = 2')
    expect(await shop.pos.voidOrder(ID)).toBe('voided')
    expect(await shop.run('SELECT qty FROM goods')).toEqual([{ qty: '5' }])
    await shop.close()
  })

  test('the level of a SKU is that of the item for sale, though another that is gone has it without a blank', async () => {
    const shop = await open({ goods: FLAGGED }, TABLE, insert([1, 'A', 'Old', 1, 77, 1], [2, 'A ', 'New', 1, 3, 0]))
    expect((await shop.told()).levels).toEqual({ A: 3 })
    expect(await shop.pos.readLevels(['A'])).toEqual([{ sku: 'A', onHand: 3 }])
    await shop.close()
  })

  test('an item that gets another SKU and a price that is none is no longer sold under its old one', async () => {
    const shop = await open({ goods: GOODS }, TABLE, insert([1, 'A', 'Tea', 1, 3]))
    await shop.told()
    await shop.run("UPDATE goods SET code = 'B', price = -1")
    expect(await shop.told()).toMatchObject({ removed: ['A'], items: [], refused: [expect.stringContaining('price') as string] })
    await shop.run('UPDATE goods SET price = 2')
    expect(await shop.told()).toMatchObject({ removed: [], items: ['B'], levels: { B: 3 } })
    await shop.close()
  })

  if (dialect === 'sqlite') {
    test('whole numbers in columns without a type are keys and SKUs like any others', async () => {
      const shop = await open({ goods: { ...GOODS, keyIs: 'text' } }, 'CREATE TABLE goods (id, code, title, price, qty)', insert(...Array.from({ length: 9 }, (_, n) => [n, 5 + n, 'Thing', 1, n])))
      const all = (await shop.told()).items.sort()
      expect(all).toHaveLength(9)
      expect(await shop.pages(2)).toEqual(all)
      await shop.run(insert([20, 5, 'Another', 1, 1]))
      expect((await shop.told()).removed).toEqual([])
      await shop.close()
    })
  }

  if (dialect === 'mysql') {
    test('in a column of an older character set no page is left out or read for ever', async () => {
      const skus = ['A1', 'A2', '°C', 'ÀB', 'ÁC', 'ÂD', 'ÃE', 'ÉF', 'Ø10', 'Ø12']
      const shop = await open({ goods: GOODS }, `${TABLE} DEFAULT CHARSET latin1`, insert(...skus.map((sku, n) => [n, sku, 'Thing', 1, 5])))
      expect(await shop.pages(3)).toEqual([...skus].sort())
      await shop.close()
    })
  }

  const SALES = { query: 'SELECT b.id, b.sold_at, l.n, l.code, l.qty, l.price FROM bills b JOIN bill_lines l ON l.bill_id = b.id', columns: { id: 'id', cursor: 'sold_at', line: 'n', at: 'sold_at', sku: 'code', quantity: 'qty', unitPrice: 'price' }, cursor: { is: 'time' } }
  const LINES = 'CREATE TABLE bill_lines (bill_id INT, n INT, code VARCHAR(64), qty INT, price DECIMAL(12,2))'
  const sellingAt = async (shop: Awaited<ReturnType<typeof open>>, times: readonly string[]): Promise<string[]> => {
    const told: string[] = []
    for (const [n, at] of times.entries()) {
      await shop.run(`INSERT INTO bills VALUES (${n + 1}, '${at}')`, `INSERT INTO bill_lines VALUES (${n + 1}, 1, 'A', 1, 1)`)
      told.push(...(await shop.told()).sales)
    }
    return told
  }

  test('the sales of an hour that comes twice are told, each once', async () => {
    const shop = await open({ goods: GOODS, sales: SALES, timeZone: 'Europe/Berlin' }, TABLE, LINES, `CREATE TABLE bills (id INT, sold_at ${{ mysql: 'DATETIME', postgres: 'TIMESTAMP', sqlite: 'TEXT' }[dialect]})`, insert([1, 'A', 'Tea', 1, 100]))
    const times = ['01:20', '01:40', '01:57', '02:00', '02:10', '02:30', '02:58', '02:05', '02:20', '02:40', '02:59', '03:01', '03:04', '03:10', '04:20'].map((at) => `2025-10-26 ${at}:00`)
    expect(await sellingAt(shop, times)).toEqual(times.map((_, n) => String(n + 1)))
    await shop.close()
  })

  test.each(['Europe/Berlin', 'America/New_York'])('times that say their offset themselves are read in %s too, each once', async (timeZone) => {
    const type = { mysql: 'VARCHAR(40)', postgres: 'TIMESTAMPTZ', sqlite: 'TEXT' }[dialect]
    const shop = await open({ goods: GOODS, sales: SALES, timeZone }, TABLE, LINES, `CREATE TABLE bills (id INT, sold_at ${type})`, insert([1, 'A', 'Tea', 1, 100]))
    const times = Array.from({ length: 12 }, (_, n) => `2026-05-01T${String(8 + Math.floor(n / 2)).padStart(2, '0')}:${n % 2 === 0 ? '00' : '30'}:00Z`)
    expect(await sellingAt(shop, times)).toEqual(times.map((_, n) => String(n + 1)))
    await shop.close()
  })
})
