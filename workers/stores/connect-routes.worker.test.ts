import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Assignment } from '../../contract/assignment.ts'
import { toInstant } from '../../contract/clock.ts'
import { EMPTY_DIGEST, nextDigest } from '../../contract/digest.ts'
import { EVENTS_BODY_BYTES_MAX, SIGNATURE_TOLERANCE_S } from '../../contract/limits.ts'
import { createSecret, signedHeaders } from '../../contract/signing.ts'
import { createAgeing } from '../ageing/d1-ageing.ts'
import type { AppEnv } from '../gateway/context.ts'
import type { CounterState } from '../inventory/port.ts'
import type { Ports } from '../ports.ts'
import { connect } from './connect-routes.ts'
import { createStoreBook } from './d1-stores.ts'
import { forgetAnswers } from '../gateway/cached-answer.ts'
import { createStoreLinks } from './durable-links.ts'
import { ACCEPT_WITHIN_MS } from './link.ts'
import { operatorStores } from './operator-routes.ts'
import { stores as storeRoutes } from './routes.ts'

const NOW = 4_000_000_000_000
const links = createStoreLinks(env)
const stores = createStoreBook(env.DB, env.MASTER_KEY)
const id = (n: number) => `ord_${String(n).padStart(26, '0')}.1`

let now = NOW
let broken = false
const seen = { queued: [] as string[], audit: [] as string[], safety: [] as unknown[] }
const states: CounterState[] = [{ sku: 'A', onHand: 3, epoch: 1, seq: 8, asOf: 7 }, { sku: 'LOOSE', onHand: 1, epoch: 1, seq: 9, asOf: 8 }]
const inventory: Pick<Ports['inventory'], 'applyWhatGoes' | 'statesOf' | 'listStates' | 'setSafetyStock'> = {
  applyWhatGoes: async () => ({ failed: [] }),
  statesOf: async (_, skus) => states.filter(({ sku }) => skus.includes(sku)),
  listStates: async () => ({ states, nextCursor: null }),
  setSafetyStock: async (...asked) => void seen.safety.push(asked),
}
const catalog: Pick<Ports['catalog'], 'hashesOf' | 'hasItems'> = {
  hashesOf: async () => [{ sku: 'A', itemHash: 'ha', priceMinor: 100, epoch: 1, seq: 1 }, { sku: 'B', itemHash: 'hb', priceMinor: 200, epoch: 1, seq: 2 }],
  hasItems: async () => new Set(['A', 'B']),
}
const money = { amountMinor: 100, currency: 'USD' }
const bodyOf = (assignmentId: string, acceptBy: number, maybeWritten = false): Assignment => ({
  assignmentId, orderId: assignmentId.slice(0, -2), number: '1', placedAt: toInstant(NOW), acceptBy: toInstant(acceptBy),
  lines: [{ lineId: '1', sku: 'A', name: 'A', quantity: 1, unit: 'each', unitPrice: money, taxIncluded: true, taxRate: '0' }],
  totals: { subtotal: money, tax: money, shipping: money, total: money }, fulfillment: { method: 'pickup', storeId: 'main' },
  customer: { name: 'A', email: 'a@b.example' }, note: null, maybeWritten,
})
const orders: Pick<Ports['orders'], 'assignments'> = { assignments: async (_, wanted) => wanted.map((each) => bodyOf(each.assignmentId, each.acceptBy, each.maybeWritten)) }
const audit: Ports['audit'] = { list: async () => [], record: async ({ action }) => void seen.audit.push(action) }
const queues: Pick<Ports['queues'], 'orders' | 'catalog'> = {
  orders: async (messages) => {
    if (broken) throw new Error('away')
    seen.queued.push(...messages.map(({ assignmentId }) => assignmentId))
  },
  catalog: async () => {
    if (broken) throw new Error('away')
  },
}
const ports: Pick<Ports, 'ageing' | 'clock' | 'stores' | 'links' | 'audit'> = { ageing: createAgeing(env.DB), clock: () => now, stores, links, audit }

const app = new Hono<AppEnv>()
app.use(async (c, next) => {
  c.set('ports', { ...ports, inventory, catalog, orders, queues } as Ports)
  c.set('requestId', 'r')
  c.set('actor', 'tester')
  await next()
})
app.route('/connect/v1/stores/:storeId', connect)
app.route('/admin/v1/stores', operatorStores)
app.route('/v1/stores', storeRoutes)

