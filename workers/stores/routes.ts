import { Hono } from 'hono'
import type { AppEnv } from '../gateway/context.ts'
import { faultName, log } from '../log.ts'
import { encodeCursor, notACursor, PageQuery } from '../gateway/paging.ts'
import { problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'
import type { Ports } from '../ports.ts'
import type { LinkFacts } from './port.ts'
import { pageOfStores, toPublicStore } from './store.ts'

/** What anyone may know of the stores, mounted at `/v1/stores`. */
export const stores = new Hono<AppEnv>()

stores.get('/', query(PageQuery), async (c) => {
  const { cursor, limit } = c.req.valid('query')
  const { ports } = c.var
  const page = pageOfStores(await ports.stores.list(), cursor, limit)
  if (!page) return notACursor(c)
  const now = ports.clock()
  const items = await Promise.all(page.stores.map(async (store) => toPublicStore(store, await factsOrNull(ports, store.storeId), now)))
  return c.json({ items, nextCursor: page.nextCursor === null ? null : encodeCursor(page.nextCursor) })
})

stores.get('/:storeId', async (c) => {
  const { ports } = c.var
  const store = await ports.stores.find(c.req.param('storeId'))
  if (!store) return problem(c, 'store-not-found', 'There is no store with this id.')
  return c.json(toPublicStore(store, await factsOrNull(ports, store.storeId), ports.clock()))
})

/** A link that cannot be asked makes its store one that takes no orders, not a page that fails. */
export async function factsOrNull({ links, clock }: Pick<Ports, 'links' | 'clock'>, storeId: string): Promise<LinkFacts | null> {
  try {
    return await links.link(storeId).facts(clock())
  } catch (error) {
    log('store.facts_unknown', { storeId, error: faultName(error) })
    return null
  }
}
