import { expect, test } from 'vitest'
import { orderOf, TEA } from '../pos-under-test.ts'
import { commentOf, orderLines, shareTax, shortOf, type OrderedItem } from './order-lines.ts'

const known = (taxes: OrderedItem['taxes'] = []): Map<string, OrderedItem> => new Map([[TEA.sku, { itemId: 7, item: TEA, description: '', costPrice: '1.00', taxes }]])

test.each([
  [89, '8.875', [['City', '2.625'], ['State', '6.250']], [26, 63]],
  [1, '8.875', [['City', '2.625'], ['State', '6.250']], [0, 1]],
  [100, '30', [['A', '10'], ['B', '10'], ['C', '10']], [33, 33, 34]],
  [95, '19', [], [95]],
  [0, '0', [], []],
] as [number, string, [string, string][], number[]][])('%i of tax at %s %% stand as parts that add up', (taxMinor, rate, taxes, parts) => {
  expect(shareTax(taxMinor, rate, taxes.map(([name, percent]) => ({ name, percent }))).map(({ amountMinor }) => amountMinor)).toEqual(parts)
})

test('the rate the shopper was shown counts, when the item has another by now', () => {
  const order = orderOf([{ ...TEA, taxRate: '5' }, 2])
  const prepared = orderLines(order, known([{ name: 'Sales tax', percent: '6.000' }]), 2)
  expect(prepared).toMatchObject({ ok: true, lines: [{ quantity: '2.000', unitPrice: '4.99', totalMinor: 998, taxes: [{ name: 'Tax', percent: '5', amountMinor: 50 }] }] })
})

test('the shelf holds what was counted, less what is spoken for', () => {
  const prepared = orderLines(orderOf([TEA, 3]), known(), 2)
  if (!prepared.ok) throw new Error(prepared.detail)
  expect(shortOf(prepared.lines, new Map([[7, 3_000]]), new Map())).toBeNull()
  expect(shortOf(prepared.lines, new Map([[7, 3_000]]), new Map([[7, 500]]))).toMatchObject({ reason: 'out_of_stock' })
  expect(shortOf(prepared.lines, new Map(), new Map())).toMatchObject({ detail: 'TEA-1 was never counted' })
})

test('the comment is one line that an old character set can hold, with the way the goods go', () => {
  const order = orderOf([TEA, 1])
  const address = { name: 'A', line1: 'Long Road 1', city: 'Town', postalCode: '12345', country: 'US' }
  expect(commentOf({ ...order, fulfillment: { method: 'ship', address }, note: 'first\nsecond 🎁' })).toBe('Web order W-1001 | Test Customer | send to A, Long Road 1, 12345 Town, US | first second ?')
})
