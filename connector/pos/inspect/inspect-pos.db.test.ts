import { sql } from 'kysely'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { inspectPos } from './inspect-pos.ts'
import { openConnection } from '../sql/connection.ts'
import { createDatabase, createTables, sqlShopConfig } from '../sql/test-sql-shop.ts'

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
    expect(inspections.filter(({ level }) => level !== 'ok')).toEqual([])
    expect(inspections.map(({ name }) => name)).toEqual(expect.arrayContaining(['database', 'database is the primary', 'tables keep transactions', 'writing', 'database clock', 'statements']))
  })

  test('says what is wrong with the way there, and nothing of the password', async () => {
    const { target, connection } = await make()
    await connection.close()
    const wrong = await inspectPos(sqlShopConfig({ ...target, password: 'a wrong secret' }))
    expect(wrong).toMatchObject([{ name: 'database', level: 'fail', fix: expect.stringContaining('password') as string }])
    expect(JSON.stringify(wrong)).not.toContain('a wrong secret')
    expect(await inspectPos(sqlShopConfig({ ...target, port: 1 }))).toMatchObject([{ level: 'fail', detail: expect.stringContaining('cannot be reached') as string }])
    expect(await inspectPos(sqlShopConfig({ ...target, database: 'nowhere_at_all' }))).toMatchObject([{ level: 'fail', detail: expect.stringContaining('no database') as string }])
  })

  test('sees clocks that are apart', async () => {
    const { target, connection } = await make()
    await connection.close()
    const inspections = await inspectPos(sqlShopConfig(target), () => Date.now() + 3_600_000)
    expect(inspections.find(({ name }) => name === 'database clock')).toMatchObject({ level: 'warn', detail: expect.stringMatching(/3[56]\d\d s behind/) as string })
  })
})

test('a doctor at MariaDB finds tables without transactions', async () => {
  const { target, drop } = await createDatabase('mysql', inject('mariadb'))
  drops.push(drop)
  const connection = openConnection(target)
  await createTables(connection)
  await connection.write((tx) => sql.raw('ALTER TABLE shelf ENGINE=MyISAM').execute(tx))
  await connection.close()
  expect((await inspectPos(sqlShopConfig(target))).filter(({ level }) => level !== 'ok')).toMatchObject([{ name: 'tables keep transactions', level: 'warn', detail: expect.stringContaining('shelf') as string }])
})
