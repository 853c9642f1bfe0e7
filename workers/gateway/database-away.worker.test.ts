import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Health } from '../../contract/operator-answers.ts'
import { itemHash } from '../../contract/product.ts'
import { createCatalog } from '../catalog/d1-catalog.ts'
import { createPorts } from '../ports.ts'
import { app } from './app.ts'
import { forgetAnswers } from './cached-answer.ts'

const BASE = 'https://edge.example'
const admin = { 'Authorization': `Bearer ${env.ADMIN_TOKEN}`, 'Content-Type': 'application/json' }
const ALL = ['first', 'run', 'all', 'raw'] as const
type Trouble = () => Promise<unknown>

/** D1 as it is, with every call counted, and in trouble when told. It is a new binding: no breaker has heard of it. */
function troubled() {
  const self = { calls: 0, trouble: null as Trouble | null, env: env as Env }
  const ask = async (call: () => Promise<unknown>) => {
    self.calls++
    return self.trouble ? self.trouble() : call()
  }
  const inner = new WeakMap<object, D1PreparedStatement>()
  const statement = (own: D1PreparedStatement): D1PreparedStatement => {
    const ours = { bind: (...values: unknown[]) => statement(own.bind(...values)), ...Object.fromEntries(ALL.map((name) => [name, (...args: unknown[]) => ask(() => (own[name] as (...all: unknown[]) => Promise<unknown>).apply(own, args))])) }
    inner.set(ours, own)
    return ours as unknown as D1PreparedStatement
  }
  const DB = { prepare: (sql: string) => statement(env.DB.prepare(sql)), batch: (all: D1PreparedStatement[]) => ask(() => env.DB.batch(all.map((each) => inner.get(each) ?? each))) }
  self.env = { ...env, DB: DB as unknown as D1Database }
  return self
}
const lost: Trouble = async () => Promise.reject(new Error('D1_ERROR: Network connection lost.'))
const silent: Trouble = () => new Promise(() => undefined)

let keys = { publishable: '' }
let house: ReturnType<typeof troubled>
const call = (path: string, init: RequestInit = {}) => app.request(BASE + path, init, house.env)
const place = (idempotencyKey: string) => call('/v1/orders', {
  method: 'POST', headers: { 'Authorization': `Bearer ${keys.publishable}`, 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey },
  body: JSON.stringify({ lines: [{ sku: 'A', quantity: 1 }], fulfillment: { method: 'pickup', storeId: 'main' }, customer: { name: 'Customer', email: 'customer@shop.example' } }),
})
const reserved = async () => (await createPorts(env).inventory.explain('A')).stores.flatMap(({ reservations }) => reservations)
const orders = async () => (await env.DB.prepare('SELECT count(*) AS n FROM orders').first<{ n: number }>())?.n
const health = async () => Health.parse(await (await call('/admin/v1/health', { headers: admin })).json())
const typeOf = async (answer: Response) => [answer.status, (await answer.json<{ type: string }>()).type.split('/').at(-1)]
/** As the till's price of it is told. */
async function priced(sku: string, amountMinor: number, seq: number): Promise<void> {
  const item = { sku, name: `Item ${sku}`, description: null, brand: null, category: 'Tea', identifiers: [], unit: 'each' as const, price: { amountMinor, currency: 'USD' }, taxIncluded: true, taxRate: '0', imageUrl: null, tracked: true }
  const catalog = createCatalog(env.DB, env.CATALOG)
  await catalog.publish(await catalog.apply('main', [{ item, itemHash: await itemHash(item), position: { epoch: 1, seq } }], Date.now()))
}

