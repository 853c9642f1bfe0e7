import { RepairPage, TakenBack } from '../../contract/operator-answers.ts'
import { RequestRepair, TakeBackMissing } from '../../contract/operator.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const assignmentId = 'ord_00000000000000000000000000.1'
exampleOf(RequestRepair, { dryRun: true, why: 'D1 was restored to 09:40.' })
exampleOf(TakeBackMissing, { storeId: 'high-street', assignmentId, why: 'The shop has not got it.' })
nameAnswer('RepairPage', RepairPage, {
  dryRun: true, stores: ['high-street'], orders: 0, asked: 0, adopted: [], nextCursor: 'orders:',
  missing: [{ assignmentId, storeId: 'high-street', link: 'handed-over', reserved: [{ sku: 'CLO-00003', quantity: 1 }] }],
})
nameAnswer('TakenBack', TakenBack, { outcome: 'requested' })

const base = { tag: 'operator: repair', security: 'operator' } as const

export const describedRepair: DescribedRoutes = () => ({
  'POST /admin/v1/repair': {
    ...base, id: 'repair', summary: 'Bring the database up to what counters and stores know', description: 'After it was restored to an earlier moment. A page at a time: call it with the `nextCursor` of its answer until that is null. Nothing is done twice.',
    answers: { 200: { when: 'What was found, and unless `dryRun`, done.', schema: RepairPage } }, problems: ['unauthorized', 'forbidden', ...BODY_PROBLEMS],
  },
  'POST /admin/v1/repair/take-back': {
    ...base, id: 'takeBackMissing', summary: 'End an assignment whose order the database has not',
    answers: { 200: { when: '`released`: its store could not know of it, so its goods are. `nothing`: neither the counters nor the store\'s link know it, any more.', schema: TakenBack }, 202: { when: 'Its store was asked to give it back; its answer releases the goods.', schema: TakenBack } },
    problems: ['unauthorized', 'forbidden', 'store-not-found', 'conflict', ...BODY_PROBLEMS],
  },
})
