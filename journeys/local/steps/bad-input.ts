import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { EMPTY_DIGEST } from '../../../contract/digest.ts'
import { EVENTS_BODY_BYTES_MAX, ORDER_BODY_BYTES_MAX } from '../../../contract/limits.ts'
import { PROBLEM_BASE } from '../../../contract/problem.ts'
import { basket, type Demo } from '../demo.ts'
import { call, type Answer } from '../edge-api.ts'
import { signedClient } from '../signed-client.ts'
import type { Step } from './step.ts'

type Attempt = { what: string; status: number; type: string; send: () => Promise<Answer> }

/** What an answer must never hold: traces of our code, the database's words, names of secrets. */
const LEAKS = /\n\s+at |\.ts:\d|node_modules|SQLITE|D1_ERROR|SELECT |INSERT |tbsec_|MASTER_KEY|ADMIN_TOKEN|ZodError/

const ProblemShape = z.looseObject({ type: z.string(), title: z.string(), status: z.int(), requestId: z.string() })

function orders(demo: Demo, sku: string): Attempt[] {
  const base = demo.edge.ready.url
  const good = basket([{ sku, quantity: 1 }])
  const post = (init: { body?: unknown; raw?: string; headers?: Record<string, string> }) =>
    call(base, { path: '/v1/orders', ...init, headers: { Authorization: `Bearer ${demo.keys.publishable}`, 'Idempotency-Key': randomUUID(), ...init.headers } })
  const json = { 'Content-Type': 'application/json' }
  const invalid = (what: string, body: unknown): Attempt => ({ what, status: 422, type: 'invalid-request', send: () => post({ body }) })
  return [
    { what: 'no key', status: 401, type: 'unauthorized', send: () => post({ body: good, headers: { Authorization: '' } }) },
    { what: 'an unknown key', status: 401, type: 'unauthorized', send: () => post({ body: good, headers: { Authorization: 'Bearer pk_nothing' } }) },
    { what: 'no Idempotency-Key', status: 400, type: 'idempotency-key-required', send: () => post({ body: good, headers: { 'Idempotency-Key': '' } }) },
    { what: 'broken JSON', status: 400, type: 'invalid-json', send: () => post({ raw: '{"lines": [', headers: json }) },
    { what: 'an empty body', status: 400, type: 'invalid-json', send: () => post({ raw: '', headers: json }) },
    { what: 'text/plain', status: 415, type: 'unsupported-media-type', send: () => post({ raw: JSON.stringify(good), headers: { 'Content-Type': 'text/plain' } }) },
    { what: 'a body too large', status: 413, type: 'too-large', send: () => post({ body: { ...good, note: 'x'.repeat(ORDER_BODY_BYTES_MAX) } }) },
    { what: '10,000 lines', status: 413, type: 'too-large', send: () => post({ body: basket(Array.from({ length: 10_000 }, () => ({ sku, quantity: 1 }))) }) },
    invalid('101 lines', basket(Array.from({ length: 101 }, () => ({ sku, quantity: 1 })))),
    invalid('no lines', basket([])),
    invalid('a negative quantity', basket([{ sku, quantity: -1 }])),
    invalid('half a piece', basket([{ sku, quantity: 0.5 }])),
    invalid('a quantity in words', { ...good, lines: [{ sku, quantity: '1' }] }),
    invalid('no customer', { ...good, customer: undefined }),
    invalid('a list', []),
    invalid('null', null),
    { what: 'an unknown SKU', status: 422, type: 'unknown-sku', send: () => post({ body: basket([{ sku: 'NO-SUCH-SKU', quantity: 1 }]) }) },
    { what: 'an unknown store', status: 422, type: 'unknown-store', send: () => post({ body: basket([{ sku, quantity: 1 }], 'nowhere') }) },
    {
      what: 'another currency', status: 409, type: 'price-changed',
      send: () => post({ body: { ...good, lines: [{ sku, quantity: 1, expectedUnitPrice: { amountMinor: 1, currency: 'XTS' } }] } }),
    },
  ]
}