const request = (method: string, path: string, body?: unknown) => app.request(`https://edge.example${path}`, {
  method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
}, env)
const admin = (method: string, path: string, body?: unknown) => request(method, `/admin/v1/stores${path}`, body)

type Sent = { secret?: string; at?: number; storeId?: string; method?: string; headers?: Record<string, string>; bytes?: Uint8Array<ArrayBuffer>; signedTarget?: string }
let secret = ''
let storeId = ''
async function call(path: string, body: unknown, sent: Sent = {}): Promise<Response> {
  const target = `/connect/v1/stores/${sent.storeId ?? storeId}${path}`
  const method = sent.method ?? (body === undefined ? 'GET' : 'POST')
  const bytes = sent.bytes ?? new TextEncoder().encode(body === undefined ? '' : JSON.stringify(body))
  const signed = await signedHeaders([sent.secret ?? secret], { id: crypto.randomUUID(), timestampS: Math.floor((sent.at ?? now) / 1000), method, target: sent.signedTarget ?? target, body: bytes })
  return app.request(`https://edge.example${target}`, {
    method, headers: { ...signed, 'Content-Type': 'application/json', ...sent.headers }, ...(method === 'GET' ? {} : { body: bytes }),
  }, env)
}
const problemOf = async (response: Response) => [response.status, ((await response.json()) as { type: string }).type.split('/').at(-1)]
const beat = (change: object = {}) =>
  ({ connectorId: 'till-1', epoch: 1, lastSeq: 0, posReachable: true, journal: { inbox: 0, outbox: 0 }, version: '1', clock: toInstant(NOW), tunnel: 'none', ...change })
const removed = (seq: number) => ({ seq, type: 'catalog.item_removed', occurredAt: toInstant(NOW), data: { sku: 'A' }, unknown: true })
const eventsCall = (...events: object[]) => ({ connectorId: 'till-1', epoch: 1, after: { seq: 0, digest: EMPTY_DIGEST }, events })

let tests = 0
beforeEach(async () => {
  now = NOW
  broken = false
  seen.queued = []
  storeId = `s${++tests}`
  const registered = await admin('POST', '', { storeId, name: 'Main', timeZone: 'Europe/London', transport: { kind: 'tunnel', url: 'http://127.0.0.1:9' } })
  secret = ((await registered.json()) as { secret: string }).secret
})

describe('a signature', () => {
  test('of the store opens, with either secret while they rotate', async () => {
    expect((await call('/epochs', { connectorId: 'till-1' })).status).toBe(200)
    const { secret: next } = (await (await admin('POST', `/${storeId}/rotate-secret`)).json()) as { secret: string }
    for (const each of [secret, next]) expect((await call('/heartbeat', beat(), { secret: each })).status).toBe(200)
    await admin('POST', `/${storeId}/rotate-secret`)
    expect((await call('/heartbeat', beat())).status).toBe(401)
  })

  test('that is wrong in any way gets one answer, with the date', async () => {
    const ways: Sent[] = [
      { secret: createSecret() }, { storeId: 'nobody' }, { storeId: 'not%20a%20store' }, { at: NOW - (SIGNATURE_TOLERANCE_S + 1) * 1000 },
      { headers: { 'tillbridge-signature': '' } }, { signedTarget: `/connect/v1/stores/${storeId}/heartbeat?x=1` },
    ]
    const answers = await Promise.all(ways.map(async (way) => {
      const response = await call('/heartbeat', beat(), way)
      const { instance: _, ...rest } = (await response.json()) as Record<string, unknown>
      return JSON.stringify([response.status, response.headers.get('Date'), rest])
    }))
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain('bad-signature')
    expect(answers[0]).toContain(new Date(NOW).toUTCString())
  })

  test('covers the query as sent', async () => {
    expect((await call('/state?cursor=aQ&x=%2f', undefined)).status).toBe(200)
  })
})

