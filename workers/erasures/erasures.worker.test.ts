import { env } from 'cloudflare:workers'
import { runDurableObjectAlarm } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import { canonicalJson, sha256Hex } from '../../contract/canonical.ts'
import { systemClock, toInstant } from '../../contract/clock.ts'
import { LIMITS_DEFAULT } from '../../contract/operator.ts'
import type { Erasure } from '../../contract/operator-answers.ts'
import type { LetterBox } from '../dead-letters/letter-box-object.ts'
import { LETTER_KEPT_MS } from '../dead-letters/letter.ts'
import { app } from '../gateway/app.ts'
import { deriveOrderId } from '../orders/ids.ts'
import { placeOrder } from '../orders/place-order.ts'
import type { OrderRecord } from '../orders/port.ts'
import { placedOrder } from '../orders/test-orders.ts'
import { createPorts } from '../ports.ts'
import { handleStatusEvents } from '../status/handle-events.ts'
import { retain, DAY_MS, ERASED_AT_ONCE } from './retain.ts'
import { runErasures } from './run-erasures.ts'

const ports = createPorts(env)
const WORDS = ['Wilhelmina Quist', 'quist@customers.example', '+353 1 555 0142', '7 Unmistakable Row', 'leave it with the neighbour']
const [NAME = '', EMAIL = '', PHONE = '', STREET = '', NOTE = ''] = WORDS
const TABLES = ['stores', 'orders', 'dead_letters', 'erasures', 'audit_log', 'sales', 'retention']

let lines: string[]
let storeId = ''
let tests = 0
/** The cron, when the turn of every erasure has come. */
async function sweep(over: Partial<typeof ports> = {}): Promise<void> {
  await env.DB.prepare('UPDATE erasures SET due_at = 1 WHERE due_at IS NOT NULL').run()
  await runErasures({ ...ports, ...over, log: (event, fields) => void lines.push(JSON.stringify({ event, ...fields })) })
}
const tidy = (days: number, now = systemClock()) => retain({ ...ports, clock: () => now, log: (event, fields) => void lines.push(JSON.stringify({ event, ...fields })) }, days)

