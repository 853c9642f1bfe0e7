import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { acceptOrder } from '../delivery/accept-order.ts'
import { giveUp } from '../delivery/give-up.ts'
import { receiveOrder } from '../delivery/receive-order.ts'
import { takeStep } from '../desk/take-step.ts'
import type { Journal } from '../journal/journal.ts'
import { assignmentId, assignmentOf, memoryPos, NOW, openTestJournal, shopOf, testFolder, waitingEvents, type MemoryPos } from '../test-shop.ts'
import { captureChanges } from './capture.ts'
import { createFeed } from './feed.ts'
import { lookForOrders, type LookedUp } from './lost-orders.ts'
import { orderChangeEffect } from './order-changes.ts'
import { watchPos } from './watch.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
let pos: MemoryPos
let now: number
const shop = () => shopOf(journal, pos, () => now)
const ID = assignmentId(1)

beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  pos = memoryPos({ A: 10 })
  now = NOW
})
afterEach(() => {
  journal.close()
  folder.remove()
})

async function write(n: number): Promise<void> {
  receiveOrder(journal, assignmentOf(n, { A: 1 }), now)
  const row = journal.inbox.get(assignmentId(n))
  if (row) await acceptOrder(shop(), row, new Map())
}
async function look(): Promise<[string, LookedUp][]> {
  const told: [string, LookedUp][] = []
  await lookForOrders(shop(), new AbortController().signal, (...found) => told.push(found))
  return told
}
const restore = (...without: number[]): void => without.forEach((n) => void pos.orders.delete(assignmentId(n)))
const lastEvents = (count: number): unknown[] => waitingEvents(journal).slice(-count)

describe('an order that the till had, and a restored till has not', () => {
  test('is in doubt: at the desk, told to the edge, and neither written again nor refused by itself', async () => {
    await write(1)
    await write(2)
    restore(1)
    expect(await look()).toEqual([[ID, 'lost']])
    expect(journal.inbox.get(ID)).toMatchObject({ state: 'in_doubt', posReference: 'T1', detail: 'the till had this order as T1 and no longer has it, as after a restore from a backup' })
    expect(journal.inbox.get(assignmentId(2))).toMatchObject({ state: 'done' })
    expect(lastEvents(1)).toMatchObject([{ type: 'order.in_doubt', data: { assignmentId: ID } }])
    expect(journal.inbox.work(0, 10)).toEqual([])
    expect(await look()).toEqual([])
    expect(pos.writes).toEqual([ID, assignmentId(2)])
  })

  test('is accepted again when the till has it again, as from a newer backup', async () => {
    await write(1)
    const order = pos.orders.get(ID)
    restore(1)
    await look()
    if (order) pos.orders.set(ID, { ...order, state: 'ready' })
    expect(await look()).toEqual([[ID, 'found-again']])
    expect(journal.inbox.get(ID)).toMatchObject({ state: 'done', progress: 'ready_for_pickup', detail: null })
    expect(lastEvents(2)).toMatchObject([{ type: 'order.accepted', data: { posReference: 'T1', levels: [{ sku: 'A', onHand: 9 }] } }, { type: 'order.status_changed' }])
  })

  test('is written anew when its staff say that it is not there', async () => {
    await write(1)
    restore(1)
    await look()
    const nothing = () => {}
    expect(await takeStep(shop(), ID, { kind: 'not-in-till' }, { capture: nothing, writer: nothing })).toEqual({ kind: 'done' })
    const row = journal.inbox.get(ID)
    expect(row && await acceptOrder(shop(), row, new Map())).toBe('accepted')
    expect(pos.orders.has(ID)).toBe(true)
  })

  test('is not lost once more after its staff have rung it up by hand, or store IT has seen it', async () => {
    for (const n of [1, 2]) await write(n)
    restore(1, 2)
    await look()
    const nothing = () => {}
    expect(await takeStep(shop(), ID, { kind: 'in-till', posReference: 'T77' }, { capture: nothing, writer: nothing })).toEqual({ kind: 'done' })
    expect(await giveUp(shop(), { assignmentId: assignmentId(2), reason: 'invalid', detail: null, word: { inPos: 'T78' } })).toMatchObject({ kind: 'accepted' })
    expect(await look()).toEqual([])
    expect([1, 2].map((n) => journal.inbox.get(assignmentId(n))?.posReference)).toEqual(['T77', 'T78'])
  })

  test('is given up by an operator who has asked the store', async () => {
    await write(1)
    restore(1)
    await look()
    const order = { assignmentId: ID, reason: 'out_of_stock', detail: null } as const
    expect(await giveUp(shop(), { ...order, word: null })).toMatchObject({ kind: 'look' })
    expect(await giveUp(shop(), { ...order, word: 'not-in-pos' })).toEqual({ kind: 'rejected', reason: 'out_of_stock' })
  })

  test('is known to be there when the till tells of a step with it', async () => {
    await write(1)
    restore(1)
    await look()
    const effect = orderChangeEffect({ assignmentId: ID, kind: 'progress', status: 'picking', occurredAt: '2026-01-02T12:00:00.000Z' }, journal.inbox.get(ID), [], pos.capabilities)
    expect(effect.change).toMatchObject({ state: 'done', progress: 'picking' })
  })
})

