import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { Item, itemHash } from '../../contract/product.ts'
import { Problem } from '../../contract/problem.ts'
import { createCatalog } from '../catalog/d1-catalog.ts'
import { app } from './app.ts'

const BASE = 'https://edge.example'
const admin = { Authorization: `Bearer ${env.ADMIN_TOKEN}` }
const json = { 'Content-Type': 'application/json' }
let keys = { publishable: '', secret: '' }

const call = (path: string, init: RequestInit = {}, bindings: Env = env) => app.request(BASE + path, init, bindings)
const post = (path: string, headers: Record<string, string>, body: BodyInit) => call(path, { method: 'POST', headers, body })
const key = () => ({ Authorization: `Bearer ${keys.publishable}` })
const order = (change: object = {}) => JSON.stringify({
  lines: [{ sku: 'A', quantity: 1 }], fulfillment: { method: 'pickup', storeId: 'main' }, customer: { name: 'T', email: 't@shop.example' }, ...change,
})

/** Every refusal is RFC 9457, names its request, and tells nothing of the inside. */
async function expectProblem(answer: Response, status: number, type: string) {
  const text = await answer.text()
  expect({ status: answer.status, text }).toMatchObject({ status })
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json')
  expect(answer.headers.get('X-Request-Id')).toBeTruthy()
  expect(text).not.toMatch(/SELECT|INSERT|SQLITE|\bat \w+ \(|\.ts:\d/)
  const problem = Problem.parse(JSON.parse(text))
  expect(problem).toMatchObject({ type: `https://tillbridge.dev/problems/${type}`, status })
  return problem
}

beforeAll(async () => {
  await post('/admin/v1/channels', { ...admin, ...json }, JSON.stringify({ channelId: 'web', name: 'Web', payInStore: true, allowedOrigins: ['https://shop.example'] }))
  const issue = async (kind: string) => (await (await post('/admin/v1/channels/web/keys', { ...admin, ...json }, JSON.stringify({ kind }))).json<{ key: string }>()).key
  keys = { publishable: await issue('publishable'), secret: await issue('secret') }
  const catalog = createCatalog(env.DB, env.CATALOG)
  for (const [index, sku] of ['A', 'a/b?c', '50%', 'käse'].entries()) {
    const item = Item.parse({ sku, name: sku, price: { amountMinor: 100, currency: 'USD' }, taxIncluded: true, taxRate: '20' })
    await catalog.apply('main', [{ item, itemHash: await itemHash(item), position: { epoch: 1, seq: index + 1 } }], 1000)
  }
})

describe('an order that is not one', () => {
  it.each([
    ['without a key', {}, order(), 401, 'unauthorized'],
    ['with a made-up key', { Authorization: 'Bearer pk_nope', ...json, 'Idempotency-Key': 'k' }, order(), 401, 'unauthorized'],
    ['without an Idempotency-Key', { key: '', ...json }, order(), 400, 'idempotency-key-required'],
    ['with a blank in the Idempotency-Key', { key: '', ...json, 'Idempotency-Key': 'a b' }, order(), 400, 'idempotency-key-required'],
    ['as a form', { key: '', 'Content-Type': 'application/x-www-form-urlencoded', 'Idempotency-Key': 'k' }, 'a=b', 415, 'unsupported-media-type'],
    ['as JSON in another charset', { key: '', 'Content-Type': 'application/json; charset=utf-16', 'Idempotency-Key': 'k' }, order(), 415, 'unsupported-media-type'],
    ['as what only looks like JSON', { key: '', 'Content-Type': 'application/jsonp', 'Idempotency-Key': 'k' }, order(), 415, 'unsupported-media-type'],
    ['packed', { key: '', ...json, 'Content-Encoding': 'gzip', 'Idempotency-Key': 'k' }, order(), 415, 'unsupported-media-type'],
    ['that is broken JSON', { key: '', ...json, 'Idempotency-Key': 'k' }, '{"lines":[', 400, 'invalid-json'],
    ['that is not UTF-8', { key: '', ...json, 'Idempotency-Key': 'k' }, new Uint8Array([0x22, 0xff, 0x22]), 400, 'invalid-json'],
    ['larger than 64 kB', { key: '', ...json, 'Idempotency-Key': 'k' }, order({ note: 'x'.repeat(70_000) }), 413, 'too-large'],
    ['with a negative quantity', { key: '', ...json, 'Idempotency-Key': 'k' }, order({ lines: [{ sku: 'A', quantity: -1 }] }), 422, 'invalid-request'],
    ['of an array', { key: '', ...json, 'Idempotency-Key': 'k' }, '[]', 422, 'invalid-request'],
    ['with __proto__ in it', { key: '', ...json, 'Idempotency-Key': 'k' }, '{"__proto__":{"lines":[]}}', 422, 'invalid-request'],
    ['for an unknown store', { key: '', ...json, 'Idempotency-Key': 'k' }, order(), 422, 'unknown-store'],
  ])('%s', async (_, headers, body, status, type) => {
    const { key: wantsKey, ...rest } = headers as Record<string, string>
    await expectProblem(await post('/v1/orders', { ...rest, ...(wantsKey === undefined ? {} : key()) }, body), status, type)
    expect((await env.DB.prepare('SELECT count(*) AS n FROM orders').first<{ n: number }>())?.n).toBe(0)
  })
})

describe('who may call', () => {
  it.each(['/admin/v1/orders', '/admin/v1/stores', '/admin/v1/dead-letters'])('%s wants the operator', async (path) => {
    await expectProblem(await call(path), 401, 'unauthorized')
    await expectProblem(await call(path, { headers: { Authorization: `Bearer ${env.ADMIN_TOKEN}x` } }), 401, 'unauthorized')
    expect((await call(path, { headers: admin })).status).toBe(200)
  })

  it('a page of another origin may not use a key that names its origins', async () => {
    const from = (origin: string) => post('/v1/orders', { ...key(), ...json, 'Idempotency-Key': 'k', Origin: origin }, '{}')
    await expectProblem(await from('https://evil.example'), 403, 'forbidden')
    await expectProblem(await from('https://shop.example'), 422, 'invalid-request')
    await expectProblem(await from(BASE), 422, 'invalid-request')
  })

  it('an order that is not there looks like one that is not yours', async () => {
    const path = '/v1/orders/ord_0123456789abcdefghjkmnpqrs'
    for (const headers of [{}, key(), { Authorization: `Bearer ${keys.secret}` }, { 'X-Order-Token': 'AAAA' }]) await expectProblem(await call(path, { headers }), 404, 'order-not-found')
  })

  it('keys are kept as hashes only', async () => {
    const rows = JSON.stringify((await env.DB.prepare('SELECT * FROM channel_keys').all()).results)
    for (const each of Object.values(keys)) expect(rows).not.toContain(each)
  })
})

describe('the catalogue', () => {
  it.each(['A', 'a/b?c', '50%', 'käse'])('finds SKU %s by its percent-encoded path', async (sku) => {
    const answer = await call(`/v1/products/${encodeURIComponent(sku)}`)
    expect(await answer.json()).toMatchObject({ sku, availability: 'unknown' })
  })

  it('answers 304 to its own ETag', async () => {
    const etag = (await call('/v1/products/A')).headers.get('ETag') ?? ''
    const again = await call('/v1/products/A', { headers: { 'If-None-Match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect((await call('/v1/products/A', { headers: { 'If-None-Match': '"other"' } })).status).toBe(200)
  })

  it.each(['/v1/products?limit=0', '/v1/products?limit=1.5', '/v1/products?limit=x', '/v1/products?cursor=%25', `/v1/availability?${'sku=A&'.repeat(1)}${Array.from({ length: 51 }, (_, index) => `sku=S${index}`).join('&')}`, '/v1/availability', '/v1/availability/a%20b'])(
    'refuses %s', async (path) => {
      const problem = await expectProblem(await call(path), 422, 'invalid-request')
      expect(problem.errors?.[0]?.path).toMatch(/^\//)
    })
  it('has no such product', async () => expectProblem(await call('/v1/products/nope'), 404, 'product-not-found'))
  it('has no such address', async () => expectProblem(await call('/v1/nope'), 404, 'not-found'))
  it('tells what it never counted as unknown, not as none', async () => {
    expect(await (await call('/v1/availability/A')).json()).toMatchObject({ sku: 'A', available: null, asOf: null, stores: [] })
  })
})

it('a fault inside is a 503 that says when to come again, and nothing more', async () => {
  const away = new Proxy(env.DB, { get: () => () => {
    throw new Error('D1_ERROR: SQLITE_BUSY at INSERT INTO orders VALUES (secret)')
  } })
  const answer = await call('/v1/products?limit=5', {}, { ...env, DB: away })
  expect(answer.headers.get('Retry-After')).toBe('2')
  await expectProblem(answer, 503, 'try-again')
})
