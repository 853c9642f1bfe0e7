import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { EXIT } from './exit-codes.ts'
import { openProductsTill, type ProductsTill } from './test-products-till.ts'

let till: ProductsTill
beforeEach(async () => { till = await openProductsTill() })
afterEach(() => till.close())

const command = (...args: string[]) => till.command('reconcile', ...args)
const Said = z.object({ skus: z.number(), drifted: z.array(z.object({ sku: z.string(), cause: z.string(), pos: z.number().nullable() })) })

test('each SKU that differed is named, however few of them the edge hears of', async () => {
  const skus = Array.from({ length: 9 }, (_, n) => `TEA-${n}`)
  till.inPos(skus.map((sku, n) => `INSERT INTO products VALUES (${n}, '${sku}', 'Tea', '3.50', 4);`).join(''))
  expect((await command()).code).toBe(EXIT.ok)
  till.inPos('UPDATE products SET quantity = 5')
  const { code, stdout } = await command('--json')
  expect([code, Said.parse(JSON.parse(stdout))]).toEqual([EXIT.ok, { skus: 9, drifted: skus.map((sku) => ({ sku, cause: 'never_told', pos: 5 })) }])
  till.inPos('UPDATE products SET quantity = 6')
  const words = (await command()).stdout
  for (const sku of skus) expect(words).toContain(`  ${sku}: the POS has 6, `)
})
