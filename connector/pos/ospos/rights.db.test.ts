import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { grantScript, rightsIn, rightsOf } from '../inspect/test-grant-script.ts'
import { inspectPos } from '../inspect/inspect-pos.ts'
import { orderOf, TEA } from '../pos-under-test.ts'
import { ORDER_TABLE } from './order-table.ts'
import { OsposConfig } from './ospos-config.ts'
import { osposRights } from './rights.ts'
import { openTestShop, type TestShop } from './test-shop.ts'

const SUSPENDED = { prefix: 'ospos_', orders: 'suspended' } as const
const password = 'a password of the tests'

test('what the doctor asks about is what the script grants', () => {
  // The connector's own table is its own to change; the list names the columns of what it changes.
  const own = ['CREATE', 'INSERT', 'SELECT', 'UPDATE'].map((right) => `${right} ${ORDER_TABLE}`)
  const asked = rightsOf(osposRights(SUSPENDED)).filter((right) => !right.endsWith(ORDER_TABLE))
  expect(rightsIn(grantScript('ospos/grants.sql'))).toEqual([...asked, ...own].sort())
})

describe('the doctor at a till whose database user', () => {
  let shop: TestShop
  let account: string
  let config: OsposConfig

  beforeAll(async () => {
    shop = await openTestShop(inject('mariadb'))
    const user = `c_${shop.database}`
    account = `'${user}'@'%'`
    const { host, port } = inject('mariadb')
    config = OsposConfig.parse({ type: 'ospos', connection: { host, port, user, password, database: shop.database } })
    for (const statement of grantScript('ospos/grants.sql')) {
      await shop.register.db.query(statement.replaceAll('DATABASE', shop.database).replaceAll('CONNECTOR', user).replaceAll('HOST', '%').replaceAll('PASSWORD', password))
    }
  })
  afterAll(async () => {
    await shop.register.db.query(`DROP USER ${account}`)
    await shop.close()
  })

  const wrong = async (more: Partial<OsposConfig> = {}) => (await inspectPos({ ...config, ...more })).filter(({ level }) => level !== 'ok')

  test('has the grants of the script finds all in order, before the connector\'s table is there and after', async () => {
    expect(await wrong()).toEqual([])
    await expect(shop.register.db.query(`SELECT 1 FROM ${ORDER_TABLE}`)).rejects.toThrow(/doesn't exist/)
    expect(await shop.open().writeOrder(orderOf([await shop.floor.addItem(TEA, 5), 1]))).toMatchObject({ ok: true })
    expect(await wrong()).toEqual([])
  })

  const written = osposRights(SUSPENDED).filter(({ table, insert }) => insert && table !== ORDER_TABLE)
  test.each(written.map(({ table }) => table))('may not insert into %s alone says so, with the GRANT', async (table) => {
    await shop.register.db.query(`REVOKE INSERT ON ${shop.database}.${table} FROM ${account}`)
    expect(await wrong()).toMatchObject([{ name: `INSERT on ${table}`, level: 'fail', fix: expect.stringContaining(`GRANT INSERT ON ${shop.database}.${table} TO ${account}`) as string }])
    // A store that is only read needs none of it.
    expect(await wrong({ orders: 'none' })).toEqual([])
    await shop.register.db.query(`GRANT INSERT ON ${shop.database}.${table} TO ${account}`)
  })

  test.each([['UPDATE (sale_status)', 'ospos_sales'], ['UPDATE (quantity)', 'ospos_item_quantities'], ['SELECT', 'ospos_sales_payments'], ['SELECT (person_id, deleted)', 'ospos_employees']])('lacks %s on %s says so', async (right, table) => {
    await shop.register.db.query(`REVOKE ${right} ON ${shop.database}.${table} FROM ${account}`)
    const found = await wrong()
    expect(found).toMatchObject([{ name: `${right.split(' ')[0]} on ${table}`, level: 'fail', fix: expect.stringContaining(`run: GRANT ${right} ON ${shop.database}.${table} TO ${account}`) as string }])
    await shop.register.db.query(`GRANT ${right} ON ${shop.database}.${table} TO ${account}`)
  })

  test('meets another prefix says so once, with the tables that are there', async () => {
    expect(await wrong({ prefix: 'pos_' })).toMatchObject([{
      name: 'tables', level: 'fail', fix: expect.stringMatching(/pos\.prefix.*docs grants-ospos/) as string,
      detail: expect.stringMatching(/does not look like Open Source POS: no table pos_app_config, .*this user sees ospos_app_config, /) as string,
    }])
  })

  test('and whose configuration says another time zone than the POS gets a line for it', async () => {
    expect(await wrong({ timeZone: 'Europe/Berlin' })).toMatchObject([{ name: 'time zone', level: 'warn', detail: expect.stringContaining('the POS itself is set to America/New_York') as string }])
    expect(await wrong({ timeZone: 'America/New_York' })).toEqual([])
  })

  test('changes nothing by looking', async () => {
    const everything = async () => JSON.stringify([
      await shop.register.rows('CHECKSUM TABLE ospos_sales, ospos_sales_items, ospos_sales_payments, ospos_sales_taxes, ospos_sales_items_taxes, ospos_inventory, ospos_item_quantities, ospos_employees'),
      await shop.register.rows('SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1'),
    ])
    const before = await everything()
    await wrong()
    expect(await everything()).toBe(before)
  })
})
