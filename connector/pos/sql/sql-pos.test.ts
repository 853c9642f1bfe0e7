import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { posSuite } from '../pos-suite.ts'
import { ID, orderOf, readOn, TEA } from '../pos-under-test.ts'
import { committing } from '../test-memory.ts'
import type { ConnectionTarget } from './connection-config.ts'
import { openSqlPos } from './sql-pos.ts'
import { openSqlShop, SQL_EXCEPTIONS, sqlShopConfig } from './test-sql-shop.ts'

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

test('an order in another currency, unit or kind of price than the shop has now is refused, and nothing of it written', async () => {
  const shop = await openSqlShop(newFile())
  try {
    await shop.floor.addItem(TEA, 5)
    expect(await shop.pos.writeOrder(orderOf([{ ...TEA, price: { ...TEA.price, currency: 'EUR' } }, 1]))).toMatchObject({ ok: false, reason: 'price_mismatch', detail: 'TEA-1 is priced in USD, the order in EUR' })
    expect(await shop.pos.writeOrder(orderOf([{ ...TEA, taxIncluded: true }, 1]))).toMatchObject({ ok: false, reason: 'price_mismatch' })
    expect(await shop.pos.writeOrder(orderOf([{ ...TEA, unit: 'g' }, 1]))).toMatchObject({ ok: false, reason: 'invalid', detail: 'TEA-1 is sold by each, the order counts g' })
    expect(await shop.pos.readLevels([TEA.sku])).toEqual([{ sku: TEA.sku, onHand: 5 }])
  } finally {
    await shop.close()
  }
})

test('an order in a state that the configuration does not name is told to a person, and read in order once it is named', async () => {
  const target = newFile()
  const shop = await openSqlShop(target)
  try {
    const pos = committing(shop.pos, shop.memory)
    await shop.floor.addItem(TEA, 5)
    const { cursor: start } = await readOn(pos, await pos.currentCursor())
    expect(await pos.writeOrder(orderOf([TEA, 1]))).toMatchObject({ ok: true })
    await shop.connection.write((tx) => sql`UPDATE bills SET state = 4 WHERE reference = ${ID}`.execute(tx))
    await shop.connection.write((tx) => sql`INSERT INTO bills (reference, state) VALUES ('no web order', 4)`.execute(tx))
    const { cursor } = await readOn(pos, start)
    const told = await pos.readChanges(cursor)
    expect(told).toMatchObject({ orders: [], refused: [{ key: `orders/${ID}`, reason: expect.stringMatching(/orders\.changes gives the state "4", which orders\.states does not have: add it there/) as string }] })

    const named = sqlShopConfig(target).orders
    const again = openSqlPos({ ...shop.config, orders: named && { ...named, states: { ...named.states, 4: 'ready' } } }, shop.memory)
    expect(await again.mayHaveChanged()).toBe(true)
    expect(await committing(again, shop.memory).readChanges(told.cursor)).toMatchObject({ orders: [{ assignmentId: ID, kind: 'progress', status: 'ready_for_pickup' }], refused: [{ key: `orders/${ID}`, reason: null }] })
    expect(await again.readChanges(told.cursor)).toMatchObject({ orders: [], refused: [] })
    await again.close()
  } finally {
    await shop.close()
  }
})
