import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import type { Item } from '../../../contract/product.ts'
import { committing, createMemory, type TestMemory } from '../test-memory.ts'
import type { Pos } from '../port.ts'
import type { ShopFloor } from '../pos-under-test.ts'
import type { ServerAddress } from '../test-databases.ts'
import { openOspos } from './ospos.ts'
import { OsposConfig } from './ospos-config.ts'
import { CREATE_ORDER_TABLE } from './order-table.ts'
import { Register } from './test-register.ts'
import { OSPOS_ROWS, OSPOS_TABLES } from './test-schema.ts'

export const TEST_NOW = Date.parse('2026-05-01T12:00:00Z')
/** Apples are sold by weight: the till counts kilograms. */
const BY_WEIGHT = 'By weight'

export type TestShop = {
  database: string
  register: Register
  /** A second connection of the till, for what happens at the same time. */
  other(): Promise<Register>
  open(settings?: Record<string, unknown>, memory?: TestMemory, user?: { user: string; password: string }): Pos
  /** The adapter under a connector that commits each reading. */
  pos: Pos
  uncommitted: Pos
  memory: TestMemory
  floor: ShopFloor
  addItem(row: { name?: string; number?: string | null; price?: string; service?: boolean; category?: string; taxes?: [string, string][]; stock?: number }): Promise<number>
  close(): Promise<void>
}

/** An empty shop in a database of its own. */
export async function openTestShop(server: ServerAddress, settings: Record<string, unknown> = {}): Promise<TestShop> {
  const { host, port, user, password } = server
  const database = `ospos_${randomBytes(6).toString('hex')}`
  const db = await mysql.createConnection({ host, port, user, password, dateStrings: true })
  await db.query(`CREATE DATABASE ${database}`)
  await db.query(`USE ${database}`)
  for (const statement of [...OSPOS_TABLES, ...OSPOS_ROWS]) await db.query(statement)
  const register = new Register(db)
  const opened: Pos[] = []
  const others: mysql.Connection[] = []
  const memory = createMemory()

  const open: TestShop['open'] = (more = {}, seen = memory, account = { user, password }) => {
    const config = OsposConfig.parse({ type: 'ospos', connection: { host, port, ...account, database }, measured: { g: { categories: [BY_WEIGHT] } }, ...settings, ...more })
    const pos = openOspos(config, seen, { clock: () => TEST_NOW, scanEveryMs: 0 })
    opened.push(pos)
    return pos
  }
  const addItem: TestShop['addItem'] = async ({ name = 'Item', number = null, price = '1.00', service = false, category = 'Grocery', taxes = [], stock }) => {
    const item = await register.insert('INSERT INTO ospos_items (name, category, item_number, description, cost_price, unit_price, stock_type) VALUES (?, ?, ?, ?, 0.5, ?, ?)', [name, category, number, '', price, service ? 1 : 0])
    for (const [taxName, percent] of taxes) await db.query('INSERT INTO ospos_items_taxes VALUES (?, ?, ?)', [item, taxName, percent])
    if (stock !== undefined) await register.saveQuantity(item, stock)
    return item
  }
  const inTill = (quantity: number, item: number): Promise<number> => register.rows('SELECT category FROM ospos_items WHERE item_id = ?', [item]).then(([row]) => (row?.['category'] === BY_WEIGHT ? quantity / 1000 : quantity))
  const cartOf = (basket: { sku: string; quantity: number }[]) => Promise.all(basket.map(async ({ sku, quantity }) => ({ item: Number(sku), quantity: await inTill(quantity, Number(sku)) })))
  const saleOf = async (assignmentId: string): Promise<number> => Number((await register.rows('SELECT sale_id FROM tillbridge_orders WHERE order_id = ?', [assignmentId]))[0]?.['sale_id'])

  const floor: ShopFloor = {
    async addItem(item, stock) {
      const weighed = item.unit === 'g'
      const inForm = { ...item, brand: null, category: weighed ? BY_WEIGHT : item.category, identifiers: item.identifiers.slice(0, 1) }
      const back = /^\d+$/.test(item.sku)
      const id = back ? Number(item.sku) : await register.insert('INSERT INTO ospos_items (name, category, item_number, description, cost_price, unit_price, stock_type) VALUES (?, ?, ?, ?, 0, ?, ?)',
        [item.name, inForm.category ?? '', item.identifiers[0]?.value ?? null, item.description ?? '', item.price.amountMinor / 100, item.tracked ? 0 : 1])
      if (back) await db.query('UPDATE ospos_items SET deleted = 0 WHERE item_id = ?', [id])
      else if (item.taxRate !== '0') await db.query("INSERT INTO ospos_items_taxes VALUES (?, 'Sales tax', ?)", [id, item.taxRate])
      if (stock !== undefined) await register.saveQuantity(id, weighed ? stock / 1000 : stock)
      return { ...inForm, sku: String(id) } satisfies Item
    },
    sell: async (basket) => void await register.sell(await cartOf(basket)),
    takeReturn: async (basket) => void await register.sell((await cartOf(basket)).map((line) => ({ ...line, quantity: -line.quantity })), { type: 4 }),
    setPrice: async (sku, priceMinor) => void await db.query('UPDATE ospos_items SET unit_price = ? WHERE item_id = ?', [priceMinor / 100, Number(sku)]),
    rename: async (sku, name) => void await db.query('UPDATE ospos_items SET name = ? WHERE item_id = ?', [name, Number(sku)]),
    retire: (sku) => register.deleteItem(Number(sku)),
    uncount: async (sku) => void await db.query('DELETE FROM ospos_item_quantities WHERE item_id = ?', [Number(sku)]),
    async handOver(assignmentId) {
      const saleId = await saleOf(assignmentId)
      const [sale] = await register.rows('SELECT sale_status FROM ospos_sales WHERE sale_id = ?', [saleId])
      await (sale?.['sale_status'] === 1 ? register.complete(saleId) : register.setPayment(saleId, 'Cash'))
    },
    refuse: async (assignmentId) => register.cancel(await saleOf(assignmentId)),
    async keepSelling(basket, times) {
      const words = (await cartOf(basket)).map(({ item, quantity }) => `${item}=${quantity}`)
      const env = { ...process.env, CASHIER_DATABASE: JSON.stringify({ host, port, user, password, database }) }
      const [exitCode] = await once(spawn(process.execPath, [join(import.meta.dirname, 'test-cashier.ts'), String(times), ...words], { env, stdio: 'inherit' }), 'exit')
      if (exitCode !== 0) throw new Error(`the cashier ended with ${exitCode}`)
    },
    async countOrders(assignmentId) {
      await db.query(CREATE_ORDER_TABLE)
      return Number((await register.rows('SELECT COUNT(*) AS n FROM tillbridge_orders o JOIN ospos_sales s USING (sale_id) WHERE order_id = ?', [assignmentId]))[0]?.['n'])
    },
  }

  const uncommitted = open()
  return {
    database, register, open, memory, floor, uncommitted, addItem, pos: committing(uncommitted, memory),
    async other() {
      const connection = await mysql.createConnection({ host, port, user, password, database, dateStrings: true })
      others.push(connection)
      return new Register(connection)
    },
    async close() {
      await Promise.all(opened.map((pos) => pos.close()))
      await Promise.all(others.map((connection) => connection.end()))
      await db.query(`DROP DATABASE ${database}`)
      await db.end()
    },
  }
}
