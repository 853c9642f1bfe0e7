import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { Problem } from '../../contract/problem.ts'
import { createPorts } from '../ports.ts'
import { app } from './app.ts'
import type { AppEnv } from './context.ts'
import { createInFlight, ROOM } from './in-flight.ts'
import { limitInFlight } from './limit-in-flight.ts'

const ONE = { least: 1, most: 1 }
const ONE_EACH = { reads: ONE, orders: ONE, shops: ONE, events: ONE, operator: ONE }

/** A gateway with one place a share. A POST ends when it is let go; a GET at once. */
function gateway(random = Math.random) {
  const inFlight = createInFlight(ONE_EACH)
  const held: PromiseWithResolvers<void>[] = []
  const small = new Hono<AppEnv>()
  small.use(async (c, next) => {
    c.set('ports', createPorts(env))
    c.set('requestId', 'test')
    await next()
  })
  small.use(limitInFlight(inFlight, random))
  small.post('*', async (c) => {
    const hold = Promise.withResolvers<void>()
    held.push(hold)
    await hold.promise
    return c.text('done')
  })
  small.get('*', (c) => c.text('seen'))
  small.onError((_, c) => c.text('broken', 500))
  return { inFlight, held, call: (method: string, path: string, body?: BodyInit) => Promise.resolve(small.request(path, { method, ...(body === undefined ? {} : { body }) }, env)) }
}

/** Until the handlers of what was called have begun. */
const begun = async (held: readonly unknown[], count: number) => {
  while (held.length < count) await new Promise((resolve) => setTimeout(resolve, 1))
}

describe('an edge with its hands full', () => {
  it('refuses with 503 overloaded and says when to come again, and is open again when one has left', async () => {
    const { held, inFlight, call } = gateway()
    const first = call('POST', '/v1/orders')
    await begun(held, 1)
    const refused = await call('POST', '/v1/orders', 'a body that nobody reads')
    expect(refused.status).toBe(503)
    expect(refused.headers.get('Content-Type')).toBe('application/problem+json')
    expect(Problem.parse(await refused.json())).toMatchObject({ type: 'https://tillbridge.dev/problems/overloaded', status: 503 })
    held[0]?.resolve()
    expect((await first).status).toBe(200)
    expect(inFlight.count('orders')).toBe(0)
    const again = call('POST', '/v1/orders')
    await begun(held, 2)
    held[1]?.resolve()
    expect((await again).status).toBe(200)
  })

  it('does not call them all back at the same moment', async () => {
    const times = await Promise.all([0, 0.5, 0.999].map(async (at) => {
      const { held, call } = gateway(() => at)
      const first = call('POST', '/v1/orders')
      await begun(held, 1)
      const time = (await call('POST', '/v1/orders')).headers.get('Retry-After')
      held[0]?.resolve()
      await first
      return time
    }))
    expect(times).toEqual(['2', '3', '4'])
  })

  it('full of orders still hears shops, shows goods, serves the operator and says that it is alive', async () => {
    const { held, call } = gateway()
    const order = call('POST', '/v1/orders')
    await begun(held, 1)
    const shop = call('POST', '/connect/v1/stores/main/heartbeat')
    const events = call('POST', '/connect/v1/stores/main/events')
    await begun(held, 3)
    for (const path of ['/v1/products', '/admin/v1/orders', '/healthz']) expect((await call('GET', path)).status, path).toBe(200)
    for (const hold of held) hold.resolve()
    expect((await Promise.all([order, shop, events])).map(({ status }) => status)).toEqual([200, 200, 200])
  })

  it('gives a place back when the work breaks', async () => {
    const { held, inFlight, call } = gateway()
    const broken = call('POST', '/v1/orders')
    await begun(held, 1)
    held[0]?.reject(new Error('broken'))
    expect((await broken).status).toBe(500)
    expect(inFlight.count('orders')).toBe(0)
  })
})

describe('the gateway itself', () => {
  it('answers no more orders at once than it has places, the rest it refuses in a way that a page may read', async () => {
    const body = JSON.stringify({ lines: [] })
    const place = async () => app.request('https://edge.example/v1/orders', { method: 'POST', body, headers: { 'Content-Type': 'application/json', Origin: 'https://shop.example' } }, env)
    const answers = await Promise.all(Array.from({ length: ROOM.orders.most + 5 }, place))
    const refused = answers.filter(({ status }) => status === 503)
    expect(refused).toHaveLength(5)
    for (const answer of refused) {
      expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0)
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('*')
      expect(answer.headers.get('X-Request-Id')).toBeTruthy()
    }
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(ROOM.orders.most)
    expect((await place()).status).toBe(401)
  })
})

describe('the limit of an address', () => {
  it('counts shops apart from the shoppers in their Wi-Fi, and says when to come again', async () => {
    // A limiter that lets each key through once: the platform's own lets two thousand through, within ten seconds.
    const used = new Set<string>()
    const once = { limit: async ({ key }: { key: string }) => ({ success: used.size < used.add(key).size }) }
    const call = async (path: string) =>
      app.request(`https://edge.example${path}`, { method: 'POST', headers: { 'CF-Connecting-IP': '192.0.2.7' } }, { ...env, WRITE_LIMIT: once })
    await call('/v1/quotes')
    const refused = await call('/v1/quotes')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
    expect((await call('/connect/v1/stores/main/heartbeat')).status).not.toBe(429)
  })
})
