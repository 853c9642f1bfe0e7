import { expect, test } from 'vitest'
import { failureFields } from '../../failure.ts'
import { inspectPos } from '../inspect/inspect-pos.ts'
import { lookAtFirst } from '../contradiction.ts'
import { openPos } from '../open-pos.ts'
import { sqlShopConfig } from './test-sql-shop.ts'

const at = (dialect: 'mysql' | 'postgres') => sqlShopConfig({
  dialect, host: '127.0.0.1', port: 1, database: 'shop', user: 'till', ssl: 'required', caFile: '/nowhere/company.pem', connectTimeoutMs: 1_000, statementTimeoutMs: 1_000, lockTimeoutMs: 1_000,
})

test.each(['mysql', 'postgres'] as const)('a certificate authority that is not there is named, to doctor and in the log: %s', async (dialect) => {
  expect(await inspectPos(at(dialect))).toMatchObject([{ name: 'database', level: 'fail', detail: expect.stringContaining('/nowhere/company.pem') as string, fix: expect.stringContaining('pos.connection.caFile') as string }])
  const pos = await openPos(at(dialect), { get: () => null, list: () => [] })
  const look = await lookAtFirst(pos)
  await pos.close()
  expect(look.kind === 'answers' ? null : failureFields(look.error, 'capture')).toMatchObject({ why: expect.stringContaining('/nowhere/company.pem') as string, hint: expect.stringContaining('caFile') as string })
})
