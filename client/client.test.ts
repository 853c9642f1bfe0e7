import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PROBLEM_BASE, PROBLEMS } from '../contract/problem.ts'
import type { ProblemType } from '../contract/problem.ts'
import { isFinal, OrderStatus } from '../contract/status.ts'
import { isOver } from './follow.ts'
import { createClient, isProblem, TillbridgeError } from './index.ts'

type Asked = { method: string; path: string; headers: IncomingMessage['headers']; body: string }
type Step = (answer: ServerResponse, asked: Asked) => void

let server: Server
let url: string
let asked: Asked[]
/** What the server does with each call, the last one for all that follow. */
let script: Step[]

const say = (status: number, body: unknown, headers: Record<string, string> = {}): Step => (answer) => answer.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
const refuse = (type: ProblemType, extra: object = {}, headers: Record<string, string> = {}): Step =>
  say(PROBLEMS[type][0], { type: PROBLEM_BASE + type, title: PROBLEMS[type][1], status: PROBLEMS[type][0], detail: 'It is so.', ...extra }, { 'X-Request-Id': 'r-1', ...headers })
const hangUp: Step = (answer) => answer.destroy()
const breakOff: Step = (answer) => {
  answer.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': '100' })
  answer.write('{"order":')
  setTimeout(() => answer.destroy(), 5)
}
const shop = (more: object = {}) => createClient({ url, key: 'pk_test', ...more })
const basket = { lines: [{ sku: 'A', quantity: 1 }], fulfillment: { method: 'pickup' as const, storeId: 'main' }, customer: { name: 'N', email: 'n@shop.example' } }
const caught = async (call: Promise<unknown>): Promise<TillbridgeError> => {
  const error = await call.then(() => new Error('it was answered'), (reason: unknown) => reason)
  if (!(error instanceof TillbridgeError)) throw error
  return error
}

