import type { DatabaseSync } from 'node:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Item } from '../../../contract/product.ts'
import { AMOUNT_MINOR_MAX, QUANTITY_MAX } from '../../../contract/values.ts'
import { findItem, listItems, onHand } from './items.ts'
import { openTillFile } from './schema.ts'
import { readTicketLines } from './tickets.ts'
import { addItem, count, receive, rename, retireItem, sell, setPrice, takeReturn } from './till.ts'

const NOW = Date.parse('2026-05-01T10:00:00Z')
const mug: Item = {
  sku: 'MUG', name: 'Mug, blue', description: null, brand: 'Dunlarch', category: 'Household', identifiers: [{ type: 'gtin', value: '2000000000008' }], unit: 'each',
  price: { amountMinor: 1_099, currency: 'USD' }, taxIncluded: false, taxRate: '8.875', imageUrl: null, tracked: true,
}
const nuts: Item = { ...mug, sku: 'NUTS', name: 'Mixed nuts', unit: 'g', price: { amountMinor: 2_199, currency: 'USD' }, taxRate: '0', identifiers: [] }
const keys: Item = { ...mug, sku: 'KEY', name: 'Key cutting', identifiers: [], tracked: false }

let folder: string
let db: DatabaseSync
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'till-'))
  db = openTillFile(join(folder, 'till.sqlite'), 'create')
  addItem(db, mug, 5)
  addItem(db, nuts, 10_000)
  addItem(db, keys)
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true })
})
const tickets = () => Number(db.prepare('SELECT count(*) AS n FROM tickets').get()?.['n'])

describe('a sale at the counter', () => {
  test('takes the goods, adds the tax on top, and writes a ticket', () => {
    // 3 x 10.99 = 32.97, tax 8.875 % = 2.926; 450 g of 21.99 a kilogram = 9.8955, no tax.
    const sold = sell(db, [{ sku: 'MUG', quantity: 3 }, { sku: 'NUTS', quantity: 450 }, { sku: 'KEY', quantity: 1 }], NOW)
    expect(sold).toEqual({
      ok: true,
      value: {
        ticket: 'T-000001', totalMinor: 3_297 + 293 + 990 + 1_099 + 98, currency: 'USD',
        moves: [{ sku: 'MUG', name: 'Mug, blue', unit: 'each', from: 5, to: 2 }, { sku: 'NUTS', name: 'Mixed nuts', unit: 'g', from: 10_000, to: 9_550 }],
      },
    })
    expect(readTicketLines(db, 1).map((line) => [line.sku, line.line_total_minor, line.tax_minor])).toEqual([['MUG', 3_297, 293], ['NUTS', 990, 0], ['KEY', 1_099, 98]])
  })

  test('may take more than the books have', () => {
    sell(db, [{ sku: 'MUG', quantity: 8 }], NOW)
    expect(onHand(db, 'MUG')).toBe(-3)
  })

  test('leaves what was never counted unknown', () => {
    addItem(db, { ...mug, sku: 'NEW', identifiers: [] })
    expect(sell(db, [{ sku: 'NEW', quantity: 1 }], NOW)).toMatchObject({ ok: true, value: { moves: [] } })
    expect(onHand(db, 'NEW')).toBeNull()
  })

  test('is rung up by barcode as well', () => {
    expect(sell(db, [{ sku: '2000000000008', quantity: 1 }], NOW)).toMatchObject({ ok: true, value: { moves: [{ sku: 'MUG', to: 4 }] } })
  })

  test.each([
    ['an unknown item', [{ sku: 'MUG', quantity: 1 }, { sku: 'NOPE', quantity: 1 }], /no item NOPE/],
    ['an empty basket', [], /empty/],
    ['none of it', [{ sku: 'MUG', quantity: 0 }], /not a quantity/],
    ['a negative quantity', [{ sku: 'MUG', quantity: -1 }], /not a quantity/],
    ['half a piece', [{ sku: 'MUG', quantity: 0.5 }], /not a quantity/],
    ['more than a line may hold', [{ sku: 'NUTS', quantity: QUANTITY_MAX + 1 }], /not a quantity/],
    ['a fortune', [{ sku: 'MUG', quantity: QUANTITY_MAX }], /dearer/],
  ])('of %s is refused and changes nothing', (_, basket, message) => {
    const sold = sell(db, basket, NOW)
    expect(sold).toMatchObject({ ok: false, refusal: { message: expect.stringMatching(message) } })
    expect(tickets()).toBe(0)
    expect(onHand(db, 'MUG')).toBe(5)
  })

  test('of two currencies on one ticket is refused', () => {
    addItem(db, { ...mug, sku: 'EURO', identifiers: [], price: { amountMinor: 100, currency: 'EUR' } }, 1)
    expect(sell(db, [{ sku: 'MUG', quantity: 1 }, { sku: 'EURO', quantity: 1 }], NOW)).toMatchObject({ ok: false, refusal: { message: 'EURO is priced in EUR, the rest in USD' } })
  })
})

