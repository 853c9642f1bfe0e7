import { Category, Product } from '../../contract/product.ts'
import { page } from '../../contract/values.ts'
import type { DescribedAnswer, DescribedRoutes } from '../gateway/describe.ts'
import { nameAnswer } from '../gateway/show-schema.ts'

const ProductPage = page(Product)
const CategoryPage = page(Category)

const example = {
  sku: 'CLO-00003', name: 'Green tea, loose', description: 'From the second flush.', brand: 'Leaf', category: 'Tea', identifiers: [{ type: 'gtin' as const, value: '4006381333931' }], unit: 'each' as const,
  price: { amountMinor: 1299, currency: 'USD' }, taxIncluded: false, taxRate: '8.875', imageUrl: null, variant: { productId: 'GREEN-TEA', options: [{ name: 'Size', value: '250 g' }] }, availability: 'in_stock' as const, updatedAt: '2026-11-26T10:00:00.000Z', version: 7,
}
nameAnswer('Product', Product, example)
nameAnswer('ProductPage', ProductPage, { items: [example], nextCursor: null })
nameAnswer('CategoryPage', CategoryPage, { items: [{ name: 'Tea', products: 42 }], nextCursor: null })

const cached = (schema: NonNullable<DescribedAnswer['schema']>): Record<number, DescribedAnswer> => ({
  200: { when: 'As the tills have it. May be kept as `Cache-Control` says.', schema, headers: ['ETag', 'Cache-Control'] },
  304: { when: 'Nothing changed since the `ETag` that was sent as `If-None-Match`.', schema: null, headers: ['ETag', 'Cache-Control'] },
})

export const describedCatalogue: DescribedRoutes = () => ({
  'GET /v1/products': {
    id: 'listProducts', tag: 'catalogue', security: 'public', summary: 'Products, by SKU', answers: cached(ProductPage), problems: ['invalid-request', 'channel-not-found'],
    description: '`q` finds what has every one of its words in name, brand or SKU. More than 100 characters are refused, not cut. `productId`: the variants of one product.',
  },
  'GET /v1/products/:sku': { id: 'getProduct', tag: 'catalogue', security: 'public', summary: 'One product', answers: cached(Product), problems: ['product-not-found', 'channel-not-found', 'invalid-request'] },
  'GET /v1/categories': { id: 'listCategories', tag: 'catalogue', security: 'public', summary: 'Categories and how many products each has', answers: cached(CategoryPage), problems: ['invalid-request', 'channel-not-found'] },
})