beforeEach(async () => {
  ;[asked, script] = [[], []]
  server = createServer((request, answer) => {
    let body = ''
    request.setEncoding('utf8').on('data', (part: string) => (body += part)).on('end', () => {
      const call = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
      const step = script[Math.min(asked.length, script.length - 1)]
      asked.push(call)
      step?.(answer, call)
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

describe('an order', () => {
  const taken = { order: { id: 'ord_1' }, accessToken: 't' }

  it('keeps its Idempotency-Key over every try', async () => {
    script = [hangUp, say(502, 'bad gateway'), refuse('overloaded', {}, { 'Retry-After': '0' }), refuse('rate-limited', {}, { 'Retry-After': '0' }), say(200, taken)]
    expect(await shop().orders.place(basket)).toEqual({ ...taken, repeated: true })
    const keys = new Set(asked.map(({ headers }) => headers['idempotency-key']))
    expect([asked.length, keys.size, new Set(asked.map(({ body }) => body)).size]).toEqual([5, 1, 1])
    expect([...keys][0]).toMatch(/^[\x21-\x7e]{8,255}$/)
  })

  it('whose answer broke off is fetched again', async () => {
    script = [breakOff, say(200, taken)]
    expect(await shop().orders.place(basket, { idempotencyKey: 'basket-7' })).toEqual({ ...taken, repeated: true })
    expect(asked.map(({ headers }) => headers['idempotency-key'])).toEqual(['basket-7', 'basket-7'])
  })

  it('has a new key for each call that names none', async () => {
    script = [say(201, taken)]
    for (let times = 0; times < 2; times++) expect((await shop().orders.place(basket)).repeated).toBe(false)
    expect(new Set(asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(2)
  })

  it.each(['out-of-stock', 'price-changed', 'invalid-request', 'idempotency-key-reused', 'unauthorized', 'forbidden', 'store-not-taking-orders', 'too-many-unpaid', 'misconfigured'] as const)('that is refused for %s is not tried again', async (type) => {
    script = [refuse(type, {}, { 'Retry-After': '0' }), say(201, taken)]
    expect((await caught(shop().orders.place(basket))).type).toBe(type)
    expect(asked.length).toBe(1)
  })

  it('says what it was refused for, with what belongs to it', async () => {
    script = [refuse('out-of-stock', { shortages: [{ sku: 'A', requested: 2, available: 1 }] })]
    const error = await caught(shop().orders.place(basket))
    if (!isProblem(error, 'out-of-stock')) throw error
    expect(error.problem.shortages).toEqual([{ sku: 'A', requested: 2, available: 1 }])
    expect([error.status, error.requestId, error.message]).toEqual([409, 'r-1', 'POST /v1/orders: 409 It is so.'])
    expect(isProblem(error, 'price-changed')).toBe(false)
  })
})

describe('a call', () => {
  it('is given up after its time, and says that nothing came back', async () => {
    script = [hangUp]
    const error = await caught(shop({ retryForMs: 900 }).products.get('A'))
    expect([error.type, error.status]).toEqual(['no-answer', 0])
    expect(asked.length).toBeGreaterThan(1)
  })

  it('that is not answered is tried again', async () => {
    script = [() => undefined, say(200, { sku: 'A' })]
    expect(await shop({ timeoutMs: 100 }).products.get('A')).toEqual({ sku: 'A' })
  })

  it('does not wait for longer than it has', async () => {
    script = [refuse('overloaded', {}, { 'Retry-After': '3600' })]
    expect((await caught(shop().products.get('A'))).retryAfter).toBe(3600)
    expect(asked.length).toBe(1)
  })

  it('waits as long as it is told', async () => {
    script = [refuse('overloaded', {}, { 'Retry-After': '1' }), say(200, {})]
    const before = performance.now()
    await shop().products.get('A')
    expect(performance.now() - before).toBeGreaterThanOrEqual(990)
  })

  it('ends at once when its caller gives up, while it is asked and while it waits', async () => {
    for (const step of [() => undefined, refuse('overloaded', {}, { 'Retry-After': '30' })]) {
      ;[asked, script] = [[], [step]]
      const giveUp = new AbortController()
      const call = shop().products.get('A', { signal: giveUp.signal })
      await expect.poll(() => asked.length).toBe(1)
      giveUp.abort(new Error('the page was left'))
      await expect(call).rejects.toThrow('the page was left')
    }
  })

  it('that something else than Tillbridge answers says so', async () => {
    script = [say(404, '<html>')]
    expect((await caught(shop().products.get('A'))).type).toBe('unreadable')
  })

  it('to the catalogue sends no key, so that caches may keep it; others do', async () => {
    script = [say(200, { items: [], nextCursor: null })]
    await shop({ channel: 'boutique' }).products.list({ q: 'green tea', limit: 2 })
    await shop().availability.many(['A', 'B/C'])
    await shop().quote(basket)
    expect(asked.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/v1/products?q=green+tea&limit=2&channel=boutique', undefined], ['/v1/availability?sku=A&sku=B%2FC', undefined], ['/v1/quotes', 'Bearer pk_test'],
    ])
  })

  it('for what comes back keeps its Idempotency-Key over every try, and says what cannot', async () => {
    script = [hangUp, say(201, { id: 'ord_1', returns: [{ id: 'ret_1' }] }), refuse('not-returnable', { lineId: '1', most: 1 })]
    const back = { lines: [{ lineId: '1', quantity: 2 }], method: 'in_store' as const, token: 't' }
    expect((await shop().orders.requestReturn('ord_1', back)).returns).toHaveLength(1)
    expect(asked.map(({ method, path, headers, body }) => [method, path, headers['x-order-token'], JSON.parse(body)])).toEqual(Array(2).fill(['POST', '/v1/orders/ord_1/returns', 't', { lines: back.lines, method: 'in_store' }]))
    expect(new Set(asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
    const error = await caught(shop().orders.requestReturn('ord_1', back))
    expect(isProblem(error, 'not-returnable') && error.problem.most).toBe(1)
  })

  it('for the variants of a product, or its price at one store, names them', async () => {
    script = [say(200, { items: [], nextCursor: null })]
    await shop().products.list({ productId: 'SHIRT' })
    await shop().products.get('A', { storeId: 'main' })
    expect(asked.map(({ path }) => path)).toEqual(['/v1/products?productId=SHIRT', '/v1/products/A?storeId=main'])
  })

  it('for all products asks page by page', async () => {
    script = [say(200, { items: [{ sku: 'A' }], nextCursor: 'c1' }), say(200, { items: [{ sku: 'B' }], nextCursor: null })]
    const skus: string[] = []
    for await (const { sku } of shop().products.all({ category: 'Tea' })) skus.push(sku)
    expect([skus, asked.map(({ path }) => path)]).toEqual([['A', 'B'], ['/v1/products?category=Tea', '/v1/products?category=Tea&cursor=c1']])
  })
})

describe('following an order', () => {
  const event = (id: number, status: string) => `event: timeline\nid: ${id}\ndata: ${JSON.stringify({ type: 'x', status, note: 'ä' })}\n\n`
  const stream = (...parts: (string | Buffer)[]): Step => (answer) => {
    answer.writeHead(200, { 'Content-Type': 'text/event-stream' })
    for (const part of parts) answer.write(part)
    setTimeout(() => answer.destroy(), 20)
  }

  it('tells each event once, over lines that break, until it is over', async () => {
    const [first, second, third] = [event(1, 'placed'), event(2, 'accepted'), event(3, 'completed')]
    // Broken inside an event, and inside a letter.
    const bytes = Buffer.from(second)
    script = [stream(first, bytes.subarray(0, bytes.indexOf(0xc3) + 1)), stream(first, bytes.subarray(0, bytes.indexOf(0xc3) + 1), bytes.subarray(bytes.indexOf(0xc3) + 1)), stream(first, second, third)]
    const seen: string[] = []
    for await (const { status } of shop().orders.follow('ord_1', { token: 't' })) seen.push(status ?? '')
    expect(seen).toEqual(['placed', 'accepted', 'completed'])
    expect(asked.map(({ headers }) => headers['x-order-token'])).toEqual(['t', 't', 't'])
  })

  it('ends with the statuses that the contract calls final', () => {
    for (const status of OrderStatus.options) expect(isOver({ type: 'x', occurredAt: '', seenAt: '', status })).toBe(isFinal(status))
  })
})