test('nothing is looked for where its goods have left, where a cancel is under way, or in a till that cannot be searched', async () => {
  for (const n of [1, 2]) await write(n)
  journal.inbox.change(ID, { progress: 'shipped' }, now)
  journal.inbox.change(assignmentId(2), { cancel: 'requested' }, now)
  restore(1, 2)
  expect(await look()).toEqual([])
  journal.inbox.change(ID, { progress: 'picking' }, now)
  pos.capabilities = { ...pos.capabilities, duplicates: 'possible' }
  expect(await look()).toEqual([])
})

test('where years of orders were never said to be handed out, the latest are looked for all the same, all that a backup took, and the till is read on meanwhile', async () => {
  await write(1)
  const order = pos.orders.get(ID)
  if (!order) throw new TypeError('written above')
  const ids = Array.from({ length: 2_499 }, (_, index) => index + 2)
  journal.transaction(() => {
    for (const n of ids) {
      journal.inbox.insert({ assignmentId: assignmentId(n), bodyHash: String(n), assignment: assignmentOf(n, { A: 1 }), state: 'done', cancel: 'none' }, now)
      journal.inbox.change(assignmentId(n), { posReference: `T${n}`, ...(n % 2 === 0 ? { progress: 'shipped' as const } : {}) }, now)
      pos.orders.set(assignmentId(n), { ...order })
    }
  })
  restore(2_499)
  let between = 0
  const lookOn = async (): Promise<number> => {
    let found = 0
    await lookForOrders(shop(), new AbortController().signal, () => { found += 1 }, async () => { between += 1 })
    return found
  }
  expect(await lookOn()).toBe(1)
  expect(between).toBeGreaterThan(5)
  restore(...ids.filter((n) => n > 200))
  expect(await lookOn()).toBe(1_149)
  expect(await lookOn()).toBe(0)
})

test('one that the till holds as void is not lost: that is told as a refusal', async () => {
  await write(1)
  const order = pos.orders.get(ID)
  if (order) order.state = 'void'
  expect(await look()).toEqual([])
  expect(journal.inbox.get(ID)).toMatchObject({ state: 'done' })
})

test('the watch looks as it begins, again after a fault, at once when the POS went back, and else every quarter of an hour', async () => {
  const lines: Record<string, unknown>[] = []
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) })
  const of = (event: string) => lines.filter((line) => line['event'] === event)
  journal.meta.set('synced', '1')
  for (const n of [1, 2, 3, 4]) await write(n)
  const stop = new AbortController()
  let wentBack: string | undefined
  const readChanges = pos.readChanges
  pos.readChanges = async (cursor) => {
    const told = await readChanges(cursor)
    const sign = wentBack
    wentBack = undefined
    return sign === undefined ? told : { ...told, wentBack: sign }
  }
  const until = (is: () => boolean) => expect.poll(is, { timeout: 5_000, interval: 5 }).toBe(true)
  restore(1)
  const watching = watchPos(shop(), createFeed(), log, 2, stop.signal)
  await until(() => of('order.lost').length === 1)

  restore(2)
  now += 14 * 60_000
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(of('order.lost')).toHaveLength(1)
  now += 60_000
  await until(() => of('order.lost').length === 2)

  restore(3)
  wentBack = 'sale 12 is another one'
  pos.sell('A', 1)
  await until(() => of('order.lost').length === 3)
  expect(of('pos.went-back')).toMatchObject([{ sign: 'sale 12 is another one' }])
  await until(() => journal.meta.get('posWentBack') === null)

  restore(4)
  pos.fail = { at: 'mayHaveChanged', when: 'before' }
  await until(() => of('capture.fault').length > 0)
  pos.fail = null
  await until(() => of('order.lost').length === 4)
  stop.abort()
  await watching
})

test('that the POS went back is on disk until its orders were looked for', async () => {
  journal.meta.set('synced', '1')
  pos.readChanges = async (cursor) => ({ cursor: cursor ?? '', items: [], removed: [], levels: [], sales: [], orders: [], wentBack: 'sale 12 is gone', more: false })
  expect(await captureChanges(shop())).toMatchObject({ wentBack: 'sale 12 is gone' })
  expect(journal.meta.get('posWentBack')).toBe('sale 12 is gone')
})
