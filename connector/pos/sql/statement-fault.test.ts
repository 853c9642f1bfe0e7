import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isBug } from '../../failure.ts'
import { faultFields } from '../../fault.ts'
import { orderOf, TEA } from '../pos-under-test.ts'
import { openSqlShop, sqlShopConfig } from './test-sql-shop.ts'

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'sql-statements-')) })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['a state that the configuration does not name', { states: { 9: 'void' } }, /orders\.find gives the state "0", which orders\.states does not have/, /Add it to orders\.states/],
  ['a search that misses what was written', { find: "SELECT id AS reference, state FROM bills WHERE reference = :assignmentId || 'x'" }, /orders\.find does not find the order/, /put :assignmentId where/],
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
