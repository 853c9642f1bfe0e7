import { env } from 'cloudflare:workers'
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { app } from '../gateway/app.ts'

const BASE = 'https://edge.example'
const admin = { 'Authorization': `Bearer ${env.ADMIN_TOKEN}`, 'Content-Type': 'application/json' }
const call = (path: string, init: RequestInit = {}, bindings: Env = env) => app.request(BASE + path, init, bindings)
const operator = (path: string, body: object, method = 'POST') => call(`/admin/v1${path}`, { method, headers: admin, body: JSON.stringify(body) })
const keyOf = async (channelId: string, kind: string) => (await (await operator(`/channels/${channelId}/keys`, { kind })).json<{ key: string; keyId: string }>())
const typeOf = async (answer: Response) => [answer.status, (await answer.json<{ type: string }>()).type.split('/').at(-1)]
const quote = (key: string, { bindings, address = '192.0.2.1' }: { bindings?: Env; address?: string } = {}) =>
  call('/v1/quotes', { method: 'POST', headers: { 'Authorization': `Bearer ${key}`, 'Content-Type': 'application/json', 'CF-Connecting-IP': address }, body: '{}' }, bindings)

let orders = 0
const place = (key: string, quantity: number, { address = '192.0.2.1', idempotencyKey = `order-${++orders}` }: { address?: string; idempotencyKey?: string } = {}) => call('/v1/orders', {
  method: 'POST',
  headers: { 'Authorization': `Bearer ${key}`, 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey, 'CF-Connecting-IP': address },
  body: JSON.stringify({ lines: [{ sku: 'P', quantity }], fulfillment: { method: 'pickup', storeId: 'shop' }, customer: { name: 'Customer', email: 'customer@shop.example' } }),
})
/** What is reserved of it, as its counter says. */
const reserved = async () => {
  const answer = await call('/admin/v1/inventory/P', { headers: admin })
  const { stores } = await answer.json<{ stores: { reservations: { quantity: number }[] }[] }>()
  return stores.flatMap(({ reservations }) => reservations).reduce((sum, { quantity }) => sum + quantity, 0)
}

beforeAll(async () => {
  await operator('/stores', { storeId: 'shop', name: 'Shop', timeZone: 'UTC', transport: { kind: 'pull' } })
  const item = { sku: 'P', name: 'P', description: null, brand: null, category: null, identifiers: [], unit: 'each', price: { amountMinor: 100, currency: 'USD' }, taxIncluded: false, taxRate: '0', imageUrl: null, tracked: true }
  await env.DB.prepare('INSERT INTO items (store_id, sku, name, item, item_hash, describes, removed, epoch, seq, version, updated_at) VALUES (?, ?, ?, ?, ?, 1, 0, 1, 1, 1, 1)').bind('shop', 'P', 'P', JSON.stringify(item), 'h').run()
  const { createPorts } = await import('../ports.ts')
  const ports = createPorts(env)
  await ports.links.link('shop').takeEpoch('till', Date.now())
  await ports.links.link('shop').heartbeat({ connectorId: 'till', epoch: 1, lastSeq: 0, posReachable: true, journal: { inbox: 0, outbox: 0 }, version: '1.0.0', clock: new Date().toISOString(), tunnel: 'none' }, Date.now())
  await ports.inventory.apply([{ type: 'level', sku: 'P', storeId: 'shop', onHand: 100_000, epoch: 1, asOf: 0, seq: 1, at: Date.now() }])
})

