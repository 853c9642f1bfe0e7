import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { verifyWebhook } from '../../contract/standard-webhooks.ts'
import { app } from '../gateway/app.ts'
import { home, homeName } from '../inventory/home.ts'
import type { SkuCounters } from '../inventory/sku-counters-object.ts'
import type { Letter } from '../dead-letters/port.ts'
import { createOrderBook } from '../orders/d1-orders.ts'
import { placedOrder } from '../orders/test-orders.ts'
import { createPorts } from '../ports.ts'
import type { WebhookMessage } from '../queue-messages.ts'
import { availabilityAnnouncement } from './announcements.ts'
import { deliverMessage, sweepWebhooks } from './deliver-message.ts'
import type { WebhookPorts } from './deliver-message.ts'
import type { Delivered, MessageKey } from './port.ts'

const HOUR = 3_600_000
const URL_OF = 'http://127.0.0.1:9/hooks'
const ports = createPorts(env)
let now: number
let sent: { id: string; body: string; secrets: readonly string[] }[]
let answer: Delivered
let queued: { message: WebhookMessage; delayS: number }[]
let letters: Letter[]
let written: MessageKey[]

const world = (): WebhookPorts => ({
  webhooks: ports.webhooks, clock: () => now, log: () => undefined,
  queues: { webhooks: async (messages, delayS = 0) => void queued.push(...messages.map((message) => ({ message, delayS }))) },
  deadLetters: { file: async (filed) => void letters.push(...filed) },
  sendWebhook: async ({ secrets }, id, body) => (sent.push({ id, body, secrets }), answer),
})
const orders = createOrderBook(env.DB, async (keys) => void written.push(...keys))
const admin = (method: string, path: string, body?: unknown) => app.request(`https://edge.example/admin/v1/channels${path}`, {
  method, headers: { 'Authorization': `Bearer ${env.ADMIN_TOKEN}`, 'Content-Type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
}, env)
const register = async (events: string[] = ['*'], channelId = 'web') =>
  ((await (await admin('POST', `/${channelId}/webhooks`, { url: URL_OF, events })).json()) as { endpoint: { id: string }; secret: string })
const order = (version: number, change = {}) => placedOrder({ version, updatedAt: version * 1000, timeline: [{ type: 'order.placed', occurredAt: 1000, seenAt: 1000, status: 'placed' }], ...change })
const key = (endpointId: string, sequence = 1, resource = placedOrder().orderId): MessageKey => ({ endpointId, resource, sequence })
const told = () => sent.map(({ body }) => JSON.parse(body) as { type: string; resource: string; sequence: number; data: Record<string, unknown> })
const rows = async () => (await env.DB.prepare('SELECT count(*) AS n FROM webhook_messages').first<{ n: number }>())?.n

beforeEach(async () => {
  for (const table of ['webhook_messages', 'webhook_endpoints', 'orders', 'channels']) await env.DB.prepare(`DELETE FROM ${table}`).run()
  ;[now, sent, answer, queued, letters, written] = [1_000_000, [], { ok: true, status: 204, said: '' }, [], [], []]
  for (const channelId of ['web', 'other']) await admin('POST', '', { channelId, name: channelId })
})

describe('an order', () => {
  it('and what its channel is told of it are one write', async () => {
    const mine = await register(['order.*'])
    await register(['price.changed'])
    await register(['*'], 'other')
    await orders.insert(order(1))
    expect(written).toEqual([key(mine.endpoint.id)])
    expect(await orders.update(order(2, { status: 'accepted', timeline: [{ type: 'order.accepted', occurredAt: 2000, seenAt: 2000, status: 'accepted' }] }), 1)).toBe(true)
    // Who came too late changed nothing, and nothing is told of it.
    expect(await orders.update(order(2, { status: 'cancelled' }), 1)).toBe(false)
    expect(await orders.insert(order(1))).toBe(false)
    expect(written).toEqual([key(mine.endpoint.id, 1), key(mine.endpoint.id, 2)])
    for (const each of written) await deliverMessage(world(), each)
    expect(told().map(({ type, sequence }) => [type, sequence])).toEqual([['order.placed', 1], ['order.accepted', 2]])
    expect(JSON.stringify(told())).not.toMatch(/Test Customer|test@shop\.example/)
  })

  it('of a race tells what won, and not what lost to a change that nobody asked for', async () => {
    await register(['order.cancelled'])
    await orders.insert(order(1))
    const news = (status: 'accepted' | 'cancelled') => ({ status, timeline: [{ type: `order.${status}`, occurredAt: 2000, seenAt: 2000, status }] })
    expect(await orders.update(order(2, news('accepted')), 1)).toBe(true)
    expect(await orders.update(order(2, news('cancelled')), 1)).toBe(false)
    expect([await rows(), written]).toEqual([0, []])
  })

  it('costs no row where nobody wants to be told', async () => {
    await orders.insert(order(1))
    expect(await rows()).toBe(0)
  })
})

describe('a delivery', () => {
  it('is signed, once taken is over, and a message that comes twice or early does nothing', async () => {
    const { endpoint: { id }, secret } = await register()
    await orders.insert(order(1))
    expect(await deliverMessage(world(), key(id))).toBe('applied')
    expect(sent[0]?.secrets).toEqual([secret])
    expect(await deliverMessage(world(), key(id))).toBe('superseded')
    expect(await deliverMessage(world(), key('whe_gone'))).toBe('superseded')
    expect(sent).toHaveLength(1)
  })

  it('that was not taken comes back through the queue, and if that forgets it by the sweep', async () => {
    const { endpoint: { id } } = await register()
    await orders.insert(order(1))
    answer = { ok: false, status: 500, said: 'oops' }
    await deliverMessage(world(), key(id))
    expect(queued).toMatchObject([{ message: { kind: 'deliver', sequence: 1 }, delayS: expect.any(Number) }])
    expect(await deliverMessage(world(), key(id))).toBe('superseded')
    queued = []
    await sweepWebhooks(world())
    expect(queued).toEqual([])
    now += 2 * 60_000
    await sweepWebhooks(world())
    expect(queued).toHaveLength(1)
    answer = { ok: true, status: 200, said: '' }
    await deliverMessage(world(), key(id))
    expect((await ports.webhooks.message(key(id)))?.state).toBe('delivered')
    expect(sent[0]?.id).toBe(sent[1]?.id)
  })

  it('of a state that has changed since is of the newer one, under a higher sequence', async () => {
    const { endpoint: { id } } = await register(['inventory.changed'])
    const available = (n: number) => availabilityAnnouncement({ sku: 'TEA', available: n, asOf: null, stores: [], version: '' }, now)
    const [first] = await ports.webhooks.announce([available(5)], now)
    // It changes while the first word is on its way: the answer to that word settles nothing.
    const during: WebhookPorts = { ...world(), sendWebhook: async (_, msg, body) => {
      sent.push({ id: msg, body, secrets: [] })
      await ports.webhooks.announce([available(4)], now)
      return answer
    } }
    expect(await deliverMessage(during, first ?? key(id))).toBe('superseded')
    expect(await rows()).toBe(1)
    await deliverMessage(world(), key(id, 2, 'inventory:TEA'))
    expect(told().map(({ sequence, data }) => [sequence, data['availability']])).toMatchObject([[1, { available: 5 }], [2, { available: 4 }]])
    expect(await ports.webhooks.announce([available(3)], now)).toEqual([key(id, 3, 'inventory:TEA')])
  })

  it('to an endpoint that takes nothing for two days is the last, and a person is told', async () => {
    const { endpoint: { id } } = await register()
    await orders.insert(order(1))
    answer = { ok: false, status: 503, said: 'down' }
    for (let tries = 0; tries < 20; tries++) {
      await deliverMessage(world(), key(id))
      now += 12 * HOUR
    }
    expect((await ports.webhooks.find(id))?.state).toBe('disabled')
    expect(letters).toMatchObject([{ queue: 'webhooks', reason: 'needs_person' }])
    await orders.update(order(2), 1)
    expect(await rows()).toBe(1)
    // Switched on again it is sent what it missed.
    await admin('PATCH', `/web/webhooks/${id}`, { enabled: true })
    expect(await (await admin('POST', `/web/webhooks/${id}/replay`, { since: '1970-01-01T00:00:00Z' })).json()).toEqual({ messages: 1, more: false })
    answer = { ok: true, status: 200, said: '' }
    now = Date.now() + HOUR
    await deliverMessage(world(), key(id))
    expect((await ports.webhooks.find(id))?.failingSince).toBeNull()
  })

  it('is forgotten after a month, but for the newest of each resource', async () => {
    const { endpoint: { id } } = await register()
    await orders.insert(order(1))
    await orders.update(order(2), 1)
    for (const sequence of [1, 2]) await deliverMessage(world(), key(id, sequence))
    now += 31 * 24 * HOUR
    await sweepWebhooks(world())
    expect([await ports.webhooks.message(key(id, 1)), (await ports.webhooks.message(key(id, 2)))?.sequence]).toEqual([null, 2])
  })
})

describe('the operator', () => {
  it('rotates a secret: both sign until the overlap ends, and receivers with either believe it', async () => {
    const { endpoint: { id }, secret } = await register()
    const { secret: next } = (await (await admin('POST', `/web/webhooks/${id}/rotate-secret`, { overlapSeconds: 60 })).json()) as { secret: string }
    await orders.insert(order(1))
    await orders.update(order(2), 1)
    now = Date.now()
    await deliverMessage(world(), key(id, 1))
    expect(sent[0]?.secrets).toEqual([next, secret])
    now += 61_000
    await deliverMessage(world(), key(id, 2))
    expect(sent[1]?.secrets).toEqual([next])
    expect(await verifyWebhook(next, new Headers({ 'webhook-id': 'x' }), '', now)).toBe(false)
  })

  it.each(['http://192.168.0.1/hooks', 'https://10.0.0.7/', 'https://localhost/x', 'https://[::1]/', 'http://shop.example/', 'https://metadata.internal/', 'https://user:word@shop.example/'])('is not allowed %s outside of development', async (url) => {
    const production = { ...env, ENVIRONMENT: 'staging', ACCESS_TEAM_DOMAIN: 'x.cloudflareaccess.com', ACCESS_AUD: 'a1'.repeat(32) } as unknown as Env
    const sender = createPorts(production).sendWebhook
    expect(await sender({ url, secrets: [] }, 'msg_1', '{}')).toMatchObject({ ok: false, status: null, said: expect.stringMatching(/^not sent: /) })
  })

  it('sees nothing of another channel, and no endpoint that is not there', async () => {
    const { endpoint: { id } } = await register()
    for (const path of [`/other/webhooks/${id}`, '/web/webhooks/whe_none', `/other/webhooks/${id}/deliveries`]) expect((await admin('GET', path)).status).toBe(404)
    expect((await admin('POST', '/none/webhooks', { url: URL_OF })).status).toBe(404)
    expect((await admin('POST', '/web/webhooks', { url: 'not a url' })).status).toBe(422)
    expect((await admin('POST', '/web/webhooks', { url: URL_OF, events: ['order.eaten'] })).status).toBe(422)
  })
})

describe('the homes of counters', () => {
  const level = (onHand: number, seq: number) => ports.inventory.apply([{ type: 'level', storeId: 'main', sku: 'TOLD', onHand, epoch: 1, asOf: seq, seq, at: now }])
  const owed = () => runInDurableObject<SkuCounters, unknown[]>(env.SKU_COUNTERS.get(env.SKU_COUNTERS.idFromName(homeName(home('TOLD', Number(env.INVENTORY_SHARDS))))) as DurableObjectStub<SkuCounters>, (_, state) => state.storage.sql.exec('SELECT sku, times FROM told').toArray())

  it('note what changed only while a channel wants to hear it', async () => {
    // The endpoints of the tests before were taken out of D1 behind their backs.
    await ports.inventory.setTelling(false)
    await level(5, 1)
    expect(await owed()).toEqual([])
    const { endpoint: { id } } = await register(['inventory.changed'])
    await level(4, 2)
    await level(3, 3)
    expect(await owed()).toEqual([{ sku: 'TOLD', times: 2 }])
    await admin('DELETE', `/web/webhooks/${id}`)
    await level(2, 4)
    expect(await owed()).toEqual([{ sku: 'TOLD', times: 2 }])
  })
})
