import { Hono } from 'hono'
import type { Context } from 'hono'
import { z } from 'zod'
import { fromInstant, toInstant } from '../../contract/clock.ts'
import { toBase64 } from '../../contract/signing.ts'
import { WEBHOOK_SECRET_PREFIX } from '../../contract/standard-webhooks.ts'
import { ChangeWebhook, RegisterWebhook, ReplayWebhooks, RotateWebhookSecret, WebhookDelivery } from '../../contract/webhooks.ts'
import { body, optionalBody } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { encodeCursor, PageQuery, TimeCursor } from '../gateway/paging.ts'
import { invalidField, problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'
import { askDelivery } from './deliver-message.ts'
import { messageIdOf, readMessageId, toDelivery } from './message.ts'
import type { Endpoint, EndpointSecret, StoredMessage } from './port.ts'
import { targetFault } from './target.ts'

const BODY_BYTES_MAX = 16_000
const SECRET_BYTES = 32
/** A shop, its search, its mails and its books each have one; more of them is a loop that registers. */
const ENDPOINTS_PER_CHANNEL_MAX = 20
/** One call stays one statement; `more` says that there are. */
const REPLAYED_PER_CALL_MAX = 500
const NO_STORE = { 'Cache-Control': 'no-store' }
const DeliveriesQuery = PageQuery.extend({ cursor: TimeCursor, state: WebhookDelivery.shape.state.optional() })

/** Where a channel is told what happens, mounted at `/admin/v1/channels/:channelId/webhooks` behind the gateway's authentication. */
export const operatorWebhooks = new Hono<AppEnv>()

const toAnswer = ({ endpointId, failingSince, createdAt, updatedAt, ...endpoint }: Endpoint) =>
  ({ id: endpointId, ...endpoint, failingSince: failingSince === null ? null : toInstant(failingSince), createdAt: toInstant(createdAt), updatedAt: toInstant(updatedAt) })
const newSecret = (): string => WEBHOOK_SECRET_PREFIX + toBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))
const whyNot = (c: Context<AppEnv>, url: string): string | null => targetFault(url, c.env.ENVIRONMENT === 'development')
const notFound = (c: Context<AppEnv>): Response => problem(c, 'webhook-not-found', 'This channel has no webhook with this id; GET …/webhooks lists them.')
const noDelivery = (c: Context<AppEnv>): Response => problem(c, 'delivery-not-found', 'This webhook was told nothing with this id; GET …/deliveries lists what it was told in the last month.')

/** The endpoint of the address, if it is this channel's. */
async function endpointOf(c: Context<AppEnv>): Promise<Endpoint | null> {
  const found = await c.var.ports.webhooks.find(c.req.param('webhookId') ?? '')
  return found?.channelId === c.req.param('channelId') ? found : null
}

/** Homes of counters say what changes only while somebody wants to hear it. */
const tellHomes = async ({ var: { ports } }: Context<AppEnv>): Promise<void> => ports.inventory.setTelling(await ports.webhooks.isWanted('inventory.changed'))

operatorWebhooks.get('/', async (c) => {
  const channelId = c.req.param('channelId') ?? ''
  if (!(await c.var.ports.channels.find(channelId))) return problem(c, 'channel-not-found', 'There is no channel with this id. Register it first.')
  return c.json({ items: (await c.var.ports.webhooks.endpoints(channelId)).map(toAnswer), nextCursor: null }, 200, NO_STORE)
})

operatorWebhooks.post('/', body(RegisterWebhook, BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const channelId = c.req.param('channelId') ?? ''
  const { url, events, secret: given } = c.req.valid('json').parsed
  if (!(await ports.channels.find(channelId))) return problem(c, 'channel-not-found', 'There is no channel with this id. Register it first.')
  const fault = whyNot(c, url)
  if (fault !== null) return invalidField(c, '/url', fault)
  if ((await ports.webhooks.endpoints(channelId)).length >= ENDPOINTS_PER_CHANNEL_MAX) return problem(c, 'conflict', `This channel has ${ENDPOINTS_PER_CHANNEL_MAX} webhooks: remove those that nobody reads.`)
  const now = ports.clock()
  const secret = given ?? newSecret()
  const endpoint: Endpoint = { endpointId: `whe_${ports.newId().replaceAll('-', '')}`, channelId, url, events, state: 'enabled', whyDisabled: null, failingSince: null, createdAt: now, updatedAt: now }
  await ports.webhooks.insert(endpoint, [{ secret, expiresAt: null }])
  await tellHomes(c)
  await ports.audit.record({ actor, action: 'webhook.register', subject: endpoint.endpointId, detail: `${channelId}, ${new URL(url).host}` })
  return c.json({ endpoint: toAnswer(endpoint), ...(given === undefined ? { secret } : {}) }, 201, NO_STORE)
})

operatorWebhooks.get('/:webhookId', async (c) => {
  const endpoint = await endpointOf(c)
  return endpoint ? c.json(toAnswer(endpoint), 200, NO_STORE) : notFound(c)
})

