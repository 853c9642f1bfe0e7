import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { SqlConfig } from './sql-config.ts'
import { sqlShopConfig } from './test-sql-shop.ts'

/** Without what differs in layout alone: folded lines, a semicolon at the end. */
const flat = (value: unknown): unknown => JSON.parse(JSON.stringify(value), (_key, inner: unknown) => (typeof inner === 'string' ? inner.replaceAll(/\s+/g, ' ').replace(/[; ]+$/, '') : inner)) as unknown

test('the example of the handbook is the shop that the suite of all adapters runs with', () => {
  const { connection: _example, scan: _scan, ...example } = SqlConfig.parse(parse(readFileSync(new URL('./example-shop.yaml', import.meta.url), 'utf8')))
  const tested = sqlShopConfig({ dialect: 'mysql', host: '127.0.0.1', user: 'u', database: 'd', ssl: 'off', connectTimeoutMs: 5_000, statementTimeoutMs: 20_000, lockTimeoutMs: 5_000 })
  const { connection: _tested, scan: _fast, ...shop } = tested
  expect(flat(example)).toEqual(flat(shop))
})

test('its GRANTs are those of the handbook', () => {
  const grantsIn = (file: string): string[] => readFileSync(new URL(file, import.meta.url), 'utf8').match(/GRANT [A-Z, ]+ ON shop\.\w+ TO 'tillbridge'@'localhost';/g) ?? []
  expect(grantsIn('./example-shop.yaml')).toHaveLength(5)
  expect(grantsIn('./example-shop.yaml')).toEqual(grantsIn('../../../docs/store-it.md'))
})
