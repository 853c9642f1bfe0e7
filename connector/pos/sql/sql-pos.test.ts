import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { posSuite } from '../pos-suite.ts'
import { orderOf, TEA } from '../pos-under-test.ts'
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
