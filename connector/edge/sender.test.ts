import { copyFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock, toInstant } from '../../contract/clock.ts'
import type { Journal } from '../journal/journal.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'
import { receiveOrder } from '../delivery/receive-order.ts'
import { acceptOrder, type Shop } from '../delivery/accept-order.ts'
import { assignmentId, assignmentOf, memoryPos, NOW, openTestJournal, SECRET, shopOf, silent, STORE_ID, testFolder, type MemoryPos } from '../test-shop.ts'
import { backoffMs, BACKOFF_CAP_MS } from './backoff.ts'
import { createEdgeClient } from './edge-client.ts'
import { createEdgeClock } from './edge-clock.ts'
import { createSender, type Sender } from './sender.ts'
import { startTestEdge, type TestEdge } from './test-edge.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
let edge: TestEdge
let pos: MemoryPos
let shop: Shop
let sender: Sender
let held: (string | null)[]
let running: Promise<void> = Promise.resolve()
let stop: AbortController

const counted = (onHand: number, asOf = 0): OutgoingEvent => ({ type: 'stock.counted', occurredAt: toInstant(NOW), data: { sku: 'A', onHand, asOf } })

beforeEach(async () => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  edge = await startTestEdge()
  pos = memoryPos({ A: 10, B: 3 })
  start()
})
afterEach(async () => {
  await halt()
  journal.close()
  await edge.close()
  folder.remove()
})

function start(secret = SECRET): void {
  shop = shopOf(journal, pos)
  held = []
  const client = createEdgeClient({ url: edge.url, storeId: STORE_ID, secrets: [secret], version: '0.2.0', clock: createEdgeClock(systemClock) })
  sender = createSender(shop, client, silent, { onHeld: (holder) => void held.push(holder), onEpoch: () => {}, onSent: () => {} }, () => 0)
  journal.onAppend(() => sender.wake())
  stop = new AbortController()
  running = sender.run(stop.signal)
}

async function halt(): Promise<void> {
  stop.abort()
  await running
}

async function until(fact: () => boolean): Promise<void> {
  for (let n = 0; n < 1000 && !fact(); n += 1) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(fact()).toBe(true)
}

