import { describe, expect, test } from 'vitest'
import type { Item } from '../../../contract/product.ts'
import { createMemory } from '../test-memory.ts'
import { compareGoods } from '../sql/compare-goods.ts'
import type { GoodsRow } from '../sql/ports.ts'
import { memoryPos } from '../../test-shop.ts'
import { readVariants } from './variants-file.ts'
import { withVariants } from './with-variants.ts'

const TABLE = '\uFEFFsku;product;Size;Colour;barcodes\r\nS-RED;SHIRT;S;red;4006381333931 4006381333948\r\nM-RED;SHIRT;M;;\r\nMUG;;;;4012345678901\r\n'
const wrong = (text: string) => {
  const read = readVariants(text)
  return read.ok ? [] : read.refusal.map(({ line, expected }) => `${line}: ${expected}`)
}

describe('the table', () => {
  test('is what a spreadsheet saves: each header that is no other is an option', () => {
    const read = readVariants(TABLE)
    expect(read.ok && [...read.value.of]).toEqual([
      ['S-RED', { variant: { productId: 'SHIRT', options: [{ name: 'Size', value: 'S' }, { name: 'Colour', value: 'red' }] }, barcodes: ['4006381333931', '4006381333948'] }],
      ['M-RED', { variant: { productId: 'SHIRT', options: [{ name: 'Size', value: 'M' }] }, barcodes: [] }],
      ['MUG', { variant: null, barcodes: ['4012345678901'] }],
    ])
  })
  test.each([
    ['', ['1: a header with a column "sku"']],
    ['product,Size\nSHIRT,S', ['1: a header with a column "sku"']],
    ['sku,product,Size,Size\nA,B,S,M', ['1: each column once']],
    ['sku,product,Size\nA,B,S\nA,B,M\nno sku,B,S\nC,,M\nD,B,\nE,B,S,too,many', ['3: each SKU once', '4: a SKU: 1 to 64 visible characters without spaces', '5: a product, of which these are the options', '6: at least one option (Size, Colour), of at most 80 characters', '7: 3 cells']],
    [`sku,product,Size\nA,B,${'x'.repeat(81)}`, ['2: at least one option (Size, Colour), of at most 80 characters']],
    ['sku,product\n"A,B', [expect.stringMatching(/^1: a table/)]],
  ])('that cannot be used says each line of %j that is wrong', (text, problems) => expect(wrong(text)).toEqual(problems))

  test('says the same of an item whichever way it is read, and nothing of others', async () => {
    const read = readVariants('sku,product,Size,barcodes\nA,SHIRT,S,4006381333931 4006381333931')
    if (!read.ok) throw new Error('it is in order')
    const pos = withVariants(memoryPos({ A: 1, B: 1 }), read.value)
    const said = (items: readonly Item[]) => items.map(({ sku, variant, identifiers }) => [sku, variant?.productId, identifiers.map(({ type, value }) => `${type} ${value}`)])
    const { items } = await pos.readSnapshot(null, 10)
    expect(said(items)).toEqual([['A', 'SHIRT', ['gtin 4006381333931']], ['B', undefined, []]])
    expect(withVariants(pos, undefined)).toBe(pos)
  })
})

describe('a POS that knows its items by a key', () => {
  const row = (key: string, sku: string, name = sku): GoodsRow => ({
    key, bucket: '0', sku, onHand: 3,
    item: { sku, name, description: null, brand: null, category: null, imageUrl: null, identifiers: [], unit: 'each', price: { amountMinor: 100, currency: 'USD' }, taxIncluded: false, taxRate: '0', tracked: true },
  })
  /** What a reading of all these rows tells, after those before. */
  const shop = () => {
    const memory = createMemory()
    return (...rows: GoodsRow[]) => {
      const comparison = compareGoods(memory)
      comparison.bucket('0', null, rows)
      const { items, removed, renamed, reused, remember } = comparison.result()
      memory.remember(remember)
      return { items: items.map(({ sku }) => sku), removed, renamed, reused }
    }
  }

  test('tells that an item has another SKU now', () => {
    const read = shop()
    read(row('1', 'TEA'), row('2', 'CUP'))
    expect(read(row('1', 'TEA-250'), row('2', 'CUP'))).toEqual({ items: ['TEA-250'], removed: ['TEA'], renamed: [{ sku: 'TEA-250', formerSku: 'TEA' }], reused: [] })
    // And back: its own SKU is no other's.
    expect(read(row('1', 'TEA'), row('2', 'CUP'))).toEqual({ items: ['TEA'], removed: ['TEA-250'], renamed: [{ sku: 'TEA', formerSku: 'TEA-250' }], reused: [] })
  })
  test('tells that a SKU is another item\'s now, at once or years later', () => {
    const read = shop()
    read(row('1', 'TEA'))
    expect(read(row('1', 'TEA-250', 'TEA'), row('2', 'TEA', 'Teapot'))).toMatchObject({ renamed: [{ sku: 'TEA-250', formerSku: 'TEA' }], reused: ['TEA'] })
    read(row('1', 'TEA-250', 'TEA'))
    expect(read(row('1', 'TEA-250', 'TEA'), row('3', 'TEA', 'Tea towel'))).toMatchObject({ items: ['TEA'], renamed: [], reused: ['TEA'] })
  })
  test('takes an item that goes and comes back, or has another key, for the same', () => {
    const read = shop()
    read(row('1', 'TEA'))
    read()
    expect(read(row('1', 'TEA', 'Tea, better'))).toMatchObject({ items: ['TEA'], renamed: [], reused: [] })
    expect(read(row('code-TEA', 'TEA', 'Tea, better'))).toMatchObject({ removed: [], renamed: [], reused: [] })
  })
})
