import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startServer, type DatabaseServer } from '../test-databases.ts'
import { openConnection } from './connection.ts'
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
