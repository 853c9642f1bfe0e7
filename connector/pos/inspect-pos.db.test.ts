import { sql } from 'kysely'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { inspectPos } from './inspect-pos.ts'
import { openConnection } from './sql/connection.ts'
import { createDatabase, createTables, sqlShopConfig } from './sql/test-sql-shop.ts'

const drops: (() => Promise<void>)[] = []
afterAll(async () => { for (const drop of drops) await drop() })

describe.each([['mysql', inject('mariadb')], ['postgres', inject('postgres')]] as const)('a doctor at %s', (dialect, server) => {
  const make = async () => {
    const database = await createDatabase(dialect, server)
    drops.push(database.drop)
    const connection = openConnection(database.target)
    await createTables(connection)
    return { ...database, connection }
  }

  test('finds all in order', async () => {
    const { target, connection } = await make()
    const inspections = await inspectPos(sqlShopConfig(target))
    await connection.close()
    expect(inspections.filter(({ ok }) => !ok)).toEqual([])
    expect(inspections.map(({ name }) => name)).toEqual(expect.arrayContaining(['database', 'database is the primary', 'tables keep transactions', 'writing', 'database clock']))
  })

  test('says what is wrong with the way there, and nothing of the password', async () => {
    const { target, connection } = await make()
    await connection.close()
    const wrong = await inspectPos(sqlShopConfig({ ...target, password: 'a wrong secret' }))
    expect(wrong).toMatchObject([{ name: 'database', ok: false, fix: expect.stringContaining('password') as string }])
    expect(JSON.stringify(wrong)).not.toContain('a wrong secret')
    expect(await inspectPos(sqlShopConfig({ ...target, port: 1 }))).toMatchObject([{ ok: false, detail: expect.stringContaining('cannot be reached') as string }])
    expect(await inspectPos(sqlShopConfig({ ...target, database: 'nowhere_at_all' }))).toMatchObject([{ ok: false, detail: expect.stringContaining('no database') as string }])
  })

  test('sees clocks that are apart', async () => {
    const { target, connection } = await make()
    await connection.close()
    const inspections = await inspectPos(sqlShopConfig(target), () => Date.now() + 3_600_000)
    expect(inspections.find(({ name }) => name === 'database clock')).toMatchObject({ ok: false, detail: expect.stringMatching(/3[56]\d\d s behind/) as string })
  })
})

test('a doctor at MariaDB finds tables without transactions, and a user who may not write', async () => {
  const { target, drop } = await createDatabase('mysql', inject('mariadb'))
  drops.push(drop)
  const connection = openConnection(target)
  await createTables(connection)
  const user = target.database.slice(0, 20)
  await connection.write(async (tx) => {
    await sql.raw('ALTER TABLE shelf ENGINE=MyISAM').execute(tx)
    await sql.raw(`CREATE USER '${user}'@'%' IDENTIFIED BY 'reader'`).execute(tx)
    await sql.raw(`GRANT SELECT ON ${target.database}.* TO '${user}'@'%'`).execute(tx)
  })
  const inspections = await inspectPos(sqlShopConfig({ ...target, user, password: 'reader' }))
  expect(inspections.filter(({ ok }) => !ok)).toMatchObject([{ name: 'tables keep transactions', detail: expect.stringContaining('shelf') as string }, { name: 'writing', fix: expect.stringContaining('GRANT') as string }])
  await connection.write((tx) => sql.raw(`DROP USER '${user}'@'%'`).execute(tx))
  await connection.close()
})
