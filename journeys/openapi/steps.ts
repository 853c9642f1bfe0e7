import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { z } from 'zod'
import { nextDigest } from '../../contract/digest.ts'
import { signedClient } from '../local/signed-client.ts'
import { until } from '../local/until.ts'
import { sendRaw } from './send-raw.ts'
import type { RawAnswer } from './send-raw.ts'
import { CONNECTOR, operate, tell } from './world.ts'
import type { Given, World } from './world.ts'

/** What an operation needs before it can be driven, and what the world learns from its answer. Without one the document's example is sent as it is. */
export type Step = { before?: (world: World) => Promise<Given | void>; after?: (world: World, answer: RawAnswer) => Promise<void> }

/** These come first, in this order: each makes what the others are about. */
export const FIRST = ['registerStore', 'registerChannel', 'issueKey', 'takeEpoch', 'sendEvents', 'sendHeartbeat', 'placeOrder'] as const

const Placed = z.object({ order: z.object({ id: z.string() }), accessToken: z.string() })
const ITEM = {
  sku: 'CLO-00003', name: 'Green tea, loose', category: 'Tea', price: { amountMinor: 1299, currency: 'USD' }, taxIncluded: false, taxRate: '8.875',
}
const ADDRESS = { name: 'Customer', line1: '1 High Street', city: 'London', postalCode: 'N1 1AA', country: 'GB' }
const BASKET = { lines: [{ sku: 'CLO-00003', quantity: 1 }], customer: { name: 'Customer', email: 'customer@shop.example' } }

