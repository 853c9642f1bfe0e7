import assert from 'node:assert/strict'
import { until } from '../until.ts'
import type { Step } from './step.ts'

/** Enough to meet every kind of item of the demo shop. */
const SAMPLE_SIZE = 40
const SYNC_WITHIN_MS = 60_000

export const catalogueSynced: Step = {
  name: 'catalogue synced',
  run: async ({ till, web }) => {
    const items = till.items()
    const products = await until(`${items.length} products on the web`, SYNC_WITHIN_MS, async () => {
      const found = await web.products()
      if (found.length !== items.length) throw new Error(`${found.length} so far`)
      return found
    }, 250)
    const bySku = new Map(products.map((product) => [product.sku, product]))
    const stride = Math.max(1, Math.floor(items.length / SAMPLE_SIZE))
    for (const item of items.filter((_, index) => index % stride === 0)) {
      const product = bySku.get(item.sku)
      assert.ok(product, `${item.sku} is in the till and not on the web`)
      assert.deepEqual(
        {
          name: product.name, brand: product.brand, category: product.category, unit: product.unit, price: product.price,
          taxIncluded: product.taxIncluded, taxRate: product.taxRate,
        },
        {
          name: item.name, brand: item.brand, category: item.category, unit: item.unit, price: { amountMinor: item.price_minor, currency: item.currency },
          taxIncluded: item.tax_included === 1, taxRate: item.tax_rate,
        },
      )
      const identifiers = product.identifiers.map((identifier) => identifier.value)
      for (const barcode of till.barcodes(item.sku)) assert.ok(identifiers.includes(barcode), `${item.sku}: barcode ${barcode} is not on the web`)
      if (item.tracked === 0) await until(`${item.sku} shown as untracked`, 10_000, async () => (await web.product(item.sku))?.availability === 'untracked')
    }
    return `${products.length} products on the web as in the till`
  },
}
