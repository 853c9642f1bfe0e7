import { randomBytes } from 'node:crypto'
import mysql from 'mysql2/promise'
import { Register } from '../../connector/pos/ospos/test-register.ts'
import { OSPOS_ROWS, OSPOS_TABLES } from '../../connector/pos/ospos/test-schema.ts'
import type { DatabaseServer } from '../../connector/pos/test-databases.ts'
import { askMariaDb } from './ask.ts'
import type { OpenTillTables, TillSale, TillTables } from './till-tables.ts'

const STATES = ['completed', 'open', 'cancelled'] as const

/** An Open Source POS on MariaDB. Each action has a connection of its own, so that a server which was killed is met anew. */
export const osposTables: OpenTillTables = { server: 'mariadb', create }

async function create(server: DatabaseServer): Promise<TillTables> {
  const { host, port, user, password } = server
  const database = `ospos_${randomBytes(6).toString('hex')}`
  await askMariaDb(server)(`CREATE DATABASE ${database}`)
  const ask = askMariaDb(server, database)
  for (const statement of [...OSPOS_TABLES, ...OSPOS_ROWS]) await ask(statement)
  const items = new Map<string, number>()

  const itemOf = (name: string): number => {
    const item = items.get(name)
    if (item === undefined) throw new Error(`${name} was not added`)
    return item
  }
  const atRegister = async <T>(work: (register: Register) => Promise<T>): Promise<T> => {
    const connection = await mysql.createConnection({ host, port, user, password, database, dateStrings: true })
    try {
      return await work(new Register(connection))
    } finally {
      connection.destroy()
    }
  }
  const hasOrders = async (): Promise<boolean> => (await ask(`SHOW TABLES LIKE 'tillbridge_orders'`)).length > 0
  const saleOf = async (assignmentId: string): Promise<number> => {
    const [row] = await ask('SELECT sale_id FROM tillbridge_orders WHERE order_id = ?', [assignmentId])
    if (!row) throw new Error(`the till has no ${assignmentId}`)
    return Number(row['sale_id'])
  }

  return {
    config: (linePort) => ({ type: 'ospos', connection: { host, port: linePort, user, password, database } }),
    addItem: (name, pieces) => atRegister(async (register) => {
      const item = await register.insert(`INSERT INTO ospos_items (name, category, description, cost_price, unit_price) VALUES (?, 'Home', '', 1, 19.99)`, [name])
      await register.saveQuantity(item, pieces)
      items.set(name, item)
    }),
    sku: (name) => String(itemOf(name)),
    async webSales() {
      if (!await hasOrders()) return []
      const lines = await ask('SELECT sale_id, item_id, quantity_purchased FROM ospos_sales_items ORDER BY sale_id, line')
      const rows = await ask('SELECT o.order_id, s.sale_id, s.sale_status FROM tillbridge_orders o JOIN ospos_sales s USING (sale_id) ORDER BY s.sale_id')
      return rows.map((row): TillSale => ({
        assignmentId: row['order_id'] ?? '', saleId: row['sale_id'] ?? '', state: STATES[Number(row['sale_status'])] ?? 'cancelled',
        lines: lines.filter((line) => line['sale_id'] === row['sale_id']).map((line) => ({ sku: line['item_id'] ?? '', quantity: Number(line['quantity_purchased']) })),
      }))
    },
    countSales: async () => Number((await ask('SELECT COUNT(*) AS n FROM ospos_sales'))[0]?.['n']),
    onHand: async (name) => Number((await ask('SELECT quantity FROM ospos_item_quantities WHERE item_id = ?', [itemOf(name)]))[0]?.['quantity']),
    sell: (name, pieces) => atRegister(async (register) => void await register.sell([{ item: itemOf(name), quantity: pieces }])),
    complete: (assignmentId) => atRegister(async (register) => register.complete(await saleOf(assignmentId))),
    remove: (assignmentId) => atRegister(async (register) => register.cancel(await saleOf(assignmentId))),
    close: async () => undefined,
  }
}
