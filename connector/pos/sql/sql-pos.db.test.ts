import { afterAll, beforeAll, describe, inject } from 'vitest'
import { posSuite } from '../pos-suite.ts'
import { createDatabase, openSqlShop, SQL_EXCEPTIONS } from './test-sql-shop.ts'

describe.each([['mysql', inject('mariadb')], ['postgres', inject('postgres')]] as const)('in %s', (dialect, server) => {
  let database: Awaited<ReturnType<typeof createDatabase>>
  beforeAll(async () => { database = await createDatabase(dialect, server) })
  afterAll(() => database.drop())
  posSuite(`a POS of queries in ${dialect}`, () => openSqlShop(database.target), SQL_EXCEPTIONS)
})
