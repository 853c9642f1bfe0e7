import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { StoreEvent } from '../../contract/events.ts'
import type { RepairPage } from '../../contract/operator-answers.ts'
import { itemHash } from '../../contract/product.ts'
import { createCatalog } from '../catalog/d1-catalog.ts'
import { app } from '../gateway/app.ts'
import { forgetAnswers } from '../gateway/cached-answer.ts'
import { home, homeName } from '../inventory/home.ts'
import type { SkuCounters } from '../inventory/sku-counters-object.ts'
import { handleOrderMessage } from '../orders/deliver.ts'
import { routeMissing } from '../orders/route-missing.ts'
import { createPorts } from '../ports.ts'
import { handleStatusEvents } from '../status/handle-events.ts'

const ports = createPorts(env)
const admin = { 'Authorization': `Bearer ${env.ADMIN_TOKEN}`, 'Content-Type': 'application/json' }
const operate = (path: string, body: object) => app.request(`https://edge.example/admin/v1${path}`, { method: 'POST', headers: admin, body: JSON.stringify(body) }, env)
const quiet = { ...ports, log: () => {} }

let tests = 0
let key = ''
let stores: [string, string] = ['', '']
const seqs = new Map<string, number>()

/** What Time Travel does: every row of D1 as it was, and nothing else anywhere. */
async function snapshot(): Promise<() => Promise<void>> {
  const { results } = await env.DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'd1%'").all<{ name: string }>()
  // What D1 computes of a row is not put back: it is computed again.
  const columnsOf = async (table: string) => (await env.DB.prepare("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0").bind(table).all<{ name: string }>()).results.map(({ name }) => `"${name}"`).join(', ')
  const kept = await Promise.all(results.map(async ({ name }) => ({ name, rows: (await env.DB.prepare(`SELECT ${await columnsOf(name)} FROM "${name}"`).all()).results })))
  return async () => {
    const put = (name: string, row: Record<string, unknown>) => env.DB.prepare(`INSERT INTO "${name}" (${Object.keys(row).map((column) => `"${column}"`).join(', ')}) VALUES (${Object.keys(row).map(() => '?').join(', ')})`).bind(...Object.values(row))
    await env.DB.batch([env.DB.prepare('PRAGMA defer_foreign_keys = on'), ...kept.map(({ name }) => env.DB.prepare(`DELETE FROM "${name}"`)), ...kept.flatMap(({ name, rows }) => rows.map((row) => put(name, row)))])
  }
}

