import { Hono } from 'hono'
import type { Context } from 'hono'
import { z } from 'zod'
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '../../contract/limits.ts'
import { Variant } from '../../contract/product.ts'
import { Sku, StoreId } from '../../contract/values.ts'
import { cachedAnswer } from '../gateway/cached-answer.ts'
import type { AppEnv } from '../gateway/context.ts'
import { encodeCursor, limitOf, PageQuery } from '../gateway/paging.ts'
import { problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'

/** A search is a few words. A longer one is refused, not cut: what it then found would not be what was asked for. */
const SEARCH_LENGTH_MAX = 100
const CATEGORY_LENGTH_MAX = 120
/** Sizes of which the first page is kept in KV: few, or anybody could have us write as many pages as there are sizes. */
const PAGES_KEPT: ReadonlySet<number> = new Set([PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX])

const ProductQuery = PageQuery.extend({
  q: z.string().max(SEARCH_LENGTH_MAX, `expected at most ${SEARCH_LENGTH_MAX} characters`).optional(),
  category: z.string().max(CATEGORY_LENGTH_MAX, `expected at most ${CATEGORY_LENGTH_MAX} characters`).optional(),
  productId: Variant.shape.productId.optional(),
})
const CategoryQuery = PageQuery.extend({ limit: limitOf(PAGE_SIZE_MAX, PAGE_SIZE_MAX) })

export const products = new Hono<AppEnv>()

products.get('/', query(ProductQuery), async (c) => {
  const { q, category, productId, cursor, limit } = c.req.valid('query')
  const { catalog } = c.var.ports
  // The first page of everything and of each category is what a shop opens with: those are kept for a day on which D1 is away.
  const keep = !q && productId === undefined && cursor === null && PAGES_KEPT.has(limit)
  return pageOf(c, JSON.stringify(['products', await pricedChannel(c), q ?? '', category ?? '', productId ?? '', cursor, limit]), keep, async () => {
    const page = await catalog.list({ ...(q ? { q } : {}), ...(category ? { category } : {}), ...(productId === undefined ? {} : { productId }), channelId: c.var.channelId }, cursor, limit)
    return { items: page.items, nextCursor: page.nextSku === null ? null : encodeCursor(page.nextSku) }
  })
})

products.get('/:sku', query(z.object({ storeId: StoreId.optional() })), async (c) => {
  const sku = Sku.safeParse(c.req.param('sku'))
  const { catalog } = c.var.ports
  // KV has it already, by itself.
  const { channelId } = c.var
  const { storeId } = c.req.valid('query')
  const make = (of: string) => (storeId === undefined ? catalog.product(of, channelId) : catalog.productAt(storeId, of, channelId))
  const answer = sku.success ? await cachedAnswer(c, { key: JSON.stringify(['product', storeId === undefined ? await pricedChannel(c) : channelId, storeId ?? null, sku.data]), keep: false, make: () => make(sku.data) }) : null
  return answer ?? problem(c, 'product-not-found', storeId === undefined ? 'The catalogue has no product with this SKU.' : 'This store does not sell a product with this SKU.')
})

export const categories = new Hono<AppEnv>()

categories.get('/', query(CategoryQuery), async (c) => {
  const { cursor, limit } = c.req.valid('query')
  const { catalog } = c.var.ports
  return pageOf(c, JSON.stringify(['categories', cursor, limit]), cursor === null && PAGES_KEPT.has(limit), async () => {
    const page = await catalog.categories(cursor, limit)
    return { items: page.items, nextCursor: page.nextName === null ? null : encodeCursor(page.nextName) }
  })
})

/** Channels without a list of prices share what is kept, in memory and for the day on which D1 is away. */
const pricedChannel = async (c: Context<AppEnv>): Promise<string | null> => ((await c.var.ports.catalog.isPriced(c.var.channelId)) ? c.var.channelId : null)

/** A page is there, if only an empty one. */
async function pageOf(c: Context<AppEnv>, key: string, keep: boolean, make: () => Promise<object>): Promise<Response> {
  return (await cachedAnswer(c, { key, keep, make })) ?? problem(c, 'not-found', 'There is no such page.')
}
