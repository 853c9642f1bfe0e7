import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { faultFields } from '../../fault.ts'
import { startServer, type DatabaseServer } from '../test-databases.ts'
import { openConnection } from './connection.ts'
import { DatabaseFault } from './database-fault.ts'
import type { Connection, Row } from './ports.ts'
import { createDatabase } from './test-sql-shop.ts'

const faultOf = (work: Promise<unknown>): Promise<DatabaseFault> => work.then(() => { throw new Error('expected a fault') }, (error: unknown) => {
  if (error instanceof DatabaseFault) return error
  throw error
})

describe.each([['mysql', inject('mariadb')], ['postgres', inject('postgres')]] as const)('a connection to %s', (dialect, server) => {
  let database: Awaited<ReturnType<typeof createDatabase>>
  let connection: Connection
  let other: Connection
  const run = (on: Connection, text: string) => on.write((tx) => sql.raw<Row>(text).execute(tx))
  beforeAll(async () => { database = await createDatabase(dialect, server) })
  afterAll(() => database.drop())
  beforeEach(async () => {
    connection = openConnection({ ...database.target, lockTimeoutMs: 1_000, statementTimeoutMs: 2_000 })
    other = openConnection(database.target)
    await run(other, 'DROP TABLE IF EXISTS things')
    await run(other, 'CREATE TABLE things (id INT PRIMARY KEY, n INT, note VARCHAR(50))')
    await run(other, "INSERT INTO things VALUES (1, 10, 'a'), (2, 20, 'b')")
  })
  afterEach(async () => {
    await connection.close()
    await other.close()
  })

  test('answers every value as the database writes it', async () => {
    const double = dialect === 'mysql' ? '0.1e0 + 0.2e0' : '0.1::float8 + 0.2::float8'
    await run(other, `CREATE TABLE flags (f ${dialect === 'mysql' ? 'BIT(1)' : 'BOOLEAN'})`)
    await run(other, `INSERT INTO flags VALUES (${dialect === 'mysql' ? "b'1'" : 'true'})`)
    const { rows } = await connection.read((tx) => sql.raw<Row>(`SELECT 9007199254740993 AS big, CAST('0.100' AS DECIMAL(15,3)) AS exact, ${double} AS approximate, NULL AS nothing, f AS flag,
      CAST('2026-05-01 10:00:00' AS ${dialect === 'mysql' ? 'DATETIME' : 'TIMESTAMP'}) AS wall, 'Käse 🧀' AS words FROM flags`).execute(tx))
    expect(rows).toEqual([{ big: '9007199254740993', exact: '0.100', approximate: '0.30000000000000004', nothing: null, flag: dialect === 'mysql' ? '1' : 't', wall: '2026-05-01 10:00:00', words: 'Käse 🧀' }])
  })

  test('reads one moment from the beginning of a reading, and writes nothing in one', async () => {
    await connection.read(async (tx) => {
      await run(other, 'UPDATE things SET n = 11 WHERE id = 1')
      if (dialect === 'postgres') await sql`SELECT 1`.execute(tx)
      expect((await sql<Row>`SELECT n FROM things WHERE id = 1`.execute(tx)).rows).toEqual([{ n: '10' }])
    })
    expect(await faultOf(connection.read((tx) => sql`UPDATE things SET n = 0`.execute(tx)))).toMatchObject({ kind: 'read-only' })
    expect((await run(other, 'SELECT n FROM things WHERE id = 1')).rows).toEqual([{ n: '11' }])
  })

  test('says which right on which table is missing, without a value', async () => {
    const user = `clerk_${process.pid}`
    const clerk = { ...database.target, user, password: 'clerk-of-the-test' }
    await run(other, dialect === 'mysql' ? `CREATE USER ${user}@'%' IDENTIFIED BY 'clerk-of-the-test'` : `CREATE USER ${user} PASSWORD 'clerk-of-the-test'`)
    await run(other, `GRANT SELECT ON ${dialect === 'mysql' ? `${database.target.database}.things TO ${user}@'%'` : `things TO ${user}`}`)
    const limited = openConnection(clerk)
    try {
      const fault = await faultOf(run(limited, "INSERT INTO things VALUES (3, 1, 'a secret note')"))
      expect(fault).toMatchObject({ kind: 'no-grant', hint: expect.stringContaining('doctor') as string })
      expect(fault.message).toContain(dialect === 'mysql' ? `(INSERT on ${database.target.database}.things)` : '(things)')
      expect(fault.message).not.toContain('secret')
    } finally {
      await limited.close()
      await run(other, dialect === 'mysql' ? `DROP USER ${user}@'%'` : `DROP OWNED BY ${user}; DROP USER ${user}`)
    }
  })

  test('keeps nothing of a transaction that threw', async () => {
    await expect(connection.write(async (tx) => {
      await sql`UPDATE things SET n = 99`.execute(tx)
      throw new RangeError('a change of mind')
    })).rejects.toThrow(RangeError)
    expect((await run(connection, 'SELECT SUM(n) AS n FROM things')).rows).toEqual([{ n: '30' }])
  })

  test('does not wait for a lock for ever, and says so without the values', async () => {
    await other.write(async (tx) => {
      await sql`UPDATE things SET n = 11 WHERE id = 1`.execute(tx)
      const fault = await faultOf(connection.write((mine) => sql`UPDATE things SET note = ${'a secret note'} WHERE id = 1`.execute(mine)))
      expect(fault).toMatchObject({ kind: 'timeout', hint: expect.stringContaining('tried again') as string })
      expect(`${fault.message} ${JSON.stringify(faultFields(fault))}`).not.toContain('a secret note')
    })
    await connection.write((mine) => sql`UPDATE things SET n = 12 WHERE id = 1`.execute(mine))
  })

  test('tries a deadlock again', async () => {
    let tries = 0
    const crosswise = (on: Connection, first: number, second: number, met: Promise<void>, meet: () => void) => on.write(async (tx) => {
      tries += 1
      await sql`UPDATE things SET n = n + 1 WHERE id = ${first}`.execute(tx)
      meet()
      await met
      await sql`UPDATE things SET n = n + 1 WHERE id = ${second}`.execute(tx)
    })
    // Longer than PostgreSQL takes to find a deadlock.
    const patient = openConnection(database.target)
    const a = Promise.withResolvers<void>()
    const b = Promise.withResolvers<void>()
    await Promise.all([crosswise(patient, 1, 2, b.promise, a.resolve), crosswise(other, 2, 1, a.promise, b.resolve)])
    await patient.close()
    expect(tries).toBe(3)
    expect((await run(connection, 'SELECT SUM(n) AS n FROM things')).rows).toEqual([{ n: '34' }])
  })

  test.each([
    ['a table that is not there', 'SELECT * FROM nowhere_here', 'no-table', 'nowhere_here'], ['a column that is not there', 'SELECT colour FROM things', 'no-column', 'colour'],
    ['a statement that is none', 'SELEKT 1', 'syntax', 'statement'], ['a row that is there', "INSERT INTO things VALUES (1, 1, 'private')", 'duplicate', 'such a row'],
  ])('names %s', async (_what, text, kind, word) => {
    const fault = await faultOf(run(connection, text))
    expect(fault).toMatchObject({ kind, message: expect.stringContaining(word) as string })
    expect(fault.message).not.toContain('private')
  })
})