describe('writes of a key', () => {
  it('are counted exactly, said with every answer, and refused with the time to wait', async () => {
    await operator('/channels', { channelId: 'slow', name: 'Slow', limits: { writesPerMinute: 3 } })
    const { key } = await keyOf('slow', 'secret')
    const answers = await Promise.all(Array.from({ length: 5 }, async () => quote(key)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([422, 422, 422, 429, 429])
    for (const answer of answers) {
      expect(answer.headers.get('RateLimit-Policy')).toBe('"key";q=3;w=60')
      expect(answer.headers.get('RateLimit')).toMatch(/^"key";r=[0-3];t=\d+$/)
    }
    const refused = answers.find(({ status }) => status === 429)
    if (!refused) throw new Error('none refused')
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(15)
    expect(Number(refused.headers.get('Retry-After'))).toBeLessThanOrEqual(20)
    expect(await typeOf(refused)).toEqual([429, 'rate-limited'])
  })

  it('are each key\'s own, and more of them as soon as the operator says so', async () => {
    const { key: other } = await keyOf('slow', 'secret')
    expect((await quote(other)).status).toBe(422)
    await operator('/channels/slow', { limits: { writesPerMinute: 1_000 } }, 'PATCH')
    expect((await quote(other)).headers.get('RateLimit-Policy')).toBe('"key";q=1000;w=60')
    expect(await (await call('/admin/v1/channels/slow', { headers: admin })).json()).toMatchObject({ limits: { writesPerMinute: 1_000, unpaidUnitsPerAddress: 50 } })
  })

  it('of one address cannot use a publishable key up for all', async () => {
    await operator('/channels', { channelId: 'pages', name: 'Pages', limits: { writesPerMinute: 20, writesPerMinutePerAddress: 4 } })
    const { key } = await keyOf('pages', 'publishable')
    const flood = await Promise.all(Array.from({ length: 6 }, async () => quote(key, { address: '192.0.2.66' })))
    expect(flood.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([422, 422, 422, 422, 429, 429])
    for (let times = 0; times < 30; times++) expect((await quote(key, { address: '192.0.2.66' })).status).toBe(429)
    const other = await quote(key, { address: '192.0.2.67' })
    expect([other.status, other.headers.get('RateLimit-Policy')]).toEqual([422, '"address";q=4;w=60, "key";q=20;w=60'])
    expect(other.headers.get('RateLimit')).toMatch(/^"address";r=3;t=0, "key";r=1[0-9];t=0$/)
    expect((await (await quote(key, { address: '192.0.2.66' })).json<{ detail: string }>()).detail).toContain('This address')
  })

  it('write no row', async () => {
    const { key, keyId } = await keyOf('slow', 'publishable')
    await quote(key)
    const stub = env.CALLER_LIMITS.get(env.CALLER_LIMITS.idFromName(`key ${keyId}`))
    expect(await runInDurableObject(stub, async (_object, state) => (await state.storage.list()).size)).toBe(0)
  })

  it('go on while the counts cannot be had', async () => {
    const { key } = await keyOf('slow', 'publishable')
    const away = { ...env, CALLER_LIMITS: { idFromName: () => ({}), get: () => ({ takeWrite: async () => Promise.reject(new Error('away')) }) } } as unknown as Env
    const answer = await quote(key, { bindings: away })
    expect([answer.status, answer.headers.get('RateLimit')]).toEqual([422, null])
  })
})

describe('what is reserved and not paid', () => {
  it.each([true, false])('is capped per address, then nothing is reserved; another address goes on (paid in the store: %s)', async (payInStore) => {
    const channelId = `capped-${payInStore}`
    await operator('/channels', { channelId, name: 'Capped', payInStore, paymentProviders: ['manual'], limits: { unpaidUnitsPerAddress: 10, unpaidUnitsPerKey: 25 } })
    const { key } = await keyOf(channelId, 'publishable')
    const before = await reserved()
    // At once: no two of them may pass together where there is room for one.
    const answers = await Promise.all(Array.from({ length: 6 }, async () => place(key, 4)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 201, 429, 429, 429, 429])
    const refused = answers.find(({ status }) => status === 429)
    expect(Number(refused?.headers.get('Retry-After'))).toBeGreaterThan(60)
    expect(await typeOf(await place(key, 4, { address: '192.0.2.1' }))).toEqual([429, 'too-many-unpaid'])
    expect(await reserved()).toBe(before + 8)
    expect((await place(key, 10, { address: '2001:db8::1' })).status).toBe(201)
    expect((await place(key, 1, { address: '2001:db8::2' })).status).toBe(429)
    // Eight and ten: the key itself has seven left, wherever it is used.
    expect((await place(key, 8, { address: '198.51.100.1' })).status).toBe(429)
    expect((await place(key, 7, { address: '198.51.100.1' })).status).toBe(201)
  })

  it('counts a repeated order once, and one that was refused for another reason not at all', async () => {
    await operator('/channels', { channelId: 'once', name: 'Once', payInStore: true, limits: { unpaidUnitsPerAddress: 10 } })
    const { key } = await keyOf('once', 'publishable')
    for (const status of [201, 200, 200]) expect((await place(key, 6, { idempotencyKey: 'again' })).status).toBe(status)
    expect((await place(key, 4)).status).toBe(201)
    await operator('/channels', { channelId: 'short', name: 'Short', payInStore: true, limits: { unpaidUnitsPerAddress: 1_000_000, unpaidUnitsPerKey: 1_000_000 } })
    const { key: greedy, keyId } = await keyOf('short', 'publishable')
    expect(await typeOf(await place(greedy, 200_000))).toEqual([409, 'out-of-stock'])
    const stub = env.CALLER_LIMITS.get(env.CALLER_LIMITS.idFromName(`key ${keyId}`))
    expect(await runInDurableObject(stub, async (_object, state) => Object.values(state.storage.kv.get<Record<string, number>>('unpaid') ?? {}).reduce((sum, each) => sum + each, 0))).toBe(0)
  })

  it('does not count a server\'s address', async () => {
    await operator('/channels', { channelId: 'server', name: 'Server', payInStore: true, limits: { unpaidUnitsPerAddress: 5 } })
    const { key } = await keyOf('server', 'secret')
    for (let times = 0; times < 3; times++) expect((await place(key, 5)).status).toBe(201)
  })

  it('outlives the object\'s sleep, and is gone with the last of it', async () => {
    const stub = env.CALLER_LIMITS.get(env.CALLER_LIMITS.idFromName('address test 192.0.2.9'))
    const until = Date.now() + 1_000
    expect(await stub.charge({ units: 3, until }, 4)).toEqual({ ok: true })
    await runInDurableObject(stub, async (_object, state) => {
      expect(state.storage.kv.get<Record<string, number>>('unpaid')).toEqual({ [String(Math.ceil(until / 300_000) * 300_000)]: 3 })
      expect(await state.storage.getAlarm()).not.toBe(null)
      state.storage.kv.put('unpaid', { [String(Date.now() - 1)]: 3 })
    })
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    expect(await runInDurableObject(stub, async (_object, state) => (await state.storage.list()).size)).toBe(0)
  })
})
