import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toInstant } from '../../contract/clock.ts'
import type { Journal } from '../journal/journal.ts'
import { captureChanges } from '../capture/capture.ts'
import { assignmentId, assignmentOf, memoryPos, NOW, openTestJournal, shopOf, silent, testFolder, waitingEvents, type MemoryPos } from '../test-shop.ts'
import { askedAgain, receiveOrder } from './receive-order.ts'
import { requestCancel } from './request-cancel.ts'
import { createWriter } from './writer.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
let pos: MemoryPos

beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  pos = memoryPos({ A: 10 })
})
afterEach(() => {
  journal.close()
  folder.remove()
})

const ID = assignmentId(1)
const order = () => assignmentOf(1, { A: 4 })
const offeredAgain = () => assignmentOf(1, { A: 4 }, { maybeWritten: true })

async function work(edge: 'confirms' | 'is silent' = 'is silent'): Promise<void> {
  const stop = new AbortController()
  const writer = createWriter(shopOf(journal, pos), silent, () => 0)
  const running = writer.run(stop.signal)
  for (let n = 0; n < 400 && journal.inbox.unfinished() > 0; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    if (edge === 'is silent' || journal.inbox.unfinished() === 0) continue
    journal.outbox.markAcked(journal.outbox.lastSeq())
    writer.edgeAnswered()
  }
  stop.abort()
  await running
}
/** What is numbered and not confirmed, which the edge then confirms. */
function told(): unknown[] {
  const events = waitingEvents(journal)
  journal.outbox.markAcked(journal.outbox.lastSeq())
  return events.map(({ type, data }) => ({ type, data }))
}
const result = (outcome: string, more = {}) => ({ type: 'order.cancel_result', data: { assignmentId: ID, outcome, ...more } })
async function cancelled(): Promise<unknown[]> {
  requestCancel(journal, ID, NOW)
  await work()
  return told()
}
async function accepted(): Promise<void> {
  receiveOrder(journal, order(), NOW)
  await work()
  told()
}

describe('a cancel answer that the edge confirmed and lost', () => {
  beforeEach(() => journal.takeFirstEpoch(1))

  test('is told as a new event when the cancel is asked for again: struck', async () => {
    expect(await cancelled()).toEqual([result('struck')])
    expect(await cancelled()).toEqual([result('struck')])
    expect(await cancelled()).toEqual([result('struck')])
  })

  test('voided, with levels read now', async () => {
    await accepted()
    expect(await cancelled()).toEqual([result('voided', { levels: [{ sku: 'A', onHand: 10 }] })])
    pos.sell('A', 1)
    expect(await cancelled()).toEqual([result('voided', { levels: [{ sku: 'A', onHand: 9 }] })])
  })

  test('rejected, with the rejection', async () => {
    receiveOrder(journal, assignmentOf(1, { A: 11 }), NOW)
    await work()
    told()
    expect(await cancelled()).toEqual([result('struck')])
    expect(await cancelled()).toMatchObject([{ type: 'order.rejected', data: { reason: 'out_of_stock' } }, result('struck')])
  })

  test('refused', async () => {
    await accepted()
    pos.orders.get(ID)!.state = 'done'
    expect(await cancelled()).toEqual([result('refused')])
    expect(await cancelled()).toEqual([result('refused')])
  })

  test('is not told twice while it is on its way', async () => {
    requestCancel(journal, ID, NOW)
    await work()
    expect(requestCancel(journal, ID, NOW)).toBe('settled')
    expect(journal.inbox.unfinished()).toBe(0)
    expect(told()).toEqual([result('struck')])
  })
})

describe('a cancel after a refused one', () => {
  test('looks into the POS anew', async () => {
    await accepted()
    pos.orders.get(ID)!.state = 'done'
    expect(await cancelled()).toEqual([result('refused')])
    pos.orders.get(ID)!.state = 'open'
    expect(await cancelled()).toEqual([result('voided', { levels: [{ sku: 'A', onHand: 10 }] })])
    expect(pos.stock.get('A')).toBe(10)
  })

  test('of an order in doubt asks the POS anew too, and the refusal is part of the outcome', async () => {
    pos = memoryPos({ A: 10 }, { duplicates: 'possible' })
    receiveOrder(journal, offeredAgain(), NOW)
    await work()
    told()
    expect(await cancelled()).toMatchObject([{ type: 'order.in_doubt' }, result('refused')])
    askedAgain(journal, ID, NOW)
    await work()
    expect(told()).toMatchObject([{ type: 'order.in_doubt' }, result('refused')])
    await pos.writeOrder(order())
    expect(await cancelled()).toMatchObject([result('voided')])
  })
})

