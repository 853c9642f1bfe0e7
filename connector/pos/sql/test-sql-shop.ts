import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect } from 'vitest'
import type { ServerAddress } from '../test-databases.ts'
import type { Item } from '../../../contract/product.ts'
import { createMemory } from '../test-memory.ts'
import type { PosUnderTest, ShopFloor } from '../pos-under-test.ts'
import { openConnection } from './connection.ts'
import type { ConnectionTarget } from './connection-config.ts'
import { unscaled } from './decimal.ts'
import type { Connection, Dialect, Row } from './ports.ts'
import { idOf, measure, ringUp } from './test-sql-rings.ts'
import { SqlConfig } from './sql-config.ts'
import { openSqlPos } from './sql-pos.ts'

/** A POS of nobody, in the shape that many have: goods, barcodes and a shelf apart; sales that keep their number when they are finished. */
const TABLES = (dialect: Dialect): string[] => {
  const id = { mysql: 'INT AUTO_INCREMENT PRIMARY KEY', postgres: 'SERIAL PRIMARY KEY', sqlite: 'INTEGER PRIMARY KEY AUTOINCREMENT' }[dialect]
  return [
    `CREATE TABLE goods (id ${id}, code VARCHAR(64) UNIQUE, title VARCHAR(250), info VARCHAR(500), maker VARCHAR(120), section VARCHAR(120), price DECIMAL(12,2), unit VARCHAR(10), tax DECIMAL(9,4), counted INT, gone INT DEFAULT 0)`,
    'CREATE TABLE codes (goods_id INT, code VARCHAR(64))',
    'CREATE TABLE shelf (goods_id INT PRIMARY KEY, qty DECIMAL(12,3))',
    `CREATE TABLE bills (id ${id}, sold_at ${dialect === 'postgres' ? 'TIMESTAMP' : 'DATETIME'}, reference VARCHAR(64) UNIQUE, state INT, why VARCHAR(20), total DECIMAL(12,2))`,
    'CREATE TABLE bill_lines (bill_id INT, n INT, code VARCHAR(64), qty DECIMAL(12,3), price DECIMAL(12,2), unit VARCHAR(10), PRIMARY KEY (bill_id, n))',
  ]
}

