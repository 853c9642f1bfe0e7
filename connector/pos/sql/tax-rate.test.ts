import { expect, test } from 'vitest'
import { SqlConfig } from './sql-config.ts'
import { toGoodsRow } from './sql-goods.ts'

const goodsWith = (columns: Record<string, string>, fixed: Record<string, unknown> = {}) => SqlConfig.parse({
  type: 'sql', dialect: 'sqlite', connection: { file: '/shop.sqlite' }, currency: 'EUR', timeZone: 'UTC',
  goods: { query: 'SELECT * FROM goods', columns: { key: 'id', sku: 'sku', name: 'name', price: 'price', ...columns }, fixed },
}).goods
const rateOf = (tax: string | null, columns: Record<string, string>, fixed?: Record<string, unknown>) => {
  const row = toGoodsRow({ id: '1', sku: 'A', name: 'Tea', price: '1.00', tax }, [], goodsWith(columns, fixed), 'EUR')
  return 'refused' in row ? row.refused : row.item?.taxRate
}

test.each([null, '', ' '])('a tax rate of %j is refused: nobody said that the goods are free of tax', (tax) => {
  expect(rateOf(tax, { taxRate: 'tax' })).toContain('goods.fixed.taxRate')
})

test('what the configuration says stands for it, 0 too, and never for a rate that is there', () => {
  expect([rateOf(null, { taxRate: 'tax' }, { taxRate: '19' }), rateOf('', { taxRate: 'tax' }, { taxRate: '0' }), rateOf('7.0', { taxRate: 'tax' }, { taxRate: '19' })]).toEqual(['19', '0', '7'])
})

test('a literal 0 is 0, and without a column there is none unless the configuration says one', () => {
  expect([rateOf('0.00', { taxRate: 'tax' }), rateOf(null, {}), rateOf(null, {}, { taxRate: '19' })]).toEqual(['0', '0', '19'])
})
