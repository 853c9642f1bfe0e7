import { env } from 'cloudflare:workers'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import type { CryptoKey, JWTHeaderParameters } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../contract/clock.ts'
import { app } from '../gateway/app.ts'
import { createOperators } from './identify-operator.ts'

const BASE = 'https://edge.example'
const AUDIENCE = 'a1'.repeat(32)
const MASTER_KEY = 'Zk3c0Jm1v8qXw2pT6yR9bN4dL7sG5hF0aE1uI8oQxYc='
let teams = 0
let team = ''
let production: Env
let key: CryptoKey
let other: CryptoKey
let served: object[] = []
let asked = 0
let isAway = false

beforeAll(async () => {
  const pairs = await Promise.all([1, 2].map(() => generateKeyPair('RS256', { extractable: true })))
  key = pairs[0]!.privateKey
  other = pairs[1]!.privateKey
  served = [{ ...(await exportJWK(pairs[0]!.publicKey)), kid: 'one', alg: 'RS256' }, { kty: 'oct', kid: 'oct', k: btoa('known to everybody') }]
})
beforeEach(() => {
  // A team of its own for each test: the keys of a team are kept as long as the isolate lives.
  team = `team-${++teams}.cloudflareaccess.com`
  production = { ...env, ENVIRONMENT: 'production', ACCESS_TEAM_DOMAIN: team, ACCESS_AUD: AUDIENCE, MASTER_KEY, ADMIN_TOKEN: 'left over' }
  asked = 0
  isAway = false
  // Stands for the key server of Cloudflare, which cannot be reached here.
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (url) => {
    asked += 1
    if (isAway) throw new TypeError('away')
    return url === `https://${team}/cdn-cgi/access/certs` ? Response.json({ keys: served }) : new Response(null, { status: 404 })
  })
})
afterEach(() => void vi.restoreAllMocks())

const now = () => Math.floor(systemClock() / 1000)
const claims = { iss: '', aud: [AUDIENCE], email: 'operator@shop.example' }
const sign = (change: Record<string, unknown> = {}, by: CryptoKey = key, header: Partial<JWTHeaderParameters> = {}) =>
  new SignJWT({ ...claims, iss: `https://${team}`, iat: now() - 5, exp: now() + 60, ...change }).setProtectedHeader({ alg: 'RS256', kid: 'one', ...header }).sign(by)
const list = (headers: Record<string, string>, bindings = production) => app.request(`${BASE}/admin/v1/channels`, { headers }, bindings)
const withToken = async (token: string | Promise<string>) => (await list({ 'Cf-Access-Jwt-Assertion': await token })).status

