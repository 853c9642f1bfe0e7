import { expect, test } from 'vitest'
import { SaleLine } from '../../../contract/events.ts'
import { toSale } from './sale-rows.ts'

const COLUMNS = { columns: { id: 'id', cursor: 'id', line: 'n', at: 'at', sku: 'sku', quantity: 'qty', unitPrice: 'price', total: 'total' }, cursor: { is: 'number' as const, overlap: 200 }, query: '' }
const WORDS = { currency: 'USD', timeZone: 'UTC', prefix: '', unitOf: () => 'each' as const }
const read = (price: string, qty: string, total: string) => toSale('1', [{ id: '1', n: '1', at: '2026-05-01 10:00:00', sku: 'A', qty, price, total }], COLUMNS, WORDS)

test.each([
  ['100000000.00', '1', '1', null],
  ['100000000.01', '1', '1', 'unitPrice: more than any sale'],
  ['100000000.00', '-2', '1', 'unitPrice: more than any sale'],
  ['1.00', '1', '-100000000.01', 'total: expected an amount of one sale'],
])('a sale with an amount that no event may carry is shown to a person here, and does not fail at the edge: %s, %s, %s', (price, qty, total, why) => {
  const sale = read(price, qty, total)
  if (why !== null) return expect(sale).toMatchObject({ key: 'sales/1', reason: expect.stringContaining(why) as string })
  const lines = 'lines' in sale ? sale.lines : []
  expect(lines.map(({ sku, quantity, unitPriceMinor, lineTotalMinor }) => SaleLine.safeParse({ sku, quantity, unitPrice: { amountMinor: unitPriceMinor, currency: 'USD' }, lineTotal: { amountMinor: lineTotalMinor, currency: 'USD' } }).success)).toEqual([true])
})

test('a receipt of any length is one sale: the wire has its parts, not the shop', () => {
  const rows = Array.from({ length: 1_700 }, (_, n) => ({ id: '1', n: `${n}`, at: '2026-05-01 10:00:00', sku: `S${n}`, qty: '1', price: '1.00', total: '1700.00' }))
  const sale = toSale('1', rows, COLUMNS, WORDS)
  expect('lines' in sale && [sale.lines.length, sale.totalMinor]).toEqual([1_700, 170_000])
})
