import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openConnection } from '../sql/connection.ts'
import type { ConnectionTarget } from '../sql/connection-config.ts'
import { createTables, sqlShopConfig } from '../sql/test-sql-shop.ts'
import { inspectPos } from './inspect-pos.ts'
import { SPOILED, spoil } from './test-spoiled-shop.ts'

let folder: string
let target: ConnectionTarget
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'inspect-'))
  const file = join(folder, 'shop.sqlite')
  writeFileSync(file, '')
  target = { dialect: 'sqlite', file, lockTimeoutMs: 1_000 }
  const connection = openConnection(target)
  await createTables(connection)
  await connection.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const wrong = async (config: Parameters<typeof inspectPos>[0]) => (await inspectPos(config)).filter(({ level }) => level !== 'ok')

test('the statements of a shop in SQLite are in order', async () => {
  expect(await wrong(sqlShopConfig(target))).toEqual([])
})

test.each(SPOILED)('with a mistake in %s (%s → %s): told under its place', async (at, word, mistake, toldAt, says) => {
  expect(await wrong(spoil(sqlShopConfig(target), at, word, mistake))).toMatchObject([{ name: toldAt, level: 'fail', detail: expect.stringContaining(says) as string }])
})

test('a statement that cannot be asked about without running it is named, and not run', async () => {
  const orders = sqlShopConfig(target).orders
  const inspections = await inspectPos(sqlShopConfig(target, 'accept', { orders: { ...orders, write: [...orders?.write ?? [], { run: 'PRAGMA user_version = 7' }] } }))
  expect(inspections.find(({ name }) => name === 'statements')).toMatchObject({ level: 'ok', detail: expect.stringContaining('pos.orders.write.3.run cannot be asked about') as string })
  const connection = openConnection(target)
  expect((await connection.read((tx) => sql`PRAGMA user_version`.execute(tx))).rows).toEqual([{ user_version: '0' }])
  await connection.close()
})