operatorWebhooks.patch('/:webhookId', body(ChangeWebhook, BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const endpoint = await endpointOf(c)
  if (!endpoint) return notFound(c)
  const { url, events, enabled } = c.req.valid('json').parsed
  const fault = url === undefined ? null : whyNot(c, url)
  if (fault !== null) return invalidField(c, '/url', fault)
  const change = {
    ...(url === undefined ? {} : { url }), ...(events === undefined ? {} : { events }),
    ...(enabled === undefined ? {} : enabled ? { state: 'enabled' as const, whyDisabled: null, failingSince: null } : { state: 'disabled' as const, whyDisabled: 'switched off by an operator' }),
  }
  if (Object.keys(change).length === 0) return invalidField(c, '', 'expected at least one of url, events, enabled')
  await ports.webhooks.change(endpoint.endpointId, change, ports.clock())
  await tellHomes(c)
  await ports.audit.record({ actor, action: 'webhook.change', subject: endpoint.endpointId, detail: Object.keys(change).join(', ') })
  const after = await ports.webhooks.find(endpoint.endpointId)
  return after ? c.json(toAnswer(after), 200, NO_STORE) : notFound(c)
})

operatorWebhooks.delete('/:webhookId', async (c) => {
  const { ports, actor } = c.var
  const endpoint = await endpointOf(c)
  if (!endpoint) return notFound(c)
  await ports.webhooks.remove(endpoint.endpointId)
  await tellHomes(c)
  await ports.audit.record({ actor, action: 'webhook.remove', subject: endpoint.endpointId, detail: `${endpoint.channelId}, ${new URL(endpoint.url).host}` })
  return c.body(null, 204)
})

operatorWebhooks.post('/:webhookId/rotate-secret', optionalBody(RotateWebhookSecret, BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const endpoint = await endpointOf(c)
  if (!endpoint) return notFound(c)
  const now = ports.clock()
  const until = now + c.req.valid('json').parsed.overlapSeconds * 1000
  const secret = newSecret()
  // Two sign at once, no more: of those that were leaving already, none comes back.
  const current = (await ports.webhooks.secrets(endpoint.endpointId)).filter(({ expiresAt }) => expiresAt === null).map((each): EndpointSecret => ({ ...each, expiresAt: until }))
  await ports.webhooks.setSecrets(endpoint.endpointId, [{ secret, expiresAt: null }, ...current], now)
  await ports.audit.record({ actor, action: 'webhook.rotate_secret', subject: endpoint.endpointId })
  return c.json({ secret, previousUntil: toInstant(until) }, 201, NO_STORE)
})

operatorWebhooks.post('/:webhookId/test', async (c) => {
  const { ports, actor } = c.var
  const endpoint = await endpointOf(c)
  if (!endpoint) return notFound(c)
  const now = ports.clock()
  const secrets = (await ports.webhooks.secrets(endpoint.endpointId)).filter(({ expiresAt }) => expiresAt === null || expiresAt > now).map(({ secret }) => secret)
  const payload = { type: 'webhook.test', timestamp: toInstant(now), resource: endpoint.endpointId, sequence: 0, data: { test: true } }
  const sent = await ports.sendWebhook({ url: endpoint.url, secrets }, `msg_test_${ports.newId()}`, JSON.stringify(payload))
  await ports.audit.record({ actor, action: 'webhook.test', subject: endpoint.endpointId })
  return c.json({ delivered: sent.ok, status: sent.status, said: sent.said }, 200, NO_STORE)
})

operatorWebhooks.get('/:webhookId/deliveries', query(DeliveriesQuery), async (c) => {
  const { cursor, limit, state } = c.req.valid('query')
  const endpoint = await endpointOf(c)
  if (!endpoint) return notFound(c)
  const found = await c.var.ports.webhooks.list(endpoint.endpointId, state ? { state } : {}, cursor, limit + 1)
  const last = found.length > limit ? found[limit - 1] : undefined
  return c.json({ items: found.slice(0, limit).map(toDelivery), nextCursor: last ? encodeCursor(`${last.createdAt} ${last.resource} ${last.sequence}`) : null }, 200, NO_STORE)
})

/** The delivery of the address, if it is this endpoint's. */
async function messageOf(c: Context<AppEnv>): Promise<StoredMessage | null> {
  const endpoint = await endpointOf(c)
  const key = readMessageId(c.req.param('deliveryId') ?? '')
  return endpoint && key?.endpointId === endpoint.endpointId ? c.var.ports.webhooks.message(key) : null
}

operatorWebhooks.get('/:webhookId/deliveries/:deliveryId', async (c) => {
  const message = await messageOf(c)
  return message ? c.json({ ...toDelivery(message), payload: z.unknown().parse(JSON.parse(message.body)) }, 200, NO_STORE) : noDelivery(c)
})

operatorWebhooks.post('/:webhookId/deliveries/:deliveryId/replay', async (c) => {
  const { ports, actor } = c.var
  const message = await messageOf(c)
  if (!message) return noDelivery(c)
  await askDelivery(ports.queues, await ports.webhooks.revive(message.endpointId, { key: message }, ports.clock()))
  await ports.audit.record({ actor, action: 'webhook.replay', subject: message.endpointId, detail: messageIdOf(message) })
  return c.json(toDelivery((await ports.webhooks.message(message)) ?? message), 202, NO_STORE)
})

operatorWebhooks.post('/:webhookId/replay', body(ReplayWebhooks, BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const endpoint = await endpointOf(c)
  if (!endpoint) return notFound(c)
  const { since, all } = c.req.valid('json').parsed
  const revived = await ports.webhooks.revive(endpoint.endpointId, { since: fromInstant(since), all, limit: REPLAYED_PER_CALL_MAX }, ports.clock())
  await askDelivery(ports.queues, revived)
  await ports.audit.record({ actor, action: 'webhook.replay', subject: endpoint.endpointId, detail: `${revived.length} since ${since}` })
  return c.json({ messages: revived.length, more: revived.length === REPLAYED_PER_CALL_MAX }, 202, NO_STORE)
})
