import { Hono } from 'hono'
import type { Context } from 'hono'
import { toInstant } from '../../contract/clock.ts'
import { DecideFeed } from '../../contract/feed.ts'
import type { FeedDecision } from '../../contract/feed.ts'
import { ORDER_BODY_BYTES_MAX } from '../../contract/limits.ts'
import { body } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { encodeCursor, notACursor, PageQuery } from '../gateway/paging.ts'
import { problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'
import { faultName, log } from '../log.ts'
import type { LinkFacts } from '../stores/port.ts'
import { pageOfStores } from '../stores/store.ts'
import type { StoreFeed } from './port.ts'

/** Every store's feed, mounted at `/admin/v1/feeds`: how far behind, how far apart, and what waits for a person. */
export const operatorFeeds = new Hono<AppEnv>()
/** One store's, mounted at `/admin/v1/stores/:storeId/feed`. */
export const operatorFeed = new Hono<AppEnv>()

operatorFeeds.get('/', query(PageQuery), async (c) => {
  const { cursor, limit } = c.req.valid('query')
  const { ports } = c.var
  const [stores, feeds] = await Promise.all([ports.stores.list(), ports.feeds.list()])
  const page = pageOfStores(stores, cursor, limit)
  if (!page) return notACursor(c)
  const byStore = new Map(feeds.map((feed) => [feed.storeId, feed]))
  const items = await Promise.all(page.stores.map(async ({ storeId }) => view(storeId, byStore.get(storeId) ?? null, await factsOf(c, storeId))))
  return c.json({ items, nextCursor: page.nextCursor === null ? null : encodeCursor(page.nextCursor) }, 200, { 'Cache-Control': 'no-store' })
})

const decision = (verdict: FeedDecision) => operatorFeed.post(`/${verdict}`, body(DecideFeed, ORDER_BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const storeId = c.req.param('storeId') ?? ''
  const { id } = c.req.valid('json').parsed
  if (!(await ports.stores.find(storeId))) return problem(c, 'store-not-found', 'There is no store with this id.')
  const known = await ports.feeds.find(storeId)
  if (known?.feed.state !== 'quarantined' || known.feed.id !== id) {
    return problem(c, 'conflict', 'This store has no quarantine with this id: it ended, or the POS has said more since. Look at GET /admin/v1/feeds again.')
  }
  await ports.feeds.decide(storeId, verdict, id)
  await ports.audit.record({ actor, action: `feed.${verdict}`, subject: storeId, detail: id })
  return c.json({ storeId, id, requested: verdict }, 202)
})
decision('approve')
decision('refuse')

/** `lag`: events the connector has and the edge has not confirmed, as of its last heartbeat. */
function view(storeId: string, known: StoreFeed | null, facts: LinkFacts | null) {
  return {
    storeId,
    feed: known?.feed ?? null,
    decision: known?.feed.state === 'quarantined' && known.decision?.id === known.feed.id ? known.decision.verdict : null,
    drift: known?.drift ?? null,
    lag: facts && { events: Math.max(0, facts.lastSeq - facts.ackedSeq), lastHeardAt: facts.lastHeartbeatAt === null ? null : toInstant(facts.lastHeartbeatAt), posReachable: facts.posReachable },
    updatedAt: known ? toInstant(known.updatedAt) : null,
  }
}

async function factsOf(c: Context<AppEnv>, storeId: string): Promise<LinkFacts | null> {
  const { links, clock } = c.var.ports
  return links.link(storeId).facts(clock()).catch((error: unknown) => {
    log('store.facts_unknown', { storeId, error: faultName(error) })
    return null
  })
}
