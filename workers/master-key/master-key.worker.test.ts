import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { canonicalJson, sha256Hex } from '../../contract/canonical.ts'
import { LIMITS_DEFAULT } from '../../contract/operator.ts'
import { app } from '../gateway/app.ts'
import { accessTokenFor, deriveOrderId } from '../orders/ids.ts'
import { placeOrder } from '../orders/place-order.ts'
import { placedOrder } from '../orders/test-orders.ts'
import { createPorts } from '../ports.ts'

const OLD = env.MASTER_KEY
const NEW = btoa('tillbridge tests: another 32 bytes')
const rotating = { ...env, MASTER_KEY: NEW, MASTER_KEY_PREVIOUS: OLD }
const rotated = { ...env, MASTER_KEY: NEW }
const admin = (path: string, within: object) => app.request(`https://edge.example/admin/v1${path}`, { method: 'POST', headers: { Authorization: `Bearer ${env.ADMIN_TOKEN}` } }, within)
const WEBHOOK = { url: 'https://hooks.example.com/in', secret: 'whsec_x' }

beforeEach(async () => {
  for (const table of ['stores', 'alert_webhook', 'erasures', 'orders', 'audit_log', 'webhook_endpoints']) await env.DB.prepare(`DELETE FROM ${table}`).run()
})

it('what was sealed with the key of before opens beside the new one, is sealed anew by a call, and then opens without the old', async () => {
  const { stores, alerts, erasures, webhooks } = createPorts(env)
  await webhooks.insert({ endpointId: 'whe_1', channelId: 'web', url: 'https://hooks.example.com/in', events: ['*'], state: 'enabled', whyDisabled: null, failingSince: null, createdAt: 0, updatedAt: 0 }, [{ secret: 'whsec_y', expiresAt: null }])
  await stores.insert({
    storeId: 'main', name: 'Main', timeZone: 'UTC', transport: { kind: 'tunnel', url: 'https://main.example', accessClientId: 'id', accessClientSecret: 'access-secret' }, secrets: ['tbsec_a', 'tbsec_b'],
    safetyStock: 0, catalogSource: false, paused: false, priority: 100, openingHours: null, sellStaleForMs: 1000, rounding: { tax: 'line', mode: 'half_up' }, specialDays: [], pickupLeadMinutes: null, createdAt: 0,
  })
  await alerts.setTarget(WEBHOOK, 'hooks.example.com', 0)
  await erasures.insert({ erasureId: 'era_1', state: 'searching', soughtBy: 'email', sought: 'x@shop.example', why: 'x', progress: { searchedUpTo: '', orders: [], deadLetters: 0, journals: [] }, dueAt: 1, createdAt: 1, updatedAt: 1 })
  await expect(createPorts(rotated).stores.find('main')).rejects.toThrow('cannot be read')
  expect((await createPorts(rotating).stores.find('main'))?.secrets).toEqual(['tbsec_a', 'tbsec_b'])

  expect(await (await admin('/master-key/reseal', rotating)).json()).toEqual({ stores: 1, alertWebhooks: 1, erasures: 1, webhooks: 1, previousKey: true })
  expect(await (await admin('/master-key/reseal', rotating)).json()).toEqual({ stores: 0, alertWebhooks: 0, erasures: 0, webhooks: 0, previousKey: true })
  const after = createPorts(rotated)
  expect(await after.stores.find('main')).toMatchObject({ secrets: ['tbsec_a', 'tbsec_b'], transport: { accessClientSecret: 'access-secret' } })
  expect(await after.alerts.target()).toEqual(WEBHOOK)
  expect(await after.webhooks.secrets('whe_1')).toEqual([{ secret: 'whsec_y', expiresAt: null }])
  expect((await after.erasures.find('era_1'))?.sought).toBe('x@shop.example')
  await expect(createPorts(env).stores.find('main')).rejects.toThrow('cannot be read')
})

it('an order from before keeps its token, and a retried checkout meets it, as long as the key of before is there', async () => {
  const body = { lines: [{ sku: 'A', quantity: 1 }], fulfillment: { method: 'pickup' as const, storeId: 'main' }, customer: { name: 'T', email: 't@shop.example' } }
  const { orderId } = await deriveOrderId(OLD, 'web', 'key')
  await createPorts(env).orders.insert(placedOrder({ orderId, bodyHash: await sha256Hex(canonicalJson(body)) }))
  const read = async (token: string, within: object) => (await app.request(`https://edge.example/v1/orders/${orderId}`, { headers: { 'X-Order-Token': token } }, within)).status
  expect([await read(await accessTokenFor(OLD, orderId), rotating), await read(await accessTokenFor(NEW, orderId), rotating), await read(await accessTokenFor(OLD, orderId), rotated)]).toEqual([200, 200, 404])
  const again = await placeOrder({ ...createPorts(rotating), log: () => undefined }, {
    channel: { channelId: 'web', name: 'Web', allowedOrigins: [], payInStore: true, paymentProviders: [], limits: LIMITS_DEFAULT, createdAt: 0 }, caller: { keyId: 'key', addressBlock: null }, idempotencyKey: 'key', body, raw: body, requestId: 'r',
  })
  expect(again).toMatchObject({ ok: true, value: { repeated: true, order: { orderId } } })
})

it('a key of before that is none keeps the installation from serving', async () => {
  const answer = await app.request('https://edge.example/v1/products', {}, { ...env, MASTER_KEY_PREVIOUS: 'short' })
  expect(answer.status).toBe(503)
  expect(await answer.text()).toContain('MASTER_KEY_PREVIOUS')
})
