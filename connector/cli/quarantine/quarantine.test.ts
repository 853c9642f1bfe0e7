import { afterEach, beforeEach, expect, test } from 'vitest'
import { openProductsTill, type ProductsTill } from '../test-products-till.ts'

let till: ProductsTill
beforeEach(async () => {
  till = await openProductsTill()
  till.inPos("INSERT INTO products VALUES (1, 'TEA', 'Tea', '3.50', 4), (2, 'CUP', 'Cup', 'a lot', 2)")
})
afterEach(() => till.close())

const listed = async (): Promise<string[]> =>
  (JSON.parse((await till.command('quarantine', 'list', '--json')).stdout) as { rows: { key: string }[] }).rows.map(({ key }) => key)

test('a row that cannot be read is listed, shown, dropped until it changes, and read again when asked', async () => {
  expect((await till.command('reconcile', '--json')).code).toBe(0)
  expect(till.edge.events().filter(({ type }) => type === 'catalog.item_upserted')).toMatchObject([{ data: { sku: 'TEA' } }])
  const [key = ''] = await listed()
  expect((await till.command('quarantine', 'show', key)).stdout).toContain('a lot')

  expect((await till.command('quarantine', 'drop', key)).code).toBe(0)
  expect((await till.command('reconcile')).code).toBe(0)
  expect(await listed()).toEqual([])
  till.inPos(`UPDATE products SET price = 'much' WHERE id = 2`)
  expect((await till.command('reconcile')).code).toBe(0)
  expect(await listed()).toEqual([key])

  expect((await till.command('quarantine', 'retry', key)).code).toBe(0)
  expect((await till.command('quarantine', 'retry', key)).code).toBe(8)
  till.inPos(`UPDATE products SET price = '4.20' WHERE id = 2`)
  expect((await till.command('reconcile')).code).toBe(0)
  expect(await listed()).toEqual([])
  const cups = till.edge.events().flatMap((event) => (event.type === 'catalog.item_upserted' && event.data.sku === 'CUP' ? event.data.price.amountMinor : []))
  expect(cups).toEqual([420])
})
