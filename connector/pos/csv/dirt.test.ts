import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readOn } from '../pos-under-test.ts'
import type { Pos } from '../port.ts'
import { openCsvPos } from './csv-pos.ts'
import { createTill, testConfig, type Till } from './test-csv-shop.ts'

let folder: string
let till: Till
let pos: Pos
const open = (change: Record<string, unknown> = {}): void => {
  pos = openCsvPos({ config: testConfig(folder, change), clock: () => till.now() })
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'csv-dirt-'))
  till = createTill(folder)
})
afterEach(async () => {
  await pos.close()
  rmSync(folder, { recursive: true, force: true })
})
const names = async () => (await pos.readSnapshot(null, 100)).items.map(({ sku, name, price }) => [sku, name, price.amountMinor])
const reasons = (name: string) => till.rows('rejected', `${name}.reasons.csv`).map(({ line, reason }) => `${line ?? ''}: ${reason ?? ''}`)

const ACCENTED = 'sku;name;price\nA;Café crème – 5 €;4,50\n'
const utf16 = (text: string, littleEndian: boolean): Buffer => {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le')
  return littleEndian ? bytes : bytes.swap16()
}

describe('a file in', () => {
  test.each([
    ['UTF-8', Buffer.from(ACCENTED)], ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${ACCENTED}`)], ['windows-1252', Buffer.from(ACCENTED.replace('–', '\x96').replace('€', '\x80'), 'latin1')],
    ['UTF-16, little end first', utf16(ACCENTED, true)], ['UTF-16, big end first', utf16(ACCENTED, false)], ['what Excel writes', Buffer.from(`sep=;\r\n${ACCENTED.replaceAll('\n', '\r\n')}`)],
    ['other case and order of its header', Buffer.from(' PRICE ;SKU;Other; Name\n4,50;A;;Café crème – 5 €\n')],
  ])('%s', async (_name, content) => {
    open({ decimal: 'comma' })
    till.drop('goods.csv', content)
    expect(await names()).toEqual([['A', 'Café crème – 5 €', 450]])
  })

  test('tabs or bars, and a set delimiter', async () => {
    open()
    till.drop('goods-1.csv', 'sku\tname\tprice\nA\tTea, black\t1.00\n')
    till.drop('goods-2.csv', 'sku|name|price\nB|Jam|2.00\n')
    expect(await names()).toEqual([['A', 'Tea, black', 100], ['B', 'Jam', 200]])
  })
})

test('columns are those of the configuration, whatever their names', async () => {
  open({ goods: { columns: { sku: 'Artikel-Nr.', name: 'Bezeichnung', price: 'VK brutto', stock: 'Bestand', unit: 'ME' } }, decimal: 'comma' })
  till.drop('goods.csv', 'Bestand;VK brutto;Bezeichnung;ARTIKEL-NR.;ME\n1,5;3,99;Äpfel;4016;kg\n')
  expect(await pos.readSnapshot(null, 10)).toMatchObject({ items: [{ sku: '4016', unit: 'g', price: { amountMinor: 399 } }], levels: [{ sku: '4016', onHand: 1_500 }] })
})

describe('a hostile file', () => {
  test.each([
    ['of NUL bytes', Buffer.alloc(200_000), /NUL bytes/],
    ['that is a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, ...Array.from({ length: 5_000 }, (_, n) => (n * 7) % 3)]), /NUL bytes|no column/],
    ['of a million columns', Buffer.from(`${'sku,'.repeat(1_000_000)}\n`), /longer than|columns/],
    ['of one endless line', Buffer.from(`sku,name,price\nA,${'x'.repeat(300_000)}`), /longer than/],
    ['with its price twice', Buffer.from('sku,name,price,Price\nA,Tea,1,2\n'), /"price" 2 times/],
    ['without a word', Buffer.from('   \n \n'), /empty/],
  ])('%s goes to rejected/ whole with its reason, and the next one is read', async (_name, content, reason) => {
    open()
    till.drop('goods-1.csv', content)
    till.drop('goods-2.csv', 'sku,name,price\nB,Jam,2.00\n')
    expect((await readOn(pos, null)).items.map(({ sku }) => sku)).toEqual(['B'])
    expect(till.list('rejected')).toEqual(['goods-1.csv', 'goods-1.csv.reasons.csv'])
    expect(reasons('goods-1.csv').join()).toMatch(reason)
  })

  test('keeps what stands before the place where it breaks', async () => {
    open()
    till.drop('goods.csv', `sku,name,price\nA,Tea,1.00\n"B,Jam,2.00\n${'C,Cocoa,3.00\n'.repeat(5)}`)
    expect((await readOn(pos, null)).items.map(({ sku }) => sku)).toEqual(['A'])
    expect(reasons('goods.csv')).toEqual([expect.stringContaining('a quote is never closed') as string])
  })

  test('has its wrong lines refused one by one', async () => {
    open()
    till.drop('goods.csv', [
      'sku,name,price,stock,unit,currency,tax_rate,image_url', 'A,Tea,1.00,1,each,USD,8.875,', 'B,Jam,1.00,1,each,EUR,0,', 'C,Cocoa,1.00,1,barrel,,0,', 'D,Dill\0,1.00,1,,,0,', 'E,,1.00,1,,,0,',
      'F,Fig,-1,1,,,0,', 'G,Ginger,1.00,1,,,0', 'H,Ham,1.00,9999999999999,,,0,', 'I,Ice,1.00,1,,,vat,', 'J,Jelly,1.00,1,,,0,javascript:alert(1)', 'A,Tea again,1.50,2,each,USD,8.875,', '..,Dots,1.00,1,,,0,',
    ].join('\n'))
    expect(await names()).toEqual([['A', 'Tea again', 150]])
    expect(reasons('goods.csv').map((reason) => reason.split(',')[0]?.slice(0, 34))).toEqual([
      '3: currency: this store\'s is USD', '4: unit: expected one of each', '5: the line has NUL bytes', expect.stringMatching(/^6: name: /) as string, '7: price: a price below zero', '8: the line has 7 columns',
      '9: stock: more than any shelf hold', expect.stringMatching(/^10: taxRate: /) as string, expect.stringMatching(/^11: imageUrl: /) as string, '13: sku: expected 1 to 64 visible ',
    ])
  })
})

