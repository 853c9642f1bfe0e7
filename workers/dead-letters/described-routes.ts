import { DeadLetter, DiscardAnswer, ReplayAnswer } from '../../contract/operator-answers.ts'
import { CorrectDeadLetter, DeadLetterSummary, DiscardDeadLetter } from '../../contract/operator.ts'
import { page } from '../../contract/values.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const AT = '2026-11-26T10:00:00.000Z'
const letter = { id: 'ltr_0123456789abcdef0123456789abcdef', queue: 'events', reason: 'malformed', state: 'waiting' as const, attempts: 1, lastError: 'data.onHand: expected number', storeId: 'high-street', revision: 0, filedAt: AT, expiresAt: AT }
const body = { storeId: 'high-street', epoch: 1, event: { seq: 7, type: 'stock.counted', occurredAt: AT, data: { sku: 'CLO-00003', onHand: 5, asOf: 6 } } }
const LetterPage = page(DeadLetterSummary)
exampleOf(CorrectDeadLetter, { body })
exampleOf(DiscardDeadLetter, { why: 'Counted again since.' })
nameAnswer('DeadLetterPage', LetterPage, { items: [letter], nextCursor: null })
nameAnswer('DeadLetter', DeadLetter, { ...letter, body, original: body, outcome: null, updatedAt: AT })
nameAnswer('ReplayAnswer', ReplayAnswer, { outcome: 'applied' })
nameAnswer('DiscardAnswer', DiscardAnswer, { state: 'discarded' })

const base = { tag: 'operator: dead letters', security: 'operator' } as const
const PROBLEMS = ['unauthorized', 'forbidden', 'dead-letter-not-found', 'dead-letter-settled'] as const

export const describedDeadLetters: DescribedRoutes = () => ({
  'GET /admin/v1/dead-letters': { ...base, id: 'listDeadLetters', summary: 'What waits, newest first', answers: { 200: { when: 'A page, without bodies.', schema: LetterPage } }, problems: ['unauthorized', 'invalid-request'] },
  'GET /admin/v1/dead-letters/:letterId': { ...base, id: 'getDeadLetter', summary: 'One letter with its body', answers: { 200: { when: 'As it is now.', schema: DeadLetter } }, problems: ['unauthorized', 'dead-letter-not-found'] },
  'PATCH /admin/v1/dead-letters/:letterId': { ...base, id: 'correctDeadLetter', summary: 'Correct its body', answers: { 200: { when: 'A revision under the same id.', schema: DeadLetter } }, problems: [...PROBLEMS, 'conflict', ...BODY_PROBLEMS] },
  'POST /admin/v1/dead-letters/:letterId/replay': { ...base, id: 'replayDeadLetter', summary: 'Handle it again', answers: { 200: { when: 'What came of it. A refused one waits on.', schema: ReplayAnswer } }, problems: PROBLEMS },
  'POST /admin/v1/dead-letters/:letterId/discard': { ...base, id: 'discardDeadLetter', summary: 'Put it away, with the reason', answers: { 200: { when: 'Settled.', schema: DiscardAnswer } }, problems: [...PROBLEMS, ...BODY_PROBLEMS] },
})
