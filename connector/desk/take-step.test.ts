import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { captureChanges } from '../capture/capture.ts'
import { toInstant } from '../../contract/clock.ts'
import type { Shop } from '../delivery/accept-order.ts'
import { receiveOrder } from '../delivery/receive-order.ts'
import { createWriter } from '../delivery/writer.ts'
import type { Journal } from '../journal/journal.ts'
import type { StaffAnswer } from '../pos/port.ts'
import type { PosCapabilities } from '../pos/port.ts'
import { assignmentId, assignmentOf, memoryPos, NOW, openTestJournal, shopOf, silent, testFolder, waitingEvents, type MemoryPos } from '../test-shop.ts'
import type { Tap } from './order-card.ts'
import { takeStep } from './take-step.ts'

const ID = assignmentId(1)
const ADDRESS = { name: 'A', line1: 'B', city: 'C', postalCode: '1', country: 'US' }
const signal = new AbortController().signal

let folder: ReturnType<typeof testFolder>
let journal: Journal
let pos: MemoryPos
let shop: Shop
let holds: boolean
let rung: string[]

function open(capabilities: Partial<PosCapabilities> = {}): void {
  pos = memoryPos({ A: 5 }, capabilities)
  shop = { ...shopOf(journal, pos), holdsStore: () => holds }
}
beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  journal.meta.set('synced', '1')
  holds = true
  rung = []
  open()
})
afterEach(() => {
  journal.close()
  folder.remove()
})

async function place(method: 'pickup' | 'ship' = 'pickup'): Promise<void> {
  receiveOrder(journal, assignmentOf(1, { A: 2 }, method === 'ship' ? { fulfillment: { method, address: ADDRESS } } : {}), NOW)
  await createWriter(shop, silent).once(signal)
}
const tap = (step: Tap) => takeStep(shop, ID, step, { capture: () => rung.push('capture'), writer: () => rung.push('writer') })
/** What was told of the order since its acceptance. */
const told = () => waitingEvents(journal).slice(waitingEvents(journal).findIndex(({ type }) => type === 'order.accepted') + 1)
  .flatMap((event) => (event.type === 'order.status_changed' ? [event.data.status] : event.type === 'stock.counted' ? [] : [event.type]))
const row = () => journal.inbox.get(ID)
/** A POS whose own screens take the steps down. */
const inPos = (answer: () => StaffAnswer): void => {
  pos.staffStep = async (id, step) => {
    const said = answer()
    if (said === 'in-pos' && step.kind !== 'refuse') pos.staff({ assignmentId: id, occurredAt: toInstant(NOW), kind: 'progress', status: ({ picked: 'picking', ready: 'ready_for_pickup', 'handed-over': 'completed' } as const)[step.kind] })
    if (said === 'in-pos' && step.kind === 'refuse') pos.staff({ assignmentId: id, occurredAt: toInstant(NOW), kind: 'refused', reason: step.reason })
    return said
  }
}

