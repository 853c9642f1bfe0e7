import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { ID, orderOf, readOn, TEA } from '../pos-under-test.ts'
import type { Item } from '../../../contract/product.ts'
import { committing } from '../test-memory.ts'
import { CREATE_ORDER_TABLE } from './order-table.ts'
import { openTestShop, type TestShop } from './test-shop.ts'

let shop: TestShop
let tea: Item
let user: string
const password = 'a password of the tests'

beforeEach(async () => {
  shop = await openTestShop(inject('mariadb'))
  tea = await shop.floor.addItem({ ...TEA, taxRate: '5' }, 10)
  user = `c_${shop.database}`.slice(0, 32)
})
afterEach(async () => {
  await shop.register.db.query(`DROP USER IF EXISTS '${user}'@'%'`)
  await shop.close()
})

/** The script as an administrator runs it: the whole, or only its part for reading. */
async function grant(part: 'reading' | 'whole'): Promise<void> {
  const script = readFileSync(join(import.meta.dirname, 'grants.sql'), 'utf8')
  const wanted = part === 'whole' ? script : script.slice(0, script.indexOf('-- Orders'))
  const statements = wanted.split('\n').filter((line) => !line.startsWith('--')).join('\n').split(';').map((statement) => statement.trim()).filter(Boolean)
  for (const statement of statements) {
    await shop.register.db.query(statement.replaceAll('DATABASE', shop.database).replaceAll('CONNECTOR', user).replaceAll('HOST', '%').replaceAll('PASSWORD', password))
  }
}

test.each(['suspended', 'completed'])('with the script\'s grants it reads, writes an order and takes it back (%s)', async (orders) => {
  await grant('whole')
  const pos = committing(shop.open({ orders }, undefined, { user, password }), shop.memory)
  const { cursor } = await readOn(pos, null)
  expect(await pos.writeOrder(orderOf([tea, 2]))).toMatchObject({ ok: true })
  expect(await pos.findOrder(ID)).toMatchObject({ state: 'open' })
  await shop.register.sell([{ item: Number(tea.sku), quantity: 1 }])
  expect((await readOn(pos, cursor)).sales).toHaveLength(1)
  expect(await pos.voidOrder(ID)).toBe('voided')
  expect(await pos.readLevels([tea.sku])).toEqual([{ sku: tea.sku, onHand: 9 }])
})

test('with those for reading it reads, and an order says which statement an administrator must run', async () => {
  await grant('reading')
  const reading = committing(shop.open({ orders: 'none' }, undefined, { user, password }), shop.memory)
  expect(reading.capabilities.takesOrders).toBe(false)
  expect(await reading.writeOrder(orderOf([tea, 1]))).toMatchObject({ ok: false, reason: 'store_closed' })
  const start = (await readOn(reading, await reading.currentCursor())).cursor
  await shop.register.sell([{ item: Number(tea.sku), quantity: 1 }])
  expect(await readOn(reading, start)).toMatchObject({ sales: [{ kind: 'sale' }], levels: [{ onHand: 9 }] })
  const wanting = shop.open({}, undefined, { user, password })
  await expect(wanting.writeOrder(orderOf([tea, 1]))).rejects.toThrow(CREATE_ORDER_TABLE.replace(/\s+/g, ' '))
  expect(await shop.register.rows('SELECT 1 FROM ospos_sales WHERE sale_status = 1')).toEqual([])
})
