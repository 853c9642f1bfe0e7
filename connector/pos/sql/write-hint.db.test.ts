import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openConnection } from './connection.ts'
import type { ConnectionTarget } from './connection-config.ts'
import type { Connection } from './ports.ts'
import { createDatabase } from './test-sql-shop.ts'

/** MariaDB tells whole seconds that are over, PostgreSQL's statistics come about a second late. */
const TOLD_WITHIN_MS = 15_000
const LOOK_EVERY_MS = 100
/** A session that committed a moment ago keeps its statistics for later. */
const RESTED_MS = 1_200
const READER = 'hint_reader'

describe.each(['mysql', 'postgres'] as const)('the hint of %s', (dialect) => {
  let database: Awaited<ReturnType<typeof createDatabase>>
  let till: Connection
  let reader: Connection
  const run = (connection: Connection, text: string) => connection.write((tx) => sql.raw(text).execute(tx))
  const hint = () => reader.writeHint?.(['goods', 'Shelf']) ?? Promise.reject(new Error('a server has one'))
  const whenOther = async (than: string | null): Promise<string | null> => {
    for (const deadline = performance.now() + TOLD_WITHIN_MS; performance.now() < deadline; await sleep(LOOK_EVERY_MS)) {
      const now = await hint()
      if (now !== null && now !== than) return now
    }
    return than
  }

  beforeAll(async () => {
    database = await createDatabase(dialect, inject(dialect === 'mysql' ? 'mariadb' : 'postgres'))
    till = openConnection(database.target)
    const user = `${READER}_${database.target.database}`.slice(0, 60)
    const shelf = dialect === 'mysql' ? '`Shelf`' : '"Shelf"'
    for (const statement of ['CREATE TABLE goods (id INT PRIMARY KEY, price INT)', `CREATE TABLE ${shelf} (goods_id INT, qty INT)`, 'CREATE TABLE chatter (at INT)']) await run(till, statement)
    const grants = dialect === 'mysql'
      ? [`CREATE USER '${user}'@'%' IDENTIFIED BY 'reads only'`, `GRANT SELECT ON ${database.target.database}.* TO '${user}'@'%'`]
      : [`CREATE USER ${user} PASSWORD 'reads only'`, `GRANT SELECT ON goods, ${shelf} TO ${user}`]
    for (const statement of grants) await run(till, statement)
    reader = openConnection({ ...database.target, user, password: 'reads only' } satisfies ConnectionTarget)
  })
  afterAll(async () => {
    await reader.close()
    for (const statement of dialect === 'mysql' ? [`DROP USER '${READER}_${database.target.database}'@'%'`] : [`DROP OWNED BY ${READER}_${database.target.database}`, `DROP USER ${READER}_${database.target.database}`]) await run(till, statement)
    await till.close()
    await database.drop()
  })

  test('moves with what is committed to one of the tables, for a user who may only read, and rests else', { timeout: 60_000 }, async () => {
    await sleep(RESTED_MS)
    await run(till, 'INSERT INTO goods VALUES (1, 100)')
    const first = await whenOther(null)
    expect(first).not.toBeNull()
    await sleep(RESTED_MS)
    await run(till, dialect === 'mysql' ? 'INSERT INTO `Shelf` VALUES (1, 5)' : 'INSERT INTO "Shelf" VALUES (1, 5)')
    const second = await whenOther(first)
    expect(second).not.toBe(first)
    await sleep(RESTED_MS)
    await run(till, 'INSERT INTO chatter VALUES (1)')
    await sleep(2_000)
    expect(await hint()).toBe(second)
  })

  test('is silent about tables that are not there', async () => {
    expect(await reader.writeHint?.(['no_such_table'])).toBeNull()
    expect(await reader.writeHint?.([])).toBeNull()
  })
})
