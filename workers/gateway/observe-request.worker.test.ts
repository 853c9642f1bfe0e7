import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { newTraceparent } from '../../contract/trace.ts'
import { app } from './app.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
/** Draws the same share every time: its random part is nearly nothing, or nearly everything. */
const drawn = (share: 'drawn' | 'not-drawn') => `00-${TRACE.slice(0, 24)}${share === 'drawn' ? '00000001' : 'fffffffe'}-00f067aa0ba902b7-01`

let lines: Record<string, unknown>[] = []
beforeEach(() => {
  lines = []
  for (const method of ['log', 'warn', 'error'] as const) vi.spyOn(console, method).mockImplementation((line: string) => void lines.push(JSON.parse(line)))
})
afterEach(() => vi.restoreAllMocks())

const ask = (path: string, init: RequestInit = {}, sample = '0.01') => app.request(`https://edge.example${path}`, init, { ...env, LOG_SAMPLE: sample })
const done = () => lines.filter(({ event }) => event === 'request.done')

test('a write is told with its route, its status and its trace, and never with its address', async () => {
  const traceparent = drawn('not-drawn')
  const answer = await ask('/v1/orders/ord_1/cancel?token=tok_secret', { method: 'POST', headers: { traceparent, 'X-Request-Id': 'req-7' } })
  expect(answer.headers.get('X-Request-Id')).toBe('req-7')
  expect(done()).toEqual([{ level: 'info', event: 'request.done', method: 'POST', route: '/v1/orders/:orderId/cancel', status: answer.status, ms: expect.any(Number), requestId: 'req-7', traceId: traceparent.slice(3, 35) }])
  expect(JSON.stringify(lines)).not.toContain('tok_secret')
})

test('what goes wrong is told, and an address that nobody answers names no address', async () => {
  await ask('/v1/nothing/tok_secret', { headers: { traceparent: drawn('not-drawn') } })
  expect(done()).toMatchObject([{ status: 404, method: 'GET' }])
  expect(JSON.stringify(lines)).not.toContain('tok_secret')
})

test('reads are told by a share drawn from the trace, whole or not at all', async () => {
  for (let n = 0; n < 3; n++) await ask('/healthz', { headers: { traceparent: drawn('not-drawn') } })
  expect(done()).toEqual([])
  for (let n = 0; n < 3; n++) await ask('/healthz', { headers: { traceparent: drawn('drawn') } })
  expect(done()).toHaveLength(3)
  await ask('/healthz', { headers: { traceparent: drawn('not-drawn') } }, '1')
  expect(done()).toHaveLength(4)
  // What is no share is as nothing said.
  for (const wrong of ['', '2', '-1', 'all']) await ask('/healthz', { headers: { traceparent: drawn('not-drawn') } }, wrong)
  expect(done()).toHaveLength(4)
})

test('a header that is no traceparent begins a new trace', async () => {
  for (const traceparent of ['', 'nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `ff-${TRACE}-00f067aa0ba902b7-01`, `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`]) {
    await ask('/healthz', { headers: { traceparent } }, '1')
  }
  const traces = done().map(({ traceId }) => traceId)
  expect(new Set(traces).size).toBe(5)
  expect(traces.every((traceId) => typeof traceId === 'string' && /^[0-9a-f]{32}$/.test(traceId) && traceId.toLowerCase() !== TRACE)).toBe(true)
  const own = newTraceparent()
  await ask('/healthz', { headers: { traceparent: own } }, '1')
  expect(done().at(-1)?.['traceId']).toBe(own.slice(3, 35))
})

test('a read is one point, with the route\'s pattern and nothing of the caller', async () => {
  const points: unknown[] = []
  const METRICS = { writeDataPoint: (point?: AnalyticsEngineDataPoint) => void points.push(point) }
  await app.request('https://edge.example/v1/products/CLO-1', {}, { ...env, METRICS })
  expect(points).toEqual([{ indexes: ['request'], blobs: ['request', '', 'GET /v1/products/:sku', '4xx', '', '', ''], doubles: [1, expect.any(Number)] }])
  await app.request('https://edge.example/healthz', {}, { ...env, METRICS })
  expect(points).toHaveLength(2)
})
