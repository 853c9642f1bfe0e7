import { expect, test } from 'vitest'
import type { Assignment } from '../../contract/assignment.ts'
import { createSecret, verifyCall } from '../../contract/signing.ts'
import { createUrlTransport } from './url-transport.ts'

const NOW = 1_800_000_000_000
const secrets = [createSecret(), createSecret()]
const assignmentId = 'ord_00000000000000000000000001.1'
const price = { amountMinor: 100, currency: 'USD' }
const assignment: Assignment = {
  assignmentId, orderId: assignmentId.slice(0, -2), number: '1', placedAt: '2026-11-24T00:00:00Z', acceptBy: '2026-11-25T00:00:00Z',
  lines: [{ lineId: '1', sku: 'A', name: 'Äpfel', quantity: 1, unit: 'each', unitPrice: price, taxIncluded: true, taxRate: '0' }],
  totals: { subtotal: price, tax: price, shipping: price, total: price }, fulfillment: { method: 'pickup', storeId: 'main' },
  customer: { name: 'A', email: 'a@b.example' }, note: null,
}

type Call = { url: string; init: RequestInit }
function answering(status: number | Error, url = 'https://till.example/shop/', contentType = 'application/problem+json') {
  const calls: Call[] = []
  const transport = createUrlTransport({
    transport: { kind: 'tunnel', url, accessClientId: 'id', accessClientSecret: 'hush' }, secrets, clock: () => NOW,
    fetch: async (to, init) => {
      calls.push({ url: to, init })
      if (status instanceof Error) throw status
      return new Response(status === 204 ? null : 'whatever', { status, headers: { 'Content-Type': contentType } })
    },
  })
  return { transport, calls }
}

test('a put is signed with every live secret over what is sent, with the Access token, and follows no redirect', async () => {
  const { transport, calls } = answering(202)
  expect(await transport.put(assignment)).toEqual({ kind: 'journaled' })
  const [{ url, init } = { url: '', init: {} }] = calls
  expect(url).toBe(`https://till.example/shop/orders/${assignmentId}`)
  expect(init).toMatchObject({ method: 'PUT', redirect: 'manual' })
  const headers = new Headers(init.headers as Record<string, string>)
  expect(headers.get('CF-Access-Client-Id')).toBe('id')
  expect(headers.get('CF-Access-Client-Secret')).toBe('hush')
  const body = new Uint8Array(init.body as ArrayBuffer)
  expect(JSON.parse(new TextDecoder().decode(body))).toEqual(assignment)
  for (const secret of secrets) {
    expect(await verifyCall([secret], headers, { method: 'PUT', target: `/shop/orders/${assignmentId}`, body }, NOW)).toBe(true)
  }
})

test('a cancel is a signed post without a body', async () => {
  const { transport, calls } = answering(202, 'http://127.0.0.1:4000')
  await transport.cancel(assignmentId)
  const [{ url, init } = { url: '', init: {} }] = calls
  expect(url).toBe(`http://127.0.0.1:4000/orders/${assignmentId}/cancel`)
  const call = { method: 'POST', target: `/orders/${assignmentId}/cancel`, body: new Uint8Array() }
  expect(await verifyCall(secrets.slice(1), new Headers(init.headers as Record<string, string>), call, NOW)).toBe(true)
})

test.each<[number, object]>([
  [200, { kind: 'journaled' }], [202, { kind: 'journaled' }], [409, { kind: 'conflict' }], [410, { kind: 'struck' }],
  [422, { kind: 'refused', status: 422 }], [413, { kind: 'refused', status: 413 }],
])('%i is an answer', async (status, expected) => {
  expect(await answering(status).transport.put(assignment)).toEqual(expected)
})

test.each([204, 301, 302, 401, 403, 404, 408, 429, 500, 503])('%i is a fault with a hint', async (status) => {
  await expect(answering(status).transport.put(assignment)).rejects.toMatchObject({ name: 'Fault', message: expect.stringContaining(String(status)), hint: expect.any(String) })
})

test.each([400, 409, 410, 413, 422, 431])('%i that is not the connector\'s own word is a fault: it says nothing of the work', async (status) => {
  const { transport } = answering(status, 'https://till.example/', 'text/html')
  await expect(transport.put(assignment)).rejects.toMatchObject({ name: 'Fault', message: expect.stringContaining(String(status)) })
})

test('a 401 is laid at the door of whoever said it: the connector of our signature, or Access of its token', async () => {
  await expect(answering(401).transport.put(assignment)).rejects.toMatchObject({ message: expect.stringContaining('signature') })
  await expect(answering(401, 'https://till.example/', 'text/html').transport.put(assignment)).rejects.toMatchObject({ message: expect.stringContaining('Access'), hint: expect.stringContaining('service token') })
})

test('a line that breaks is a fault that names nothing of the order', async () => {
  await expect(answering(new TypeError('connect ECONNREFUSED Äpfel')).transport.put(assignment)).rejects.toMatchObject({ name: 'Fault', message: 'the store cannot be reached' })
  await expect(answering(new DOMException('', 'TimeoutError')).transport.put(assignment)).rejects.toMatchObject({ message: 'the store did not answer within 10000 ms' })
})
