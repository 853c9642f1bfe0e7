import { Health } from '../../contract/operator-answers.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { nameAnswer } from '../gateway/show-schema.ts'

const AT = '2026-11-26T10:00:00.000Z'
nameAnswer('HouseHealth', Health, {
  version: '1', d1: { answers: true, breaker: 'closed', openedAt: null, probeAt: null }, deadLetters: { waiting: 1, oldestAt: AT }, alerts: [{ name: 'breaker_open', storeId: 'high-street', since: AT }],
  stores: [{ storeId: 'high-street', breaker: 'open', probeAt: AT, lastHeartbeatAt: AT, stale: false, parked: 2 }], storesNotShown: 0,
})

export const describedHealth: DescribedRoutes = () => ({
  'GET /admin/v1/health': {
    id: 'readHealth', tag: 'health', security: 'operator', summary: 'How the house stands', description: 'Answers also while D1 is away: what D1 knows is then null. Stores that are paused are not shown.',
    answers: { 200: { when: 'As seen from where this was asked.', schema: Health, headers: ['Cache-Control'] } }, problems: ['unauthorized'],
  },
})
