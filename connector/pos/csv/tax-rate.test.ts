import { expect, test } from 'vitest'
import type { GoodsColumn } from './csv-config.ts'
import { readGoodsLine } from './read-lines.ts'
import { testConfig } from './test-csv-shop.ts'

const rateOf = (taxRate: string, saysTax: boolean, goods: Record<string, unknown> = {}) => {
  const cells: Partial<Record<GoodsColumn, string>> = { sku: 'A', name: 'Tea', price: '1.00', taxRate }
  const read = readGoodsLine((column) => cells[column] ?? '', testConfig('/nowhere', { goods }), saysTax)
  return read.ok ? read.value.item?.taxRate : read.refusal.reason
}

test('an empty cell in a column of tax rates is refused: nobody said that the goods are free of tax', () => {
  expect(rateOf('', true)).toContain('pos.goods.taxRate')
})

test('what the configuration says stands for it, 0 too, and never for a rate that is there', () => {
  expect([rateOf('', true, { taxRate: '20' }), rateOf('', true, { taxRate: '0' }), rateOf('7,5 %', true, { taxRate: '20' })]).toEqual(['20', '0', '7.5'])
})

test('a literal 0 is 0, and a file without the column has none unless the configuration says one', () => {
  expect([rateOf('0', true), rateOf('', false), rateOf('', false, { taxRate: '20' })]).toEqual(['0', '0', '20'])
})
