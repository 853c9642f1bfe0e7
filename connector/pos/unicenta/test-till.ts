import { randomUUID } from 'node:crypto'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { systemClock } from '../../../contract/clock.ts'
import type { Item } from '../../../contract/product.ts'
import { instantToWallClock } from '../sql/wall-clock.ts'
import { testSchema } from './test-schema.ts'

export type TillAddress = { dialect: 'mysql' | 'postgres'; host: string; port: number; user: string; password: string; database: string }
type Rows = Record<string, unknown>[]
export type BasketLine = { sku: string; quantity: number }

/** The till's own program on a database of its own: what it writes when people sell, take back, move and edit, with its own statements. */
export type TestTill = {
  run(text: string, ...values: unknown[]): Promise<Rows>
  addItem(item: Item, units?: number): Promise<void>
  /** Answers the ticket's id. `at`: the till's wall clock, else now. `hold`: runs before the commit. */
  ring(basket: BasketLine[], options?: { kind?: 'sale' | 'refund'; refundOf?: number; at?: string; hold?: () => Promise<void> }): Promise<string>
  /** Stock maintenance: a movement, purchase or break. */
  move(sku: string, units: number, reason: number): Promise<void>
  refundTicket(ticketId: string): Promise<string>
  /** Deletes a ticket as the till does: its rows are gone, its goods come back with new rows in the diary. */
  deleteTicket(ticketId: string): Promise<void>
  close(): Promise<void>
}

export const SCALE_UNITS = 1000
export const TEST_ZONE = 'America/New_York'

/** A new database with the schema, on a server of the tests. */
export async function makeDatabase(address: TillAddress): Promise<void> {
  const admin = await connect({ ...address, database: address.dialect === 'mysql' ? '' : 'postgres' })
  await admin.run(`CREATE DATABASE ${address.database}`)
  await admin.close()
  const till = await connect(address)
  for (const statement of testSchema(address.dialect)) await till.run(statement)
  await till.close()
}

export async function dropDatabase(address: TillAddress): Promise<void> {
  const admin = await connect({ ...address, database: address.dialect === 'mysql' ? '' : 'postgres' })
  await admin.run(`DROP DATABASE IF EXISTS ${address.database}${address.dialect === 'postgres' ? ' WITH (FORCE)' : ''}`)
  await admin.close()
}

type Link = { run(text: string, values?: unknown[]): Promise<Rows>; close(): Promise<void> }

export async function connect(address: TillAddress): Promise<Link> {
  const { dialect, host, port, user, password, database } = address
  if (dialect === 'mysql') {
    const link = await mysql.createConnection({ host, port, user, password, ...(database ? { database } : {}), dateStrings: true })
    return {
      async run(text, values = []) {
        const [rows] = await link.query(text, values)
        return Array.isArray(rows) ? rows as Rows : []
      },
      close: () => link.end(),
    }
  }
  const link = new pg.Client({ host, port, user, password, database })
  await link.connect()
  return {
    async run(text, values = []) {
      let index = 0
      return (await link.query<Record<string, unknown>>(text.replace(/\?/g, () => `$${++index}`), values)).rows
    },
    close: () => link.end(),
  }
}

