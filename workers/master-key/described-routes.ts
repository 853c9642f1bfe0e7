import { Resealed } from '../../contract/operator-answers.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { nameAnswer } from '../gateway/show-schema.ts'

nameAnswer('Resealed', Resealed, { stores: 3, alertWebhooks: 1, erasures: 0, webhooks: 2, previousKey: true })

export const describedMasterKey: DescribedRoutes = () => ({
  'POST /admin/v1/master-key/reseal': { tag: 'operator: master key', security: 'operator', id: 'resealSecrets', summary: 'Seal with the new key what was sealed with the one before', description: 'After `MASTER_KEY` was changed, with the old one as `MASTER_KEY_PREVIOUS`. All zeros: nothing is left.', answers: { 200: { when: 'How much was sealed anew.', schema: Resealed } }, problems: ['unauthorized', 'forbidden'] },
})
