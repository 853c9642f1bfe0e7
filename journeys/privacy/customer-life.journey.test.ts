import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { systemClock, toInstant } from '../../contract/clock.ts'
import { EMPTY_DIGEST } from '../../contract/digest.ts'
import { Erasure } from '../../contract/operator-answers.ts'
import type { PlacedAnswer } from '../../contract/order.ts'
import { call, expectAnswer, placed } from '../local/edge-api.ts'
import { startConnector, writeConnectorConfig } from '../local/house.ts'
import { signedClient } from '../local/signed-client.ts'
import { openStores, type StoreOf, type Stores } from '../local/stores.ts'
import { until } from '../local/until.ts'
import { keptRows } from '../openapi/kept-rows.ts'

const STORE_ID = 'harbour'
const ADMIN_TOKEN = 'privacy-admin-token'
const TOLD_WITHIN_MS = 30_000
/** Found nowhere else than in this customer's orders. */
const WORDS = { name: 'Wilhelmina Quist', email: 'quist@customers.example', phone: '+353 1 555 0142', line1: '7 Unmistakable Row', note: 'leave it with the neighbour' }
const { name, email, phone, line1, note } = WORDS
const customer = { name, email, phone }
const address = { name, line1, city: 'Oranmore', postalCode: 'H91 AB12', country: 'IE' }
/** One that gets a line in the log although it only reads. */
const traced = { traceparent: '00-4bf92f3577b34da6a3ce929d00000001-00f067aa0ba902b7-01' }

let dir: string
let house: Stores
let store: StoreOf
/** Keys, tokens and secrets that were used. */
const secrets: string[] = [ADMIN_TOKEN]

const journalFiles = async (): Promise<string[]> => (await readdir(store.shop.dir)).filter((file) => file.startsWith('journal.db'))
/** Which of the words stand in the bytes of the journal. */
async function inJournal(): Promise<string[]> {
  const bytes = await Promise.all((await journalFiles()).map((file) => readFile(path.join(store.shop.dir, file))))
  return Object.values(WORDS).filter((word) => bytes.some((each) => each.includes(word)))
}
/** Which stand in any row of D1 or of an object. */
const atEdge = async (): Promise<string[]> => {
  const rows = JSON.stringify(await until('the files to be readable', 10_000, () => keptRows(path.join(dir, 'house/edge/edge'))))
  return Object.values(WORDS).filter((word) => rows.includes(word))
}
const order = async (key: string, sku: string, fulfillment: unknown): Promise<PlacedAnswer> => {
  const answer = await placed(await house.web.place({ lines: [{ sku, quantity: 1 }], fulfillment, customer, note }, key))
  secrets.push(answer.accessToken)
  return answer
}
const statusOf = async ({ order: { id } }: PlacedAnswer): Promise<string> => (await house.web.order(id)).status
const has = (answer: PlacedAnswer, status: string) => until(`order ${answer.order.number} ${status}`, TOLD_WITHIN_MS, async () => (await statusOf(answer)) === status, 100)
const erasure = async (id: string): Promise<Erasure> => expectAnswer(await house.operator.send(`/erasures/${id}`), 200, Erasure)
async function restart(between: () => Promise<void>): Promise<void> {
  await store.connector.stop()
  await between()
  store.connector = await startConnector(store.shop)
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-privacy-'))
  house = await openStores(path.join(dir, 'house'), ADMIN_TOKEN, { [STORE_ID]: [{ sku: 'LAMP-1', pieces: 5, priceMinor: 1999 }, { sku: 'VASE-1', pieces: 1, priceMinor: 999 }] })
  const found = house.stores.get(STORE_ID)
  if (!found) throw new Error('no store')
  store = found
  secrets.push(house.keys.publishable, house.keys.secret, (await readFile(store.shop.secretFile, 'utf8')).trim())
  // Whatever its log can say.
  await restart(() => writeConnectorConfig(house.edge.ready.url, store.shop, { log: { level: 'debug' } }))
}, 180_000)
afterAll(async () => {
  await house?.close()
  await rm(dir, { recursive: true, force: true })
}, 60_000)

