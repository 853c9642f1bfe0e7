import { Hono } from 'hono'
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '../../contract/limits.ts'
import type { AppEnv } from '../gateway/context.ts'
import { faultName, log } from '../log.ts'
import { encodeCursor, pageQuery } from '../gateway/paging.ts'
import { invalidField, problem } from '../gateway/problem.ts'
import type { Ports } from '../ports.ts'
import type { LinkFacts } from './port.ts'
import { pageOfStores, toPublicStore } from './store.ts'

/** What anyone may know of the stores, mounted at `/v1/stores`. */
export const stores = new Hono<AppEnv>()

stores.get('/', async (c) => {
  const query = pageQuery(c, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)
  if (!query.ok) return query.answer
  const { ports } = c.var
  const page = pageOfStores(await ports.stores.list(), query.cursor, query.limit)
  if (!page) return invalidField(c, '/cursor', 'expected the nextCursor of an earlier page')
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
