import type { DeadLetters } from '../dead-letters/port.ts'
import { letterId } from '../dead-letters/letter.ts'
import type { CommandOutcome } from '../inventory/port.ts'
import type { Queues } from '../queues.ts'
import { afterTry, messageIdOf } from './message.ts'
import type { Endpoint, MessageKey, SendWebhook, StoredMessage, WebhookBook } from './port.ts'

export type WebhookPorts = {
  webhooks: WebhookBook
  sendWebhook: SendWebhook
  queues: Pick<Queues, 'webhooks'>
  deadLetters: Pick<DeadLetters, 'file'>
  clock: () => number
  log: (event: string, fields: Record<string, string | number | null>) => void
}

/** A queue's clock and ours differ by less. */
const EARLY_MS = 1_000
/** Messages one run of the sweep sends again; the next run goes on. */
const SWEPT_MAX = 100
/** An attempt takes ten seconds at most; what is due for longer than this was lost on its way. */
const LOST_AFTER_MS = 60_000
/** Long enough to find out what a receiver missed. */
const KEPT_MS = 30 * 24 * 60 * 60_000
const FORGOTTEN_PER_RUN_MAX = 500

/** Queue `webhooks`: one attempt to have an endpoint take a message, if its time has come. What it says next stands in D1 before the next attempt is asked for. */
export async function deliverMessage(ports: WebhookPorts, key: MessageKey): Promise<CommandOutcome> {
  const { webhooks, clock, log } = ports
  const [message, endpoint] = await Promise.all([webhooks.message(key), webhooks.find(key.endpointId)])
  const began = clock()
  if (!message || !endpoint || message.state !== 'pending' || (message.nextTryAt ?? 0) > began + EARLY_MS) return 'superseded'
  if (endpoint.state === 'disabled') {
    await webhooks.settle({ ...message, state: 'skipped', nextTryAt: null, settledAt: began }, message.attempts)
    return 'superseded'
  }
  const secrets = (await webhooks.secrets(key.endpointId)).filter(({ expiresAt }) => expiresAt === null || expiresAt > began).map(({ secret }) => secret)
  const sent = await ports.sendWebhook({ url: endpoint.url, secrets }, messageIdOf(message), message.body)
  const after = afterTry(message, endpoint, sent, { began, ended: clock() }, Math.random())
  const fields = { endpointId: endpoint.endpointId, channel: endpoint.channelId, type: message.type, status: sent.status, attempts: after.message.attempts }
  if (sent.ok) log('webhook.delivered', fields)
  else log('webhook.not_delivered', fields)
  if (!(await webhooks.settle(after.message, message.attempts))) return 'superseded'
  if (after.endpoint) await changeEndpoint(ports, endpoint, after.endpoint, after.message)
  if (after.message.nextTryAt !== null) await askAgain(ports, after.message)
  return 'applied'
}

async function changeEndpoint(ports: WebhookPorts, endpoint: Endpoint, change: Partial<Endpoint>, message: StoredMessage): Promise<void> {
  const now = ports.clock()
  const { endpointId, channelId, url } = endpoint
  await ports.webhooks.change(endpointId, change, now)
  if (change.state !== 'disabled') return
  ports.log('webhook.disabled', { endpointId, channel: channelId })
  const lastError = `The webhook ${endpointId} of ${channelId} (${new URL(url).host}) was switched off: ${change.whyDisabled ?? ''}. Mend its receiver, PATCH /admin/v1/channels/${channelId}/webhooks/${endpointId} { "enabled": true }, then POST …/replay what it missed.`
  await ports.deadLetters.file([{
    letterId: await letterId('webhooks', `disabled.${endpointId}.${change.failingSince ?? now}`), queue: 'webhooks', reason: 'needs_person', storeId: null,
    body: { kind: 'deliver', endpointId, resource: message.resource, sequence: message.sequence }, attempts: message.attempts, lastError, filedAt: now,
  }])
}

/** What is not sent, or is lost, is found by the sweep. */
async function askAgain(ports: Pick<WebhookPorts, 'queues' | 'clock'>, { endpointId, resource, sequence, nextTryAt }: StoredMessage): Promise<void> {
  const delayS = Math.ceil(Math.max(0, (nextTryAt ?? 0) - ports.clock()) / 1000)
  await ports.queues.webhooks([{ kind: 'deliver', endpointId, resource, sequence }], delayS).catch(() => undefined)
}

/** Has these messages sent. A queue that does not take them costs time: they stand in D1, and the sweep finds them. */
export async function askDelivery(queues: Pick<Queues, 'webhooks'>, keys: readonly MessageKey[]): Promise<void> {
  if (keys.length > 0) await queues.webhooks(keys.map(({ endpointId, resource, sequence }) => ({ kind: 'deliver', endpointId, resource, sequence }))).catch(() => undefined)
}

/** Each minute: what is long due goes to the queue once more, and what was settled a month ago is forgotten. */
export async function sweepWebhooks(ports: WebhookPorts): Promise<void> {
  const now = ports.clock()
  await askDelivery(ports.queues, await ports.webhooks.due(now - LOST_AFTER_MS, SWEPT_MAX))
  await ports.webhooks.forget(now - KEPT_MS, FORGOTTEN_PER_RUN_MAX)
}