describe('bad input', () => {
  test.each<[string, Sent, number, string]>([
    ['another type', { headers: { 'Content-Type': 'text/plain' } }, 415, 'unsupported-media-type'],
    ['another packing', { headers: { 'Content-Encoding': 'br' } }, 415, 'unsupported-media-type'],
    ['broken JSON', { bytes: new TextEncoder().encode('{') as Uint8Array<ArrayBuffer> }, 400, 'invalid-json'],
    ['broken gzip', { headers: { 'Content-Encoding': 'gzip' }, bytes: new TextEncoder().encode('{}') as Uint8Array<ArrayBuffer> }, 400, 'invalid-json'],
    ['another shape', { bytes: new TextEncoder().encode('{"events":[{}]}') as Uint8Array<ArrayBuffer> }, 422, 'invalid-request'],
    ['too much', { bytes: new Uint8Array(EVENTS_BODY_BYTES_MAX + 1) }, 413, 'too-large'],
  ])('%s is refused by name', async (_, sent, status, type) => {
    expect(await problemOf(await call('/events', {}, sent))).toEqual([status, type])
  })

  test('a small body that unpacks to a large one is refused', async () => {
    const bytes = await gzip(' '.repeat(EVENTS_BODY_BYTES_MAX + 1))
    expect(bytes.length).toBeLessThan(5_000)
    expect(await problemOf(await call('/events', {}, { bytes, headers: { 'Content-Encoding': 'gzip' } }))).toEqual([413, 'too-large'])
  })
})

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer())
}

describe('events', () => {
  beforeEach(() => call('/epochs', { connectorId: 'till-1' }))

  test('are taken packed, and the digest is over what came', async () => {
    const bytes = await gzip(JSON.stringify(eventsCall(removed(1))))
    const taken = await call('/events', {}, { bytes, headers: { 'Content-Encoding': 'gzip' } })
    expect([taken.status, await taken.json()]).toEqual([202, { ackedSeq: 1, rejected: [] }])
    const digest = await nextDigest(EMPTY_DIGEST, removed(1))
    const next = await call('/events', { ...eventsCall(removed(2)), after: { seq: 1, digest } })
    expect(await next.json()).toEqual({ ackedSeq: 2, rejected: [] })
  })

  test('are refused by name, with what the connector must know', async () => {
    const gap = await call('/events', { ...eventsCall(removed(6)), after: { seq: 5, digest: EMPTY_DIGEST } })
    expect([gap.status, await gap.json()]).toMatchObject([409, { expectedSeq: 1 }])
    expect(await problemOf(await call('/events', { ...eventsCall(removed(1)), epoch: 2 }))).toEqual([409, 'epoch-forked'])
    const held = await call('/events', { ...eventsCall(removed(1)), connectorId: 'till-2' })
    expect([held.status, await held.json()]).toMatchObject([409, { connectorId: 'till-1' }])
    expect(await problemOf(await call('/events', eventsCall(removed(2))))).toEqual([422, 'invalid-request'])
  })

  test('that cannot be made durable are not acknowledged, and taken when they come again', async () => {
    broken = true
    const refused = await call('/events', eventsCall(removed(1)))
    expect(refused.headers.get('Retry-After')).toBeTruthy()
    expect(await problemOf(refused)).toEqual([503, 'try-again'])
    broken = false
    expect(await (await call('/events', eventsCall(removed(1)))).json()).toMatchObject({ ackedSeq: 1 })
  })
})

describe('a heartbeat', () => {
  beforeEach(() => call('/epochs', { connectorId: 'till-1' }))

  test('is answered with the edge\'s time and sends what waited on its way', async () => {
    await links.link(storeId).offer(id(1), true, NOW)
    await links.link(storeId).pushed(id(1), 'failed', NOW)
    const answer = await call('/heartbeat', beat())
    expect(await answer.json()).toEqual({ serverTime: toInstant(NOW), ackedSeq: 0, pending: 1, askAgain: [], requests: [], pushConfirmed: false })
    expect(seen.queued).toEqual([id(1)])
  })

  test('is answered also when the queue is away', async () => {
    await links.link(storeId).offer(id(1), true, NOW)
    await links.link(storeId).pushed(id(1), 'failed', NOW)
    broken = true
    expect((await call('/heartbeat', beat())).status).toBe(200)
    expect(seen.queued).toEqual([])
  })

  test('brings the operator\'s wish twice, for the case that one answer is lost', async () => {
    expect((await admin('POST', `/${storeId}/reconcile`)).status).toBe(202)
    for (const requests of [['reconcile'], ['reconcile'], []]) expect(await (await call('/heartbeat', beat())).json()).toMatchObject({ requests })
  })
})