beforeAll(async () => {
  const post = (path: string, body: object) => app.request(`${BASE}/admin/v1${path}`, { method: 'POST', headers: admin, body: JSON.stringify(body) }, env)
  await post('/stores', { storeId: 'main', name: 'Main', timeZone: 'UTC', transport: { kind: 'pull' } })
  await post('/channels', { channelId: 'web', name: 'Web', payInStore: true })
  keys = { publishable: (await (await post('/channels/web/keys', { kind: 'publishable' })).json<{ key: string }>()).key }
  await priced('A', 100, 1)
  await priced('B', 200, 2)
  const { links, inventory } = createPorts(env)
  await links.link('main').takeEpoch('till', Date.now())
  await links.link('main').heartbeat({ connectorId: 'till', epoch: 1, lastSeq: 0, posReachable: true, journal: { inbox: 0, outbox: 0 }, version: '1.0.0', clock: new Date().toISOString(), tunnel: 'none' }, Date.now())
  await inventory.apply([{ type: 'level', sku: 'A', storeId: 'main', onHand: 50, epoch: 1, asOf: 0, seq: 1, at: Date.now() }])
})
beforeEach(() => {
  house = troubled()
  forgetAnswers(env.CATALOG)
})

describe('while D1 is away', () => {
  it.each([['it breaks', lost], ['it says nothing', silent]])('because %s, orders are 503 with when to come again, and nothing of them is half done', async (why, trouble) => {
    const [before, held] = [await orders(), await reserved()]
    house.trouble = trouble
    const answers = await Promise.all(Array.from({ length: 6 }, async (_, index) => place(`away-${index}`)))
    for (const answer of answers) {
      expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThanOrEqual(1)
      expect(await typeOf(answer)).toEqual([503, 'try-again'])
    }
    expect([await orders(), await reserved()]).toEqual([before, held])
    // Five have failed: now nobody waits, and D1 is left alone.
    const calls = house.calls
    expect((await place('later')).status).toBe(503)
    expect(house.calls).toBe(calls)
    expect((await health()).d1).toMatchObject({ answers: false, breaker: 'open' })
    // One call tries after three seconds, and opens it for all.
    house.trouble = null
    await expect.poll(async () => (await place(`back-${why.length}`)).status, { timeout: 8_000, interval: 500 }).toBe(201)
    expect((await place(`back-${why.length}`)).status).toBe(200)
    expect(await orders()).toBe((before ?? 0) + 1)
    expect((await health()).d1).toEqual({ answers: true, breaker: 'closed', openedAt: null, probeAt: null })
  }, 20_000)

  it('in the middle of an order, its reservation is short, and the same call finds out', async () => {
    const [before, held] = [await orders(), (await reserved()).length]
    let asked = 0
    house.trouble = null
    // The key, the order, the goods, the store: then it is gone.
    const { DB } = house.env
    const insert = {} as D1PreparedStatement
    const cut = { ...house.env, DB: { prepare: (sql: string) => (/insert into "orders"/i.test(sql) ? { bind: () => insert } : DB.prepare(sql)), batch: (all: D1PreparedStatement[]) => (all.includes(insert) ? (asked++, lost()) : DB.batch(all)) } as unknown as D1Database }
    const answer = await app.request(`${BASE}/v1/orders`, { method: 'POST', headers: { 'Authorization': `Bearer ${keys.publishable}`, 'Content-Type': 'application/json', 'Idempotency-Key': 'cut' }, body: JSON.stringify({ lines: [{ sku: 'A', quantity: 1 }], fulfillment: { method: 'pickup', storeId: 'main' }, customer: { name: 'Customer', email: 'customer@shop.example' } }) }, cut)
    expect([answer.status, asked, await orders()]).toEqual([503, 1, before])
    // What it has reserved is due in a minute, and the broom asks D1: nobody else may let it go (rules.md 5).
    expect(await reserved()).toHaveLength(held + 1)
    expect((await place('cut')).status).toBe(201)
    expect(await orders()).toBe((before ?? 0) + 1)
  })

  it('the catalogue goes on from KV, also in an isolate that has never seen it', async () => {
    for (const path of ['/v1/products', '/v1/products?category=Tea', '/v1/categories', '/v1/products/A', '/v1/products/B?channel=web']) expect((await call(path)).status).toBe(200)
    forgetAnswers(env.CATALOG)
    house.trouble = lost
    for (const path of ['/v1/products', '/v1/products?category=Tea', '/v1/categories', '/v1/products/A', '/v1/products/B?channel=web', '/v1/products?channel=boutique', '/v1/availability/A']) {
      const answer = await call(path)
      expect([path, answer.status]).toEqual([path, 200])
      expect(await answer.text()).not.toContain('problems/')
    }
    expect((await call('/v1/products')).headers.get('Cache-Control')).toBe('public, max-age=5')
    expect(await typeOf(await call('/v1/products?q=nobody+has+asked+this'))).toEqual([503, 'try-again'])
  })

  it('an error of the statement is no reason to leave it alone', async () => {
    house.trouble = async () => Promise.reject(new Error('D1_ERROR: UNIQUE constraint failed: stores.store_id: SQLITE_CONSTRAINT'))
    for (let times = 0; times < 8; times++) await call('/v1/products?q=x')
    expect(house.calls).toBe(8)
    house.trouble = null
    expect((await call('/v1/products?q=x')).status).toBe(200)
  })
})