export const sqlShopConfig = (target: ConnectionTarget, stockFallsAt: 'accept' | 'later' = 'accept', more: object = {}): SqlConfig => {
  const { dialect, ...connection } = target
  const takeOff = { run: 'UPDATE shelf SET qty = qty - :quantity WHERE goods_id = :key', each: 'line' }
  const putBack = { run: 'UPDATE shelf SET qty = qty + :quantity WHERE goods_id = :key', each: 'line' }
  return SqlConfig.parse({
    type: 'sql', dialect, connection, currency: 'USD', timeZone: 'America/New_York', scan: { everyMs: 0 },
    goods: {
      query: 'SELECT g.id, g.code, g.title, g.info, g.maker, g.section, g.price, g.unit, g.tax, g.counted, g.gone, s.qty FROM goods g LEFT JOIN shelf s ON s.goods_id = g.id;',
      keyIs: 'number', fixed: { taxIncluded: false },
      columns: { key: 'id', sku: 'code', name: 'title', description: 'info', brand: 'maker', category: 'section', price: 'price', unit: 'unit', taxRate: 'tax', tracked: 'counted', deleted: 'gone', onHand: 'qty' },
      barcodes: { query: 'SELECT goods_id, code FROM codes', key: 'goods_id', barcode: 'code' },
    },
    sales: {
      query: 'SELECT b.id, b.sold_at, b.reference, b.total, l.n, l.code, l.qty, l.price, l.unit FROM bills b JOIN bill_lines l ON l.bill_id = b.id WHERE b.state = 1',
      columns: { id: 'id', cursor: 'id', line: 'n', at: 'sold_at', sku: 'code', quantity: 'qty', unitPrice: 'price', unit: 'unit', reference: 'reference', total: 'total' },
      cursor: { is: 'number' },
    },
    orders: {
      stockFallsAt, states: { 0: 'open', 1: 'done', 9: 'void' },
      find: 'SELECT id AS reference, state FROM bills WHERE reference = :assignmentId',
      stock: [
        `SELECT qty FROM shelf WHERE goods_id = :key${dialect === 'sqlite' ? '' : ' FOR UPDATE'}`,
        `SELECT s.qty${stockFallsAt === 'later' ? ' - COALESCE((SELECT SUM(l.qty) FROM bills b JOIN bill_lines l ON l.bill_id = b.id WHERE b.state = 0 AND l.code = :sku), 0)' : ''} AS onHand FROM shelf s WHERE s.goods_id = :key`,
      ],
      write: [
        { run: `INSERT INTO bills (sold_at, reference, state, total) VALUES (:now, :assignmentId, 0, :total)${dialect === 'postgres' ? ' RETURNING id' : ''}`, as: 'reference' },
        { run: "INSERT INTO bill_lines (bill_id, n, code, qty, price, unit) VALUES (:reference, :lineNumber, :sku, :quantity, :unitPrice, CASE WHEN :unit = 'g' THEN 'kg' ELSE 'each' END)", each: 'line' },
        ...(stockFallsAt === 'accept' ? [takeOff] : []),
      ],
      void: [{ run: 'UPDATE bills SET state = 9 WHERE reference = :assignmentId AND state = 0' }, ...(stockFallsAt === 'accept' ? [putBack] : [])],
      lines: 'SELECT l.code AS sku, g.id AS key, l.qty AS quantity FROM bills b JOIN bill_lines l ON l.bill_id = b.id JOIN goods g ON g.code = l.code WHERE b.reference = :assignmentId'
        .replace('AS key', dialect === 'mysql' ? 'AS `key`' : 'AS key'),
      reasons: { empty: 'out_of_stock', closed: 'store_closed' },
      changes: 'SELECT reference AS "assignmentId", state, why AS reason FROM bills WHERE reference IS NOT NULL ORDER BY id DESC LIMIT 1000'.replaceAll('"', dialect === 'mysql' ? '`' : '"'),
    },
    ...more,
  })
}

/** A fresh database of this server for one test file. */
export async function createDatabase(dialect: 'mysql' | 'postgres', server: ServerAddress): Promise<{ target: ConnectionTarget & { dialect: 'mysql' | 'postgres' }; drop(): Promise<void> }> {
  const name = `shop_${crypto.randomUUID().replaceAll('-', '').slice(0, 16)}`
  const limits = { ssl: 'off', connectTimeoutMs: 5_000, statementTimeoutMs: 20_000, lockTimeoutMs: 5_000 } as const
  const { host, port, user, password } = server
  const admin = openConnection({ dialect, host, port, user, password, database: dialect === 'mysql' ? 'mysql' : 'postgres', ...limits })
  const outsideTransaction = (text: string) => admin.write(async (tx) => {
    if (dialect === 'postgres') await sql.raw('COMMIT').execute(tx)
    await sql.raw(text).execute(tx)
  })
  await outsideTransaction(`CREATE DATABASE ${name}`)
  return {
    target: { dialect, host, port, user, password, database: name, ...limits },
    async drop() {
      await outsideTransaction(`DROP DATABASE ${name}${dialect === 'postgres' ? ' WITH (FORCE)' : ''}`)
      await admin.close()
    },
  }
}

export async function createTables(connection: Connection): Promise<void> {
  await connection.write(async (tx) => {
    for (const table of ['bill_lines', 'bills', 'shelf', 'codes', 'goods']) await sql.raw(`DROP TABLE IF EXISTS ${table}`).execute(tx)
    for (const table of TABLES(connection.dialect)) await sql.raw(table).execute(tx)
  })
}