async function place(fulfillment: object): Promise<string> {
  const answer = await app.request('https://edge.example/v1/orders', {
    method: 'POST', headers: { 'Authorization': `Bearer ${key}`, 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
    body: JSON.stringify({ lines: [{ sku: 'A', quantity: 1 }], fulfillment, customer: { name: 'Customer', email: 'customer@shop.example' } }),
  }, env)
  expect(answer.status).toBe(201)
  return (await answer.json<{ order: { id: string } }>()).order.id
}
const pickup = (store = stores[0]) => place({ method: 'pickup', storeId: store })
const ship = () => place({ method: 'ship', address: { name: 'Customer', line1: '1 Road', city: 'Town', postalCode: '12345', country: 'IE' } })
/** The store fetches what waits for it. */
async function fetchWork(storeId: string): Promise<string[]> {
  for (const order of await ports.orders.openAfter('', 200)) for (const { assignmentId } of order.assignments.filter((each) => each.storeId === storeId && each.state === 'pending')) await handleOrderMessage({ kind: 'deliver', orderId: order.orderId, assignmentId, storeId, requestId: 'test' }, quiet)
  return (await ports.links.link(storeId).pull(50, Date.now())).assignments.map(({ assignmentId }) => assignmentId)
}
type Told = { [Type in StoreEvent['type']]: [Type, Extract<StoreEvent, { type: Type }>['data']] }[StoreEvent['type']]
async function tell(storeId: string, ...told: Told[]): Promise<void> {
  for (const [type, data] of told) {
    const seq = (seqs.get(storeId) ?? 0) + 1
    seqs.set(storeId, seq)
    await handleStatusEvents({ kind: 'events', storeId, epoch: 1, requestId: 'test', events: [{ seq, type, occurredAt: new Date().toISOString(), data } as StoreEvent] } as Parameters<typeof handleStatusEvents>[0], quiet)
  }
}
const journaled = (assignmentId: string): Told => ['order.journaled', { assignmentId }]
const accepted = (assignmentId: string, onHand: number): Told => ['order.accepted', { assignmentId, posReference: 'T-1', stockFell: true, lines: [{ lineId: '1', quantity: 1 }], levels: [{ sku: 'A', onHand }] }]
const refused = (assignmentId: string, onHand: number): Told => ['order.rejected', { assignmentId, reason: 'store_closed', levels: [{ sku: 'A', onHand }] }]

const beat = (storeId: string) => ports.links.link(storeId).heartbeat({ connectorId: 'till', epoch: 1, lastSeq: 0, posReachable: true, journal: { inbox: 0, outbox: 0 }, version: '1.0.0', clock: new Date().toISOString(), tunnel: 'none' }, Date.now())
const statusOf = async (orderId: string) => (await ports.orders.find(orderId))?.status ?? 'not there'
const reservations = async () => (await ports.inventory.reservations([...stores])).map(({ assignmentId, state }) => `${assignmentId} ${state}`).sort()
const available = async (storeId: string) => (await ports.inventory.availability(['A']))[0]?.stores.find((each) => each.storeId === storeId)?.available

/** The broom, as it runs long after. */
async function broom(at: number): Promise<void> {
  const id = env.SKU_COUNTERS.idFromName(homeName(home('A', Number(env.INVENTORY_SHARDS))))
  const stub = env.SKU_COUNTERS.get(id) as DurableObjectStub<SkuCounters>
  await runInDurableObject(stub, (object: SkuCounters) => void (object.clock = () => at))
  await runDurableObjectAlarm(stub)
  await runInDurableObject(stub, (object: SkuCounters) => void (object.clock = () => Date.now()))
}
const DAY_MS = 24 * 3_600_000

async function repair(dryRun = false): Promise<RepairPage> {
  const whole: RepairPage = { dryRun, stores: [], orders: 0, asked: 0, adopted: [], missing: [], nextCursor: null }
  let cursor: string | null | undefined
  do {
    const answer = await operate('/repair', { dryRun, why: 'restored', ...(cursor ? { cursor } : {}) })
    expect(answer.status).toBe(200)
    const page = await answer.json<RepairPage>()
    whole.stores.push(...page.stores)
    whole.orders += page.orders
    whole.asked += page.asked
    whole.adopted.push(...page.adopted)
    whole.missing.push(...page.missing)
    cursor = page.nextCursor
  } while (cursor !== null)
  return whole
}

beforeEach(async () => {
  for (const table of ['orders', 'items', 'stores', 'channel_keys', 'channels', 'dead_letters', 'sales', 'audit_log']) await env.DB.prepare(`DELETE FROM ${table}`).run()
  stores = [`a-${++tests}`, `b-${tests}`]
  for (const [place, storeId] of stores.entries()) {
    await operate('/stores', { storeId, name: storeId, timeZone: 'UTC', transport: { kind: 'pull' } })
    await env.DB.prepare('UPDATE stores SET priority = ? WHERE store_id = ?').bind(place + 1, storeId).run()
    await ports.links.link(storeId).takeEpoch('till', Date.now())
    await beat(storeId)
    seqs.set(storeId, 2)
    const item = { sku: 'A', name: 'Tea', description: null, brand: null, category: null, identifiers: [], unit: 'each' as const, price: { amountMinor: 100, currency: 'USD' }, taxIncluded: true, taxRate: '0', imageUrl: null, tracked: true }
    const catalog = createCatalog(env.DB, env.CATALOG)
    await catalog.publish(await catalog.apply(storeId, [{ item, itemHash: await itemHash(item), position: { epoch: 1, seq: 1 } }], Date.now()))
    await ports.inventory.apply([{ type: 'level', sku: 'A', storeId, onHand: 10, epoch: 1, asOf: 1, seq: 1, at: Date.now() }])
  }
  await operate('/channels', { channelId: 'web', name: 'Web', payInStore: true })
  key = (await (await operate('/channels/web/keys', { kind: 'publishable' })).json<{ key: string }>()).key
  forgetAnswers(env.CATALOG)
})

/** Orders of a while ago: what has just been placed may still be on its way. */
const aged = () => env.DB.prepare('UPDATE orders SET placed_at = placed_at - 600000').run()

describe('D1 that was taken back', () => {
  it('learns from the store again what became of the orders it still has', async () => {
    const orderId = await pickup()
    const restore = await snapshot()
    const [work = ''] = await fetchWork(stores[0])
    await tell(stores[0], journaled(work), accepted(work, 9), ['order.status_changed', { assignmentId: work, status: 'ready_for_pickup' }])
    expect(await statusOf(orderId)).toBe('ready_for_pickup')

    await restore()
    expect(await statusOf(orderId)).toBe('placed')
    expect(await repair(true)).toMatchObject({ dryRun: true, stores: [...stores], asked: 1, missing: [], adopted: [] })
    expect(await beat(stores[0])).toMatchObject({ value: { askAgain: [], requests: [] } })
    expect(await repair()).toMatchObject({ asked: 1, missing: [], adopted: [] })
    // What its connector is asked with the next heartbeat, and answers (connector/delivery/outcome.ts).
    expect(await beat(stores[0])).toMatchObject({ value: { askAgain: [work], requests: ['reconcile'] } })
    await tell(stores[0], accepted(work, 9), ['order.status_changed', { assignmentId: work, status: 'ready_for_pickup' }])
    expect(await statusOf(orderId)).toBe('ready_for_pickup')
    expect(await available(stores[0])).toBe(9)
  })

  it('learns the end of an order, too, that the link had already forgotten', async () => {
    const orderId = await pickup()
    await aged()
    const restore = await snapshot()
    const [work = ''] = await fetchWork(stores[0])
    await tell(stores[0], journaled(work), accepted(work, 9), ['order.status_changed', { assignmentId: work, status: 'completed' }])
    expect(await ports.links.link(stores[0]).assignmentState(work)).toBe('unknown')
    await restore()
    await repair()
    expect(await beat(stores[0])).toMatchObject({ value: { askAgain: [work] } })
    await tell(stores[0], accepted(work, 9), ['order.status_changed', { assignmentId: work, status: 'completed' }])
    expect([await statusOf(orderId), await ports.links.link(stores[0]).assignmentState(work)]).toEqual(['completed', 'unknown'])
    expect([await available(stores[0]), await reservations()]).toEqual([9, []])
  })

  it('asks nothing of what is still on its way to the store, or not paid for', async () => {
    const orderId = await pickup()
    const unpaid = await pickup()
    await env.DB.prepare("UPDATE orders SET status = 'awaiting_payment', placed_at = placed_at - 600000 WHERE order_id = ?").bind(unpaid).run()
    // The consumer may have been faster than this test.
    const state = await ports.links.link(stores[0]).assignmentState(`${orderId}.1`)
    await repair()
    expect(await ports.links.link(stores[0]).assignmentState(`${orderId}.1`)).toBe(state)
    expect(['unknown', 'parked']).toContain(state)
    expect(await ports.links.link(stores[0]).assignmentState(`${unpaid}.1`)).not.toBe('handed-over')
    expect(await fetchWork(stores[0])).toContain(`${orderId}.1`)
  })

  it('releases nothing that was confirmed, names each order it lacks once, and the store\'s further words end its reservation', async () => {
    const restore = await snapshot()
    const orderId = await pickup()
    await broom(Date.now() + 61_000)
    const [work = ''] = await fetchWork(stores[0])
    await tell(stores[0], journaled(work))
    expect(await reservations()).toEqual([`${work} confirmed`])

    await restore()
    await broom(Date.now() + 2 * DAY_MS)
    expect([await statusOf(orderId), await reservations(), await available(stores[0])]).toEqual(['not there', [`${work} confirmed`], 9])
    const missing = [{ assignmentId: work, storeId: stores[0], link: 'handed-over', reserved: [{ sku: 'A', quantity: 1 }] }]
    expect((await repair(true)).missing).toEqual(missing)
    expect((await ports.deadLetters.list({ queue: 'repair' }, null, 10)).items).toEqual([])
    expect((await repair()).missing).toEqual(missing)
    await repair()
    expect((await ports.deadLetters.list({ queue: 'repair' }, null, 10)).items).toMatchObject([{ storeId: stores[0], reason: 'unmatched', state: 'waiting' }])

    // The store serves it all the same: its goods leave once.
    await tell(stores[0], accepted(work, 9))
    expect([await available(stores[0]), await reservations()]).toEqual([9, []])
    await tell(stores[0], ['order.status_changed', { assignmentId: work, status: 'completed' }])
    expect([await ports.links.link(stores[0]).works(), (await repair()).missing]).toEqual([[], []])
  })

  it('takes back what it lacks when a person says so: at once if the store cannot know of it, else when the store has answered', async () => {
    const restore = await snapshot()
    const known = await pickup()
    const unknown = await pickup(stores[1])
    await broom(Date.now() + 61_000)
    const [work = ''] = await fetchWork(stores[0])
    await tell(stores[0], journaled(work))
    await restore()

    const takeBack = (storeId: string, assignmentId: string) => operate('/repair/take-back', { storeId, assignmentId, why: 'the shop has not got it' })
    expect((await takeBack(stores[1], `${unknown}.1`)).status).toBe(200)
    expect(await available(stores[1])).toBe(10)
    expect((await takeBack(stores[0], work)).status).toBe(202)
    expect(await available(stores[0])).toBe(9)
    expect(await ports.links.link(stores[0]).pull(50, Date.now())).toMatchObject({ cancels: [work] })
    await tell(stores[0], ['order.cancel_result', { assignmentId: work, outcome: 'voided', levels: [{ sku: 'A', onHand: 10 }] }])
    expect([await available(stores[0]), await reservations(), await ports.links.link(stores[0]).works()]).toEqual([10, [], []])
    expect(await (await takeBack(stores[0], work)).json()).toEqual({ outcome: 'nothing' })
    expect((await takeBack('nowhere', work)).status).toBe(404)
    expect(await statusOf(known)).toBe('not there')
    const there = await pickup()
    expect((await takeBack(stores[0], `${there}.1`)).status).toBe(409)
  })

  it('knows again that an order went to another store, and sends it to no third', async () => {
    const orderId = await ship()
    const [first = ''] = await fetchWork(stores[0])
    await tell(stores[0], journaled(first))
    const restore = await snapshot()
    await tell(stores[0], refused(first, 10))

    await routeMissing(quiet, orderId, 'test')
    const [second = ''] = await fetchWork(stores[1])
    expect(second).toBe(`${orderId}.2`)
    await tell(stores[1], journaled(second))

    await restore()
    expect((await ports.orders.find(orderId))?.assignments.map(({ storeId }) => storeId)).toEqual([stores[0]])
    expect(await repair()).toMatchObject({ adopted: [{ assignmentId: second, storeId: stores[1] }], missing: [], asked: 2 })
    await tell(stores[0], refused(first, 10))
    await tell(stores[1], accepted(second, 9))
    const order = await ports.orders.find(orderId)
    expect(order?.assignments.map(({ storeId, state }) => [storeId, state])).toEqual([[stores[0], 'rejected'], [stores[1], 'accepted']])
    expect([order?.status, await available(stores[0]), await available(stores[1]), await reservations()]).toEqual(['accepted', 10, 9, []])
  })

  it('is the same order when the shopper\'s page sends it again', async () => {
    const restore = await snapshot()
    const send = () => app.request('https://edge.example/v1/orders', {
      method: 'POST', headers: { 'Authorization': `Bearer ${key}`, 'Content-Type': 'application/json', 'Idempotency-Key': `again-${tests}` },
      body: JSON.stringify({ lines: [{ sku: 'A', quantity: 1 }], fulfillment: { method: 'pickup', storeId: stores[0] }, customer: { name: 'Customer', email: 'customer@shop.example' } }),
    }, env)
    const { order } = await (await send()).json<{ order: { id: string } }>()
    await broom(Date.now() + 61_000)
    const [work = ''] = await fetchWork(stores[0])
    await tell(stores[0], journaled(work))
    await restore()
    expect((await (await send()).json<{ order: { id: string } }>()).order.id).toBe(order.id)
    expect(await fetchWork(stores[0])).toEqual([])
    expect((await repair()).missing).toEqual([])
    await tell(stores[0], accepted(work, 9))
    expect([await statusOf(order.id), await available(stores[0])]).toEqual(['accepted', 9])
  })
})