describe('a POS that knows no such steps: the desk keeps and tells them', () => {
  test('a pickup goes from hand to hand', async () => {
    await place()
    for (const kind of ['picked', 'ready', 'handed-over'] as const) expect(await tap({ kind })).toEqual({ kind: 'done' })
    expect(told()).toEqual(['picking', 'ready_for_pickup', 'completed'])
    expect(row()?.progress).toBe('completed')
  })

  test('a shipped order goes to the carrier, and arrives', async () => {
    await place('ship')
    for (const kind of ['picked', 'handed-over', 'arrived'] as const) expect(await tap({ kind })).toEqual({ kind: 'done' })
    expect(told()).toEqual(['picking', 'shipped', 'completed'])
  })

  test('two taps at once are one step', async () => {
    await place('ship')
    const answers = await Promise.all([tap({ kind: 'handed-over' }), tap({ kind: 'handed-over' }), tap({ kind: 'picked' })])
    expect(answers).toEqual([{ kind: 'done' }, { kind: 'already' }, { kind: 'already' }])
    expect(told()).toEqual(['shipped'])
  })

  test('with the edge away the staff go on, but nothing is taken out of the till', async () => {
    await place()
    holds = false
    expect(await tap({ kind: 'picked' })).toEqual({ kind: 'done' })
    expect(await tap({ kind: 'refuse', reason: 'out_of_stock' })).toMatchObject({ kind: 'refused', text: expect.stringContaining('line to the web shop is down') })
    expect([row()?.state, pos.stock.get('A')]).toEqual(['done', 3])
  })

  test('a refusal voids it, and carries the levels read after', async () => {
    await place()
    expect(await Promise.all([tap({ kind: 'refuse', reason: 'out_of_stock' }), tap({ kind: 'refuse', reason: 'invalid' })])).toEqual([{ kind: 'done' }, { kind: 'already' }])
    expect(waitingEvents(journal).at(-1)).toMatchObject({ type: 'order.rejected', data: { assignmentId: ID, reason: 'out_of_stock', levels: [{ sku: 'A', onHand: 5 }] } })
    expect(row()).toMatchObject({ state: 'rejected', reason: 'out_of_stock' })
    expect(await tap({ kind: 'picked' })).toMatchObject({ kind: 'refused', text: expect.stringContaining('has ended') })
  })

  test('what has gone too far is not refused any more', async () => {
    await place()
    const order = pos.orders.get(ID)
    if (order) order.state = 'done'
    expect(await tap({ kind: 'refuse', reason: 'invalid' })).toMatchObject({ kind: 'refused', text: expect.stringContaining('does not give this order back') })
    expect(told()).toEqual([])
  })

  test('a crash after the void leaves the order to the next tap', async () => {
    await place()
    pos.fail = { at: 'readLevels', when: 'before' }
    await expect(tap({ kind: 'refuse', reason: 'out_of_stock' })).rejects.toThrow()
    pos.fail = null
    expect(row()?.state).toBe('done')
    expect(await tap({ kind: 'picked' })).toMatchObject({ kind: 'refused', text: expect.stringContaining('refuse it here') })
    expect(await tap({ kind: 'refuse', reason: 'out_of_stock' })).toEqual({ kind: 'done' })
    expect(waitingEvents(journal).at(-1)).toMatchObject({ type: 'order.rejected', data: { levels: [{ sku: 'A', onHand: 5 }] } })
    expect([row()?.state, pos.stock.get('A')]).toEqual(['rejected', 5])
  })
})

describe('a POS with screens of its own: the till takes it down and the capture tells it', () => {
  test('once, however often it is tapped before the capture has read it', async () => {
    inPos(() => 'in-pos')
    await place()
    await captureChanges(shop)
    expect(await Promise.all([tap({ kind: 'picked' }), tap({ kind: 'picked' })])).toEqual([{ kind: 'done' }, { kind: 'already' }])
    expect(rung).toEqual(['capture', 'capture'])
    expect(told()).toEqual([])
    await captureChanges(shop)
    expect(await tap({ kind: 'ready' })).toEqual({ kind: 'done' })
    await captureChanges(shop)
    expect(told()).toEqual(['picking', 'ready_for_pickup'])
  })

  test('refused at the desk is refused in the till, with its levels', async () => {
    inPos(() => 'in-pos')
    await place()
    const twice = await Promise.all([tap({ kind: 'refuse', reason: 'out_of_stock' }), tap({ kind: 'refuse', reason: 'out_of_stock' }), tap({ kind: 'refuse', reason: 'invalid' })])
    expect(twice).toEqual([{ kind: 'done' }, { kind: 'done' }, { kind: 'already' }])
    await captureChanges(shop)
    expect(told().filter((type) => type === 'order.rejected')).toHaveLength(1)
    expect(row()).toMatchObject({ state: 'rejected', reason: 'out_of_stock' })
  })

  test('what the till refuses is shown in its words', async () => {
    inPos(() => ({ refused: 'Order W-1 is locked by drawer 2.' }))
    await place()
    expect(await tap({ kind: 'picked' })).toEqual({ kind: 'refused', text: 'Order W-1 is locked by drawer 2.' })
  })

  test('what the cashier took back meanwhile is said', async () => {
    inPos(() => 'in-pos')
    await place()
    pos.staff({ assignmentId: ID, occurredAt: toInstant(NOW), kind: 'refused', reason: 'out_of_stock' })
    expect(await tap({ kind: 'picked' })).toMatchObject({ kind: 'refused', text: expect.stringContaining('taken back at the till') })
  })
})