describe('the lines of a real shop', () => {
  /** Made up after the kinds of dirt in "Online Retail" (UCI Machine Learning Repository): its columns, and each odd thing once. */
  const DAY = [
    'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country',
    '536365,85123A,WHITE HANGING HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom', '536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom',
    '536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.0,12583.0,France', '536370,22728,"ALARM CLOCK, PINK",24,2010-12-01 08:45:00,3.75,12583.0,France',
    'C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,United Kingdom', 'C536383,35004C,SET OF 3 COLOURED DUCKS,-1,2010-12-01 09:49:00,4.65,15311.0,United Kingdom',
    '536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom', '536589,21777,,-10,2010-12-01 16:50:00,0.0,,United Kingdom',
    '536779,BANK CHARGES,Bank Charges,1,2010-12-01 15:08:00,15.0,15823.0,United Kingdom', '536800,85123A,CREAM HANGING HOLDER,1,2010-12-01 16:00:00,2.95,,United Kingdom',
    '536800,85123A,?,1,2010-12-01 16:00:00,2.951,,United Kingdom', 'A536801,B,Adjust,1,2010-12-01 16:01:00,-11.06,,United Kingdom',
  ]
  const RETAIL = {
    currency: 'GBP', timeZone: 'Europe/London', goods: { come: 'none' },
    sales: { files: ['20??-??-??.csv'], columns: { invoice: 'InvoiceNo', sku: 'StockCode', name: 'Description', quantity: 'Quantity', price: 'UnitPrice', soldAt: 'InvoiceDate' }, notGoods: ['POST', 'D', 'BANK CHARGES'] },
  }

  test('are told as sales and returns, each once, what is none is listed with its reason, and what is no goods is not', async () => {
    open(RETAIL)
    till.drop('2010-12-01.csv', `${DAY.join('\n')}\n`)
    const { sales, cursor } = await readOn(pos, null)
    expect(sales.map(({ saleId, kind, totalMinor, lines }) => [saleId, kind, totalMinor, lines.length])).toEqual([
      ['536365', 'sale', 3_564, 2], ['536370', 'sale', 9_000, 1], ['C536383', 'return', -465, 1], ['536414', 'sale', 0, 1], ['536800', 'sale', 295, 1],
    ])
    expect(sales[0]).toMatchObject({ currency: 'GBP', occurredAt: '2010-12-01T08:26:00.000Z', lines: [{ sku: '85123A', quantity: 6, unitPriceMinor: 255, lineTotalMinor: 1_530 }, { sku: '71053' }] })
    expect(reasons('2010-12-01.csv').map((reason) => reason.split(',')[0])).toEqual([
      '9: price: nothing', '12: price: expected an amount in GBP with a decimal point and at most 2 decimals', '13: price: a price below zero',
    ])
    till.drop('2010-12-01.csv', `${DAY.join('\n')}\n`)
    expect((await readOn(pos, cursor)).sales).toEqual([])
  })

  test('of one invoice that stand apart are refused, not told as another sale', async () => {
    open(RETAIL)
    till.drop('2010-12-01.csv', [...DAY.slice(0, 5), '536365,99999,STRAY,1,2010-12-01 08:26:00,1.00,,'].join('\n'))
    expect((await readOn(pos, null)).sales.map(({ saleId }) => saleId)).toEqual(['536365', '536370'])
    expect(reasons('2010-12-01.csv').at(-1)).toContain('was told before, with other lines')
  })

  test('of an invoice longer than a receipt are told in parts', async () => {
    open(RETAIL)
    till.drop('2010-12-01.csv', [DAY[0], ...Array.from({ length: 1_201 }, (_, n) => `1,S${n},THING,1,2010-12-01 08:26:00,1.00,,`)].join('\n'))
    const { sales } = await readOn(pos, null)
    expect(sales.map(({ saleId, lines, totalMinor, partOf }) => [saleId, lines.length, totalMinor, partOf])).toEqual([['1', 500, 50_000, undefined], ['1/2', 500, 50_000, '1'], ['1/3', 201, 20_100, '1']])
  })
})

