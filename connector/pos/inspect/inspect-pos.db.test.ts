import { sql } from 'kysely'
import mysql from 'mysql2/promise'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { inspectPos } from './inspect-pos.ts'
import { openConnection } from '../sql/connection.ts'
import { createDatabase, createTables, sqlShopConfig } from '../sql/test-sql-shop.ts'
import { startServer } from '../test-databases.ts'

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

test('a doctor at a MariaDB that is a replica and logs statements says so', async () => {
  const server = await startServer('mariadb', ['--log-bin=binlog', '--binlog-format=STATEMENT'])
  try {
    const { target } = await createDatabase('mysql', server)
    const connection = openConnection(target)
    await createTables(connection)
    const wrong = async () => (await inspectPos(sqlShopConfig(target))).filter(({ level }) => level !== 'ok')
    expect(await wrong()).toMatchObject([{ name: 'binary log', level: 'warn', detail: expect.stringContaining('STATEMENT') as string, fix: expect.stringContaining('MIXED or ROW') as string }])
    await connection.close()
    // Not in a transaction.
    const { host, port, user, password } = server
    const admin = await mysql.createConnection({ host, port, user, password })
    await admin.query('SET GLOBAL read_only = 1')
    await admin.end()
    expect(await wrong()).toMatchObject([{ name: 'database is the primary', level: 'fail', fix: expect.stringContaining('a replica is never read') as string }, { name: 'binary log' }])
  } finally {
    await server.stop()
  }
})

describe.each([['mariadb', 'mysql', "SET GLOBAL time_zone = '+02:00'"], ['postgres', 'postgres', "ALTER ROLE ALL SET TimeZone = 'Europe/Athens'"]] as const)('a time zone that the configuration leaves out, at %s', (kind, dialect, moved) => {
  test('is doubted where the database\'s clock is another than UTC, and times are read', async () => {
    const server = await startServer(kind)
    try {
      const { target } = await createDatabase(dialect, server)
      const connection = openConnection(target)
      await createTables(connection)
      const clocks = async (more: object = {}) => (await inspectPos(sqlShopConfig(target, 'accept', { timeZone: undefined, ...more }))).filter(({ name }) => name === 'database clock')
      expect(await clocks()).toMatchObject([{ level: 'ok' }])
      await connection.write((tx) => sql.raw(moved).execute(tx))
      await connection.close()
      expect(await clocks()).toMatchObject([{ level: 'ok', detail: expect.stringContaining('is read as UTC') as string }, { level: 'warn', detail: expect.stringContaining('pos.timeZone is left out') as string, fix: expect.stringContaining('that of the shop, or UTC') as string }])
      expect(await clocks({ timeZone: 'UTC' })).toMatchObject([{ level: 'ok' }])
      // Goods have no times.
      expect(await clocks({ sales: undefined, orders: undefined })).toMatchObject([{ level: 'ok' }])
    } finally {
      await server.stop()
    }
  })
})
