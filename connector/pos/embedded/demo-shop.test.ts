import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Item } from '../../../contract/product.ts'
import { DEMO_ITEMS_MAX, demoItems, ean13, seedDemoShop } from './demo-shop.ts'
import { DEPARTMENTS } from './demo-words.ts'
import { openTillFile } from './schema.ts'

test('the demo shop is the same on every run', () => {
  const hash = createHash('sha256').update(JSON.stringify(demoItems())).digest('hex')
  expect(hash).toBe('242723bc74fdb2502ee44f3f6604d22d59a42c4b792718d128a9b7aa6c5f36fd')
})

test('the demo shop has 1,000 items a contract accepts, each with its own SKU, name and barcode', () => {
  const shop = demoItems()
  expect(shop).toHaveLength(1_000)
  for (const { item } of shop) expect(Item.parse(item)).toEqual(item)
  expect(new Set(shop.map(({ item }) => item.sku)).size).toBe(1_000)
  expect(new Set(shop.map(({ item }) => item.name)).size).toBe(1_000)
  const barcodes = shop.flatMap(({ item }) => item.identifiers.map((identifier) => identifier.value))
  expect(new Set(barcodes).size).toBe(990)
})

test('check digits are those of GS1', () => {
  // Numbers that textbooks work through.
  expect(ean13('629104150021')).toBe('6291041500213')
  expect(ean13('590123412345')).toBe('5901234123457')
  expect(ean13('200000000000')).toBe('2000000000008')
})

test('barcodes are in-store numbers with a check digit that is right', () => {
  for (const { item } of demoItems()) {
    for (const { value } of item.identifiers) {
      expect(value).toMatch(/^2[0-9]\d{11}$/)
      const weighted = [...value].reduce((sum, digit, index) => sum + Number(digit) * (index % 2 === 0 ? 1 : 3), 0)
      expect(weighted % 10).toBe(0)
    }
  }
})

test('the demo shop looks like a shop: departments, goods by weight, services, low and empty shelves', () => {
  const shop = demoItems()
  const share = (keep: (one: (typeof shop)[number]) => boolean) => shop.filter(keep).length
  expect(DEPARTMENTS.reduce((sum, department) => sum + department.share, 0)).toBe(100)
  expect(new Set(shop.map(({ item }) => item.category)).size).toBe(10)
  expect(share(({ item }) => item.unit === 'g')).toBeGreaterThan(50)
  expect(share(({ item }) => !item.tracked)).toBe(10)
  expect(share(({ item, stock }) => item.tracked === (stock === undefined))).toBe(0)
  expect(share(({ stock }) => stock === 0)).toBeGreaterThan(15)
  expect(share(({ item, stock }) => item.unit === 'each' && stock !== undefined && stock > 0 && stock < 5)).toBeGreaterThan(40)
  expect(share(({ stock }) => stock !== undefined && stock < 0)).toBe(0)
  expect(share(({ item }) => item.price.amountMinor < 29 || item.price.amountMinor > 6_000)).toBe(0)
})

test('a small shop and the largest one are still without a name or barcode twice', () => {
  for (const count of [1, 7, DEMO_ITEMS_MAX]) {
    const shop = demoItems(count)
    expect(shop).toHaveLength(count)
    expect(new Set(shop.map(({ item }) => item.name)).size).toBe(count)
  }
  expect(() => demoItems(0)).toThrow(RangeError)
  expect(() => demoItems(DEMO_ITEMS_MAX + 1)).toThrow(RangeError)
})

test('seeding fills an empty till and leaves a till with items as it is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'till-'))
  const file = join(folder, 'new', 'till.sqlite')
  expect(seedDemoShop(file, { items: 50 })).toBe(50)
  expect(seedDemoShop(file)).toBe(0)
  const db = openTillFile(file, 'existing')
  const count = (table: string) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']
  expect([count('items'), count('stock'), count('barcodes'), count('tickets')]).toEqual([50, 49, 49, 0])
  db.close()
  rmSync(folder, { recursive: true })
})
