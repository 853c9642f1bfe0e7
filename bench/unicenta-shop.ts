import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { startServer } from '../connector/pos/test-databases.ts'
import { testSchema } from '../connector/pos/unicenta/test-schema.ts'
import { batches, spread, wordsOf, type BenchShop } from './shop.ts'

/** As uniCenta gives its keys: no two neighbours are near each other. */
const idOf = (id: number): string => `00000000-0000-4000-8000-${id.toString(16).padStart(12, '0')}`
const skuOf = (id: number): string => `P${id}`

/** A uniCenta oPOS on a PostgreSQL of its own. */
export async function openUnicentaShop(items: number): Promise<BenchShop> {
  const server = await startServer('postgres')
  const { host, port, user, password } = server
  const database = `bench_${randomBytes(4).toString('hex')}`
  const admin = new pg.Client({ host, port, user, password, database: 'postgres' })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${database}`)
  await admin.end()
  const db = new pg.Client({ host, port, user, password, database })
  // The server is ended beneath it.
  db.on('error', () => undefined)
  await db.connect()
  for (const statement of testSchema('postgres')) await db.query(statement)
  await db.query("INSERT INTO taxcategories (id, name) VALUES ('t', 'Standard')")
  await db.query("INSERT INTO taxes (id, name, category, rate) VALUES ('t20', 'Twenty', 't', 0.2)")
  for (const ids of batches(items)) {
    const rows = ids.map((id) => ({ id, ...wordsOf(id) }))
    await db.query(`INSERT INTO products (id, reference, code, name, pricesell, category, taxcat) VALUES ${rows.map(({ id, barcode, name, price }) => `('${idOf(id)}', '${skuOf(id)}', '${barcode}', '${name}', ${price}, '000', 't')`).join()}`)
    await db.query(`INSERT INTO products_cat (product) VALUES ${rows.map(({ id }) => `('${idOf(id)}')`).join()}`)
    await db.query(`INSERT INTO stockcurrent (location, product, units) VALUES ${rows.map(({ id, stock }) => `('0', '${idOf(id)}', ${stock})`).join()}`)
  }
  // As a till's database grows it one day: the table has no key, and every sale looks its row up.
  await db.query('CREATE INDEX stockcurrent_product ON stockcurrent (product)')
  await db.query('VACUUM ANALYZE')
  const { rows: [postmaster] } = await db.query<{ pid: number }>("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid")

  return {
    name: 'uniCenta, PostgreSQL',
    pos: { type: 'unicenta', dialect: 'postgres', currency: 'EUR', timeZone: 'UTC', connection: { host, port, user, password, database, ssl: 'off' } },
    serverPid: postmaster?.pid ?? null,
    floor: { dialect: 'postgres', host, port, user, password, database },
    sell: null,
    work: null,
    async burst(count) {
      const ids = spread(count, items)
      const { rows } = await db.query<{ product: string; units: number }>('UPDATE stockcurrent SET units = units + 1 WHERE product = ANY($1) RETURNING product, units', [ids.map(idOf)])
      const committedAt = performance.now()
      return { levels: new Map(rows.map(({ product, units }) => [skuOf(Number.parseInt(product.slice(-12), 16)), units])), committedAt }
    },
    async close() {
      await db.end().catch(() => undefined)
      await server.stop()
    },
  }
}
