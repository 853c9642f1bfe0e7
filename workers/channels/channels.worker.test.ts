import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { app } from '../gateway/app.ts'

const BASE = 'https://edge.example'
const admin = { 'Authorization': `Bearer ${env.ADMIN_TOKEN}`, 'Content-Type': 'application/json' }
type Issued = { key: string; keyId: string; hint: string; expiresAt: string | null; lastUsedAt: string | null; previous: { keyId: string; expiresAt: string } }

const call = (path: string, init: RequestInit = {}) => app.request(BASE + path, init, env)
const operator = (method: string, path: string, body?: object) => call(`/admin/v1/channels${path}`, { method, headers: admin, ...(body ? { body: JSON.stringify(body) } : {}) })
const typeOf = async (answer: Response) => [answer.status, (await answer.json<{ type: string }>()).type.split('/').at(-1)]
const issue = async (body: object) => (await operator('POST', '/shop/keys', body)).json<Issued>()
/** A quote of nothing: 422 is past every check of the key. */
const quote = (key: string, headers: Record<string, string> = {}) => call('/v1/quotes', { method: 'POST', headers: { 'Authorization': `Bearer ${key}`, 'Content-Type': 'application/json', ...headers }, body: '{}' })
const place = (key: string) => call('/v1/orders', { method: 'POST', headers: { 'Authorization': `Bearer ${key}`, 'Content-Type': 'application/json', 'Idempotency-Key': 'k' }, body: '{}' })
const rows = () => env.DB.prepare('SELECT * FROM channel_keys').all().then(({ results }) => JSON.stringify(results))

beforeAll(async () => {
  await operator('POST', '', { channelId: 'shop', name: 'Shop' })
})

describe('a key', () => {
  it('is shown once, kept as a hash, and listed without itself', async () => {
    const { key, keyId, hint } = await issue({ kind: 'publishable' })
    expect(key.startsWith(hint)).toBe(true)
    expect(await rows()).not.toContain(key)
    const listed = await (await operator('GET', '/shop/keys')).text()
    expect(listed).not.toContain(key)
    expect(JSON.parse(listed)).toMatchObject({ items: [{ keyId, kind: 'publishable', hint, scopes: ['quotes:create', 'orders:create'], lastUsedAt: null, expiresAt: null }] })
  })

  it('opens by all of itself only', async () => {
    const { key } = await issue({ kind: 'publishable' })
    expect((await quote(key)).status).toBe(422)
    for (const wrong of [key.slice(0, -1), `${key}0`, key.toUpperCase(), key.replace('pk_', 'sk_'), `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`]) expect(await typeOf(await quote(wrong))).toEqual([401, 'unauthorized'])
  })

  it('may do what its scopes say, and is told which one it lacks', async () => {
    const { key } = await issue({ kind: 'secret', scopes: ['quotes:create'] })
    expect((await quote(key)).status).toBe(422)
    const refused = await place(key)
    expect([refused.status, (await refused.json<{ scope: string }>()).scope]).toEqual([403, 'orders:create'])
  })

  it.each([[{ kind: 'publishable', scopes: ['orders:read'] }], [{ kind: 'publishable', scopes: [] }], [{ kind: 'secret', scopes: ['everything'] }], [{ kind: 'master' }]])('of %j is not made', async (body) => {
    expect(await typeOf(await operator('POST', '/shop/keys', body))).toEqual([422, 'invalid-request'])
  })

  it('is rotated with an overlap, in which both open', async () => {
    const old = await issue({ kind: 'secret', scopes: ['quotes:create'] })
    const before = Date.now()
    const next = await (await operator('POST', `/shop/keys/${old.keyId}/rotate`, { overlapSeconds: 3600 })).json<Issued & { scopes: string[] }>()
    expect(next.scopes).toEqual(['quotes:create'])
    expect(next.previous.keyId).toBe(old.keyId)
    expect(Math.abs(Date.parse(next.previous.expiresAt) - before - 3_600_000)).toBeLessThan(60_000)
    for (const { key } of [old, next]) expect((await quote(key)).status).toBe(422)
    // As after the hour.
    await env.DB.prepare('UPDATE channel_keys SET expires_at = ? WHERE hint = ? AND expires_at IS NOT NULL').bind(before - 1, old.hint).run()
    expect((await quote(old.key)).status).toBe(401)
    expect((await quote(next.key)).status).toBe(422)
    expect(await typeOf(await operator('POST', `/shop/keys/${old.keyId}/rotate`))).toEqual([404, 'key-not-found'])
  })

  it('rotated without an overlap, or revoked, opens nothing from then on', async () => {
    const first = await issue({ kind: 'publishable' })
    const next = await (await operator('POST', `/shop/keys/${first.keyId}/rotate`, { overlapSeconds: 0 })).json<Issued>()
    expect((await quote(first.key)).status).toBe(401)
    expect((await operator('POST', `/shop/keys/${next.keyId}/revoke`)).status).toBe(200)
    expect((await quote(next.key)).status).toBe(401)
    expect(await typeOf(await operator('POST', `/shop/keys/${next.keyId}/revoke`))).toEqual([404, 'key-not-found'])
    expect(await typeOf(await operator('POST', `/elsewhere/keys/${first.keyId}/revoke`))).toEqual([404, 'key-not-found'])
  })

  it('notes its use once in an hour, however often it is used', async () => {
    const { key, keyId } = await issue({ kind: 'publishable' })
    const lastUsed = async () => env.DB.prepare('SELECT last_used_at AS at FROM channel_keys WHERE substr(key_hash, 1, 16) = ?').bind(keyId).first<{ at: number | null }>()
    await quote(key)
    await expect.poll(lastUsed).not.toEqual({ at: null })
    const first = await lastUsed()
    for (let times = 0; times < 3; times++) await quote(key)
    expect(await lastUsed()).toEqual(first)
    expect((await (await operator('GET', '/shop/keys')).json<{ items: Issued[] }>()).items.find((each) => each.keyId === keyId)?.lastUsedAt).not.toBe(null)
  })
})