async function others(demo: Demo): Promise<Attempt[]> {
  const base = demo.edge.ready.url
  const secret = (await readFile(demo.shop.secretFile, 'utf8')).trim()
  const signed = signedClient(base, secret)
  const eventsPath = `/connect/v1/stores/${demo.shop.storeId}/events`
  const shell = { connectorId: `${demo.shop.storeId}-connector`, epoch: 1, after: { seq: 0, digest: EMPTY_DIGEST } }
  const operator = (path: string, method: string, body: unknown) => demo.operator.send(path, method, body)
  return [
    { what: 'events too large', status: 413, type: 'too-large', send: () => signed({ path: eventsPath, body: { ...shell, events: [], padding: 'x'.repeat(EVENTS_BODY_BYTES_MAX) } }) },
    { what: '501 events', status: 422, type: 'invalid-request', send: () => signed({ path: eventsPath, body: { ...shell, events: Array.from({ length: 501 }, (_, n) => ({ seq: n + 1 })) } }) },
    { what: 'an event without a whole seq', status: 422, type: 'invalid-request', send: () => signed({ path: eventsPath, body: { ...shell, events: [{ seq: 1.5, type: 'order.journaled' }] } }) },
    { what: 'the operator API without a token', status: 401, type: 'unauthorized', send: () => call(base, { path: '/admin/v1/stores' }) },
    { what: 'a store that exists', status: 409, type: 'already-exists', send: () => operator('/stores', 'POST', { storeId: demo.shop.storeId, name: 'Twice', timeZone: 'Europe/London', transport: { kind: 'pull' } }) },
    { what: 'a time zone of no place', status: 422, type: 'invalid-request', send: () => operator('/stores', 'POST', { storeId: 'x', name: 'X', timeZone: 'Mars/Base', transport: { kind: 'pull' } }) },
    { what: 'a negative safety stock', status: 422, type: 'invalid-request', send: () => operator(`/stores/${demo.shop.storeId}/safety-stock`, 'PUT', { quantity: -1 }) },
    { what: 'more than 50 SKUs', status: 422, type: 'invalid-request', send: () => call(base, { path: `/v1/availability?${Array.from({ length: 51 }, (_, n) => `sku=S${n}`).join('&')}` }) },
    { what: 'a product nobody has', status: 404, type: 'product-not-found', send: () => call(base, { path: '/v1/products/NO-SUCH-SKU' }) },
    { what: 'an address nobody has', status: 404, type: 'not-found', send: () => call(base, { path: '/v1/nothing' }) },
    { what: 'a dead letter nobody filed', status: 404, type: 'dead-letter-not-found', send: () => demo.operator.send('/dead-letters/none') },
  ]
}

export const badInputRefused: Step = {
  name: 'bad input refused',
  run: async (demo) => {
    const sku = demo.takeSku(3)
    const before = [await demo.operator.explain(sku), demo.till.webTickets().length, await everyOrder(demo)]
    const attempts = [...orders(demo, sku), ...await others(demo)]
    const wrong: string[] = []
    for (const { what, status, type, send } of attempts) {
      const answer = await send()
      const problem = ProblemShape.safeParse(answer.body)
      if (answer.status !== status) wrong.push(`${what}: expected ${status}, got ${answer.status} ${answer.text.slice(0, 200)}`)
      else if (!problem.success || !answer.headers.get('Content-Type')?.startsWith('application/problem+json')) wrong.push(`${what}: not problem+json: ${answer.text.slice(0, 200)}`)
      else if (problem.data.type !== PROBLEM_BASE + type || problem.data.status !== status) wrong.push(`${what}: expected type ${type}, got ${problem.data.type}`)
      else if (problem.data.requestId !== answer.headers.get('X-Request-Id')) wrong.push(`${what}: requestId is not X-Request-Id`)
      else if (type === 'invalid-request' && !/"path":/.test(answer.text)) wrong.push(`${what}: does not say which field`)
      if (LEAKS.test(answer.text)) wrong.push(`${what}: the answer tells too much: ${answer.text.slice(0, 200)}`)
    }
    assert.deepEqual(wrong, [], `\n${wrong.join('\n')}`)

    const unknownFields = await call(demo.edge.ready.url, {
      path: '/v1/quotes', headers: { Authorization: `Bearer ${demo.keys.publishable}` }, body: { ...basket([{ sku, quantity: 1 }]), colour: 'blue' },
    })
    assert.equal(unknownFields.status, 200, `unknown fields are ignored: ${unknownFields.text}`)
    assert.deepEqual([await demo.operator.explain(sku), demo.till.webTickets().length, await everyOrder(demo)], before, 'nothing changed')
    return `${attempts.length} requests, each refused with its own problem, nothing changed`
  },
}

/** The ids of the newest page of what the operator sees as orders: a refused one must not appear. */
async function everyOrder(demo: Demo): Promise<string> {
  const answer = await demo.operator.send('/orders?limit=100')
  assert.equal(answer.status, 200, answer.text)
  return [...answer.text.matchAll(/ord_[0-9a-z]{26}/g)].map(([id]) => id).sort().join(' ')
}
