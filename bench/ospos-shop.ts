import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import { OSPOS_ROWS, OSPOS_TABLES } from '../connector/pos/ospos/test-schema.ts'
import { startServer } from '../connector/pos/test-databases.ts'
import { batches, spread, wordsOf, type BenchShop } from './shop.ts'

const itemRow = (id: number): string => {
  const { name, description, barcode, price } = wordsOf(id)
  return `(${id}, '${name}', 'Aisle ${id % 3}', '${barcode}', '${description}', 1.25, ${price})`
}

/** An Open Source POS on a MariaDB of its own, with a server's usual memory. */
export async function openOsposShop(items: number): Promise<BenchShop> {
  const server = await startServer('mariadb')
  const { host, port, user, password } = server
  const database = `bench_${randomBytes(4).toString('hex')}`
  const db = await mysql.createConnection({ host, port, user, password })
  await db.query('SET GLOBAL innodb_buffer_pool_size = 268435456')
  await db.query(`CREATE DATABASE ${database}`)
  await db.query(`USE ${database}`)
  for (const statement of [...OSPOS_TABLES, ...OSPOS_ROWS]) await db.query(statement)
  for (const ids of batches(items)) {
    await db.query(`INSERT INTO ospos_items (item_id, name, category, item_number, description, cost_price, unit_price) VALUES ${ids.map(itemRow).join()}`)
    await db.query(`INSERT INTO ospos_item_quantities VALUES ${ids.map((id) => `(${id}, 1, ${wordsOf(id).stock})`).join()}`)
    await db.query(`INSERT INTO ospos_items_taxes VALUES ${ids.map((id) => `(${id}, 'Sales tax', 8.25)`).join()}`)
  }
  await db.query('ANALYZE TABLE ospos_items, ospos_item_quantities, ospos_items_taxes')
  const [[pidFile]] = await db.query<RowDataPacket[]>('SELECT @@pid_file AS file')
  const levelsOf = async (ids: readonly number[]): Promise<Map<string, number>> => {
    const [rows] = await db.query<RowDataPacket[]>('SELECT item_id, quantity FROM ospos_item_quantities WHERE item_id IN (?)', [ids])
    return new Map(rows.map((row) => [String(row['item_id']), Number(row['quantity'])]))
  }
  let sold = 0

  return {
    name: 'Open Source POS, MariaDB',
    floor: { dialect: 'mysql', host, port, user, password, database },
    pos: { type: 'ospos', connection: { host, port, user, password, database } },
    serverPid: Number(readFileSync(String(pidFile?.['file']), 'utf8')),
    async burst(count) {
      const ids = spread(count, items)
      await db.beginTransaction()
      await db.query('UPDATE ospos_item_quantities SET quantity = quantity + 1 WHERE item_id IN (?)', [ids])
      const levels = await levelsOf(ids)
      await db.commit()
      return { levels, committedAt: performance.now() }
    },
    async sell() {
      sold += 1
      const id = 1 + ((sold * 7919) % items)
      await db.beginTransaction()
      const [sale] = await db.query<mysql.ResultSetHeader>('INSERT INTO ospos_sales (employee_id, comment) VALUES (2, "")')
      await db.query('INSERT INTO ospos_sales_items (sale_id, item_id, line, quantity_purchased, item_cost_price, item_unit_price, item_location) VALUES (?, ?, 1, 1, 1.25, 2.5, 1)', [sale.insertId, id])
      await db.query('UPDATE ospos_item_quantities SET quantity = quantity - 1 WHERE item_id = ?', [id])
      await db.query('INSERT INTO ospos_inventory (trans_items, trans_user, trans_comment, trans_location, trans_inventory) VALUES (?, 2, ?, 1, -1)', [id, `POS ${sale.insertId}`])
      const levels = await levelsOf([id])
      await db.commit()
      return { levels, committedAt: performance.now() }
    },
    async work() {
      const [rows] = await db.query<RowDataPacket[]>(`SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions', 'Rows_read', 'Bytes_sent')`)
      const counts = new Map(rows.map((row) => [String(row['Variable_name']), Number(row['Value'])]))
      return { queries: counts.get('Questions') ?? NaN, rowsRead: counts.get('Rows_read') ?? NaN, bytesSent: counts.get('Bytes_sent') ?? NaN }
    },
    async close() {
      db.destroy()
      await server.stop()
    },
  }
}