export async function openTestTill(address: TillAddress): Promise<TestTill> {
  const link = await connect(address)
  const maria = address.dialect === 'mysql'
  const run = (text: string, ...values: unknown[]): Promise<Rows> => link.run(text, values)
  const flag = (is: boolean): unknown => (maria ? Number(is) : is)
  const wall = (): string => instantToWallClock(systemClock(), TEST_ZONE)

  const transaction = async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      await run(maria ? 'START TRANSACTION' : 'BEGIN')
      try {
        const result = await work()
        await run('COMMIT')
        return result
      } catch (error) {
        await run('ROLLBACK')
        const code = error instanceof Error && 'code' in error ? error.code : ''
        if (code !== 'ER_LOCK_DEADLOCK' && code !== '40P01') throw error
      }
    }
  }
  const next = async (sequence: string): Promise<number> => {
    if (!maria) return Number((await run(`SELECT NEXTVAL('${sequence}') AS id`))[0]?.['id'])
    await run(`UPDATE ${sequence} SET id = LAST_INSERT_ID(id + 1)`)
    return Number((await run('SELECT LAST_INSERT_ID() AS id'))[0]?.['id'])
  }
  const productOf = async (sku: string): Promise<{ id: string; price: number; service: boolean; scale: boolean; taxId: string; rate: number }> => {
    const [row] = await run(`SELECT p.id, p.pricesell, CASE WHEN p.isservice THEN 1 ELSE 0 END AS service, CASE WHEN p.isscale THEN 1 ELSE 0 END AS scale, t.id AS tax, t.rate
      FROM products p JOIN taxes t ON t.category = p.taxcat AND t.parentid IS NULL AND t.custcategory IS NULL WHERE p.reference = ? ORDER BY t.name LIMIT 1`, sku)
    if (!row) throw new Error(`no ${sku} in the till`)
    return { id: String(row['id']), price: Number(row['pricesell']), service: Number(row['service']) === 1, scale: Number(row['scale']) === 1, taxId: String(row['tax']), rate: Number(row['rate']) }
  }
  /** As the till does it: the UPDATE first, and a row where none was hit; afterwards the diary. */
  const diary = async (product: string, units: number, price: number, reason: number, at: string): Promise<void> => {
    const [hit] = await run("SELECT COUNT(*) AS n FROM stockcurrent WHERE location = '0' AND product = ? AND attributesetinstance_id IS NULL", product)
    await run("UPDATE stockcurrent SET units = units + ? WHERE location = '0' AND product = ? AND attributesetinstance_id IS NULL", units, product)
    if (Number(hit?.['n']) === 0) await run("INSERT INTO stockcurrent (location, product, attributesetinstance_id, units) VALUES ('0', ?, NULL, ?)", product, units)
    await run("INSERT INTO stockdiary (id, datenew, reason, location, product, units, price, appuser) VALUES (?, ?, ?, '0', ?, ?, ?, 'Administrator')", randomUUID(), at, reason, product, units, price)
  }

  const till: TestTill = {
    run,
    async addItem(item, units) {
      const [known] = await run('SELECT id FROM products WHERE reference = ?', item.sku)
      const id = known ? String(known['id']) : randomUUID()
      const tax = `tax-${item.taxRate}`
      if (item.category && (await run('SELECT id FROM categories WHERE name = ?', item.category)).length === 0) await run('INSERT INTO categories (id, name) VALUES (?, ?)', randomUUID(), item.category)
      if ((await run('SELECT id FROM taxes WHERE id = ?', tax)).length === 0) {
        await run('INSERT INTO taxcategories (id, name) VALUES (?, ?)', tax, tax)
        await run('INSERT INTO taxes (id, name, category, rate) VALUES (?, ?, ?, ?)', tax, tax, tax, Number(item.taxRate) / 100)
      }
      const category = String((await run('SELECT id FROM categories WHERE name = ?', item.category ?? 'Category Standard'))[0]?.['id'])
      if (known) await run('UPDATE products SET name = ?, pricesell = ? WHERE id = ?', item.name, item.price.amountMinor / 100, id)
      else {
        await run('INSERT INTO products (id, reference, code, name, pricesell, category, taxcat, isscale, isservice) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)', id, item.sku,
          item.identifiers[0]?.value ?? item.sku, item.name, item.price.amountMinor / 100, category, tax, flag(item.unit !== 'each'), flag(!item.tracked))
      }
      if ((await run('SELECT product FROM products_cat WHERE product = ?', id)).length === 0) await run('INSERT INTO products_cat (product) VALUES (?)', id)
      if (units === undefined) return
      const scale = item.unit === 'each' ? 1 : SCALE_UNITS
      const [have] = await run("SELECT SUM(units) AS n FROM stockcurrent WHERE location = '0' AND product = ?", id)
      const difference = units / scale - Number(have?.['n'] ?? 0)
      if (difference !== 0) await diary(id, difference, 0, 1, wall())
    },
    ring: (basket, { kind = 'sale', refundOf = 0, at = wall(), hold } = {}) => transaction(async () => {
      const id = randomUUID()
      const sign = kind === 'sale' ? 1 : -1
      const number = await next(kind === 'sale' ? 'ticketsnum' : 'ticketsnum_refund')
      await run("INSERT INTO receipts (id, money, datenew, attributes) VALUES (?, (SELECT money FROM closedcash WHERE dateend IS NULL ORDER BY money LIMIT 1), ?, ?)", id, at, Buffer.from('<properties></properties>'))
      await run("INSERT INTO tickets (id, tickettype, ticketid, person, status) VALUES (?, ?, ?, '0', ?)", id, kind === 'sale' ? 0 : 1, number, refundOf)
      if (refundOf !== 0) await run('UPDATE tickets SET status = ? WHERE tickettype = 0 AND ticketid = ?', number, refundOf)
      let total = 0
      for (const [line, { sku, quantity }] of basket.entries()) {
        const product = await productOf(sku)
        const units = (sign * quantity) / (product.scale ? SCALE_UNITS : 1)
        await run('INSERT INTO ticketlines (ticket, line, product, units, price, taxid) VALUES (?, ?, ?, ?, ?, ?)', id, line, product.id, units, product.price, product.taxId)
        if (!product.service) await diary(product.id, -units, product.price, kind === 'sale' ? -1 : 2, at)
        await run('INSERT INTO taxlines (id, receipt, taxid, base, amount) VALUES (?, ?, ?, ?, ?)', randomUUID(), id, product.taxId, units * product.price, units * product.price * product.rate)
        total += units * product.price * (1 + product.rate)
      }
      await run("INSERT INTO payments (id, receipt, payment, total) VALUES (?, ?, 'cash', ?)", randomUUID(), id, total)
      await hold?.()
      return id
    }),
    move: (sku, units, reason) => transaction(async () => diary((await productOf(sku)).id, units, 0, reason, wall())),
    async refundTicket(ticketId) {
      const [ticket] = await run('SELECT ticketid FROM tickets WHERE id = ?', ticketId)
      const lines = await run('SELECT p.reference, l.units, CASE WHEN p.isscale THEN 1 ELSE 0 END AS scale FROM ticketlines l JOIN products p ON p.id = l.product WHERE l.ticket = ? ORDER BY l.line', ticketId)
      return till.ring(lines.map((line) => ({ sku: String(line['reference']), quantity: Number(line['units']) * (Number(line['scale']) === 1 ? SCALE_UNITS : 1) })), { kind: 'refund', refundOf: Number(ticket?.['ticketid']) })
    },
    deleteTicket: (ticketId) => transaction(async () => {
      for (const line of await run('SELECT product, units, price FROM ticketlines WHERE ticket = ?', ticketId)) await diary(String(line['product']), Number(line['units']), Number(line['price']), 2, wall())
      for (const [table, column] of [['taxlines', 'receipt'], ['payments', 'receipt'], ['ticketlines', 'ticket'], ['tickets', 'id'], ['receipts', 'id']]) await run(`DELETE FROM ${table} WHERE ${column} = ?`, ticketId)
    }),
    close: () => link.close(),
  }
  return till
}