async function order(world: World, fulfillment: unknown, more: object = {}): Promise<z.infer<typeof Placed>> {
  const answer = await sendRaw(world.base, {
    method: 'POST', target: '/v1/orders', headers: { 'Authorization': `Bearer ${world.publishable}`, 'Idempotency-Key': randomUUID(), 'Content-Type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify({ ...BASKET, fulfillment, ...more })),
  })
  if (answer.status !== 201) throw new Error(`no order: ${answer.text}`)
  return Placed.parse(answer.json)
}
/** An order that waits for a transfer. */
async function transferred(world: World): Promise<Given> {
  await operate(world, 'PATCH', '/channels/boutique', { paymentProviders: ['manual'] })
  return { ids: { orderId: (await order(world, { method: 'pickup', storeId: world.ids['storeId'] }, { payment: { provider: 'manual' } })).order.id } }
}
/** An order that the shopper has. */
async function given(world: World): Promise<Given> {
  const { order: { id } } = await pickedUp(world)
  await tell(world, { type: 'order.status_changed', data: { assignmentId: `${id}.1`, status: 'completed', stockFell: true, levels: [] } })
  await until('the order to be over', 10_000, async () => z.object({ status: z.string() }).parse((await operate(world, 'GET', `/orders/${id}`)).json).status === 'completed')
  return { ids: { orderId: id }, headers: { Authorization: `Bearer ${world.secret}` } }
}
async function comingBack(world: World): Promise<Given> {
  const { ids = {} } = await given(world)
  const answer = await sendRaw(world.base, {
    method: 'POST', target: `/admin/v1/orders/${ids['orderId']}/returns`, headers: { 'Authorization': `Bearer ${world.adminToken}`, 'Idempotency-Key': randomUUID(), 'Content-Type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify({ lines: [{ lineId: '1', quantity: 1 }], method: 'post' })),
  })
  world.ids['returnId'] = z.object({ returns: z.array(z.object({ id: z.string() })).min(1) }).parse(answer.json).returns[0]?.id ?? ''
  return { ids }
}
const pickedUp = (world: World) => order(world, { method: 'pickup', storeId: world.ids['storeId'] })

/** A channel that sends mails; they lie in the edge's own folder. */
const mailing = async (world: World): Promise<void> => void (await operate(world, 'PUT', '/channels/boutique/mail', { from: { email: 'orders@shop.example', name: 'The Shop' } }))

/** A letter that nobody has touched: an event that cannot be read. */
async function letter(world: World): Promise<string> {
  const before = await letters(world)
  await tell(world, { type: 'stock.counted', data: { sku: 'CLO-00003', onHand: 'five' } })
  return until('a dead letter', 10_000, async () => (await letters(world)).find((id) => !before.includes(id)))
}
const letters = async (world: World): Promise<string[]> =>
  z.object({ items: z.array(z.object({ id: z.string() })) }).parse((await operate(world, 'GET', '/dead-letters?limit=100')).json).items.map(({ id }) => id)

const issue = async (world: World, kind: 'publishable' | 'secret') => z.object({ key: z.string(), keyId: z.string() }).parse((await operate(world, 'POST', '/channels/boutique/keys', { kind })).json)

async function quarantine(world: World): Promise<void> {
  const feed = { state: 'quarantined', id: 'q-17', since: '2026-11-26T10:00:00.000Z', reasons: ['zeroed'], zeroed: 9, removed: 0, repriced: 0, drifted: 0, inStock: 10, items: 10, refused: false, sample: [] }
  await beat(world, { feed })
}
async function beat(world: World, more: object): Promise<void> {
  const path = `/connect/v1/stores/${world.ids['storeId']}/heartbeat`
  const answer = await signedClient(world.base, world.storeSecret)({ path, body: {
    connectorId: CONNECTOR, epoch: world.journal.epoch, lastSeq: world.journal.seq, posReachable: true, journal: { inbox: 0, outbox: 0 }, version: '0.1.0', clock: '2026-11-26T10:00:00.000Z', tunnel: 'none', ...more,
  } })
  if (answer.status !== 200) throw new Error(`the heartbeat was not taken: ${answer.text}`)
}

/** Takes every webhook, so that none is tried again for days. It ends with the process. */
async function listener(): Promise<string> {
  const server = createServer((_, answer) => void answer.writeHead(204).end()).unref()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/hooks`
}

/** A store beside the one that is in use, for what would take that one away. */
async function spare(world: World): Promise<Given> {
  const storeId = `spare-${randomUUID().slice(0, 8)}`
  await operate(world, 'POST', '/stores', { storeId, name: 'Spare', timeZone: 'UTC', transport: { kind: 'pull' } })
  return { ids: { storeId } }
}

export const STEPS: Readonly<Record<string, Step>> = {
  registerStore: { after: async (world, { json }) => void (world.storeSecret = z.object({ secret: z.string() }).parse(json).secret) },
  issueKey: { after: async (world, { json }) => {
    world.publishable = z.object({ key: z.string() }).parse(json).key
    const secret = await issue(world, 'secret')
    world.secret = secret.key
    world.ids['keyId'] = secret.keyId
  } },
  takeEpoch: { after: async (world, { json }) => void (world.journal.epoch = z.object({ epoch: z.int() }).parse(json).epoch) },
  sendEvents: { after: async (world) => {
    const { events } = z.object({ events: z.array(z.unknown()) }).parse(world.sent)
    for (const event of events) world.journal.digest = await nextDigest(world.journal.digest, event)
    world.journal.seq = events.length
    await tell(world, { type: 'catalog.item_upserted', data: ITEM }, { type: 'stock.counted', data: { sku: 'CLO-00003', onHand: 500, asOf: 1 } })
    await until('the product on the web', 15_000, async () => (await sendRaw(world.base, { method: 'GET', target: '/v1/products/CLO-00003', headers: {} })).status === 200)
  } },
  placeOrder: { after: async (world, { json }) => {
    const { order: { id }, accessToken } = Placed.parse(json)
    Object.assign(world.ids, { orderId: id, letterId: await letter(world) })
    world.accessToken = accessToken
  } },
  cancelOrder: { before: async (world) => {
    const placed = await pickedUp(world)
    return { ids: { orderId: placed.order.id }, headers: { Authorization: `Bearer ${world.secret}` } }
  } },
  cancelAnyOrder: { before: async (world) => ({ ids: { orderId: (await pickedUp(world)).order.id } }) },
  readPayment: { before: transferred },
  confirmPayment: { before: transferred },
  retryPayment: { before: transferred },
  refundOrder: { before: async (world) => {
    const given = await transferred(world)
    await operate(world, 'POST', `/orders/${given.ids?.['orderId']}/payment/confirm`, { amount: { amountMinor: 1414, currency: 'USD' }, reference: 'transfer 17' })
    return given
  } },
  requestReturn: { before: given },
  announceReturn: { before: given },
  receiveReturn: { before: comingBack },
  withdrawReturn: { before: comingBack },
  readDailyTotals: { before: async () => ({ query: '?from=2026-11-01&to=2026-11-30' }) },
  exportSales: { before: async () => ({ query: '?format=csv' }) },
  rerouteOrder: { before: async (world) => ({ ids: { orderId: (await order(world, { method: 'ship', address: ADDRESS })).order.id } }) },
  correctDeadLetter: { before: async (world) => {
    const letterId = await letter(world)
    const { original } = z.object({ original: z.looseObject({ event: z.looseObject({}) }) }).parse((await operate(world, 'GET', `/dead-letters/${letterId}`)).json)
    return { ids: { letterId }, body: { body: { ...original, event: { ...original.event, data: { sku: 'CLO-00003', onHand: 5, asOf: 1 } } } } }
  } },
  replayDeadLetter: { before: async (world) => ({ ids: { letterId: await letter(world) } }) },
  discardDeadLetter: { before: async (world) => ({ ids: { letterId: await letter(world) } }) },
  approveFeed: { before: quarantine },
  refuseFeed: { before: quarantine },
  rotateKey: { before: async (world) => ({ ids: { keyId: (await issue(world, 'publishable')).keyId } }) },
  revokeKey: { before: async (world) => ({ ids: { keyId: (await issue(world, 'publishable')).keyId } }) },
  pairConnector: { before: async (world) => ({ body: z.object({ code: z.string() }).parse((await operate(world, 'POST', `/stores/${world.ids['storeId']}/pairing-code`)).json) }) },
  // Nobody listens there, and the answer says so.
  testAlerts: { before: async (world) => void (await operate(world, 'PUT', '/alerts/webhook', { url: 'http://127.0.0.1:9/alerts' })) },
  registerWebhook: { before: async () => ({ body: { url: await listener(), events: ['*'] } }), after: async (world, { json }) => {
    world.ids['webhookId'] = z.object({ endpoint: z.object({ id: z.string() }) }).parse(json).endpoint.id
    await pickedUp(world)
  } },
  listDeliveries: { after: async (world, { json }) => void (world.ids['deliveryId'] = z.object({ items: z.array(z.object({ id: z.string() })).min(1) }).parse(json).items[0]?.id ?? '') },
  readMail: { before: mailing },
  removeMail: { before: mailing },
  previewMail: { before: mailing },
  testMail: { before: mailing },
  sendMailAgain: { before: mailing },
  removeWebhook: { before: async (world) => ({ ids: { webhookId: z.object({ endpoint: z.object({ id: z.string() }) }).parse((await operate(world, 'POST', '/channels/boutique/webhooks', { url: 'http://127.0.0.1:9/hooks' })).json).endpoint.id } }) },
  requestErasure: { after: async (world, { json }) => void (world.ids['erasureId'] = z.object({ id: z.string() }).parse(json).id) },
  rotateSecret: { before: spare },
  pauseStore: { before: spare },
  changeStore: { before: spare },
  setTransport: { before: spare },
}
