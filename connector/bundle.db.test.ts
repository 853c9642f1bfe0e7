import mysql from 'mysql2/promise'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { startTestEdge } from './edge/test-edge.ts'
import { bundleUnderTest, type BundleUnderTest } from './test-bundle.ts'
import { STORE_ID } from './test-shop.ts'

/** What the drivers load while they connect (handshakes, encodings, authentication) must be in the one file too. */

const DATABASE = `bundle_${crypto.randomUUID().slice(0, 8)}`
const TABLE = ['CREATE TABLE goods (id INT PRIMARY KEY, title VARCHAR(80), price DECIMAL(12,2), qty DECIMAL(12,3))', "INSERT INTO goods VALUES (1, 'Crème brûlée', 2.50, 7.000)"]
let bundle: BundleUnderTest

beforeAll(async () => {
  bundle = await bundleUnderTest()
  const maria = await mysql.createConnection({ ...inject('mariadb') })
  for (const statement of [`CREATE DATABASE ${DATABASE} CHARACTER SET utf8mb4`, `USE ${DATABASE}`, ...TABLE]) await maria.query(statement)
  await maria.end()
  await overPostgres('postgres', [`CREATE DATABASE ${DATABASE}`])
  await overPostgres(DATABASE, TABLE)
}, 60_000)
afterAll(async () => {
  bundle.remove()
  const maria = await mysql.createConnection({ ...inject('mariadb') })
  await maria.query(`DROP DATABASE ${DATABASE}`)
  await maria.end()
  await overPostgres('postgres', [`DROP DATABASE ${DATABASE} WITH (FORCE)`])
})
async function overPostgres(database: string, statements: string[]): Promise<void> {
  const client = new pg.Client({ ...inject('postgres'), database })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

test.each(['mysql', 'postgres'] as const)('the one file reads a shop over %s', async (dialect) => {
  const edge = await startTestEdge()
  const { host, port, user, password } = inject(dialect === 'mysql' ? 'mariadb' : 'postgres')
  bundle.write(`${dialect}.yaml`, `
edge: { url: '${edge.url}' }
store: { id: ${STORE_ID}, secretFile: store.secret }
journal: { file: ${dialect}.sqlite }
pos:
  type: sql
  dialect: ${dialect}
  currency: EUR
  connection: { host: ${host}, port: ${port}, user: ${user}, password: '${password}', database: ${DATABASE} }
  goods:
    query: SELECT id, title, price, qty FROM goods
    keyIs: number
    columns: { key: id, sku: id, name: title, price: price, onHand: qty }
server: { port: 0 }
`)
  const { code, err } = await bundle.runUntil(() => edge.events().length >= 2, 'run', '--config', `${dialect}.yaml`)
  expect(edge.events(), err).toMatchObject([
    { type: 'catalog.item_upserted', data: { sku: '1', name: 'Crème brûlée', price: { amountMinor: 250, currency: 'EUR' } } }, { type: 'stock.counted', data: { sku: '1', onHand: 7 } },
  ])
  expect(code, err).toBe(0)
  expect(err).not.toContain(password)
  await edge.close()
})
