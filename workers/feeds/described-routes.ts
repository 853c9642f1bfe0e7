import { DecideFeed } from '../../contract/feed.ts'
import { FeedDecided, OperatorFeed } from '../../contract/operator-answers.ts'
import { page } from '../../contract/values.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const FeedPage = page(OperatorFeed)
exampleOf(DecideFeed, { id: 'q-17' })
nameAnswer('FeedPage', FeedPage, {
  items: [{ storeId: 'high-street', feed: { state: 'flowing' }, decision: null, drift: null, lag: { events: 0, lastHeardAt: '2026-11-26T10:00:00.000Z', posReachable: true }, updatedAt: '2026-11-26T10:00:00.000Z' }],
  nextCursor: null,
})
nameAnswer('FeedDecided', FeedDecided, { storeId: 'high-street', id: 'q-17', requested: 'approve' })

const decide = { tag: 'operator: stores', security: 'operator', answers: { 202: { when: 'The connector hears it with its next heartbeat.', schema: FeedDecided } }, problems: ['unauthorized', 'forbidden', 'store-not-found', 'conflict', ...BODY_PROBLEMS] } as const

export const describedFeeds: DescribedRoutes = () => ({
  'GET /admin/v1/feeds': { id: 'listFeeds', tag: 'operator: stores', security: 'operator', summary: 'Each store\'s feed: lag, drift, quarantine', answers: { 200: { when: 'A page.', schema: FeedPage } }, problems: ['unauthorized', 'invalid-request'] },
  'POST /admin/v1/stores/:storeId/feed/approve': { ...decide, id: 'approveFeed', summary: 'Take over exactly what is held' },
  'POST /admin/v1/stores/:storeId/feed/refuse': { ...decide, id: 'refuseFeed', summary: 'Keep holding it' },
})
