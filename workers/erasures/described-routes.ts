import { Erasure } from '../../contract/operator-answers.ts'
import { RequestErasure } from '../../contract/operator.ts'
import { page } from '../../contract/values.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const AT = '2026-11-26T10:00:00.000Z'
const erasure: Erasure = {
  id: 'era_7a0c2f7e-5a39-4d55-9f0e-5f1d7f0c4f11', state: 'waiting', by: 'email', why: 'Asked by letter.', createdAt: AT, updatedAt: AT,
  reached: { orders: { erased: 2, waiting: 1, waitingFor: ['ord_00000000000000000000000000'] }, deadLetters: 1, journals: [{ storeId: 'high-street', state: 'away' }] },
}
const ErasurePage = page(Erasure)
exampleOf(RequestErasure, { email: 'leaving@shop.example', why: 'Asked by letter.' })
nameAnswer('Erasure', Erasure, erasure)
nameAnswer('ErasurePage', ErasurePage, { items: [erasure], nextCursor: null })

const base = { tag: 'operator: erasures', security: 'operator' } as const

export const describedErasures: DescribedRoutes = () => ({
  'GET /admin/v1/erasures': { ...base, id: 'listErasures', summary: 'What was asked to be erased, newest first', answers: { 200: { when: 'A page. Whom each was about is not kept.', schema: ErasurePage } }, problems: ['unauthorized', 'invalid-request'] },
  'GET /admin/v1/erasures/:erasureId': { ...base, id: 'getErasure', summary: 'How far an erasure has come', answers: { 200: { when: 'As of its last step.', schema: Erasure } }, problems: ['unauthorized', 'not-found'] },
  'POST /admin/v1/erasures': {
    ...base, id: 'requestErasure', summary: 'Erase a customer', description: 'Of one order, or of every order with this e-mail address or phone number, or `again` all who were erased before: one of the four. Orders that are still to be delivered wait until they are over. Asked again while it is open, it is the same erasure.',
    answers: { 202: { when: 'Begun; it goes on by itself.', schema: Erasure, headers: ['Location'] } }, problems: ['unauthorized', 'forbidden', 'order-not-found', ...BODY_PROBLEMS],
  },
})
