import { Hono } from 'hono'
import { cachedAnswer } from '../gateway/cached-answer.ts'
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
  const answer = await cachedAnswer(c, {
    key: JSON.stringify(['stores', cursor, limit]),
    keep: false,
    make: async () => {
      const page = pageOfStores(await ports.stores.list(), cursor, limit)
      if (!page) return null
      const now = ports.clock()
      const items = await Promise.all(page.stores.map(async (store) => toPublicStore(store, await factsOrNull(ports, store.storeId), now)))
      return { items, nextCursor: page.nextCursor === null ? null : encodeCursor(page.nextCursor) }
    },
  })
  return answer ?? notACursor(c)
})

stores.get('/:storeId', async (c) => {
  const { ports } = c.var
  const storeId = c.req.param('storeId')
  const answer = await cachedAnswer(c, {
    key: JSON.stringify(['store', storeId]),
    keep: false,
    make: async () => {
      const store = await ports.stores.find(storeId)
      return store && toPublicStore(store, await factsOrNull(ports, store.storeId), ports.clock())
    },
  })
  return answer ?? problem(c, 'store-not-found', 'There is no store with this id.')
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
