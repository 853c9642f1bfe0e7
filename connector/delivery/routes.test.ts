import { request as httpRequest } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../contract/clock.ts'
import { ORDER_BODY_BYTES_MAX } from '../../contract/limits.ts'
import { PROBLEM_BASE } from '../../contract/problem.ts'
import { signedHeaders } from '../../contract/signing.ts'
import { LiveStatus } from '../control/live-status.ts'
import { createEdgeClock } from '../edge/edge-clock.ts'
import { JournalCannotWrite } from '../journal/database.ts'
import type { Journal } from '../journal/journal.ts'
import { assignmentId, assignmentOf, openTestJournal, SECRET, silent, STORE_ID, testFolder, waitingEvents } from '../test-shop.ts'
import { receiveOrder } from './receive-order.ts'
import { requestCancel } from './request-cancel.ts'
import { startServer, type RunningServer } from './server.ts'

const OLD_SECRET = `tbsec_${Buffer.alloc(32, 3).toString('base64')}`
const ID = assignmentId(1)

let folder: ReturnType<typeof testFolder>
let journal: Journal
let server: RunningServer
let diskFull: boolean
let taking: boolean

beforeEach(async () => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  diskFull = false
  taking = true
  server = await startServer({
    storeId: STORE_ID,
    secrets: [SECRET, OLD_SECRET],
    clock: createEdgeClock(systemClock),
    log: silent,
    receive(assignment) {
      if (diskFull) throw new JournalCannotWrite('full')
      return receiveOrder(journal, assignment, systemClock())
    },
    cancel: (id) => requestCancel(journal, id, systemClock()),
    readiness: () => ({ ready: false, waitingFor: ['the first sync'], troubles: [] }),
    metrics: () => 'up 1\n',
    status: () => LiveStatus.parse({
      version: '1', url: 'http://127.0.0.1:1', startedAt: '2026-01-02T12:00:00Z', doing: [{ what: 'watching' }], comparisons: { finished: 0, failed: 0, wanted: false }, troubles: [],
      pos: { reachable: true, lookedAt: null, lookedAgoS: null }, edge: { answering: false, answeredAt: null, answeredAgoS: null, holdsStore: false, clockSkewMs: null },
    }),
    taking: () => taking,
  }, { host: '127.0.0.1', port: 0 })
})
afterEach(async () => {
  await server.close()
  journal.close()
  folder.remove()
})

type Call = { secret?: string; atS?: number; contentType?: string; signTarget?: string; headers?: Record<string, string> }

async function call(method: string, target: string, body: string | Uint8Array<ArrayBuffer>, options: Call = {}): Promise<Response> {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const timestampS = options.atS ?? Math.floor(systemClock() / 1000)
  const signature = await signedHeaders([options.secret ?? SECRET], { id: crypto.randomUUID(), timestampS, method, target: options.signTarget ?? target, body: bytes })
  return fetch(server.url + target, { method, body: bytes, headers: { 'content-type': options.contentType ?? 'application/json', ...signature, ...options.headers } })
}
const put = (body: unknown, options: Call = {}, id = ID): Promise<Response> => call('PUT', `/orders/${id}`, typeof body === 'string' ? body : JSON.stringify(body), options)

async function expectProblem(response: Response, status: number, type: string): Promise<Record<string, unknown>> {
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  expect(response.headers.get('x-request-id')).toBeTruthy()
  const problem = await response.json() as Record<string, unknown>
  expect(problem['type']).toBe(PROBLEM_BASE + type)
  return problem
}

describe('an order delivered', () => {
  test('is journaled before the 202, and the same body again is 200 with the same instant', async () => {
    const first = await put(assignmentOf(1, { A: 1 }))
    expect(first.status).toBe(202)
    const answer = await first.json()
    expect(journal.inbox.get(ID)?.state).toBe('received')
    const again = await put(assignmentOf(1, { A: 1 }))
    expect(again.status).toBe(200)
    expect(await again.json()).toEqual(answer)
    expect(waitingEvents(journal)).toMatchObject([{ type: 'order.journaled' }])
  })

  test('with another body is 409, once struck 410', async () => {
    await put(assignmentOf(1, { A: 1 }))
    await expectProblem(await put(assignmentOf(1, { A: 2 })), 409, 'different-body')
    await call('POST', `/orders/${ID}/cancel`, '')
    await expectProblem(await put(assignmentOf(1, { A: 1 })), 410, 'struck-out')
  })

  test('while the journal cannot write is 503 and asks to wait', async () => {
    diskFull = true
    const response = await put(assignmentOf(1, { A: 1 }))
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    await expectProblem(response, 503, 'journal-full')
  })

  test('while the connector stops is 503', async () => {
    taking = false
    await expectProblem(await put(assignmentOf(1, { A: 1 })), 503, 'try-again')
    expect(journal.inbox.get(ID)).toBeNull()
  })
})

