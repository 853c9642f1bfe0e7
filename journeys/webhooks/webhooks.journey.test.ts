import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { RegisteredWebhook, WebhookDelivery, WebhookEndpoint } from '../../contract/webhooks.ts'
import { page } from '../../contract/values.ts'
import { expectAnswer, placed } from '../local/edge-api.ts'
import { openStores } from '../local/stores.ts'
import type { Stores } from '../local/stores.ts'
import { until } from '../local/until.ts'
import { startReceiver } from './receiver.ts'
import type { Receiver } from './receiver.ts'

const SETTLED_WITHIN_MS = 30_000
let dir: string
let house: Stores
let shop: Receiver
let webhookId: string

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-webhooks-'))
  house = await openStores(dir, 'webhooks-admin-token', { main: [{ sku: 'TEA', pieces: 30, priceMinor: 1250 }, { sku: 'CUP', pieces: 5, priceMinor: 399 }] })
  shop = await startReceiver()
  const { endpoint, secret } = expectAnswer(await send('', 'POST', { url: shop.url, events: ['*'] }), 201, RegisteredWebhook)
  webhookId = endpoint.id
  shop.secrets.push(secret ?? '')
})
afterAll(async () => {
  await house.close()
  await shop.close()
  await rm(dir, { recursive: true, force: true })
})

const send = (at: string, method = 'GET', body?: unknown) => house.operator.send(`/channels/web/webhooks${at}`, method, body)
const till = () => {
  const main = house.stores.get('main')
  if (!main) throw new Error('there is no store')
  return main.till
}
const about = (resource: string) => shop.heard.filter(({ payload }) => payload.resource === resource).map(({ payload }) => payload)
const buy = async (quantity = 1) => (await placed(await house.web.place({ lines: [{ sku: 'TEA', quantity }], fulfillment: { method: 'pickup', storeId: 'main' }, customer: { name: 'Shopper', email: 'shopper@shop.example' } }, randomUUID()))).order
const available = (sku: string): number | null | undefined => {
  const data = about(`inventory:${sku}`).at(-1)?.data
  return data && 'availability' in data ? data.availability.available : undefined
}

it('a channel hears an order from its placement to its end, each word signed, in the order of its sequence', async () => {
  const order = await buy()
  await until('the till to have it', SETTLED_WITHIN_MS, () => till().ticketsOfOrder(order.number).length === 1)
  await until('the acceptance told', SETTLED_WITHIN_MS, () => about(order.id).some(({ type }) => type === 'order.accepted'))
  till().handOver(order.number)
  await until('the end told', SETTLED_WITHIN_MS, () => about(order.id).some(({ type }) => type === 'order.completed'))
  const told = about(order.id).toSorted((a, b) => a.sequence - b.sequence)
  expect(told[0]?.type).toBe('order.placed')
  expect(told.at(-1)?.type).toBe('order.completed')
  expect(new Set(told.map(({ sequence }) => sequence)).size).toBe(told.length)
  expect(shop.heard.every(({ signedBy }) => signedBy.length === 1)).toBe(true)
  // Whose order it is is read with the secret key, not told to whoever stands at the address.
  expect(JSON.stringify(shop.heard)).not.toContain('shopper@shop.example')
  expect(told.at(-1)?.data).toMatchObject({ order: { id: order.id, status: 'completed', lines: [{ sku: 'TEA', quantity: 1 }] } })
})

it('a sale at the till and a price that changes are told, the last word being what is true', async () => {
  till().sell('CUP', 2)
  await until('three cups told', SETTLED_WITHIN_MS, () => available('CUP') === 3)
  till().sell('CUP', 1)
  await until('two cups told', SETTLED_WITHIN_MS, () => available('CUP') === 2)
  const sequences = about('inventory:CUP').map(({ sequence }) => sequence)
  expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
  await till().command('price', 'CUP', '4.49')
  await until('the price told', SETTLED_WITHIN_MS, () => about('price:CUP').length === 1)
  expect(about('price:CUP')[0]).toMatchObject({ type: 'price.changed', sequence: 1, data: { product: { sku: 'CUP', price: { amountMinor: 449, currency: 'USD' } } } })
  expect(about('product:CUP').at(-1)).toMatchObject({ type: 'product.changed', data: { product: { price: { amountMinor: 449 } } } })
})

it('a receiver that is down loses nothing, a redirect is followed nowhere, and what is asked for is sent again under its id', async () => {
  shop.answers(307, { Location: shop.url.replace('/hooks', '/elsewhere') })
  const order = await buy()
  await until('a try that was not taken', SETTLED_WITHIN_MS, async () => (await deliveries(order.id, 'pending')).some(({ attempts }) => attempts > 0))
  expect(shop.heard.some(({ path: at }) => at === '/elsewhere')).toBe(false)
  expect((await deliveries(order.id)).flatMap(({ tries }) => tries).at(-1)).toMatchObject({ status: 307, said: 'it answered with a redirect, which is not followed' })
  expect(expectAnswer(await send(`/${webhookId}`), 200, WebhookEndpoint).failingSince).not.toBeNull()
  shop.answers(204)
  await until('all of it taken', SETTLED_WITHIN_MS, async () => (await deliveries(order.id)).length > 1 && (await deliveries(order.id, 'pending')).length === 0)
  const [placedWord] = (await deliveries(order.id)).filter(({ type }) => type === 'order.placed')
  const times = () => shop.heard.filter(({ id }) => id === placedWord?.id).length
  const before = times()
  expect((await send(`/${webhookId}/deliveries/${placedWord?.id}/replay`, 'POST')).status).toBe(202)
  await until('it comes again', SETTLED_WITHIN_MS, () => times() === before + 1)
  expect(expectAnswer(await send(`/${webhookId}`), 200, WebhookEndpoint).failingSince).toBeNull()
})

it('switched off it hears nothing more, and on again what it asks for', async () => {
  await send(`/${webhookId}`, 'PATCH', { enabled: false })
  const order = await buy()
  await until('the till to have it', SETTLED_WITHIN_MS, () => till().ticketsOfOrder(order.number).length === 1)
  expect(about(order.id)).toEqual([])
  await send(`/${webhookId}`, 'PATCH', { enabled: true })
  expect((await send(`/${webhookId}/test`, 'POST')).body).toEqual({ delivered: true, status: 204, said: '' })
})

async function deliveries(resource: string, state?: string): Promise<WebhookDelivery[]> {
  const { items } = expectAnswer(await send(`/${webhookId}/deliveries?limit=100${state ? `&state=${state}` : ''}`), 200, page(WebhookDelivery))
  return items.filter((each) => each.resource === resource)
}
