import { Hono } from 'hono'
import type { Context } from 'hono'
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '../../contract/limits.ts'
import { Sku } from '../../contract/values.ts'
import { sha256Hex } from '../../contract/canonical.ts'
import type { AppEnv } from '../gateway/context.ts'
import { encodeCursor, pageQuery } from '../gateway/paging.ts'
import { problem } from '../gateway/problem.ts'

/** Seconds a browser or cache may show a catalogue answer as it is, and then while it fetches the next. */
const CACHE_CONTROL = 'public, max-age=5, stale-while-revalidate=30'
/** A search is a few words. */
const SEARCH_LENGTH_MAX = 100

export const products = new Hono<AppEnv>()

products.get('/', async (c) => {
  const query = pageQuery(c, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)
  if (!query.ok) return query.answer
  const q = c.req.query('q')?.slice(0, SEARCH_LENGTH_MAX)
  const category = c.req.query('category')
  const page = await c.var.ports.catalog.list({ ...(q ? { q } : {}), ...(category ? { category } : {}) }, query.cursor, query.limit)
  return cached(c, { items: page.items, nextCursor: page.nextSku === null ? null : encodeCursor(page.nextSku) })
})

products.get('/:sku', async (c) => {
  const sku = Sku.safeParse(c.req.param('sku'))
  const product = sku.success ? await c.var.ports.catalog.product(sku.data) : null
  return product ? cached(c, product) : problem(c, 'product-not-found', 'The catalogue has no product with this SKU.')
})

export const categories = new Hono<AppEnv>()

categories.get('/', async (c) => {
  const query = pageQuery(c, PAGE_SIZE_MAX, PAGE_SIZE_MAX)
  if (!query.ok) return query.answer
  const page = await c.var.ports.catalog.categories(query.cursor, query.limit)
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