test('a suspended sale that the cashier completes ends as stock fallen, then completed, in one reading', async () => {
  open({ stockFallsAt: 'later' })
  await place()
  expect(await tap({ kind: 'handed-over' })).toMatchObject({ kind: 'refused', text: expect.stringContaining('ring up T1 under Suspended') })
  expect(await tap({ kind: 'ready' })).toEqual({ kind: 'done' })
  pos.staff({ assignmentId: ID, occurredAt: toInstant(NOW), kind: 'stock-fell' })
  pos.staff({ assignmentId: ID, occurredAt: toInstant(NOW), kind: 'progress', status: 'completed' })
  await captureChanges(shop)
  expect(told()).toEqual(['ready_for_pickup', 'order.stock_fell', 'completed'])
  expect(waitingEvents(journal).find(({ type }) => type === 'order.stock_fell')).toMatchObject({ data: { assignmentId: ID, lines: [{ lineId: 'l1', quantity: 2 }], levels: [{ sku: 'A', onHand: 3 }] } })
  expect(row()).toMatchObject({ stockFell: true, progress: 'completed' })
})

describe('a doubt', () => {
  beforeEach(async () => {
    open({ duplicates: 'possible' })
    journal.takeFirstEpoch(2)
    receiveOrder(journal, assignmentOf(1, { A: 2 }, { maybeWritten: true }), NOW)
    await createWriter(shop, silent).once(signal)
    expect(row()?.state).toBe('in_doubt')
  })

  test('ends when somebody has seen it in the till', async () => {
    expect(await Promise.all([tap({ kind: 'in-till', posReference: '2051' }), tap({ kind: 'in-till', posReference: '2051' })])).toEqual([{ kind: 'done' }, { kind: 'already' }])
    expect(waitingEvents(journal).at(-1)).toMatchObject({ type: 'order.accepted', data: { posReference: '2051', stockFell: true, levels: [{ sku: 'A', onHand: 5 }] } })
    expect(row()).toMatchObject({ state: 'done', posReference: '2051' })
    expect(pos.writes).toEqual([])
  })

  test('ends with one sale when somebody has looked and it is not there', async () => {
    expect(await tap({ kind: 'not-in-till' })).toEqual({ kind: 'done' })
    expect(await tap({ kind: 'not-in-till' })).toEqual({ kind: 'already' })
    expect(rung).toEqual(['writer'])
    const writer = createWriter(shop, silent)
    await writer.once(signal)
    // It waits until the edge has confirmed the event that goes with the INTENT.
    expect(pos.writes).toEqual([])
    journal.outbox.markAcked(journal.outbox.lastSeq())
    await writer.once(signal)
    expect(pos.writes).toEqual([ID])
    expect(row()?.state).toBe('done')
  })
})

test('two tablets say that it is not there: the second has not seen the doubt that came of the first', async () => {
  open({ duplicates: 'possible' })
  let now = NOW
  shop = { ...shop, now: () => now }
  journal.takeFirstEpoch(2)
  receiveOrder(journal, assignmentOf(1, { A: 2 }, { maybeWritten: true }), NOW)
  const writer = createWriter(shop, silent)
  await writer.once(signal)
  const seen = row()?.changedAt
  now += 1000
  expect(await tap({ kind: 'not-in-till', seen })).toEqual({ kind: 'done' })
  // The till takes it and does not say so.
  pos.fail = { at: 'writeOrder', when: 'after' }
  await writer.once(signal)
  journal.outbox.markAcked(journal.outbox.lastSeq())
  await writer.once(signal)
  expect([row()?.state, pos.writes]).toEqual(['in_doubt', [ID]])
  pos.fail = null
  expect(await tap({ kind: 'not-in-till', seen })).toMatchObject({ kind: 'refused', text: expect.stringContaining('Look for it there once more') })
  journal.outbox.markAcked(journal.outbox.lastSeq())
  await writer.once(signal)
  expect([row()?.state, pos.writes]).toEqual(['in_doubt', [ID]])
  expect(await tap({ kind: 'not-in-till', seen: row()?.changedAt })).toEqual({ kind: 'done' })
})

test('what the journal does not have is unknown', async () => {
  expect(await tap({ kind: 'picked' })).toEqual({ kind: 'unknown' })
})
