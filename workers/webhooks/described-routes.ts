import { AlertTested } from '../../contract/alert.ts'
import { page } from '../../contract/values.ts'
import { ChangeWebhook, RegisteredWebhook, RegisterWebhook, ReplayWebhooks, RotatedWebhookSecret, RotateWebhookSecret, WebhookDelivery, WebhookDeliveryWithBody, WebhookEndpoint, WebhooksReplayed } from '../../contract/webhooks.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const AT = '2026-11-27T10:00:00.000Z'
const endpoint = { id: 'whe_0a1b2c', channelId: 'boutique', url: 'https://shop.example/hooks', events: ['order.*'], state: 'enabled' as const, whyDisabled: null, failingSince: null, createdAt: AT, updatedAt: AT }
const delivery = { id: 'msg_WyJ3aGVfMGExYjJjIl0', type: 'order.accepted', resource: 'ord_00000000000000000000000000', sequence: 4, state: 'delivered' as const, attempts: 1, tries: [{ at: AT, status: 204, said: '', ms: 120 }], nextTryAt: null, createdAt: AT, settledAt: AT }
const EndpointPage = page(WebhookEndpoint)
const DeliveryPage = page(WebhookDelivery)
exampleOf(RegisterWebhook, { url: 'https://shop.example/hooks', events: ['order.*'] })
exampleOf(ChangeWebhook, { events: ['order.*', 'price.changed'], enabled: true })
exampleOf(RotateWebhookSecret, { overlapSeconds: 86_400 })
exampleOf(ReplayWebhooks, { since: AT })
nameAnswer('Webhook', WebhookEndpoint, endpoint)
nameAnswer('RegisteredWebhook', RegisteredWebhook, { endpoint, secret: 'whsec_…' })
nameAnswer('WebhookPage', EndpointPage, { items: [endpoint], nextCursor: null })
nameAnswer('RotatedWebhookSecret', RotatedWebhookSecret, { secret: 'whsec_…', previousUntil: AT })
nameAnswer('WebhookDelivery', WebhookDelivery, delivery)
nameAnswer('WebhookDeliveryWithBody', WebhookDeliveryWithBody, { ...delivery, payload: { type: 'order.accepted' } })
nameAnswer('WebhookDeliveryPage', DeliveryPage, { items: [delivery], nextCursor: null })
nameAnswer('WebhooksReplayed', WebhooksReplayed, { messages: 17, more: false })

const base = { tag: 'operator: webhooks', security: 'operator' } as const
const headers = ['Cache-Control'] as const
const READ = ['unauthorized', 'webhook-not-found'] as const
const CHANGE = ['unauthorized', 'forbidden', 'webhook-not-found'] as const
const at = '/admin/v1/channels/:channelId/webhooks'

export const describedWebhooks: DescribedRoutes = () => ({
  [`GET ${at}`]: { ...base, id: 'listWebhooks', summary: 'Where a channel is told what happens', answers: { 200: { when: 'All of them.', schema: EndpointPage, headers } }, problems: ['unauthorized', 'channel-not-found'] },
  [`POST ${at}`]: { ...base, id: 'registerWebhook', summary: 'Have a channel told', description: 'Signed as Standard Webhooks. The secret is shown once.', answers: { 201: { when: 'From now on it is told.', schema: RegisteredWebhook, headers } }, problems: ['unauthorized', 'forbidden', 'channel-not-found', 'conflict', ...BODY_PROBLEMS] },
  [`GET ${at}/:webhookId`]: { ...base, id: 'getWebhook', summary: 'One webhook', answers: { 200: { when: 'As it is now.', schema: WebhookEndpoint, headers } }, problems: READ },
  [`PATCH ${at}/:webhookId`]: { ...base, id: 'changeWebhook', summary: 'Change it, or switch it off or on', answers: { 200: { when: 'Changed.', schema: WebhookEndpoint, headers } }, problems: [...CHANGE, ...BODY_PROBLEMS] },
  [`DELETE ${at}/:webhookId`]: { ...base, id: 'removeWebhook', summary: 'Remove it, with what it was told', answers: { 204: { when: 'Gone.', schema: null } }, problems: CHANGE },
  [`POST ${at}/:webhookId/rotate-secret`]: { ...base, id: 'rotateWebhookSecret', summary: 'Another signing secret', description: 'Both sign until the overlap ends.', answers: { 201: { when: 'Shown once.', schema: RotatedWebhookSecret, headers } }, problems: [...CHANGE, ...BODY_PROBLEMS] },
  [`POST ${at}/:webhookId/test`]: { ...base, id: 'testWebhook', summary: 'Send a test now', answers: { 200: { when: 'What its receiver made of it.', schema: AlertTested, headers } }, problems: CHANGE },
  [`GET ${at}/:webhookId/deliveries`]: { ...base, id: 'listDeliveries', summary: 'What it was told in the last month, newest first', answers: { 200: { when: 'A page.', schema: DeliveryPage, headers } }, problems: [...READ, 'invalid-request'] },
  [`GET ${at}/:webhookId/deliveries/:deliveryId`]: { ...base, id: 'readDelivery', summary: 'One delivery, with what was sent', answers: { 200: { when: 'As it stands.', schema: WebhookDeliveryWithBody, headers } }, problems: ['unauthorized', 'delivery-not-found'] },
  [`POST ${at}/:webhookId/deliveries/:deliveryId/replay`]: { ...base, id: 'replayDelivery', summary: 'Send it once more', answers: { 202: { when: 'On its way, under the same id.', schema: WebhookDelivery, headers } }, problems: ['unauthorized', 'forbidden', 'delivery-not-found'] },
  [`POST ${at}/:webhookId/replay`]: { ...base, id: 'replayWebhook', summary: 'Send once more what was not taken', description: 'Since then; with `all` everything. Call again while `more`.', answers: { 202: { when: 'On their way.', schema: WebhooksReplayed, headers } }, problems: [...CHANGE, ...BODY_PROBLEMS] },
})