export function sqlFloor(connection: Connection, target: ConnectionTarget, stockFallsAt: 'accept' | 'later' = 'accept'): ShopFloor {
  const run = (statement: ReturnType<typeof sql>) => connection.write((tx) => statement.execute(tx))
  const moveOrder = (assignmentId: string, state: number, shelf: 1 | -1 | 0): Promise<void> => connection.write(async (tx) => {
    await sql`UPDATE bills SET state = ${state} WHERE reference = ${assignmentId}`.execute(tx)
    const { rows } = await sql<Row>`SELECT g.id, l.qty FROM bills b JOIN bill_lines l ON l.bill_id = b.id JOIN goods g ON g.code = l.code WHERE b.reference = ${assignmentId}`.execute(tx)
    for (const { id, qty } of rows) if (shelf !== 0) await sql`UPDATE shelf SET qty = qty + ${shelf === 1 ? qty : `-${qty}`} WHERE goods_id = ${id}`.execute(tx)
  })
  return {
    async addItem(item: Item, stock?: number) {
      await connection.write(async (tx) => {
        const unit = item.unit === 'g' ? 'kg' : 'each'
        const { rows: [there] } = await sql<Row>`SELECT id FROM goods WHERE code = ${item.sku}`.execute(tx)
        const id = there?.['id'] ?? await idOf(tx, sql`INSERT INTO goods (code) VALUES (${item.sku})`, connection.dialect)
        await sql`UPDATE goods SET title = ${item.name}, info = ${item.description}, maker = ${item.brand}, section = ${item.category}, price = ${unscaled(item.price.amountMinor, 2)},
          unit = ${unit}, tax = ${item.taxRate}, counted = ${item.tracked ? 1 : 0}, gone = 0 WHERE id = ${id}`.execute(tx)
        await sql`DELETE FROM codes WHERE goods_id = ${id}`.execute(tx)
        for (const { value } of item.identifiers) await sql`INSERT INTO codes (goods_id, code) VALUES (${id}, ${value})`.execute(tx)
        await sql`DELETE FROM shelf WHERE goods_id = ${id}`.execute(tx)
        if (stock !== undefined) await sql`INSERT INTO shelf (goods_id, qty) VALUES (${id}, ${measure(stock, unit)})`.execute(tx)
      })
      return item
    },
    sell: (basket) => ringUp(connection, basket),
    takeReturn: (basket) => ringUp(connection, basket, -1),
    setPrice: async (sku, price) => void await run(sql`UPDATE goods SET price = ${unscaled(price, 2)} WHERE code = ${sku}`),
    rename: async (sku, name) => void await run(sql`UPDATE goods SET title = ${name} WHERE code = ${sku}`),
    retire: async (sku) => void await run(sql`UPDATE goods SET gone = 1 WHERE code = ${sku}`),
    uncount: async (sku) => void await run(sql`DELETE FROM shelf WHERE goods_id = (SELECT id FROM goods WHERE code = ${sku})`),
    handOver: (id) => moveOrder(id, 1, stockFallsAt === 'later' ? -1 : 0),
    async refuse(id, reason) {
      await run(sql`UPDATE bills SET why = ${reason === 'store_closed' ? 'closed' : 'empty'} WHERE reference = ${id}`)
      await moveOrder(id, 9, stockFallsAt === 'accept' ? 1 : 0)
    },
    async countOrders(id) {
      const found = await connection.read((tx) => sql<Row>`SELECT COUNT(*) AS n FROM bills WHERE reference = ${id}`.execute(tx))
      return Number(found.rows[0]?.['n'])
    },
    async keepSelling(basket, times) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'test-busy-till.ts'), JSON.stringify(target), String(times), JSON.stringify(basket)], { stdio: 'inherit' })
      const [exitCode] = await once(child, 'exit')
      expect(exitCode).toBe(0)
    },
  }
}

/** What the POS of these tests cannot show. */
export const SQL_EXCEPTIONS = { steps: 'its bills are open or done', shipping: 'its bills are open or done' }

/** An empty shop in a database that is there, and the adapter in front of it. */
export async function openSqlShop(target: ConnectionTarget, stockFallsAt: 'accept' | 'later' = 'accept', more: object = {}): Promise<PosUnderTest & { connection: Connection; config: SqlConfig }> {
  const connection = openConnection(target)
  await createTables(connection)
  const memory = createMemory()
  const config = sqlShopConfig(target, stockFallsAt, more)
  const reopen = () => openSqlPos(config, memory)
  const pos = reopen()
  return {
    pos, reopen, memory, connection, config, floor: sqlFloor(connection, target, stockFallsAt),
    async close() {
      await pos.close()
      await connection.close()
    },
  }
}