/** A server's children notice its death when they next wait for a word. */
const ORPHANS_END_MS = 500
const die = async (server: DatabaseServer): Promise<void> => {
  await server.kill()
  await new Promise((resolve) => setTimeout(resolve, ORPHANS_END_MS))
}

describe.each(['mariadb', 'postgres'] as const)('a %s that dies', (kind) => {
  let server: DatabaseServer
  beforeAll(async () => { server = await startServer(kind) })
  afterAll(() => server.stop())

  test('is a fault while it is gone, and the same connection works when it is back', async () => {
    const { target } = await createDatabase(kind === 'mariadb' ? 'mysql' : 'postgres', server)
    const connection = openConnection(target)
    const one = () => connection.read((tx) => sql<Row>`SELECT 1 AS n`.execute(tx))
    await one()
    await die(server)
    expect(await faultOf(one())).toMatchObject({ kind: 'unreachable', hint: expect.stringContaining('server runs') as string })
    await server.start()
    expect((await one()).rows).toEqual([{ n: '1' }])
    // In the middle of a transaction: nobody knows what became of it.
    expect(await faultOf(connection.write(async (tx) => {
      await sql`SELECT 1`.execute(tx)
      await die(server)
      await sql`SELECT 1`.execute(tx)
    }))).toMatchObject({ kind: 'lost' })
    await server.start()
    expect((await one()).rows).toEqual([{ n: '1' }])
    await connection.close()
  })
})