describe('the sender', () => {
  test('takes an epoch for a new journal and sends what was numbered before and after it', async () => {
    journal.append([counted(1)])
    await until(() => edge.mark.seq === 1)
    journal.append([counted(2), counted(3)])
    await until(() => journal.outbox.acked().seq === 3)
    expect(edge.epoch).toBe(1)
    expect(edge.events().map((event) => event.seq)).toEqual([1, 2, 3])
    expect(edge.calls.every(({ signed }) => signed)).toBe(true)
    expect(await sender.drained(0)).toBe(true)
  })

  test('sends many events in calls of at most 500, in order', async () => {
    journal.append(Array.from({ length: 1201 }, (_, index) => counted(index)))
    await until(() => journal.outbox.acked().seq === 1201)
    expect(edge.calls.filter(({ path }) => path === '/events')).toHaveLength(3)
    expect(edge.events().map((event) => event.seq)).toEqual(Array.from({ length: 1201 }, (_, index) => index + 1))
  })

  test('sends again what was taken but whose answer was lost, and the edge has it once', async () => {
    await until(() => edge.epoch === 1)
    edge.loseAnswers = 1
    journal.append([counted(1)])
    await until(() => journal.outbox.acked().seq === 1)
    expect(edge.events()).toHaveLength(1)
    expect(edge.calls.filter(({ path }) => path === '/events')).toHaveLength(2)
  })

  test('keeps everything while the edge is away, and does not hammer it', async () => {
    await until(() => edge.epoch === 1)
    const { port } = new URL(edge.url)
    await edge.close()
    for (let n = 0; n < 20; n += 1) journal.append([counted(n)])
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(journal.outbox.waiting()).toBe(20)
    const { mark, epoch } = edge
    edge = await startTestEdge(Number(port))
    Object.assign(edge, { mark, epoch })
    sender.edgeIsBack()
    await until(() => journal.outbox.acked().seq === 20)
    expect(edge.calls.filter(({ path }) => path === '/events')).toHaveLength(1)
  })

  test('waits as long as a 503 asks', async () => {
    await until(() => edge.epoch === 1)
    edge.refusals.push({ path: '/events', status: 503, type: 'try-again', headers: { 'retry-after': '1' } })
    const before = performance.now()
    journal.append([counted(1)])
    sender.edgeIsBack()
    await until(() => journal.outbox.acked().seq === 1)
    expect(performance.now() - before).toBeGreaterThan(950)
  })

  test.each([[413, 'too-large'], [422, 'invalid-request'], [400, 'invalid-json']] as const)('after a %s sends smaller calls, and more again later', async (status, type) => {
    await until(() => edge.epoch === 1)
    for (let n = 0; n < 2; n += 1) edge.refusals.push({ path: '/events', status, type })
    journal.append(Array.from({ length: 8 }, (_, index) => counted(index)))
    await until(() => journal.outbox.acked().seq === 8)
    // 8 and 4 refused, then 2, then 4, then the last two.
    expect(edge.calls.filter(({ path }) => path === '/events')).toHaveLength(5)
  })

  test('a bad request by the word of something on the way says nothing of what was in it', async () => {
    await until(() => edge.epoch === 1)
    edge.refusals.push({ path: '/events', status: 400, type: null })
    journal.append(Array.from({ length: 8 }, (_, index) => counted(index)))
    await until(() => journal.outbox.acked().seq === 8)
    expect(edge.calls.filter(({ path }) => path === '/events')).toHaveLength(2)
  })

  test('a smaller call after a larger one whose answer was lost is no old journal', async () => {
    await until(() => edge.epoch === 1)
    edge.loseAnswers = 1
    journal.append(Array.from({ length: 8 }, (_, index) => counted(index)))
    await until(() => edge.mark.seq === 8)
    edge.refusals.push({ path: '/events', status: 413, type: 'too-large' })
    sender.edgeIsBack()
    await until(() => journal.outbox.acked().seq === 8)
    expect(edge.epoch).toBe(1)
    expect(edge.events()).toHaveLength(8)
  })

  test('sends one event that is refused for its content rarely', async () => {
    await until(() => edge.epoch === 1)
    for (let n = 0; n < 50; n += 1) edge.refusals.push({ path: '/events', status: 422, type: 'invalid-request' })
    journal.append([counted(1), counted(2)])
    await new Promise((resolve) => setTimeout(resolve, 900))
    expect(edge.calls.filter(({ path }) => path === '/events')).toHaveLength(2)
    expect(journal.outbox.waiting()).toBe(2)
  })

  test('says who holds the store, and sends nothing', async () => {
    await until(() => edge.epoch === 1)
    edge.refusals.push({ path: '/events', status: 409, type: 'store-held-by', more: { connectorId: 'the-other-till' } })
    journal.append([counted(1)])
    await until(() => held.length === 1)
    expect(held).toEqual(['the-other-till'])
    expect(journal.outbox.waiting()).toBe(1)
  })

  test('corrects its clock from the date of a 401', async () => {
    await until(() => edge.epoch === 1)
    await halt()
    edge.skewMs = 3_600_000
    edge.calls.length = 0
    start()
    journal.append([counted(1)])
    await until(() => journal.outbox.acked().seq === 1)
    expect(edge.calls.map(({ signed }) => signed)).toEqual([false, true])
  })

  test('with a wrong secret asks rarely', async () => {
    await until(() => edge.epoch === 1)
    await halt()
    edge.calls.length = 0
    journal.append([counted(1)])
    start(`tbsec_${Buffer.alloc(32, 9).toString('base64')}`)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(edge.calls.map(({ signed }) => signed)).toEqual([false])
  })
})