test('what waits can be pulled, with the cancels', async () => {
  await call('/epochs', { connectorId: 'till-1' })
  for (const n of [1, 2]) await links.link(storeId).offer(id(n), false, NOW)
  await call('/orders/pending', undefined)
  expect(await links.link(storeId).takeBack(id(2), NOW)).toBe('requested')
  expect(await (await call('/orders/pending', undefined)).json()).toEqual({ assignments: [bodyOf(id(1), NOW + ACCEPT_WITHIN_MS)], cancels: [{ assignmentId: id(2) }] })
  await call('/epochs', { connectorId: 'till-1' })
  expect(((await (await call('/orders/pending', undefined)).json()) as { assignments: Assignment[] }).assignments).toMatchObject([{ maybeWritten: true }, { maybeWritten: true }])
})

test('the state is the items, then the counters that have none', async () => {
  const first = (await (await call('/state', undefined)).json()) as { items: unknown[]; nextCursor: string }
  expect(first.items).toEqual([{ sku: 'A', itemHash: 'ha', priceMinor: 100, onHand: 3, epoch: 1, seq: 8, asOf: 7 }, { sku: 'B', itemHash: 'hb', priceMinor: 200, onHand: null, epoch: 1, seq: 2, asOf: null }])
  const second = await (await call(`/state?cursor=${first.nextCursor}`, undefined)).json()
  expect(second).toEqual({ items: [{ sku: 'LOOSE', itemHash: null, onHand: 1, epoch: 1, seq: 9, asOf: 8 }], nextCursor: null })
  expect(await problemOf(await call('/state?cursor=!!', undefined))).toEqual([422, 'invalid-request'])
})

test('a pairing code brings the secret once', async () => {
  const { code } = (await (await admin('POST', `/${storeId}/pairing-code`)).json()) as { code: string }
  const pair = (at: string, typed: string) => request('POST', `/connect/v1/stores/${at}/pair`, { code: typed })
  expect(await problemOf(await pair('nobody', code))).toEqual([410, 'pairing-code-spent'])
  expect(await (await pair(storeId, code.toLowerCase())).json()).toEqual({ secret })
  expect(await problemOf(await pair(storeId, code))).toEqual([410, 'pairing-code-spent'])
})

