import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isBug } from '../../failure.ts'
import { faultFields } from '../../fault.ts'
import { ID, orderOf, TEA, WRAPPING } from '../pos-under-test.ts'
import { isUpdate } from './statement.ts'
import { openSqlShop, sqlShopConfig } from './test-sql-shop.ts'

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'sql-statements-')) })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const WRITE = sqlShopConfig({ dialect: 'sqlite', file: 'none.sqlite', lockTimeoutMs: 10_000 }).orders?.write ?? []

test.each([
  ['a state that the configuration does not name', { states: { 9: 'void' } }, /orders\.find gives the state "0", which orders\.states does not have/, /Add it to orders\.states/],
  ['a search that misses what was written', { find: "SELECT id AS reference, state FROM bills WHERE reference = :assignmentId || 'x'" }, /orders\.find does not find the order/, /put :assignmentId where/],
  ['a statement that takes goods off where there are none', { write: [...WRITE, { run: "UPDATE shelf SET qty = qty - :quantity WHERE goods_id = :key || 'x'", each: 'line' }] }, /UPDATE at pos\.orders\.write\.3\.run changed no row for TEA-1/, /Mend its WHERE/],
  ['one that gives what it changed', { write: [...WRITE, { run: "/* take off */ UPDATE shelf SET qty = qty - :quantity WHERE goods_id = :key || 'x' RETURNING qty", each: 'line' }] }, /write\.3\.run changed no row for TEA-1/, /Mend its WHERE/],
  ['one for all lines at once', { write: [...WRITE, { run: 'WITH mine AS (SELECT goods_id FROM shelf WHERE qty < 0) UPDATE shelf SET qty = qty - 1 WHERE goods_id IN (SELECT goods_id FROM mine)' }] }, /write\.3\.run changed no row for the order/, /mayMatchNone: true/],
])('%s is a fault that says what to mend, not a mistake of the program, and leaves nothing behind', async (name, change, why, hint) => {
  const file = join(folder, `${name}.sqlite`)
  writeFileSync(file, '')
  const target = { dialect: 'sqlite', file, lockTimeoutMs: 10_000 } as const
  const shop = await openSqlShop(target, 'accept', { orders: { ...sqlShopConfig(target).orders, ...change } })
  try {
    await shop.floor.addItem(TEA, 5)
    const error: unknown = await shop.pos.writeOrder(orderOf([TEA, 1])).catch((thrown: unknown) => thrown)
    expect([isBug(error), faultFields(error)]).toEqual([false, { fault: 'StatementFault', why: expect.stringMatching(why) as string, hint: expect.stringMatching(hint) as string }])
    expect(await shop.pos.readLevels([TEA.sku])).toEqual([{ sku: TEA.sku, onHand: 5 }])
  } finally {
    await shop.close()
  }
})

test('a statement for a line may change nothing where the configuration says so, and for goods that are not counted', async () => {
  const file = join(folder, 'may-match-none.sqlite')
  writeFileSync(file, '')
  const target = { dialect: 'sqlite', file, lockTimeoutMs: 10_000 } as const
  const orders = { ...sqlShopConfig(target).orders, write: [...WRITE, { run: 'UPDATE bill_lines SET n = n WHERE n < 0 AND code = :sku', each: 'line', mayMatchNone: true }] }
  const shop = await openSqlShop(target, 'accept', { orders })
  try {
    await shop.floor.addItem(TEA, 5)
    await shop.floor.addItem(WRAPPING)
    expect(await shop.pos.writeOrder(orderOf([TEA, 1], [WRAPPING, 1]))).toMatchObject({ ok: true })
    expect(await shop.pos.readLevels([TEA.sku])).toEqual([{ sku: TEA.sku, onHand: 4 }])
  } finally {
    await shop.close()
  }
})

test.each([
  ['UPDATE shelf SET qty = 1', true], [' update\nshelf SET qty = 1', true], ['-- take off\n/* of :key */ UPDATE shelf SET qty = 1', true],
  ['WITH a AS (SELECT 1), b AS (SELECT 2) UPDATE shelf SET qty = 1', true], ['WITH a AS (SELECT 1) SELECT * FROM shelf FOR UPDATE', false],
  ['SELECT qty FROM shelf FOR UPDATE', false], ['INSERT INTO shelf VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET qty = 2', false], ['INSERT INTO shelf VALUES (1) ON DUPLICATE KEY UPDATE qty = 2', false],
  ["CALL log('an UPDATE of')", false], ['/* UPDATE */ DELETE FROM shelf', false], ['UPDATED', false],
])('%s changes rows that are there: %s', (text, is) => {
  expect(isUpdate(text)).toBe(is)
})

test('a cancel of what void leaves alone is refused, and nothing of it stays', async () => {
  const file = join(folder, 'void.sqlite')
  writeFileSync(file, '')
  const target = { dialect: 'sqlite', file, lockTimeoutMs: 10_000 } as const
  const orders = sqlShopConfig(target).orders
  const [close, putBack] = orders?.void ?? []
  const shop = await openSqlShop(target, 'accept', { orders: { ...orders, states: { ...orders?.states, 4: 'picking' }, void: [putBack, close] } })
  try {
    await shop.floor.addItem(TEA, 5)
    await shop.pos.writeOrder(orderOf([TEA, 1]))
    const moveTo = (state: number) => shop.connection.write((tx) => sql`UPDATE bills SET state = ${state} WHERE reference = ${ID}`.execute(tx))
    await moveTo(4)
    expect(await shop.pos.voidOrder(ID)).toBe('refused')
    expect(await shop.pos.readLevels([TEA.sku])).toEqual([{ sku: TEA.sku, onHand: 4 }])
    await moveTo(0)
    expect(await shop.pos.voidOrder(ID)).toBe('voided')
    expect(await shop.pos.readLevels([TEA.sku])).toEqual([{ sku: TEA.sku, onHand: 5 }])
  } finally {
    await shop.close()
  }
})