describe('a cancel of what a lost journal wrote and the staff handed out', () => {
  beforeEach(async () => {
    await pos.writeOrder(order())
    pos.orders.get(ID)!.state = 'done'
  })

  test('is refused, and the order is accepted with how far the staff have come', async () => {
    receiveOrder(journal, order(), NOW)
    told()
    const events = [
      { type: 'order.accepted', data: { assignmentId: ID, posReference: 'T1', stockFell: true, lines: [{ lineId: 'l1', quantity: 4 }], levels: [{ sku: 'A', onHand: 6 }] } },
      { type: 'order.status_changed', data: { assignmentId: ID, status: 'completed' } },
      result('refused'),
    ]
    expect(await cancelled()).toEqual(events)
    expect(journal.inbox.get(ID)).toMatchObject({ state: 'done', cancel: 'refused', posReference: 'T1', stockFell: true, progress: 'completed' })
    askedAgain(journal, ID, NOW)
    await work()
    expect(told()).toEqual(events)
  })

  test('before it came is refused, and its delivery is let in and accepted', async () => {
    expect(await cancelled()).toEqual([result('refused')])
    askedAgain(journal, ID, NOW)
    await work()
    expect(told()).toEqual([result('refused')])
    expect(receiveOrder(journal, order(), NOW).kind).toBe('journaled')
    await work()
    expect(told()).toMatchObject([{ type: 'order.journaled' }, { type: 'order.accepted' }, { type: 'order.status_changed', data: { status: 'completed' } }])
    expect(pos.writes).toHaveLength(1)
  })

  test('before it came, and gone from the POS since, is not written anew', async () => {
    expect(await cancelled()).toEqual([result('refused')])
    pos.orders.clear()
    receiveOrder(journal, order(), NOW)
    await work()
    expect(told()).toMatchObject([{ type: 'order.journaled' }, { type: 'order.rejected', data: { reason: 'invalid' } }])
    expect(pos.writes).toHaveLength(1)
  })

  test('before it came, and taken back by the staff later, tells their refusal', async () => {
    expect(await cancelled()).toEqual([result('refused')])
    pos.staff({ kind: 'refused', reason: 'out_of_stock', assignmentId: ID, occurredAt: toInstant(NOW) })
    await captureChanges(shopOf(journal, pos))
    expect(told()).toContainEqual({ type: 'order.rejected', data: { assignmentId: ID, reason: 'out_of_stock', levels: [{ sku: 'A', onHand: 10 }] } })
  })
})

describe('what an earlier journal may have written to a POS that cannot be searched', () => {
  beforeEach(() => {
    pos = memoryPos({ A: 10 }, { duplicates: 'possible' })
  })

  test('is in doubt and not written again', async () => {
    receiveOrder(journal, offeredAgain(), NOW)
    await work()
    expect(told()).toMatchObject([{ type: 'order.journaled' }, { type: 'order.in_doubt' }])
    expect(pos.writes).toEqual([])
  })

  test('is no doubt of this journal\'s own work, however often it is offered again while the POS is busy', async () => {
    receiveOrder(journal, order(), NOW)
    expect(receiveOrder(journal, offeredAgain(), NOW).kind).toBe('known')
    await work('confirms')
    expect(journal.inbox.get(ID)?.state).toBe('done')
    expect(pos.writes).toHaveLength(1)
  })

  test('is not struck by a cancel', async () => {
    receiveOrder(journal, offeredAgain(), NOW)
    told()
    expect(await cancelled()).toMatchObject([{ type: 'order.in_doubt' }, { type: 'order.in_doubt' }, result('refused')])
    expect(journal.inbox.get(ID)).toMatchObject({ state: 'in_doubt', cancel: 'refused' })
  })

  test('and comes after its cancel is not struck, and not written when it comes', async () => {
    journal.takeFirstEpoch(2)
    expect(await cancelled()).toMatchObject([{ type: 'order.in_doubt' }, result('refused')])
    receiveOrder(journal, offeredAgain(), NOW)
    await work()
    expect(told()).toMatchObject([{ type: 'order.journaled' }, { type: 'order.in_doubt' }])
    expect(pos.writes).toEqual([])
  })

  test('is what was journaled or struck before a new epoch, not what a first journal has', async () => {
    receiveOrder(journal, order(), NOW)
    receiveOrder(journal, assignmentOf(2, { A: 1 }), NOW)
    requestCancel(journal, assignmentId(2), NOW)
    journal.takeFirstEpoch(1)
    expect(journal.inbox.countByState()).toEqual({ received: 1, struck: 1 })
    journal.startEpoch(2, [])
    await work()
    expect(pos.writes).toEqual([])
    expect(journal.inbox.countByState()).toEqual({ in_doubt: 2 })
  })

  test('of a first journal is struck as ever', async () => {
    journal.takeFirstEpoch(1)
    expect(await cancelled()).toEqual([result('struck')])
  })

  test('stays when it is done and the POS cannot find it for a cancel', async () => {
    receiveOrder(journal, order(), NOW)
    await work('confirms')
    told()
    pos.orders.clear()
    expect(await cancelled()).toEqual([result('refused')])
    expect(journal.inbox.get(ID)?.state).toBe('done')
  })
})

test('a POS that can be searched is written once, whether or not an earlier journal may have done it', async () => {
  receiveOrder(journal, offeredAgain(), NOW)
  await work()
  await pos.writeOrder(assignmentOf(2, { A: 1 }))
  receiveOrder(journal, assignmentOf(2, { A: 1 }, { maybeWritten: true }), NOW)
  await work()
  expect(pos.writes).toEqual([ID, assignmentId(2)])
  expect(journal.inbox.countByState()).toEqual({ done: 2 })
})
