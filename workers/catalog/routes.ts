import { Hono } from 'hono'
import type { Context } from 'hono'
import { z } from 'zod'
import { PAGE_SIZE_MAX } from '../../contract/limits.ts'
import { Sku } from '../../contract/values.ts'
import { sha256Hex } from '../../contract/canonical.ts'
import type { AppEnv } from '../gateway/context.ts'
import { encodeCursor, limitOf, PageQuery } from '../gateway/paging.ts'
import { problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'

/** Seconds a browser or cache may show a catalogue answer as it is, and then while it fetches the next. */
const CACHE_CONTROL = 'public, max-age=5, stale-while-revalidate=30'
/** A search is a few words. A longer one is refused, not cut: what it then found would not be what was asked for. */
const SEARCH_LENGTH_MAX = 100
const CATEGORY_LENGTH_MAX = 120

const ProductQuery = PageQuery.extend({
  q: z.string().max(SEARCH_LENGTH_MAX, `expected at most ${SEARCH_LENGTH_MAX} characters`).optional(),
  category: z.string().max(CATEGORY_LENGTH_MAX, `expected at most ${CATEGORY_LENGTH_MAX} characters`).optional(),
})
const CategoryQuery = PageQuery.extend({ limit: limitOf(PAGE_SIZE_MAX, PAGE_SIZE_MAX) })

export const products = new Hono<AppEnv>()

products.get('/', query(ProductQuery), async (c) => {
  const { q, category, cursor, limit } = c.req.valid('query')
  const page = await c.var.ports.catalog.list({ ...(q ? { q } : {}), ...(category ? { category } : {}) }, cursor, limit)
  return cached(c, { items: page.items, nextCursor: page.nextSku === null ? null : encodeCursor(page.nextSku) })
})

products.get('/:sku', async (c) => {
  const sku = Sku.safeParse(c.req.param('sku'))
  const product = sku.success ? await c.var.ports.catalog.product(sku.data) : null
  return product ? cached(c, product) : problem(c, 'product-not-found', 'The catalogue has no product with this SKU.')
})

export const categories = new Hono<AppEnv>()

categories.get('/', query(CategoryQuery), async (c) => {
  const { cursor, limit } = c.req.valid('query')
  const page = await c.var.ports.catalog.categories(cursor, limit)
  return cached(c, { items: page.items, nextCursor: page.nextName === null ? null : encodeCursor(page.nextName) })
})

async function cached(c: Context<AppEnv>, value: unknown): Promise<Response> {
  const text = JSON.stringify(value)
  const etag = `"${(await sha256Hex(text)).slice(0, 32)}"`
  const headers = { ETag: etag, 'Cache-Control': CACHE_CONTROL }
  const known = (c.req.header('If-None-Match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  if (known.includes(etag) || known.includes('*')) return c.body(null, 304, headers)
  return c.body(text, 200, { ...headers, 'Content-Type': 'application/json' })
}