describe('a gap', () => {
  test('is filled from what is still held', async () => {
    journal.append([counted(1), counted(2), counted(3)])
    await until(() => journal.outbox.acked().seq === 3)
    // The edge was restored to an earlier moment of the same epoch.
    const [first] = edge.events()
    edge.taken.set(1, first ? [first] : [])
    journal.outbox.goBackTo(2)
    edge.mark = journal.outbox.acked()
    journal.outbox.markAcked(3)
    journal.append([counted(4)])
    await until(() => edge.mark.seq === 4)
    expect(edge.epoch).toBe(1)
    expect(edge.events().map((event) => event.seq)).toEqual([1, 2, 3, 4])
  })

  test('that is no longer held means a new epoch', async () => {
    journal.append(Array.from({ length: 1500 }, (_, index) => counted(index)))
    await until(() => journal.outbox.acked().seq === 1500)
    edge.refusals.push({ path: '/events', status: 409, type: 'sequence-gap', more: { expectedSeq: 3 } })
    journal.append([counted(4)])
    await until(() => edge.epoch === 2)
    await until(() => journal.meta.number('epoch') === 2)
    expect(journal.meta.get('reconcileWanted')).toBe('1')
  })
})

test('a gap that lies ahead drops nothing: it means a new epoch', async () => {
  await until(() => journal.meta.number('epoch') === 1)
  edge.refusals.push({ path: '/events', status: 409, type: 'sequence-gap', more: { expectedSeq: 3 } })
  journal.append([{ type: 'order.journaled', occurredAt: toInstant(NOW), data: { assignmentId: assignmentId(1) } }, counted(1), counted(2)])
  await until(() => edge.epoch === 2 && edge.mark.seq === 1)
  expect(edge.events()).toMatchObject([{ type: 'order.journaled' }])
})

describe('a journal from a backup', () => {
  test('is found out, takes a new epoch and tells its unconfirmed orders again with levels read now', async () => {
    journal.append([counted(10)])
    await until(() => journal.outbox.acked().seq === 1)
    await halt()
    journal.close()
    copyFileSync(folder.file('journal.sqlite'), folder.file('backup.sqlite'))
    journal = openTestJournal(folder.file('journal.sqlite'))
    start()
    journal.append([counted(9), counted(8)])
    await until(() => journal.outbox.acked().seq === 3)
    await halt()
    journal.close()

    journal = openTestJournal(folder.file('backup.sqlite'))
    start()
    receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
    await acceptOrder(shop, journal.inbox.get(assignmentId(1))!, new Map())
    pos.sell('A', 1)
    await until(() => edge.epoch === 2 && edge.mark.seq > 0)
    await until(() => edge.events().some(({ type }) => type === 'order.accepted'))
    expect(edge.events()).toMatchObject([
      { seq: 1, type: 'order.journaled' },
      { seq: 2, type: 'order.accepted', data: { posReference: 'T1' } },
    ])
    expect(journal.meta.get('reconcileWanted')).toBe('1')
    expect(journal.inbox.get(assignmentId(1))).toMatchObject({ toldEpoch: 2, toldSeq: 2 })
  })

  test('carries sales and orders over, drops levels read under the old numbering and reads theirs anew', async () => {
    await until(() => edge.epoch === 1)
    await halt()
    pos.sell('A', 1)
    journal.append([
      counted(99),
      { type: 'sale.recorded', occurredAt: toInstant(NOW), data: { saleId: 'S1', kind: 'sale', lines: [], total: { amountMinor: 1, currency: 'EUR' } } },
      { type: 'order.stock_fell', occurredAt: toInstant(NOW), data: { assignmentId: assignmentId(1), lines: [], levels: [{ sku: 'A', onHand: 99 }] } },
    ])
    journal.meta.set('epochWanted', '1')
    start()
    await until(() => edge.epoch === 2 && edge.mark.seq === 2)
    expect(edge.events()).toMatchObject([
      { seq: 1, type: 'sale.recorded', data: { saleId: 'S1' } },
      { seq: 2, type: 'order.stock_fell', data: { levels: [{ sku: 'A', onHand: 9 }] } },
    ])
  })
})

test('the wait after a failure doubles, has jitter and ends at its cap', () => {
  expect([1, 2, 3, 4].map((attempt) => backoffMs(attempt, 1))).toEqual([250, 500, 1000, 2000])
  expect(backoffMs(3, 0)).toBe(500)
  expect(backoffMs(500, 1)).toBe(BACKOFF_CAP_MS)
})