test('a customer\'s orders are placed, delivered, refused, cancelled, filed and erased; then nobody has the customer but the till, and no log ever had', async () => {
  const base = house.edge.ready.url
  const bought = await order('bought', 'LAMP-1', { method: 'pickup', storeId: STORE_ID })
  const sentAway = await order('cancelled', 'LAMP-1', { method: 'ship', address })
  await has(bought, 'accepted')
  await has(sentAway, 'accepted')
  expect(await inJournal()).toEqual(Object.values(WORDS))

  // Asked for while the goods are still to be handed out: it waits.
  const asked = expectAnswer(await house.operator.send('/erasures', 'POST', { email: email.toUpperCase(), why: 'Asked by letter.' }), 202, Erasure)
  expect(asked).toMatchObject({ state: 'waiting', reached: { orders: { erased: 0, waiting: 2 } } })
  expect(await inJournal()).toEqual(Object.values(WORDS))

  // The machine's backup of that day; and what the web sold meanwhile, the counter sells, too.
  const backup = path.join(dir, 'backup')
  let refused: PlacedAnswer | undefined
  await restart(async () => {
    await mkdir(backup)
    for (const file of await journalFiles()) await cp(path.join(store.shop.dir, file), path.join(backup, file))
    refused = await order('refused', 'VASE-1', { method: 'pickup', storeId: STORE_ID })
    store.till.sell('VASE-1', 1)
  })
  if (!refused) throw new Error('nothing was placed')
  await has(refused, 'cancelled')
  expect((await house.web.cancel(sentAway.order.id)).status).toBeLessThan(300)
  await has(sentAway, 'cancelled')
  await mistakes(base, bought)
  store.till.handOver(bought.order.number)
  await has(bought, 'completed')

  // The first was asked for before the third order was there.
  const again = expectAnswer(await house.operator.send('/erasures', 'POST', { phone: '00353 1 5550142', why: 'The rest of it.' }), 202, Erasure)
  await until('both erasures done', TOLD_WITHIN_MS, async () => (await erasure(asked.id)).state === 'done' && (await erasure(again.id)).state === 'done', 200)
  expect((await erasure(asked.id)).reached).toMatchObject({ orders: { erased: 2, waiting: 0 }, journals: [{ storeId: STORE_ID, state: 'erased' }] })
  expect(await atEdge()).toEqual([])
  expect(await inJournal()).toEqual([])

  const left = await call(base, { path: `/v1/orders/${bought.order.id}`, headers: { 'X-Order-Token': bought.accessToken, ...traced } })
  expect(left.body).toMatchObject({ id: bought.order.id, status: 'completed', lines: [{ sku: 'LAMP-1' }], totals: bought.order.totals, customer: { name: '(erased)' }, note: null })
  const retried = await house.web.place({ lines: [{ sku: 'LAMP-1', quantity: 1 }], fulfillment: { method: 'pickup', storeId: STORE_ID }, customer, note }, 'bought')
  expect({ status: retried.status, id: (await placed(retried)).order.id }).toEqual({ status: 200, id: bought.order.id })
  expect(store.till.ticketsOfOrder(bought.order.number)).toHaveLength(1)

  // The shop's machine comes back from its backup, with the customer; the edge asks it once more.
  await restart(async () => {
    for (const file of await journalFiles()) await rm(path.join(store.shop.dir, file))
    for (const file of await readdir(backup)) await cp(path.join(backup, file), path.join(store.shop.dir, file))
    expect(await inJournal()).toEqual(Object.values(WORDS))
  })
  await until('the restored journal without the customer', TOLD_WITHIN_MS, async () => (await inJournal()).length === 0, 200)
  expect(await atEdge()).toEqual([])
  expect(store.till.ticketsOfOrder(bought.order.number)).toHaveLength(1)

  const logs = [path.join(dir, 'house/edge/edge.log'), path.join(store.shop.dir, 'connector.log')]
  for (const log of logs) {
    const text = await readFile(log, 'utf8')
    expect(text.split('\n').length).toBeGreaterThan(20)
    expect([...Object.values(WORDS), ...secrets].filter((word) => text.includes(word)), log).toEqual([])
  }
}, 240_000)