describe('a channel', () => {
  it('is changed in part, and is in the audit log', async () => {
    await operator('POST', '', { channelId: 'part', name: 'Part', payInStore: true })
    expect(await (await operator('PATCH', '/part', { name: 'Whole', allowedOrigins: ['https://a.example'] })).json()).toMatchObject({ name: 'Whole', allowedOrigins: ['https://a.example'], payInStore: true })
    expect(await (await operator('GET', '/part')).json()).toMatchObject({ channelId: 'part', name: 'Whole' })
    expect(await typeOf(await operator('PATCH', '/part', {}))).toEqual([422, 'invalid-request'])
    expect(await typeOf(await operator('PATCH', '/nobody', { name: 'X' }))).toEqual([404, 'channel-not-found'])
    expect(await env.DB.prepare("SELECT detail FROM audit_log WHERE action = 'channel.change'").first()).toEqual({ detail: 'name, allowedOrigins' })
  })

  it('is listed page by page', async () => {
    const first = await (await operator('GET', '?limit=1')).json<{ items: { channelId: string }[]; nextCursor: string }>()
    const second = await (await operator('GET', `?limit=1&cursor=${first.nextCursor}`)).json<{ items: { channelId: string }[]; nextCursor: null }>()
    expect([first.items[0]?.channelId, second.items[0]?.channelId, second.nextCursor]).toEqual(['part', 'shop', null])
  })

  it('takes calls from its own origins, and only those may read the answer', async () => {
    await operator('POST', '', { channelId: 'pages', name: 'Pages', allowedOrigins: ['https://shop.example'] })
    const { key } = await (await operator('POST', '/pages/keys', { kind: 'publishable' })).json<Issued>()
    const good = await quote(key, { Origin: 'https://shop.example' })
    expect([good.status, good.headers.get('Access-Control-Allow-Origin'), good.headers.get('Vary')]).toEqual([422, 'https://shop.example', 'Origin'])
    for (const origin of ['https://evil.example', 'https://shop.example:8443', 'http://shop.example', 'https://shop.example/', 'https://SHOP.example', 'null', 'https://shop.example.evil.example']) {
      expect(await typeOf(await quote(key, { Origin: origin }))).toEqual([403, 'forbidden'])
    }
    expect((await quote(key)).status).toBe(422)
  })

  it.each(['/v1/products', '/v1/products/A', '/v1/categories', '/v1/availability?sku=A', '/v1/availability/A'])('is chosen at %s by ?channel=, and one that is not there is said', async (path) => {
    const ask = async (channel: string) => call(`${path}${path.includes('?') ? '&' : '?'}channel=${channel}`)
    for (const none of ['nobody', 'no%20body', '%2e%2e']) expect(await typeOf(await ask(none))).toEqual([404, 'channel-not-found'])
    for (const one of ['web', 'shop']) expect((await (await ask(one)).text())).not.toContain('channel-not-found')
  })

  it('is asked for its key where a live line names one in its address, and for its origins', async () => {
    await operator('POST', '', { channelId: 'live', name: 'Live', allowedOrigins: ['https://shop.example'] })
    const { key } = await (await operator('POST', '/live/keys', { kind: 'publishable' })).json<Issued>()
    const open = async (query: string, headers: Record<string, string> = {}) => call(`/v1/availability/A/live${query}`, { headers: { Upgrade: 'websocket', ...headers } })
    for (const [query, headers] of [['', {}], [`?key=${key}`, {}], [`?key=${key}`, { Origin: 'https://shop.example' }]] as const) expect((await open(query, headers)).status).toBe(101)
    expect(await typeOf(await open('?key=pk_made_up'))).toEqual([401, 'unauthorized'])
    expect(await typeOf(await open(`?key=${key}`, { Origin: 'https://evil.example' }))).toEqual([403, 'forbidden'])
  })
})