describe('bad input changes nothing', () => {
  afterEach(() => expect(journal.inbox.get(ID)).toBeNull())
  const good = assignmentOf(1, { A: 1 })

  test.each([
    ['broken JSON', '{"assignmentId":', {}, 400, 'invalid-json'],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), {}, 400, 'invalid-json'],
    ['another content type', JSON.stringify(good), { contentType: 'text/plain' }, 415, 'unsupported-media-type'],
    ['no lines', JSON.stringify({ ...good, lines: [] }), {}, 422, 'invalid-request'],
    ['another store', JSON.stringify({ ...good, storeId: 'other' }), {}, 422, 'invalid-request'],
    ['another id than the address', JSON.stringify(assignmentOf(2, { A: 1 })), {}, 422, 'invalid-request'],
    ['a fraction of a piece', JSON.stringify({ ...good, lines: good.lines.map((line) => ({ ...line, quantity: 1.5 })) }), {}, 422, 'invalid-request'],
    ['too many bytes', ' '.repeat(ORDER_BODY_BYTES_MAX + 1), {}, 413, 'too-large'],
  ] as const)('%s', async (_name, body, options, status, type) => {
    await expectProblem(await call('PUT', `/orders/${ID}`, typeof body === 'string' ? body : new Uint8Array(body), options), status, type)
  })

  test('too many bytes without a length', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(`${server.url}/orders/${ID}`, { method: 'PUT', headers: { 'content-type': 'application/json' } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      request.on('error', reject)
      request.write(' '.repeat(ORDER_BODY_BYTES_MAX))
      request.end(' '.repeat(100))
    })
    expect(status).toBe(413)
  })

  test('an id that is none', async () => {
    await expectProblem(await put(good, {}, 'nonsense'), 422, 'invalid-request')
    await expectProblem(await call('POST', '/orders/nonsense/cancel', ''), 422, 'invalid-request')
  })
})

describe('a signature', () => {
  const good = assignmentOf(1, { A: 1 })
  test.each([
    ['of another secret', { secret: `tbsec_${Buffer.alloc(32, 1).toString('base64')}` }],
    ['of yesterday', { atS: Math.floor(systemClock() / 1000) - 86_400 }],
    ['of another address', { signTarget: `/orders/${ID}?x=1` }],
    ['that is missing', { headers: { 'tillbridge-signature': '' } }],
  ])('%s is refused with a date and without a reason', async (_name, options) => {
    const response = await put(good, options)
    expect(Number.isNaN(Date.parse(response.headers.get('date') ?? ''))).toBe(false)
    const problem = await expectProblem(response, 401, 'bad-signature')
    expect(Object.keys(problem).sort()).toEqual(['requestId', 'status', 'title', 'type'])
    expect(journal.inbox.get(ID)).toBeNull()
  })

  test('of the other live secret is good, and so is one over a query', async () => {
    expect((await put(good, { secret: OLD_SECRET })).status).toBe(202)
    expect((await call('POST', `/orders/${ID}/cancel?from=desk`, '')).status).toBe(202)
  })
})

describe('a cancel', () => {
  test('before the order comes is taken, and is the order\'s tombstone', async () => {
    expect((await call('POST', `/orders/${ID}/cancel`, '')).status).toBe(202)
    expect(journal.inbox.get(ID)).toMatchObject({ state: 'struck', cancel: 'requested' })
  })
})

describe('for people and machines in the shop', () => {
  test('health says that it is alive, and nothing about the shop', async () => {
    const response = await fetch(`${server.url}/health`)
    expect(await response.json()).toEqual({ status: 'ok' })
  })

  test('readiness, metrics and status are for this machine, not for the tunnel', async () => {
    expect(await (await fetch(`${server.url}/status`)).json()).toMatchObject({ doing: [{ what: 'watching' }] })
    expect((await fetch(`${server.url}/status`, { headers: { 'cf-ray': 'x' } })).status).toBe(404)
    expect((await fetch(`${server.url}/ready`)).status).toBe(503)
    expect(await (await fetch(`${server.url}/metrics`)).text()).toBe('up 1\n')
    expect((await fetch(`${server.url}/metrics`, { headers: { 'cf-ray': 'x' } })).status).toBe(404)
  })

  test.each([
    ['X-Forwarded-For', '203.0.113.9'], ['X-Forwarded-Host', 'till.shop.example'], ['X-Real-IP', '203.0.113.9'], ['Forwarded', 'for=203.0.113.9'], ['Via', '1.1 proxy'], ['CDN-Loop', 'cloudflare'], ['Cf-Connecting-Ip', '203.0.113.9'],
  ])('nor for whom a proxy on this machine lets in, which says so by %s', async (name, value) => {
    for (const path of ['/status', '/ready', '/metrics', '/desk']) expect((await fetch(server.url + path, { headers: { [name]: value } })).status).toBe(404)
  })

  test('other addresses and methods are told apart', async () => {
    await expectProblem(await fetch(`${server.url}/nothing`), 404, 'not-found')
    await expectProblem(await fetch(`${server.url}/health`, { method: 'POST' }), 405, 'method-not-allowed')
  })
})
