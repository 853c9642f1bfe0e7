import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { allDescriptions } from './api-document.ts'
import { app } from './app.ts'
import { forgetAnswers } from './cached-answer.ts'

const operations = Object.keys(allDescriptions()).map((route) => route.split(' ') as [string, string])
const call = (method: string, path: string, headers: Record<string, string> = {}) => app.request(`https://edge.example${path.replaceAll(/:\w+/g, 'x')}`, { method, headers }, env)
const admin = { Authorization: `Bearer ${env.ADMIN_TOKEN}` }

function expectGuarded(answer: Response): void {
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-security-policy': expect.stringContaining("default-src 'none'"), 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer',
    'strict-transport-security': expect.stringMatching(/^max-age=\d{7,}/), 'cache-control': expect.any(String), 'x-request-id': expect.any(String),
  })
  expect(answer.headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'")
  expect(answer.headers.get('Content-Security-Policy')).not.toContain('unsafe')
}

describe('every answer is guarded', () => {
  it.each(operations)('%s %s, asked by nobody', async (method, path) => {
    expectGuarded(await call(method, path))
  })

  it.each(operations.filter(([, path]) => path.startsWith('/admin/')))('%s %s, asked by an operator, and kept by nobody', async (method, path) => {
    const answer = await call(method, path, admin)
    expectGuarded(answer)
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
  })

  it.each([['GET', '/'], ['GET', '/console'], ['GET', '/docs'], ['GET', '/openapi.json'], ['GET', '/healthz'], ['GET', '/nowhere'], ['DELETE', '/v1/orders'], ['OPTIONS', '/v1/orders'], ['GET', '/assets/mark.svg'], ['GET', '/assets/none.js']])('%s %s', async (method, path) => {
    expectGuarded(await call(method, path, { Origin: 'https://shop.example' }))
  })

  it('a fault, too', async () => {
    forgetAnswers(env.CATALOG)
    const answer = await app.request('https://edge.example/v1/stores', {}, { ...env, DB: { prepare: () => { throw new TypeError('a bug') } } as unknown as D1Database })
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expectGuarded(answer)
  })
})

describe('what is personal is kept by nobody', () => {
  it.each(['/v1/orders/x', '/v1/orders/x/timeline', '/v1/availability/A', '/connect/v1/stores/x/orders/pending', '/connect/v1/stores/x/state'])('GET %s', async (path) => {
    expect((await call('GET', path)).headers.get('Cache-Control')).toBe('no-store')
  })
})
