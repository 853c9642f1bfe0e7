import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { PROBLEMS } from '../../contract/problem.ts'
import { app } from './app.ts'
import { allDescriptions, isApi } from './api-document.ts'

type Operation = { operationId?: string; summary?: string; tags?: string[]; responses: Record<string, { content?: Record<string, { examples?: Record<string, { value: unknown }> }> }> }
type Document = { openapi: string; paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, { examples?: unknown[] }> } }

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') => app.request(`https://edge.example${path}`, { method, headers }, env)
const mounted = () => new Set(app.routes.filter(({ method, path }) => method !== 'ALL' && isApi(path)).map(({ method, path }) => `${method} ${path}`))

describe('/openapi.json', () => {
  it('has every route that is mounted, and none that is not', async () => {
    const described = new Set(Object.keys(allDescriptions()))
    const missing = [...mounted()].filter((route) => !described.has(route))
    expect(missing, 'These routes have no description. Add one to described-routes.ts beside the routes.ts that mounts them (as workers/orders/described-routes.ts has them); a new file is named in workers/gateway/api-document.ts').toEqual([])
    expect([...described].filter((route) => !mounted().has(route)), 'These descriptions are of routes that are gone: take them out of their described-routes.ts').toEqual([])
    const { paths } = await (await get('/openapi.json')).json<Document>()
    const shown = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`))
    expect(shown.sort()).toEqual([...mounted()].sort())
  })

  it('names each operation once, gives it a chapter, an answer, and each of its problems an example', async () => {
    const { openapi, paths, components } = await (await get('/openapi.json')).json<Document>()
    expect(openapi).toBe('3.1.0')
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const { operationId, summary, tags, responses } of operations) {
      expect(summary, operationId).toBeTruthy()
      expect(tags, operationId).toHaveLength(1)
      expect(Object.keys(responses).some((status) => Number(status) < 300), operationId).toBe(true)
      for (const [status, { content }] of Object.entries(responses)) {
        if (Number(status) < 400) continue
        const examples = Object.entries(content?.['application/problem+json']?.examples ?? {})
        expect(examples.length, `${operationId} ${status}`).toBeGreaterThan(0)
        for (const [type, { value }] of examples) expect(value).toMatchObject({ type: `https://tillbridge.dev/problems/${type}`, status: Number(status), title: PROBLEMS[type as keyof typeof PROBLEMS][1] })
      }
    }
    for (const [name, schema] of Object.entries(components.schemas)) if (name !== 'StoreEvent') expect(schema.examples, name).toHaveLength(1)
  })

  it('is cached, open to every origin, and the same while nothing changed', async () => {
    const answer = await get('/openapi.json')
    const etag = answer.headers.get('ETag') ?? ''
    expect(answer.headers.get('Cache-Control')).toBe('public, max-age=300')
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect((await get('/openapi.json', { 'If-None-Match': etag })).status).toBe(304)
    expect((await get('/openapi.json')).headers.get('ETag')).toBe(etag)
  })
})

describe('another method at a known address', () => {
  it.each([
    ['DELETE', '/v1/products', 'HEAD, GET'],
    ['PUT', '/v1/orders', 'POST'],
    ['GET', '/v1/orders', 'POST'],
    ['POST', '/healthz', 'HEAD, GET'],
    ['POST', '/connect/v1/stores/main/state', 'HEAD, GET'],
  ])('%s %s is told what is answered there', async (method, path, allow) => {
    const answer = await get(path, {}, method)
    expect(answer.status).toBe(405)
    expect(answer.headers.get('Allow')).toBe(allow)
    expect(await answer.json()).toMatchObject({ type: 'https://tillbridge.dev/problems/method-not-allowed' })
  })
  it('tells nothing of the operator\'s addresses to others, and of no address that is none', async () => {
    expect((await get('/admin/v1/stores', {}, 'DELETE')).status).toBe(401)
    expect((await get('/v1/nothing', {}, 'DELETE')).status).toBe(404)
  })
  it('HEAD is answered where GET is', async () => {
    const answer = await get('/v1/products', {}, 'HEAD')
    expect([answer.status, await answer.text()]).toEqual([200, ''])
  })
})

describe('a query string', () => {
  it.each([
    ['/v1/products?limit=ten', '/limit'],
    ['/v1/products?limit=1&limit=2', '/limit'],
    ['/v1/products?cursor=*', '/cursor'],
    [`/v1/products?q=${'a'.repeat(101)}`, '/q'],
    ['/v1/availability', '/sku'],
    ['/v1/availability?sku=A&sku=', '/sku/1'],
  ])('%s is refused with its place', async (path, at) => {
    const answer = await get(path)
    expect(answer.status).toBe(422)
    expect(await answer.json()).toMatchObject({ errors: [{ path: at }] })
  })
  it('may have names that nobody knows', async () => {
    expect((await get('/v1/products?utm_source=mail&utm_source=web')).status).toBe(200)
  })
})