test('a quote that nobody closed costs the lines that it swallows, and tells no other goods or sales as gone', async () => {
  open()
  const goods = Array.from({ length: 40 }, (_, n) => ['S' + n, `Thing ${n}`, 'plain', '1.00', n])
  const text = (): string => ['sku,name,description,price,stock', ...goods.map((row) => row.join(','))].join('\n')
  till.drop('goods-full-1.csv', text())
  const { cursor } = await readOn(pos, null)
  goods[10]?.splice(1, 1, '"Best Thing')
  goods[14]?.splice(1, 1, '"Other')
  goods[20]?.splice(2, 1, '"large')
  goods[22]?.splice(2, 1, '"small')
  till.drop('goods-full-2.csv', text())
  expect(await readOn(pos, cursor)).toMatchObject({ removed: [], levels: [] })
  expect(reasons('goods-full-2.csv')).toEqual([expect.stringMatching(/^16: a quote at the beginning of a cell has taken the 4 lines after it/), expect.stringMatching(/^24: a quote .* the 2 lines after it/)])
  till.drop('goods-full-3.csv', 'sku,name,description,price,stock\nS1,Thing 1,"plain,\nand large",1.00,7\n')
  expect(reasons('goods-full-2.csv')).toHaveLength(2)
  expect((await pos.readSnapshot(null, 100)).items.find(({ sku }) => sku === 'S1')?.description).toBe('plain,\nand large')
  till.drop('sales-1.csv', 'invoice,sku,name,quantity,price,sold_at\nR1,S5,"Thing,1,1.00,2026-05-01T10:00:00Z\nR2,S6,Thing,1,1.00,2026-05-01T10:00:00Z\nR3,S7,"Thing,1,1.00,2026-05-01T10:00:00Z\n')
  expect((await readOn(pos, await pos.currentCursor())).sales).toEqual([])
  expect(reasons('sales-1.csv').join()).toMatch(/a quote/)
})

test.each(['latin1', 'utf8'] as const)('a letter that the first piece of a file cuts in two says which encoding it is: %s', async (encoding) => {
  open()
  const head = 'sku,name,price,rest\nA,Tea,1.00,'
  till.drop('goods.csv', Buffer.from(`${head}${'x'.repeat(65_535 - head.length)}é\nB,Café crème,2.00,\n`, encoding))
  expect(await names()).toEqual([['A', 'Tea', 100], ['B', 'Café crème', 200]])
})

test('a sale in the minute of a count, by a clock without seconds, is taken off it', async () => {
  open({ timeFormat: 'yyyy-MM-dd HH:mm' })
  till.tick(20_000)
  till.drop('goods.csv', 'sku,name,price,stock\nA,Tea,1.00,10\n')
  till.drop('sales.csv', 'invoice,sku,quantity,price,sold_at\nR1,A,4,1.00,2026-05-01 09:00\n')
  expect(await readOn(pos, null)).toMatchObject({ sales: [{ occurredAt: '2026-05-01T09:00:00.000Z' }] })
  expect(await pos.readLevels(['A'])).toEqual([{ sku: 'A', onHand: 6 }])
})

test('goods given away without a price come back where a file of sales has no column of names', async () => {
  open()
  till.drop('goods.csv', 'sku,name,price,stock\nA,Tea,1.00,10\n')
  till.drop('sales.csv', 'invoice,sku,quantity,price,sold_at\nR1,A,-1,0.00,2026-05-01T10:00:00Z\n')
  expect((await readOn(pos, null)).sales).toMatchObject([{ saleId: 'R1', kind: 'return' }])
})

test('what a customer buys on the receipt of a web order is a sale of its own, and taken off', async () => {
  open()
  const order = `ord_${'0'.repeat(25)}1.1`
  till.drop('goods.csv', 'sku,name,price,stock\nA,Tea,1.00,10\nM,Milk,1.00,10\n')
  const text = `invoice,sku,quantity,price,sold_at,order\nR5,A,1,1.00,2026-05-01T10:00:00Z,${order}\nR5,M,3,1.00,2026-05-01T10:00:00Z,\n`
  till.drop('sales-1.csv', text)
  till.drop('sales-2.csv', text)
  expect((await readOn(pos, null)).sales).toMatchObject([{ saleId: 'R5', assignmentId: order, lines: [{ sku: 'A' }] }, { saleId: 'R5/2', assignmentId: null, lines: [{ sku: 'M' }] }])
  expect(await pos.readLevels(['M'])).toEqual([{ sku: 'M', onHand: 7 }])
})
