import { AlertList, AlertTested, AlertWebhookSet, SetAlertWebhook } from '../../contract/alert.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const AT = '2026-11-26T10:00:00.000Z'
const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='
exampleOf(SetAlertWebhook, { url: 'https://hooks.example.com/services/T0/B0/x' })
nameAnswer('AlertList', AlertList, {
  items: [{
    name: 'store_silent', storeId: 'high-street', state: 'open', since: AT, endedAt: null, detail: 'Its connector has given no sign of life.', notifiedAt: AT, owed: null, attempts: 0, runbook: 'docs/runbook.md#store_silent',
  }],
  webhook: { host: 'hooks.example.com', signed: true, updatedAt: AT },
})
nameAnswer('AlertWebhookSet', AlertWebhookSet, { host: 'hooks.example.com', secret })
nameAnswer('AlertTested', AlertTested, { delivered: true, status: 200, said: 'ok' })

const base = { tag: 'operator: alerts', security: 'operator' } as const

export const describedAlerts: DescribedRoutes = () => ({
  'GET /admin/v1/alerts': { ...base, id: 'listAlerts', summary: 'What calls a person: open first, then what ended last', answers: { 200: { when: 'At most 200.', schema: AlertList } }, problems: ['unauthorized'] },
  'PUT /admin/v1/alerts/webhook': { ...base, id: 'setAlertWebhook', summary: 'Where alerts are sent', description: 'Signed as Standard Webhooks. Without `secret` one is made and shown this once.', answers: { 200: { when: 'Set.', schema: AlertWebhookSet } }, problems: ['unauthorized', 'forbidden', ...BODY_PROBLEMS] },
  'POST /admin/v1/alerts/test': { ...base, id: 'testAlerts', summary: 'Send a test, and say what the receiver said', answers: { 200: { when: 'Tried, once.', schema: AlertTested } }, problems: ['unauthorized', 'forbidden', 'not-found'] },
  'DELETE /admin/v1/alerts/webhook': { ...base, id: 'removeAlertWebhook', summary: 'Send alerts nowhere', description: 'Or to `ALERT_WEBHOOK_URL`, if the installation has one.', answers: { 204: { when: 'Removed.', schema: null } }, problems: ['unauthorized', 'forbidden'] },
})
