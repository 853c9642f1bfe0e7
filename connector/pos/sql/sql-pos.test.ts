import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { posSuite } from '../pos-suite.ts'
import type { ConnectionTarget } from './connection-config.ts'
import { openSqlShop, SQL_EXCEPTIONS } from './test-sql-shop.ts'

let folder: string
let shops = 0
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'sql-pos-')) })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** An empty file is an empty database. */
function newFile(): ConnectionTarget {
  const file = join(folder, `${shops += 1}.sqlite`)
  writeFileSync(file, '')
  return { dialect: 'sqlite', file, lockTimeoutMs: 10_000 }
}

posSuite('a POS of queries in SQLite', () => openSqlShop(newFile()), SQL_EXCEPTIONS)
posSuite('a POS of queries whose stock falls later', () => openSqlShop(newFile(), 'later'), SQL_EXCEPTIONS)
posSuite('a POS of queries that is only read', () => openSqlShop(newFile(), 'accept', { orders: undefined }), { readOnly: 'no order statements', ...SQL_EXCEPTIONS })
