import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { app } from '../gateway/app.ts'
import { createArbiter } from './arbiter.ts'
import { createOrderBook } from './d1-orders.ts'
import { createSales } from '../status/d1-sales.ts'
import { accessTokenFor } from './ids.ts'
import type { OrderRecord } from './port.ts'
import { ASSIGNMENT_ID, ORDER_ID, placedOrder } from './test-orders.ts'

const admin = { Authorization: `Bearer ${env.ADMIN_TOKEN}`, 'Content-Type': 'application/json' }
const orders = createOrderBook(env.DB)
const call = (method: string, path: string, body?: object, headers: Record<string, string> = admin) =>
  app.request(`https://edge.example${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) }, env)
const address = { name: 'T', line1: '1 Road', city: 'X', postalCode: '1', country: 'US' }
const shipped = (assignment: Partial<OrderRecord['assignments'][number]> = {}): OrderRecord => {
  const order = placedOrder()
  return { ...order, purchase: { ...order.purchase, fulfillment: { method: 'ship', address } }, assignments: order.assignments.map((each) => ({ ...each, ...assignment })) }
}
const actions = async () => (await env.DB.prepare('SELECT action, subject, detail FROM audit_log ORDER BY entry_id').all()).results

beforeAll(async () => {
  await call('POST', '/admin/v1/stores', { storeId: 'main', name: 'Main', timeZone: 'UTC', transport: { kind: 'pull' } })
})
beforeEach(async () => {
  await env.DB.exec('DELETE FROM orders')
  await env.DB.exec('DELETE FROM audit_log')
})

describe('GET /orders', () => {
  it('lists a web order once, also when the till has sold it, and what the till sold by itself', async () => {
    const money = { amountMinor: 100, currency: 'USD' }
    const sale = (saleId: string, assignmentId?: string) => createSales(env.DB).record('main', { saleId, kind: 'sale', lines: [], total: money, ...(assignmentId ? { assignmentId } : {}) }, 1, { epoch: 1, seq: 1 })
    await orders.insert(placedOrder())
    await sale('S1')
    await sale('S2', ASSIGNMENT_ID)
    await sale('S3', 'ord_00000000000000000000000000.1')
    const { items } = await (await call('GET', '/admin/v1/orders')).json<{ items: { saleId?: string; id?: string }[] }>()
    expect(items.map(({ saleId, id }) => saleId ?? id)).toEqual([ORDER_ID, 'S3', 'S1'])
  })
})

describe('PUT /stores/{id}/priority', () => {
  it('sets whose turn it is, and is in the audit log', async () => {
    expect(await (await call('PUT', '/admin/v1/stores/main/priority', { priority: 7 })).json()).toEqual({ storeId: 'main', priority: 7 })
    expect(await (await call('GET', '/admin/v1/stores/main')).json()).toMatchObject({ priority: 7 })
    expect(await actions()).toEqual([{ action: 'store.priority', subject: 'main', detail: '7' }])
  })
  it.each([[{ priority: 0 }, 422], [{ priority: 1.5 }, 422], [{}, 422]])('refuses %j', async (body, status) => {
    expect((await call('PUT', '/admin/v1/stores/main/priority', body)).status).toBe(status)
  })
  it('knows no such store, and wants the operator', async () => {
    expect((await call('PUT', '/admin/v1/stores/nobody/priority', { priority: 1 })).status).toBe(404)
    expect((await call('PUT', '/admin/v1/stores/main/priority', { priority: 1 }, { 'Content-Type': 'application/json' })).status).toBe(401)
  })
})

describe('POST /orders/{id}/reroute', () => {
  it('sends on what waited at the desk', async () => {
    await orders.insert(shipped({ state: 'rejected', reason: 'price_mismatch' }))
    expect((await call('POST', `/admin/v1/orders/${ORDER_ID}/reroute`)).status).toBe(202)
    const order = await orders.find(ORDER_ID)
    expect(order?.assignments[0]).toMatchObject({ released: true })
    expect(order?.timeline.at(-1)).toMatchObject({ type: 'order.reroute_requested' })
    expect(await actions()).toEqual([{ action: 'order.reroute', subject: ORDER_ID, detail: null }])
  })
  it('takes back at the link what no store was offered', async () => {
    await orders.insert(shipped())
    expect(await (await call('POST', `/admin/v1/orders/${ORDER_ID}/reroute`)).json()).toMatchObject({ fulfillments: [{ status: 'struck' }] })
    expect(await env.STORE_LINK.get(env.STORE_LINK.idFromName('main')).assignmentState(ASSIGNMENT_ID)).toBe('struck')
  })
  it.each([['a pickup', placedOrder()], ['what is accepted', shipped({ state: 'accepted' })], ['what is in doubt', shipped({ state: 'in_doubt' })]])('refuses %s', async (_, order) => {
    await orders.insert(order)
    const answer = await call('POST', `/admin/v1/orders/${ORDER_ID}/reroute`)
    expect([answer.status, (await answer.json<{ type: string }>()).type]).toEqual([409, 'https://tillbridge.dev/problems/conflict'])
    expect(await actions()).toEqual([])
  })
  it('knows no such order', async () => expect((await call('POST', `/admin/v1/orders/${ORDER_ID}/reroute`)).status).toBe(404))
})

describe('POST /v1/orders/{id}/cancel', () => {
  const cancel = async (body?: object, type = 'application/json') =>
    call('POST', `/v1/orders/${ORDER_ID}/cancel`, body, { 'X-Order-Token': await accessTokenFor(env.MASTER_KEY, ORDER_ID), 'Content-Type': type })
  it('by line says how many of it are cancelled, also when it is sent twice', async () => {
    await orders.insert({ ...shipped({ state: 'rejected', reason: 'invalid' }) })
    for (let times = 0; times < 2; times++) {
      const answer = await cancel({ lines: [{ lineId: '1', quantity: 1 }] })
      expect([answer.status, (await answer.json<{ lines: { cancelledQuantity: number }[] }>()).lines.map((line) => line.cancelledQuantity)]).toEqual([200, [1, 0, 0]])
    }
    expect((await orders.find(ORDER_ID))?.cancelled).toEqual([{ lineId: '1', quantity: 1 }])
  })
  it('without a body, of whatever type, cancels everything', async () => {
    await orders.insert(shipped({ state: 'rejected', reason: 'invalid' }))
    expect(await (await cancel(undefined, 'text/plain')).json()).toMatchObject({ status: 'cancelled' })
  })
  it.each([[{ lines: [] }], [{ lines: [{ lineId: '1', quantity: 0 }] }], [{ lines: [{ lineId: '9', quantity: 1 }] }]])('refuses %j', async (body) => {
    await orders.insert(shipped())
    expect((await cancel(body)).status).toBe(422)
  })
})

describe('the broom', () => {
  const attempt = { id: 'try-1', bodyHash: 'hash-1' }
  it.each([
    ['keeps a new part that is written down and not yet reserved', shipped({ unreserved: true }), 'reserved', 'confirm'],
    ['keeps what was given away until its store has answered', shipped({ state: 'rejected', reason: 'expired', unanswered: true }), 'confirmed', 'confirm'],
    ['keeps that also when the order is over', { ...shipped({ state: 'rejected', reason: 'expired', unanswered: true }), status: 'cancelled' as const }, 'confirmed', 'confirm'],
    ['releases it then', shipped({ state: 'rejected', reason: 'expired', unanswered: false }), 'confirmed', 'release'],
    ['releases a part the order does not have', { ...shipped(), assignments: [] }, 'reserved', 'release'],
  ] as const)('%s', async (_, order, state, verdict) => {
    await orders.insert({ ...order, assignments: [...order.assignments] })
    expect(await createArbiter(env.DB)([{ assignmentId: ASSIGNMENT_ID, attempt, state }], 1)).toEqual([verdict])
  })
})