/** What callers, shops and operators send wrongly, with the customer and with secrets in it, each told in the log. */
async function mistakes(base: string, { order: { id }, accessToken }: PlacedAnswer): Promise<void> {
  const { publishable, secret } = house.keys
  const shopper = { 'Authorization': `Bearer ${publishable}`, 'Idempotency-Key': 'mistake', 'Content-Type': 'application/json', ...traced }
  const statuses = [
    await call(base, { path: '/v1/orders', headers: shopper, raw: `{"customer":${JSON.stringify(customer)},` }),
    await call(base, { path: '/v1/orders', headers: shopper, body: { lines: [], customer, note, fulfillment: { method: 'ship', address } } }),
    await call(base, { path: '/v1/orders', headers: { ...shopper, 'Idempotency-Key': email }, body: { lines: [{ sku: name, quantity: 1 }], customer, note, fulfillment: { method: 'ship', address } } }),
    await call(base, { path: '/v1/orders', headers: { ...shopper, 'Idempotency-Key': 'bought' }, body: { lines: [{ sku: 'LAMP-1', quantity: 2 }], customer, note, fulfillment: { method: 'ship', address } } }),
    await call(base, { path: `/v1/orders/${id}?token=${accessToken}&email=${email}`, headers: traced }),
    await call(base, { path: `/v1/orders/${id}/timeline?token=${accessToken}x`, headers: traced }),
    await call(base, { path: `/v1/orders/${encodeURIComponent(name)}`, headers: { Authorization: `Bearer ${secret}`, ...traced } }),
    await call(base, { path: `/v1/products?q=${encodeURIComponent(name)}&cursor=${secret}`, headers: traced }),
    await call(base, { method: 'POST', path: `/v1/orders/${id}/cancel`, headers: { 'X-Order-Token': `${accessToken}x`, ...traced } }),
    await call(base, { path: '/admin/v1/erasures', headers: { 'Authorization': `Bearer ${secret}`, 'X-Request-Id': `id with ${name}`, ...traced }, body: { email, why: name } }),
    await house.operator.send('/erasures', 'POST', { email, phone, why: name }),
    await house.operator.send(`/orders/${encodeURIComponent(email)}`),
    await signedClient(base, 'tbsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=')({ path: `/connect/v1/stores/${STORE_ID}/events`, body: { note, customer } }),
  ].map(({ status }) => status)
  expect(statuses.filter((status) => status < 400)).toEqual([])

  // Another store speaks of this order, and in no form that anybody knows: both are dead letters, and name the customer.
  const quay = await house.operator.registerStore({ storeId: 'quay', name: 'Quay', timeZone: 'UTC', transport: { kind: 'pull' } })
  secrets.push(quay)
  const signed = signedClient(base, quay)
  const { epoch } = z.object({ epoch: z.int() }).parse((await signed({ path: '/connect/v1/stores/quay/epochs', body: { connectorId: 'quay-1' } })).body)
  const event = (seq: number, type: string, data: object) => ({ seq, type, occurredAt: toInstant(systemClock()), data })
  const told = await signed({ path: '/connect/v1/stores/quay/events', body: { connectorId: 'quay-1', epoch, after: { seq: 0, digest: EMPTY_DIGEST }, events: [
    event(1, 'order.in_doubt', { assignmentId: `${id}.1`, detail: `the till has a sale of ${name}, ${line1}` }), event(2, 'order.misunderstood', { orderId: id, customer, note, address }),
  ] } })
  expect(told.status).toBe(202)
  const letters = z.object({ items: z.array(z.object({ id: z.string(), storeId: z.string().nullable() })) })
  const filed = await until('two dead letters', TOLD_WITHIN_MS, async () => {
    const { items } = letters.parse((await house.operator.send('/dead-letters?limit=100')).body)
    const mine = items.filter(({ storeId }) => storeId === 'quay')
    return mine.length === 2 ? mine : null
  }, 100)
  for (const letter of filed) expect((await house.operator.send(`/dead-letters/${letter.id}/replay`, 'POST')).status).toBe(200)
  expect(await atEdge()).toEqual(Object.values(WORDS))
}