describe('the operator', () => {
  beforeAll(() => void (seen.audit = []))

  test('registers a store once and sees all but its secrets', async () => {
    const body = { storeId: `${storeId}-new`, name: 'New', timeZone: 'UTC', safetyStock: 2, transport: { kind: 'tunnel', url: 'https://t.example', accessClientId: 'i', accessClientSecret: 'hush' } }
    const made = await admin('POST', '', body)
    expect(made.status).toBe(201)
    expect(await made.json()).toMatchObject({ secret: expect.stringMatching(/^tbsec_/), store: { storeId: body.storeId, transport: { kind: 'tunnel', url: 'https://t.example', accessClientId: 'i' } } })
    expect(seen.safety).toContainEqual([body.storeId, null, 2])
    expect(await problemOf(await admin('POST', '', body))).toEqual([409, 'already-exists'])
    expect(await problemOf(await admin('POST', '', { ...body, timeZone: 'Mars/Olympus' }))).toEqual([422, 'invalid-request'])
    for (const path of [`/${body.storeId}`, '?limit=100']) expect(await (await admin('GET', path)).text()).not.toMatch(/hush|tbsec_/)
    expect(seen.audit).toContain('store.register')
  })

  test('changes a store\'s way in, as when its service token is rotated, and still sees no secret', async () => {
    const own = `${storeId}-moved`
    await admin('POST', '', { storeId: own, name: 'Moved', timeZone: 'UTC', transport: { kind: 'pull' } })
    const transport = { kind: 'tunnel', url: 'https://t.example', accessClientId: 'next', accessClientSecret: 'hush' }
    const moved = await admin('PUT', `/${own}/transport`, transport)
    expect(await moved.json()).toMatchObject({ transport: { kind: 'tunnel', url: 'https://t.example', accessClientId: 'next' } })
    const shown = await (await admin('GET', `/${own}`)).text()
    expect([shown.includes('"accessClientId":"next"'), shown.includes('hush')]).toEqual([true, false])
    expect(await problemOf(await admin('PUT', `/${own}/transport`, { kind: 'carrier-pigeon' }))).toEqual([422, 'invalid-request'])
    expect(await problemOf(await admin('PUT', '/nobody/transport', transport))).toEqual([404, 'store-not-found'])
    expect(seen.audit).toContain('store.transport')
  })

  test('changes what the public reads of a store, and how long a silent one sells', async () => {
    const own = `${storeId}-hours`
    await admin('POST', '', { storeId: own, name: 'Hours', timeZone: 'UTC', transport: { kind: 'pull' } })
    const hours = { mon: [{ from: '09:00', to: '12:30' }, { from: '13:00', to: '18:00' }] }
    expect(await (await admin('PATCH', `/${own}`, { name: 'Hours!', openingHours: hours, sellStaleForS: 60 })).json()).toMatchObject({ name: 'Hours!', timeZone: 'UTC', sellStaleForMs: 60_000 })
    const shown = async () => {
      forgetAnswers(env.CATALOG)
      return (await request('GET', `/v1/stores/${own}`)).json()
    }
    expect(await shown()).toEqual({ storeId: own, name: 'Hours!', timeZone: 'UTC', openingHours: { mon: hours.mon, tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] }, takingOrders: false, specialDays: [], pickupReadyAt: null })
    await admin('PATCH', `/${own}`, { openingHours: null, timeZone: 'Europe/London' })
    expect(await shown()).toMatchObject({ name: 'Hours!', timeZone: 'Europe/London', openingHours: null })
    expect(await problemOf(await admin('PATCH', `/${own}`, {}))).toEqual([422, 'invalid-request'])
    expect(await problemOf(await admin('PATCH', '/nobody', { name: 'X' }))).toEqual([404, 'store-not-found'])
    expect(seen.audit).toContain('store.change')
  })

  test('pauses and resumes, which the public sees', async () => {
    await call('/epochs', { connectorId: 'till-1' })
    await call('/heartbeat', beat())
    const taking = async () => {
      forgetAnswers(env.CATALOG)
      return ((await (await request('GET', `/v1/stores/${storeId}`)).json()) as { takingOrders: boolean }).takingOrders
    }
    expect(await taking()).toBe(true)
    expect(await (await admin('POST', `/${storeId}/pause`)).json()).toMatchObject({ paused: true, takingOrders: false, breaker: 'closed', link: { epoch: 1 } })
    expect(await taking()).toBe(false)
    await admin('POST', `/${storeId}/resume`)
    expect(await taking()).toBe(true)
  })

  test('sets the safety stock of a SKU or of the store', async () => {
    expect((await admin('PUT', `/${storeId}/safety-stock`, { sku: 'A', quantity: 3 })).status).toBe(200)
    await admin('PUT', `/${storeId}/safety-stock`, { quantity: 4 })
    expect(seen.safety.slice(-2)).toEqual([[storeId, 'A', 3], [storeId, null, 4]])
    expect(await (await admin('GET', `/${storeId}`)).json()).toMatchObject({ safetyStock: 4 })
    expect(await problemOf(await admin('PUT', `/${storeId}/safety-stock`, { quantity: -1 }))).toEqual([422, 'invalid-request'])
  })

  test('is told when there is no such store', async () => {
    for (const path of ['pause', 'resume', 'rotate-secret', 'pairing-code', 'reconcile']) expect(await problemOf(await admin('POST', `/nobody/${path}`))).toEqual([404, 'store-not-found'])
    expect(await problemOf(await admin('GET', '/nobody'))).toEqual([404, 'store-not-found'])
    expect(await problemOf(await request('GET', '/v1/stores/nobody'))).toEqual([404, 'store-not-found'])
  })
})

test('the public list is paged', async () => {
  const first = (await (await request('GET', '/v1/stores?limit=1')).json()) as { items: object[]; nextCursor: string }
  expect(Object.keys(first.items[0] ?? {}).sort()).toEqual(['name', 'openingHours', 'pickupReadyAt', 'specialDays', 'storeId', 'takingOrders', 'timeZone'])
  const second = (await (await request('GET', `/v1/stores?limit=1&cursor=${first.nextCursor}`)).json()) as { items: object[] }
  expect(second.items).not.toEqual(first.items)
})