test('a return is exactly the negative of its sale, and the goods are on the shelf again', () => {
  const sold = sell(db, [{ sku: 'MUG', quantity: 3 }, { sku: 'NUTS', quantity: 333 }], NOW)
  const returned = takeReturn(db, [{ sku: 'MUG', quantity: 3 }, { sku: 'NUTS', quantity: 333 }], NOW)
  if (!sold.ok || !returned.ok) throw new Error('refused')
  expect(returned.value.totalMinor).toBe(-sold.value.totalMinor)
  expect([onHand(db, 'MUG'), onHand(db, 'NUTS')]).toEqual([5, 10_000])
})

describe('stock', () => {
  test('grows by a delivery, and a delivery begins the count of what was never counted', () => {
    expect(receive(db, 'MUG', 7)).toMatchObject({ value: { from: 5, to: 12 } })
    addItem(db, { ...mug, sku: 'NEW', identifiers: [] })
    expect(receive(db, 'NEW', 7)).toMatchObject({ value: { to: 7 } })
  })

  test('is what somebody counted, zero included', () => {
    expect(count(db, 'MUG', 0)).toMatchObject({ value: { from: 5, to: 0 } })
    expect(count(db, 'MUG', -1)).toMatchObject({ ok: false })
    expect(onHand(db, 'MUG')).toBe(0)
  })

  test('of a service does not exist', () => {
    expect(receive(db, 'KEY', 1)).toMatchObject({ ok: false, refusal: { message: expect.stringContaining('is a service') } })
    expect(onHand(db, 'KEY')).toBeNull()
  })
})

describe('items', () => {
  test('change price and name within what the web can be told', () => {
    expect(setPrice(db, 'MUG', 999)).toMatchObject({ value: { from: 1_099, to: 999 } })
    expect(rename(db, 'MUG', '  Cup  ')).toMatchObject({ value: { from: 'Mug, blue', to: 'Cup' } })
    for (const price of [-1, 0.5, AMOUNT_MINOR_MAX + 1, Number.NaN]) expect(setPrice(db, 'MUG', price)).toMatchObject({ ok: false })
    for (const name of ['', '   ', 'x'.repeat(201)]) expect(rename(db, 'MUG', name)).toMatchObject({ ok: false })
    expect(findItem(db, 'MUG')).toMatchObject({ name: 'Cup', price_minor: 999 })
  })

  test('that are retired are no longer sold or listed, and can come back', () => {
    retireItem(db, 'MUG')
    expect(sell(db, [{ sku: 'MUG', quantity: 1 }], NOW)).toMatchObject({ ok: false, refusal: { message: expect.stringContaining('no longer on sale') } })
    expect(listItems(db, { limit: 10 }).map((item) => item.sku)).toEqual(['KEY', 'NUTS'])
    expect(addItem(db, mug)).toMatchObject({ ok: true })
    expect(onHand(db, 'MUG')).toBe(5)
  })

  test('are added once, and only when the contract accepts them', () => {
    expect(addItem(db, mug)).toMatchObject({ ok: false, refusal: { message: 'There is an item MUG already' } })
    expect(addItem(db, { ...mug, sku: 'has a space' })).toMatchObject({ ok: false })
    expect(findItem(db, 'has a space')).toBeUndefined()
  })

  test('are found by every word of a search, whatever its case, and % is no wildcard', () => {
    const found = (search: string) => listItems(db, { search, limit: 10 }).map((item) => item.sku)
    expect(found('BLUE dunlarch')).toEqual(['MUG'])
    expect(found('2000000000008')).toEqual(['MUG'])
    expect(found('household')).toEqual(['KEY', 'MUG', 'NUTS'])
    expect(found('%')).toEqual([])
    expect(listItems(db, { limit: 2 })).toHaveLength(2)
  })
})
