import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { grantScript, rightsIn, rightsOf } from '../inspect/test-grant-script.ts'
import { inspectPos } from '../inspect/inspect-pos.ts'
import { createDatabase } from '../sql/test-sql-shop.ts'
import { unicentaRights } from './rights.ts'
import { dropDatabase, makeDatabase, openTestTill, TEST_ZONE, type TestTill, type TillAddress } from './test-till.ts'
import { UnicentaConfig } from './unicenta-config.ts'

const password = 'a password of the tests'

test('what the doctor asks about is what the scripts grant', () => {
  expect(rightsIn(grantScript('unicenta/grants-mysql.sql'))).toEqual(rightsOf(unicentaRights({ dialect: 'mysql', orders: 'tickets' })))
  const inPostgres = rightsOf(unicentaRights({ dialect: 'postgres', orders: 'tickets' })).map((right) => right.replace('UPDATE (location, product, attributesetinstance_id, units)', 'UPDATE'))
  expect(rightsIn(grantScript('unicenta/grants-postgres.sql'))).toEqual([...inPostgres, 'USAGE SEQUENCE ticketsnum', 'USAGE SEQUENCE ticketsnum_refund'].sort())
})

describe.each(['mysql', 'postgres'] as const)('the doctor at a till in %s whose database user', (dialect) => {
  let address: TillAddress
  let till: TestTill
  let user: string
  let config: UnicentaConfig
  const on = (table: string) => (dialect === 'mysql' ? `${address.database}.${table}` : table)
  const account = () => (dialect === 'mysql' ? `'${user}'@'%'` : user)

  beforeAll(async () => {
    const id = randomBytes(6).toString('hex')
    user = `connector_${id}`
    address = { dialect, ...inject(dialect === 'mysql' ? 'mariadb' : 'postgres'), database: `unicenta_${id}` }
    await makeDatabase(address)
    till = await openTestTill(address)
    config = UnicentaConfig.parse({ type: 'unicenta', dialect, connection: { ...address, user, password }, currency: 'USD', timeZone: TEST_ZONE })
    for (const statement of grantScript(`unicenta/grants-${dialect}.sql`)) {
      await till.run(statement.replace('ON DATABASE "DATABASE"', `ON DATABASE "${address.database}"`).replace('`DATABASE`', `\`${address.database}\``).replaceAll('CONNECTOR', user).replaceAll('HOST', '%').replace("'PASSWORD'", `'${password}'`))
    }
  })
  afterAll(async () => {
    await till.run(dialect === 'mysql' ? `DROP USER ${account()}` : `DROP OWNED BY ${user}`)
    if (dialect === 'postgres') await till.run(`DROP ROLE ${user}`)
    await till.close()
    await dropDatabase(address)
  })

  const wrong = async (more: Partial<UnicentaConfig> = {}) => (await inspectPos({ ...config, ...more })).filter(({ level }) => level !== 'ok')

  test('and whose configuration says no time zone is told that its clock is read as this machine\'s', async () => {
    const clock = (await inspectPos({ ...config, timeZone: undefined })).find(({ name }) => name === 'database clock')
    expect(clock?.detail).toContain(`read as ${Intl.DateTimeFormat().resolvedOptions().timeZone}`)
  })
  const without = async (right: string, table: string, look: () => Promise<void>) => {
    await till.run(`REVOKE ${right} ON ${on(table)} FROM ${account()}`)
    await look()
    await till.run(`GRANT ${right} ON ${on(table)} TO ${account()}`)
  }

  test('has the grants of the script finds all in order', async () => {
    expect(await wrong()).toEqual([])
  })

  test('is at a database of something else hears that in one line', async () => {
    const { target, drop } = await createDatabase(dialect, inject(dialect === 'mysql' ? 'mariadb' : 'postgres'))
    try {
      const found = await inspectPos({ ...config, connection: { ...config.connection, ...inject(dialect === 'mysql' ? 'mariadb' : 'postgres'), database: target.database } })
      expect(found.filter(({ level }) => level === 'fail')).toMatchObject([{
        name: 'tables', detail: expect.stringMatching(/does not look like uniCenta oPOS: no table locations, .*this user sees no table in it at all/) as string, fix: expect.stringContaining(`docs grants-unicenta-${dialect}`) as string,
      }])
    } finally {
      await drop()
    }
  })

  const written = unicentaRights({ dialect, orders: 'tickets' }).filter(({ insert }) => insert).map(({ table }) => table)
  test.each(written)('may not insert into %s alone says so, with the GRANT', async (table) => {
    await without('INSERT', table, async () => {
      expect(await wrong()).toMatchObject([{ name: `INSERT on ${table}`, level: 'fail', fix: expect.stringContaining(`GRANT INSERT ON ${on(table)} TO ${account()}`) as string }])
      // A store that is only read needs none of it.
      expect(await wrong({ orders: 'none' })).toEqual([])
    })
  })

  test('lacks a right to change says so', async () => {
    await without('UPDATE (status)', 'tickets', async () => expect(await wrong()).toMatchObject([{ name: 'UPDATE on tickets', level: 'fail' }]))
    await without(dialect === 'mysql' ? 'UPDATE (units)' : 'UPDATE', 'stockcurrent', async () => expect(await wrong()).toMatchObject([{ name: 'UPDATE on stockcurrent', level: 'fail' }]))
  })

  test('may not number tickets says so, and no number is drawn by asking', async () => {
    const numbers = () => till.run(dialect === 'mysql' ? 'SELECT id FROM ticketsnum' : 'SELECT last_value, is_called FROM ticketsnum')
    const before = await numbers()
    const [right, thing, name] = dialect === 'mysql' ? ['UPDATE (id)', 'ticketsnum', 'UPDATE on ticketsnum'] : ['USAGE', 'SEQUENCE ticketsnum', 'USAGE on ticketsnum']
    await without(right, thing, async () => expect(await wrong()).toMatchObject([{ name, level: 'fail' }]))
    expect(await numbers()).toEqual(before)
  })
})