describe('warm', () => {
  it.each(['/v1/products', '/v1/products?q=item', '/v1/products?category=Tea&limit=1', '/v1/categories', '/v1/products/A', '/v1/products/A?channel=web', '/v1/products/GONE', '/v1/stores', '/v1/stores/main'])('%s asks D1 nothing', async (path) => {
    const first = await call(path)
    const calls = house.calls
    const again = await call(path)
    expect([again.status, house.calls]).toEqual([first.status, calls])
    if (first.status !== 200) return
    expect(again.headers.get('Cache-Control')).toBe('public, max-age=5, stale-while-revalidate=30')
    const etag = first.headers.get('ETag') ?? ''
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/)
    expect((await call(path, { headers: { 'If-None-Match': `W/${etag}, "other"` } })).status).toBe(304)
    expect(house.calls).toBe(calls)
  })

  it('a thousand at once ask D1 once', async () => {
    await Promise.all(Array.from({ length: 50 }, async () => call('/v1/products?q=item')))
    expect(house.calls).toBe(1)
  })

  it('a product is of KV alone: D1 is asked for what KV has not', async () => {
    expect((await call('/v1/products/A')).status).toBe(200)
    expect(house.calls).toBe(0)
  })
})

describe('a price that changes', () => {
  it('is shown by the first answer that is made after five seconds, and an order never believes the old one', async () => {
    const shown = async (path: string) => JSON.stringify(await (await call(path)).json())
    expect(await shown('/v1/products/B')).toContain('"amountMinor":200')
    expect(await shown('/v1/products?q=item')).toContain('"amountMinor":200')
    await priced('B', 250, 3)
    expect(await shown('/v1/products/B')).toContain('"amountMinor":200')
    const order = await call('/v1/orders', { method: 'POST', headers: { 'Authorization': `Bearer ${keys.publishable}`, 'Content-Type': 'application/json', 'Idempotency-Key': 'old-price' }, body: JSON.stringify({ lines: [{ sku: 'B', quantity: 1, expectedUnitPrice: { amountMinor: 200, currency: 'USD' } }], fulfillment: { method: 'pickup', storeId: 'main' }, customer: { name: 'Customer', email: 'customer@shop.example' } }) })
    expect(await order.json()).toMatchObject({ type: expect.stringContaining('price-changed'), changes: [{ sku: 'B', actual: { amountMinor: 250 } }] })
    // The first one after them may be the old one, for it does not wait; the next is not.
    await expect.poll(async () => [(await shown('/v1/products/B')).includes('250'), (await shown('/v1/products?q=item')).includes('250')], { timeout: 9_000, interval: 300 }).toEqual([true, true])
  }, 15_000)
})
