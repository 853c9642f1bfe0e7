import { createExecutionContext, createMessageBatch, getQueueResult, runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { createDeadLetters, LETTER_BOX_NAME } from './dead-letters/d1-dead-letters.ts'
import type { LetterBox } from './dead-letters/letter-box-object.ts'
import { createPorts } from './ports.ts'
import type { Ports } from './ports.ts'
import { consume, createHandlers } from './queue-handlers.ts'

const letters = createDeadLetters(env)
const level = { type: 'level', storeId: 'main', sku: 'Q-1', onHand: 7, epoch: 1, asOf: 0, seq: 1, at: 1000 }
const broken: Ports['inventory']['apply'] = async () => {
  throw new Error('the home is away')
}

async function run(queue: string, messages: { id: string; body: unknown; attempts?: number }[], ports: Ports = createPorts(env)) {
  const batch = createMessageBatch(queue, messages.map(({ attempts = 1, ...message }) => ({ ...message, attempts, timestamp: new Date(1000) })))
  await consume(batch, ports)
  return getQueueResult(batch, createExecutionContext())
}

beforeEach(async () => {
  await env.DB.exec('DELETE FROM dead_letters')
})

describe('every message settles by itself', () => {
  it('a malformed one is filed at once with what is wrong, and its neighbours go through', async () => {
    const result = await run('stock', [{ id: 'm1', body: { levels: 'none' } }, { id: 'm2', body: { levels: [level], requestId: 'r' } }])
    expect(result.explicitAcks.toSorted()).toEqual(['m1', 'm2'])
    const { items } = await letters.list({ queue: 'stock' }, null, 10)
    expect(items).toMatchObject([{ reason: 'malformed', state: 'waiting' }])
    expect(await letters.find(items[0]?.letterId ?? '')).toMatchObject({ body: { levels: 'none' } })
    expect(items[0]?.lastError).toContain('/levels')
    expect(await createPorts(env).inventory.availability(['Q-1'])).toMatchObject([{ stores: [{ storeId: 'main', available: 7 }] }])
  })

  it('a fault is retried, and on the last attempt the consumer files it itself', async () => {
    const ports = createPorts(env)
    const failing = { ...ports, inventory: { ...ports.inventory, apply: broken } }
    const first = await run('stock', [{ id: 'm3', body: { levels: [level], requestId: 'r' } }], failing)
    expect(first.retryMessages.map((message) => message.msgId)).toEqual(['m3'])
    expect((await letters.list({}, null, 10)).items).toEqual([])
    const last = await run('stock', [{ id: 'm3', body: { levels: [level], requestId: 'r' }, attempts: 6 }], failing)
    expect(last.explicitAcks).toEqual(['m3'])
    expect((await letters.list({ reason: 'failed' }, null, 10)).items).toMatchObject([{ queue: 'stock', attempts: 6 }])
  })

  it.each(['orders', 'catalog', 'stock', 'status', 'webhooks'])('what the platform gave up on %s is filed as crashed, once', async (queue) => {
    for (let times = 0; times < 2; times++) expect((await run(`${queue}-dead`, [{ id: `d-${queue}`, body: { storeId: 'main' } }])).explicitAcks).toEqual([`d-${queue}`])
    expect((await letters.list({ queue }, null, 10)).items).toMatchObject([{ reason: 'crashed', storeId: 'main' }])
  })

  it('a queue of a deployed environment has the handlers of its own, and its letters are named as everywhere', async () => {
    const more = { ...level, onHand: 6, asOf: 1, seq: 2 }
    await run('tillbridge-staging-stock', [{ id: 's1', body: { levels: [more], requestId: 'r' } }, { id: 's2', body: {} }])
    await run('tillbridge-production-stock-dead', [{ id: 's3', body: {} }])
    expect(await createPorts(env).inventory.availability(['Q-1'])).toMatchObject([{ stores: [{ available: 6 }] }])
    expect((await letters.list({ queue: 'stock' }, null, 10)).items.map((letter) => letter.reason).toSorted()).toEqual(['crashed', 'malformed'])
  })

  it('an order message that names nothing is filed as unmatched', async () => {
    const orderId = 'ord_0123456789abcdefghjkmnpqrs'
    await run('orders', [{ id: 'm4', body: { kind: 'deliver', orderId, assignmentId: `${orderId}.1`, storeId: 'main', requestId: 'r' } }])
    expect((await letters.list({ queue: 'orders' }, null, 10)).items).toMatchObject([{ reason: 'unmatched' }])
  })
})

describe('a letter that finds D1 away', () => {
  it('waits in its object, and is filed when D1 is back', async () => {
    const away = new Proxy(env.DB, { get: () => () => {
      throw new Error('D1 is away')
    } })
    await createDeadLetters({ DB: away, LETTER_BOX: env.LETTER_BOX }).file([
      { letterId: 'ltr_1', queue: 'status', reason: 'failed', storeId: null, body: { a: 1 }, attempts: 6, lastError: 'x', filedAt: 1000 },
    ])
    expect(await letters.find('ltr_1')).toBeNull()
    const box = env.LETTER_BOX as DurableObjectNamespace<LetterBox>
    expect(await runDurableObjectAlarm(box.get(box.idFromName(LETTER_BOX_NAME)))).toBe(true)
    expect(await letters.find('ltr_1')).toMatchObject({ body: { a: 1 }, state: 'waiting', revision: 1 })
  })
})

describe("a store's event replayed from the desk", () => {
  const counted = (seq: number, asOf: number) => ({ seq, type: 'stock.counted', occurredAt: '2026-11-24T10:00:00Z', data: { sku: 'E-1', onHand: 10, asOf } })
  const replay = async (body: unknown) => createHandlers(createPorts(env)).events?.(body)

  it('is refused for what the door refuses, for a store that is not there, and for an epoch it has not come to', async () => {
    const ports = createPorts(env)
    await ports.stores.insert({
      storeId: 'desk', name: 'Desk', timeZone: 'UTC', transport: { kind: 'pull' }, secrets: ['tbsec_AAAA'], safetyStock: 0, catalogSource: false,
      paused: false, priority: 100, openingHours: null, sellStaleForMs: 1, rounding: { tax: 'line', mode: 'half_up' }, specialDays: [], pickupLeadMinutes: null, createdAt: 1,
    })
    await ports.links.link('desk').takeEpoch('c', 1000)
    expect(await replay({ storeId: 'desk', epoch: 1, event: counted(5, 900) })).toMatchObject({ ok: false, error: expect.stringContaining('asOf') })
    expect(await replay({ storeId: 'ghost', epoch: 1, event: counted(5, 4) })).toMatchObject({ ok: false, error: expect.stringContaining('/storeId') })
    expect(await replay({ storeId: 'desk', epoch: 9_007_199_254_740_991, event: counted(5, 4) })).toMatchObject({ ok: false, error: expect.stringContaining('/epoch') })
    expect(await ports.inventory.availability(['E-1'])).toEqual([{ sku: 'E-1', stores: [] }])
    expect(await replay({ storeId: 'desk', epoch: 1, event: counted(5, 4) })).toEqual({ ok: true, outcome: 'applied' })
    expect(await replay({ storeId: 'desk', epoch: 1, event: counted(5, 4) })).toEqual({ ok: true, outcome: 'superseded' })
  })
})

describe('the desk', () => {
  it('a correction needs the revision it was made from, and a settled letter stays settled', async () => {
    await letters.file([{ letterId: 'ltr_2', queue: 'status', reason: 'failed', storeId: null, body: { a: 1 }, attempts: 1, lastError: 'x', filedAt: 1000 }])
    expect(await letters.correct('ltr_2', 1, { a: 2 }, 2000)).toBe(true)
    expect(await letters.correct('ltr_2', 1, { a: 3 }, 2000)).toBe(false)
    expect(await letters.find('ltr_2')).toMatchObject({ body: { a: 2 }, original: { a: 1 }, revision: 2 })
    expect(await letters.settle('ltr_2', 2, 'discarded', 'not ours', 3000)).toBe(true)
    expect(await letters.settle('ltr_2', 2, 'replayed', 'applied', 3000)).toBe(false)
  })
})
