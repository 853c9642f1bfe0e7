import mysql from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../contract/clock.ts'
import type { Pos } from './port.ts'
import { orderOf, readOn, TEA } from './pos-under-test.ts'
import { startServer, type DatabaseServer } from './test-databases.ts'
import { committing, createMemory } from './test-memory.ts'
import { openTestShop } from './ospos/test-shop.ts'
import { createDatabase, openSqlShop } from './sql/test-sql-shop.ts'
import { openSqlPos } from './sql/sql-pos.ts'
import { openUnicenta } from './unicenta/open-unicenta.ts'
import { dropDatabase, makeDatabase, openTestTill, TEST_ZONE, type TillAddress } from './unicenta/test-till.ts'
import { UnicentaConfig } from './unicenta/unicenta-config.ts'

/** Settings that a shop's server may have for all who connect, some of them since MySQL 4: none of them may let two orders have one piece. */
const STRICT = 'TRADITIONAL,ANSI_QUOTES,ONLY_FULL_GROUP_BY,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,NO_AUTO_VALUE_ON_ZERO,PAD_CHAR_TO_FULL_LENGTH,NO_UNSIGNED_SUBTRACTION'
const SETTINGS = [{ isolation: 'READ-COMMITTED', sqlMode: '' }, { isolation: 'SERIALIZABLE', sqlMode: STRICT }] as const
const PIECES = 3
const ORDERS = 6

let server: DatabaseServer
let admin: mysql.Connection
beforeAll(async () => {
  server = await startServer('mariadb', ['--lower-case-table-names=1'])
  admin = await mysql.createConnection({ host: server.host, port: server.port, user: server.user, password: server.password })
})
afterAll(async () => {
  await admin.end()
  await server.stop()
})

const orderNumber = (n: number, sku: string) => ({ ...orderOf([{ ...TEA, sku }, 1]), assignmentId: `ord_${String(n).padStart(26, '0')}.1`, customer: { name: "Robert \\'; -- 🍵", email: 'r@shop.example' } })

/** Orders of two connectors at once, more than there are pieces; then one is taken back, and a reading tells the shelf as it is. */
async function race(one: Pos, other: Pos, sku: string, memory: ReturnType<typeof createMemory>): Promise<void> {
  const writes = await Promise.all(Array.from({ length: ORDERS }, (_, n) => (n % 2 ? one : other).writeOrder(orderNumber(n + 1, sku))))
  expect(writes.map((write) => (write.ok ? 'written' : write.reason)).sort()).toEqual([...Array<string>(ORDERS - PIECES).fill('out_of_stock'), ...Array<string>(PIECES).fill('written')])
  const falls = one.capabilities.stockFallsAt === 'accept'
  expect(await other.readLevels([sku])).toEqual([{ sku, onHand: falls ? 0 : PIECES }])
  const written = writes.findIndex(({ ok }) => ok) + 1
  expect(await one.voidOrder(orderNumber(written, sku).assignmentId)).toBe('voided')
  expect(await other.findOrder(orderNumber(written, sku).assignmentId)).toMatchObject({ state: 'void' })
  const told = await readOn(committing(one, memory), null)
  expect(told.levels).toEqual([{ sku, onHand: falls ? 1 : PIECES }])
  expect(await one.writeOrder(orderNumber(ORDERS + 1, sku))).toMatchObject({ ok: true })
  expect(await other.writeOrder(orderNumber(ORDERS + 2, sku))).toMatchObject({ ok: false, reason: 'out_of_stock' })
}

describe.each(SETTINGS)('on a server set to $isolation and "$sqlMode"', ({ isolation, sqlMode }) => {
  beforeAll(async () => {
    await admin.query(`SET GLOBAL TRANSACTION ISOLATION LEVEL ${isolation.replace('-', ' ')}`)
    await admin.query('SET GLOBAL sql_mode = ?', [sqlMode])
  })

  test.each(['accept', 'later'] as const)('a POS of queries sells its last pieces once (stock falls: %s)', async (stockFallsAt) => {
    const database = await createDatabase('mysql', server)
    const shop = await openSqlShop(database.target, stockFallsAt)
    const other = openSqlPos(shop.config, createMemory())
    await shop.floor.addItem(TEA, PIECES)
    await race(shop.pos, other, TEA.sku, shop.memory)
    await other.close()
    await shop.close()
    await database.drop()
  })

  test.each(['completed', 'suspended'] as const)('Open Source POS sells its last pieces once, with tables of another prefix (orders: %s)', async (orders) => {
    const shop = await openTestShop(server, { orders, prefix: 'Shop2_' })
    const tea = await shop.addItem({ price: '4.99', stock: PIECES })
    const tables = (await shop.register.rows("SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND LEFT(TABLE_NAME, 6) = 'ospos_'")).map((row) => String(row['name']))
    await shop.register.db.query(`RENAME TABLE ${tables.map((name) => `${name} TO ${name.replace(/^ospos_/, 'Shop2_')}`).join(', ')}`)
    await race(shop.uncommitted, shop.open({}, createMemory()), String(tea), shop.memory)
    await shop.close()
  })

  test('uniCenta sells its last pieces once', async () => {
    const address: TillAddress = { dialect: 'mysql', host: server.host, port: server.port, user: server.user, password: server.password, database: `unicenta_${isolation.replace('-', '_').toLowerCase()}` }
    await makeDatabase(address)
    const till = await openTestTill(address)
    await till.addItem(TEA, PIECES)
    const config = UnicentaConfig.parse({ type: 'unicenta', dialect: 'mysql', connection: address, currency: 'USD', timeZone: TEST_ZONE })
    const memory = createMemory()
    const [one, other] = [openUnicenta(config, memory, systemClock, { everyMs: 0 }), openUnicenta(config, createMemory(), systemClock, { everyMs: 0 })]
    await race(one, other, TEA.sku, memory)
    for (const pos of [one, other]) await pos.close()
    await till.close()
    await dropDatabase(address)
  })
})