describe('behind Access', () => {
  it('a person is let in, and stands in the audit log by address; a service token by its id', async () => {
    for (const [claim, actor] of [['email', 'operator@shop.example'], ['common_name', 'token.access']] as const) {
      const answer = await app.request(`${BASE}/admin/v1/channels`, {
        method: 'POST', headers: { 'Cf-Access-Jwt-Assertion': await sign({ email: undefined, [claim]: actor }), 'Content-Type': 'application/json' },
        body: JSON.stringify({ channelId: `by-${claim}`, name: 'By' }),
      }, production)
      expect(answer.status).toBe(201)
      expect(await env.DB.prepare('SELECT actor FROM audit_log WHERE subject = ?').bind(`by-${claim}`).first()).toEqual({ actor })
    }
    expect(asked).toBe(1)
  })

  const forged: Record<string, () => string | Promise<string>> = {
    'without anything': () => '',
    'that is no JWT': () => 'a.b.c',
    'of another team': () => sign({ iss: 'https://other.cloudflareaccess.com' }),
    'for another application': () => sign({ aud: ['b2'.repeat(32)] }),
    'that has expired': () => sign({ iat: now() - 600, exp: now() - 120 }),
    'that is not valid yet': () => sign({ nbf: now() + 600 }),
    'without an end': () => sign({ exp: undefined }),
    'signed by another key under our key\'s name': () => sign({}, other),
    'under a name nobody knows': () => sign({}, other, { kid: 'two' }),
    'that is not signed': () => new UnsecuredJWT({ ...claims, iss: `https://${team}`, iat: now(), exp: now() + 60 }).encode(),
    'signed with what everybody knows': () => new SignJWT({ ...claims, iss: `https://${team}`, iat: now(), exp: now() + 60 }).setProtectedHeader({ alg: 'HS256', kid: 'oct' }).sign(new TextEncoder().encode('known to everybody')),
    'of nobody': () => sign({ email: undefined }),
    'that is far too long': () => sign({ groups: 'x'.repeat(20_000) }),
  }
  it.each(Object.keys(forged))('an assertion %s opens nothing', async (name) => expect(await withToken(await forged[name]!())).toBe(401))

  it('no token does', async () => {
    for (const token of ['left over', env.ADMIN_TOKEN]) expect((await list({ Authorization: `Bearer ${token}` })).status).toBe(401)
  })

  it('a page of another site cannot have the operator\'s browser change anything', async () => {
    const headers = { 'Cf-Access-Jwt-Assertion': await sign() }
    const ask = (origin: string) => app.request(`${BASE}/admin/v1/stores/none/pause`, { method: 'POST', headers: { ...headers, Origin: origin } }, production)
    expect((await ask('https://evil.example')).status).toBe(403)
    expect((await ask('null')).status).toBe(403)
    expect((await ask(BASE)).status).toBe(404)
  })

  it('a rotated key is learned with the first assertion that comes with it, and invented ones are asked for once', async () => {
    let time = systemClock()
    const pair = await generateKeyPair('RS256', { extractable: true })
    const identify = createOperators({ teamDomain: team, audience: AUDIENCE, developmentToken: null }, { clock: () => time }).identify
    const ok = async (token: string) => (await identify(new Headers({ 'Cf-Access-Jwt-Assertion': token }))).ok
    expect(await ok(await sign())).toBe(true)
    const before = served
    served = [...served, { ...(await exportJWK(pair.publicKey)), kid: 'rotated', alg: 'RS256' }]
    for (const kid of ['x', 'y', 'z']) expect(await ok(await sign({}, other, { kid }))).toBe(false)
    expect(asked).toBe(1)
    time += 31_000
    expect(await ok(await sign({}, pair.privateKey, { kid: 'rotated' }))).toBe(true)
    expect(asked).toBe(2)
    served = before
  })

  it('while the key server is away known keys are good for a day; without any it is nobody\'s fault', async () => {
    isAway = true
    expect(await withToken(sign())).toBe(503)
    let time = systemClock()
    team = `team-${++teams}.cloudflareaccess.com`
    const identify = createOperators({ teamDomain: team, audience: AUDIENCE, developmentToken: null }, { clock: () => time }).identify
    const said = async () => identify(new Headers({ 'Cf-Access-Jwt-Assertion': await sign({ iat: Math.floor(time / 1000), exp: Math.floor(time / 1000) + 60 }) }))
    isAway = false
    expect(await said()).toMatchObject({ ok: true })
    isAway = true
    time += 23 * 3_600_000
    expect(await said()).toMatchObject({ ok: true })
    time += 2 * 3_600_000
    expect(await said()).toEqual({ ok: false, why: 'cannot-tell' })
  })
})

describe('an installation that is not set up', () => {
  it.each([['the default token', { ADMIN_TOKEN: 'dev-admin-token' }, 'ADMIN_TOKEN'], ['no Access', { ACCESS_AUD: '' }, 'ACCESS_AUD'], ['the key of the tests', { MASTER_KEY: env.MASTER_KEY }, 'MASTER_KEY']])('with %s serves nothing, and says what is wrong without showing it', async (_, change, named) => {
    const bindings = { ...production, ...change }
    for (const path of ['/healthz', '/v1/products', '/v1/stores', '/admin/v1/stores', '/', '/console']) {
      const answer = await app.request(BASE + path, {}, bindings)
      const text = await answer.text()
      expect([path, answer.status, text.includes(named), answer.headers.get('Content-Type')]).toEqual([path, 503, true, 'application/problem+json'])
      for (const value of Object.values(change)) if (value !== '') expect(text).not.toContain(value)
    }
  })
})