const orderIdOf = (n: number): string => `ord_${String(tests).padStart(13, '0')}${String(n).padStart(13, '0')}`
async function order(n: number, change: Partial<OrderRecord> = {}, customer: Partial<OrderRecord['purchase']['customer']> = {}): Promise<string> {
  const orderId = orderIdOf(n)
  const base = placedOrder()
  const [assignment] = base.assignments
  if (!assignment) throw new Error('no assignment')
  await ports.orders.insert({
    ...base, orderId, status: 'completed', dueAt: null,
    purchase: {
      ...base.purchase, customer: { name: NAME, email: EMAIL, phone: PHONE, ...customer }, note: NOTE,
      fulfillment: { method: 'ship', address: { name: NAME, line1: STREET, city: 'Town', postalCode: '12345', country: 'IE' } },
    },
    assignments: [{ ...assignment, assignmentId: `${orderId}.1`, storeId, state: 'accepted', progress: 'completed', posReference: 'T-1', position: { epoch: 1, seq: 4 } }],
    ...change,
  })
  return orderId
}
const admin = async (method: string, path: string, body?: unknown) => app.request(`https://edge.example/admin/v1${path}`, {
  method, headers: { 'Authorization': `Bearer ${env.ADMIN_TOKEN}`, 'Content-Type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
}, env)
const erase = async (whom: object) => {
  const answer = await admin('POST', '/erasures', { ...whom, why: 'Asked by letter.' })
  expect(answer.status).toBe(202)
  return answer.json<Erasure>()
}
const look = async ({ id }: Erasure) => (await admin('GET', `/erasures/${id}`)).json<Erasure>()
const beat = (erasedUpTo?: number) => ports.links.link(storeId).heartbeat({
  connectorId: 'till-1', epoch: 1, lastSeq: 9, posReachable: true, journal: { inbox: 0, outbox: 0 }, version: '1', clock: toInstant(systemClock()), tunnel: 'none', ...(erasedUpTo === undefined ? {} : { erasedUpTo }),
}, systemClock())
/** Which of the customer's words stand in any row of D1. */
async function found(): Promise<string[]> {
  const rows = await Promise.all(TABLES.map(async (table) => JSON.stringify((await env.DB.prepare(`SELECT * FROM ${table}`).all()).results)))
  return WORDS.filter((word) => rows.some((each) => each.includes(word)))
}
const letter = (letterId: string, body: unknown, lastError = 'x') => ({ letterId, queue: 'events', reason: 'failed' as const, storeId, body, attempts: 1, lastError, filedAt: systemClock() })

beforeEach(async () => {
  for (const table of TABLES) await env.DB.prepare(`DELETE FROM ${table}`).run()
  lines = []
  storeId = `erasing-${++tests}`
  await ports.links.link(storeId).takeEpoch('till-1', systemClock())
})

describe('an erasure', () => {
  it('takes the customer of a finished order out of D1, of its dead letters and, once it says so, of its store\'s journal; the order still answers', async () => {
    const orderId = await order(1)
    await ports.deadLetters.file([
      letter('ltr_a', { storeId, epoch: 1, event: { seq: 7, type: 'order.in_doubt', data: { assignmentId: `${orderId}.1`, detail: `the till asks for ${NAME}` } } }, `at ${STREET}: away`),
      letter('ltr_b', { customer: { name: NAME, email: EMAIL }, orderId, lines: [{ sku: 'A', name: 'Green tea' }] }),
    ])
    expect((await beat(0)).ok).toBe(true)
    const erasure = await erase({ orderId })
    expect(erasure).toMatchObject({ state: 'waiting', by: 'orderId', reached: { orders: { erased: 1, waiting: 0 }, deadLetters: 2, journals: [{ storeId, state: 'waiting' }] } })
    expect(await found()).toEqual([])
    expect(await (await admin('GET', `/orders/${orderId}`)).json()).toMatchObject({
      status: 'completed', lines: [{ sku: 'A' }, { sku: 'B' }, { sku: 'WRAP' }], totals: { total: { amountMinor: 400 } }, note: null, customer: { name: '(erased)' }, fulfillment: { method: 'ship', address: { line1: '(erased)', country: 'IE' } }, erasedAt: expect.any(String),
    })
    expect(await (await admin('GET', '/dead-letters/ltr_b')).json()).toMatchObject({ body: { customer: '(erased)', orderId, lines: [{ sku: 'A', name: 'Green tea' }] }, original: { customer: '(erased)' } })

    expect(await beat(0)).toMatchObject({ value: { erase: { upTo: 1, assignmentIds: [`${orderId}.1`] } } })
    await beat(1)
    await sweep()
    expect(await look(erasure)).toMatchObject({ state: 'done', reached: { journals: [{ storeId, state: 'erased' }] } })
    // A journal that is restored from a backup says less, and is asked again.
    expect(await beat(0)).toMatchObject({ value: { erase: { assignmentIds: [`${orderId}.1`] } } })
  })

  it('waits for an order that is still to be delivered, and for a store that is away or has an old connector', async () => {
    const orderId = await order(1, { status: 'placed', dueAt: 4_000_000_000_000 })
    const erasure = await erase({ orderId })
    expect(erasure).toMatchObject({ state: 'waiting', reached: { orders: { erased: 0, waiting: 1, waitingFor: [orderId] }, journals: [] } })
    await sweep()
    expect((await ports.orders.find(orderId))?.purchase.customer.name).toBe(NAME)
    await env.DB.prepare("UPDATE orders SET status = 'cancelled', due_at = NULL, version = version + 1").run()
    await sweep({ clock: () => systemClock() + 120_000 })
    expect(await look(erasure)).toMatchObject({ state: 'waiting', reached: { orders: { erased: 1, waiting: 0 }, journals: [{ state: 'away' }] } })
    expect(await found()).toEqual([])
    await beat()
    await sweep()
    expect(await look(erasure)).toMatchObject({ reached: { journals: [{ state: 'connector_too_old' }] } })
  })

  it('by e-mail or phone finds every order, however it is written, and nobody else\'s; whom it sought is sealed while it searches and gone when it has', async () => {
    for (let n = 1; n <= 3; n++) await order(n, {}, { email: EMAIL.toUpperCase() })
    const other = await order(4, { status: 'completed' }, { name: 'Somebody Else', email: 'else@shop.example', phone: '5550000' })
    expect((await erase({ email: EMAIL })).reached.orders).toMatchObject({ erased: 3 })
    expect((await ports.orders.find(other))?.purchase.customer.email).toBe('else@shop.example')
    await order(5)
    expect((await erase({ phone: '00353 (1) 5550142' })).reached.orders).toMatchObject({ erased: 1 })
    expect(await env.DB.prepare('SELECT count(*) AS n FROM erasures WHERE sealed IS NOT NULL').first()).toEqual({ n: 0 })
    await ports.erasures.insert({ erasureId: 'era_x', state: 'searching', soughtBy: 'email', sought: EMAIL, why: 'x', progress: { searchedUpTo: '', orders: [], deadLetters: 0, journals: [] }, dueAt: 1, createdAt: 1, updatedAt: 1 })
    expect(JSON.stringify((await env.DB.prepare('SELECT * FROM erasures').all()).results)).not.toContain(EMAIL)
    expect((await ports.erasures.find('era_x'))?.sought).toBe(EMAIL)
  })

  it('asked for again while it is open is the same one', async () => {
    const orderId = await order(1, { status: 'placed', dueAt: 4_000_000_000_000 })
    const first = await erase({ orderId })
    expect((await erase({ orderId })).id).toBe(first.id)
    expect((await (await admin('GET', '/erasures')).json<{ items: Erasure[] }>()).items.map(({ id }) => id)).toEqual([first.id])
  })

  it('of nobody, of an order that is not there, and of two at once', async () => {
    expect(await erase({ email: 'nobody@shop.example' })).toMatchObject({ state: 'done', reached: { orders: { erased: 0, waiting: 0 } } })
    expect((await admin('POST', '/erasures', { orderId: orderIdOf(9), why: 'x' })).status).toBe(404)
    expect((await admin('POST', '/erasures', { orderId: orderIdOf(9), email: EMAIL, why: 'x' })).status).toBe(422)
    expect((await admin('POST', '/erasures', { why: 'x' })).status).toBe(422)
  })

  it('that breaks off goes on with the next run, and says nothing of whom it is about', async () => {
    const orderId = await order(1)
    await ports.deadLetters.file([letter('ltr_c', { orderId, note: NOTE })])
    await ports.erasures.insert({ erasureId: 'era_broken', state: 'searching', soughtBy: 'email', sought: EMAIL, why: 'x', progress: { searchedUpTo: '', orders: [], deadLetters: 0, journals: [] }, dueAt: 1, createdAt: 1, updatedAt: 1 })
    await sweep({ orders: { ...ports.orders, erase: async () => { throw new Error(`UNIQUE constraint ${EMAIL}`) } } })
    expect(lines).toEqual([expect.stringContaining('erasure.failed')])
    expect(await found()).not.toEqual([])
    await sweep()
    expect(await found()).toEqual([])
    expect(await ports.erasures.find('era_broken')).toMatchObject({ state: 'waiting', sought: null, progress: { orders: [{ orderId, state: 'erased' }] } })
    expect(lines.filter((line) => WORDS.some((word) => line.includes(word)))).toEqual([])
  })
})

describe('once erased', () => {
  it('the same Idempotency-Key still meets the order and makes no other', async () => {
    const { orderId } = await deriveOrderId(ports.secrets.masterKey, 'web', `key-${tests}`)
    const body = { lines: [{ sku: 'A', quantity: 1 }], fulfillment: { method: 'pickup' as const, storeId }, customer: { name: NAME, email: EMAIL } }
    await order(1, { orderId, bodyHash: await sha256Hex(canonicalJson(body)) })
    await erase({ orderId })
    const again = (raw: unknown) => placeOrder({ ...ports, log: () => undefined }, {
      channel: { channelId: 'web', name: 'Web', allowedOrigins: [], payInStore: true, paymentProviders: [], limits: LIMITS_DEFAULT, createdAt: 0 }, caller: { keyId: 'key', addressBlock: null }, idempotencyKey: `key-${tests}`, body, raw, requestId: 'r',
    })
    expect(await again(body)).toMatchObject({ ok: true, value: { repeated: true, order: { orderId, purchase: { customer: { name: '(erased)' } } } } })
    expect(await again({ ...body, note: 'other' })).toMatchObject({ ok: false, refusal: { reason: 'idempotency-key-reused' } })
    expect(await env.DB.prepare('SELECT count(*) AS n FROM orders').first()).toEqual({ n: 1 })
  })

  it('a late word of the till that quotes the customer, and the replay of it, bring nobody back', async () => {
    const orderId = await order(1)
    await erase({ orderId })
    await env.DB.prepare(`UPDATE orders SET status = 'accepted', assignments = json_set(assignments, '$[0].progress', 'accepted')`).run()
    const event = { seq: 9, type: 'order.in_doubt' as const, occurredAt: toInstant(systemClock()), data: { assignmentId: `${orderId}.1`, detail: `no receipt of ${NAME}` } }
    await handleStatusEvents({ storeId, epoch: 1, requestId: 'r', events: [event] }, { ...ports, log: () => undefined })
    const { items } = await ports.deadLetters.list({}, null, 10)
    expect(items).toHaveLength(1)
    expect(await found()).toEqual([])
    await admin('POST', `/dead-letters/${items[0]?.letterId}/replay`)
    expect(await found()).toEqual([])
  })

  it('a letter that waited for D1 to come back has nobody in it either', async () => {
    const orderId = await order(1)
    const box = (env.LETTER_BOX as DurableObjectNamespace<LetterBox>).get((env.LETTER_BOX as DurableObjectNamespace<LetterBox>).idFromName('waiting'))
    await box.keep([{ letterId: 'ltr_box', text: JSON.stringify(letter('ltr_box', { orderId, customer: { name: NAME } })) }])
    expect((await erase({ orderId })).reached.deadLetters).toBe(1)
    await runDurableObjectAlarm(box)
    expect(await ports.deadLetters.find('ltr_box')).toMatchObject({ body: { orderId, customer: '(erased)' } })
    expect(await found()).toEqual([])
  })
})

describe('after D1 was restored from a time before', () => {
  it('whoever was erased since is erased again, by what the stores\' objects know', async () => {
    for (let n = 1; n <= 3; n++) await order(n)
    await erase({ email: EMAIL })
    await env.DB.prepare('DELETE FROM orders').run()
    await env.DB.prepare('DELETE FROM erasures').run()
    for (let n = 1; n <= 4; n++) await order(n, {}, n === 4 ? { email: 'else@shop.example' } : {})
    await ports.stores.insert({ storeId, name: 'S', timeZone: 'UTC', transport: { kind: 'pull' }, secrets: [], safetyStock: 0, catalogSource: false, paused: false, priority: 1, openingHours: null, sellStaleForMs: 1, rounding: { tax: 'line', mode: 'half_up' }, specialDays: [], pickupLeadMinutes: null, createdAt: 0 })
    expect(await erase({ again: true })).toMatchObject({ by: 'again', reached: { orders: { erased: 3, waiting: 0 } } })
    expect((await env.DB.prepare('SELECT order_id AS id FROM orders WHERE erased_at IS NULL').all()).results).toEqual([{ id: orderIdOf(4) }])
  })
})

describe('retention', () => {
  const AGO = (days: number) => ({ placedAt: systemClock() - days * DAY_MS, updatedAt: systemClock() - days * DAY_MS })

  it('erases what nobody has touched for the days of the installation, some orders a run, asks their stores, and leaves the rest', async () => {
    for (let n = 1; n <= ERASED_AT_ONCE + 5; n++) await order(n, AGO(401))
    const young = await order(200, AGO(399))
    const moving = await order(201, { ...AGO(401), status: 'sent_to_store', dueAt: 4_000_000_000_000 })
    const lateWord = await order(202, { ...AGO(401), updatedAt: systemClock() })
    expect((await tidy(400)).erased).toBe(ERASED_AT_ONCE)
    expect((await tidy(400)).erased).toBe(5)
    expect((await tidy(400)).erased).toBe(0)
    const kept = (await env.DB.prepare('SELECT order_id AS id FROM orders WHERE erased_at IS NULL ORDER BY order_id').all<{ id: string }>()).results.map(({ id }) => id)
    expect(kept).toEqual([young, moving, lateWord].sort())
    expect(await beat(0)).toMatchObject({ value: { erase: { upTo: ERASED_AT_ONCE + 5 } } })
    // Rests until tomorrow; then what has come of age meanwhile is found.
    expect((await tidy(400, systemClock() + 2 * DAY_MS)).erased).toBe(1)
    expect((await ports.orders.find(young))?.erasedAt).not.toBeNull()
  })

  it('takes the customer out of what staff never said was handed over, and offers it to no new journal', async () => {
    const [assignment] = placedOrder().assignments
    const orderId = orderIdOf(1)
    await order(1, { ...AGO(401), status: 'accepted', ...(assignment ? { assignments: [{ ...assignment, assignmentId: `${orderId}.1`, storeId, state: 'accepted' as const, posReference: 'T-1', position: { epoch: 1, seq: 4 } }] } : {}) })
    const link = ports.links.link(storeId)
    await link.offer(`${orderId}.1`, true, systemClock())
    await link.pushed(`${orderId}.1`, 'journaled', systemClock())
    expect((await tidy(400)).erased).toBe(1)
    expect(await found()).toEqual([])
    expect(await link.takeEpoch('till-1', systemClock(), 'call-2')).toMatchObject({ value: { epoch: 2, dispatch: [] } })
    expect(await link.pull(10, systemClock())).toEqual({ assignments: [], cancels: [] })
  })

  it('keeps customers for good where it is told to', async () => {
    await order(1, AGO(4_000))
    expect(await tidy(0)).toEqual({ erased: 0, letters: 0 })
    expect(await found()).toEqual(WORDS)
  })

  it('deletes dead letters that have expired, settled or not', async () => {
    const old = systemClock() - LETTER_KEPT_MS - DAY_MS
    await ports.deadLetters.file([{ ...letter('ltr_old', { note: NOTE }), filedAt: old }, { ...letter('ltr_settled', {}), filedAt: old }, letter('ltr_new', {})])
    await ports.deadLetters.settle('ltr_settled', 1, 'discarded', 'x', old)
    expect((await tidy(0)).letters).toBe(2)
    expect((await ports.deadLetters.list({}, null, 10)).items.map(({ letterId }) => letterId)).toEqual(['ltr_new'])
  })
})
