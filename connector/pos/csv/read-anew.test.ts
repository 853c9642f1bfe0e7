import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { PosChanges } from '../port.ts'
import { readOn } from '../pos-under-test.ts'
import { openCsvPos } from './csv-pos.ts'
import { createTill, testConfig, type Till } from './test-csv-shop.ts'

let folder: string
let till: Till
let cursor: string | null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'csv-anew-'))
  till = createTill(folder)
  cursor = null
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** One life of the adapter under this configuration; answers what it told, and what of it was refused. */
async function live(change: Record<string, unknown> = {}): Promise<Omit<PosChanges, 'refused'> & { refused: Map<string, string | null> }> {
  const pos = openCsvPos({ config: testConfig(folder, change), clock: till.now })
  const refused = new Map<string, string | null>()
  try {
    const told = await readOn({ ...pos, async readChanges(from) {
      const read = await pos.readChanges(from)
      for (const { key, reason } of read.refused ?? []) refused.set(key, reason)
      return read
    } }, cursor)
    cursor = told.cursor
    return { ...told, refused }
  } finally {
    await pos.close()
  }
}

const prices = ({ items }: Pick<PosChanges, 'items'>) => Object.fromEntries(items.map(({ sku, price, taxIncluded }) => [sku, `${price.amountMinor} ${price.currency} ${taxIncluded ? 'gross' : 'net'}`]))

test('goods are told as another configuration reads the files that said them, and nothing else of them is told twice', async () => {
  till.drop('goods-full-1.csv', 'sku,name,price,stock\nTEA,Tea,4.99,10\nOLD,Old,1.00,1\n')
  till.drop('goods-full-2.csv', 'sku,name,price,stock\nTEA,Tea,4.99,10\nMUG,Mug,7.00,3\n')
  till.drop('goods-3.csv', 'sku,name,price,stock\nMUG,Mug,8.00,3\n')
  till.drop('sales.csv', 'invoice,sku,quantity,price,sold_at\nI1,TEA,1,4.99,2026-05-01 09:30:00\n')
  till.tick(7_200_000)
  expect(prices(await live())).toEqual({ TEA: '499 USD net', MUG: '800 USD net' })
  const quiet = { items: [], removed: [], levels: [], sales: [], orders: [] }
  expect(await live()).toMatchObject(quiet)
  const anew = await live({ goods: { taxIncluded: true } })
  expect(prices(anew)).toEqual({ TEA: '499 USD gross', MUG: '800 USD gross' })
  expect(anew).toMatchObject({ ...quiet, items: expect.any(Array) as unknown[] })
  expect(till.list('processed')).toEqual(['goods-3.csv', 'goods-full-1.csv', 'goods-full-2.csv', 'sales.csv'])
  expect(await live({ goods: { taxIncluded: true }, scanEveryMs: 1, settleMs: 1, keepDays: 500 })).toMatchObject(quiet)
})

test('what the old configuration refused is judged again, lines and whole files', async () => {
  till.drop('goods-1.csv', 'sku,name,price\nTEA,Tea,"4,99"\n')
  till.drop('sales.csv', 'invoice,sku,quantity,price,sold_at\nI1,TEA,1,"4,99",2026-05-01 09:30:00\n')
  till.drop('articles.csv', 'sku,name,price\nMUG,Mug,"7,00"\n')
  till.tick(7_200_000)
  expect([...(await live()).refused.keys()].sort()).toEqual(['files/articles.csv', 'goods/TEA', 'sales/I1/TEA'])
  const anew = await live({ decimal: 'comma', goods: { files: ['goods*.csv', 'articles*.csv'], taxIncluded: false } })
  expect(prices(anew)).toEqual({ TEA: '499 USD net', MUG: '700 USD net' })
  expect(anew.sales).toMatchObject([{ saleId: expect.stringContaining('I1') as string, totalMinor: 499 }])
  expect(Object.fromEntries(anew.refused)).toEqual({ 'files/articles.csv': null, 'goods/TEA': null, 'sales/I1/TEA': null })
})
