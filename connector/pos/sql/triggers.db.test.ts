import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startServer, type DatabaseServer } from '../test-databases.ts'
import { openConnection } from './connection.ts'
import { DatabaseFault } from './database-fault.ts'
import { createDatabase, createTables } from './test-sql-shop.ts'
import { triggersSuite } from './test-triggers.ts'
import { createTriggers } from './triggers.ts'

const databases: { drop(): Promise<void> }[] = []
afterAll(async () => void await Promise.all(databases.map((database) => database.drop())))

for (const [dialect, server] of [['mysql', inject('mariadb')], ['postgres', inject('postgres')]] as const) {
  triggersSuite(dialect, async () => {
    const database = await createDatabase(dialect, server)
    databases.push(database)
    return database.target
  })
}

describe('a user without the grant is told what to ask for', () => {
  let logging: DatabaseServer
  beforeAll(async () => { logging = await startServer('mariadb', ['--log-bin=binlog']) })
  afterAll(() => logging.stop())

  test('a MariaDB with a binary log, and a user without SUPER: error 1419', async () => {
    const { target, drop } = await createDatabase('mysql', logging)
    const admin = openConnection(target)
    await createTables(admin)
    await admin.write(async (tx) => {
      await sql.raw("CREATE USER 'till'@'%' IDENTIFIED BY 'a till'").execute(tx)
      await sql.raw(`GRANT ALL ON ${target.database}.* TO 'till'@'%'`).execute(tx)
    })
    const till = openConnection({ ...target, user: 'till', password: 'a till' })
    const triggers = createTriggers(till, [{ table: 'goods', key: 'id' }])
    await expect(triggers.install()).rejects.toMatchObject({ kind: 'no-trigger-grant', code: '1419', hint: expect.stringContaining('log_bin_trust_function_creators = 1') as string })
    await admin.write((tx) => sql.raw('SET GLOBAL log_bin_trust_function_creators = 1').execute(tx))
    await triggers.install()
    expect(await triggers.status()).toMatchObject({ installed: true })
    await till.close()
    await admin.close()
    await drop()
  })

  test.each([['mysql', inject('mariadb')], ['postgres', inject('postgres')]] as const)('what %s is to grant can be pasted, and is enough', async (dialect, server) => {
    const { target, drop } = await createDatabase(dialect, server)
    const admin = openConnection(target)
    await createTables(admin)
    const user = `small_${target.database}`
    const run = async (...statements: string[]) => {
      for (const statement of statements) await admin.write((tx) => sql.raw(statement).execute(tx))
    }
    await run(...(dialect === 'mysql' ? [`CREATE USER ${user}@'%' IDENTIFIED BY 'a till'`, `GRANT SELECT ON ${target.database}.goods TO ${user}@'%'`] : [`CREATE USER ${user} PASSWORD 'a till'`]))
    const till = openConnection({ ...target, user, password: 'a till' })
    const triggers = createTriggers(till, [{ table: 'goods', key: 'id' }])
    const refused: unknown = await triggers.install().catch((error: unknown) => error)
    const grants = /GRANT .*;/.exec(refused instanceof DatabaseFault ? refused.hint : '')?.[0].split(/(?<=;) /) ?? []
    expect(grants).toHaveLength(2)
    await run(...grants)
    // A server may keep rights for a session until it is made anew.
    await till.close()
    const again = openConnection({ ...target, user, password: 'a till' })
    await createTriggers(again, [{ table: 'goods', key: 'id' }]).install()
    expect(await createTriggers(again, [{ table: 'goods', key: 'id' }]).status()).toMatchObject({ installed: true })
    await createTriggers(again, [{ table: 'goods', key: 'id' }]).remove().catch(() => undefined)
    await again.close()
    await run(...(dialect === 'mysql' ? [`DROP USER ${user}@'%'`] : [`DROP OWNED BY ${user} CASCADE`, `DROP USER ${user}`]))
    await admin.close()
    await drop()
  })

  test('a user of PostgreSQL who does not own the table', async () => {
    const { target, drop } = await createDatabase('postgres', inject('postgres'))
    const admin = openConnection(target)
    await createTables(admin)
    const user = `till_${target.database}`
    await admin.write(async (tx) => {
      await sql.raw(`CREATE USER ${user} PASSWORD 'a till'`).execute(tx)
      await sql.raw(`GRANT CREATE, USAGE ON SCHEMA public TO ${user}`).execute(tx)
    })
    const till = openConnection({ ...target, user, password: 'a till' })
    await expect(createTriggers(till, [{ table: 'goods', key: 'id' }]).install()).rejects.toMatchObject({ kind: 'no-grant', code: '42501', hint: expect.stringContaining('owner') as string })
    await till.close()
    await admin.write(async (tx) => {
      for (const statement of [`DROP OWNED BY ${user}`, `DROP USER ${user}`]) await sql.raw(statement).execute(tx)
    })
    await admin.close()
    await drop()
  })
})
