import { expect, test } from 'vitest'
import { SqlConfig } from './sql-config.ts'
import { sqlShopConfig } from './test-sql-shop.ts'

const TARGETS = {
  mysql: { dialect: 'mysql', host: 'h', port: 1, database: 'd', user: 'u', ssl: 'off', connectTimeoutMs: 1_000, statementTimeoutMs: 1_000, lockTimeoutMs: 1_000 },
  sqlite: { dialect: 'sqlite', file: 'pos.sqlite', lockTimeoutMs: 1_000 },
} as const

/** What is wrong with a shop whose last order statement is this one, by its place. */
function wrongWith(dialect: keyof typeof TARGETS, run: string): string[] {
  const { orders, ...shop } = sqlShopConfig(TARGETS[dialect])
  const parsed = SqlConfig.safeParse({ ...shop, orders: { ...orders, write: [...orders?.write ?? [], { run }] } })
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.slice(0, 2).join('.')}: ${message}`)
}

test.each([
  ['UPDATE bills SET note = :note WHERE id = 1; UPDATE counters SET n = n + 1', true],
  ['UPDATE bills SET note = \'a\' /* ; */ ; -- done\n DELETE FROM shelf', true],
  ['UPDATE bills SET note = :note WHERE id = 1;  \n', false],
  ['UPDATE bills SET note = \'one; two\', "odd;name" = 1 -- three; four\n', false],
  ['UPDATE bills SET note = :note; -- that is all; really', false],
])('SQLite would run only the first of several statements, so they are no order statement: %s', (run, wrong) => {
  expect(wrongWith('sqlite', run)).toEqual(wrong ? [expect.stringMatching(/^orders\.write: one statement/)] : [])
})

test.each([
  [String.raw`UPDATE bills SET note = 'it\'s :number', reference = :assignmentId`, true],
  [String.raw`UPDATE bills SET note = 'C:\\', reference = :assignmentId`, false],
  ['UPDATE bills SET note = \'it\'\'s\', reference = :assignmentId', false],
])('a quote behind a backslash would shift the values of a statement in MariaDB: %s', (run, wrong) => {
  expect(wrongWith('mysql', run)).toEqual(wrong ? [expect.stringContaining('write the quote twice')] : [])
})

test.each([
  ['sqlite', 'COMMIT', 'COMMIT'],
  ['sqlite', '-- keeps the first half\nbegin', 'BEGIN'],
  ['mysql', '/* a table of its own */ CREATE TABLE IF NOT EXISTS web (id INT)', 'CREATE'],
  ['sqlite', 'INSERT INTO bills (note) VALUES (\'COMMIT\')', null],
  ['mysql', 'UPDATE bills SET note = \'x\' WHERE id = 1', null],
] as const)('a statement that would end the transaction of an order is none of its statements: %s, %s', (dialect, run, word) => {
  expect(wrongWith(dialect, run)).toEqual(word === null ? [] : [expect.stringContaining(`${word} would keep half of it`)])
})
