import { afterEach, beforeEach, expect, test } from 'vitest'
import { orderChangeEffect } from '../capture/order-changes.ts'
import type { Journal } from '../journal/journal.ts'
import { assignmentId, assignmentOf, memoryPos, NOW, openTestJournal, shopOf, silent, testFolder, waitingEvents, type MemoryPos } from '../test-shop.ts'
import { receiveOrder } from './receive-order.ts'
import { requestCancel } from './request-cancel.ts'
import { createWriter } from './writer.ts'

const ID = assignmentId(1)
let folder: ReturnType<typeof testFolder>
let journal: Journal
let pos: MemoryPos

/** The order stands in a POS that would take it back at any time; only the journal knows how far the staff have come. */
beforeEach(async () => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  journal.takeFirstEpoch(1)
  pos = memoryPos({ A: 10 })
  receiveOrder(journal, assignmentOf(1, { A: 4 }), NOW)
  await write()
})
afterEach(() => {
  journal.close()
  folder.remove()
})

const write = () => createWriter(shopOf(journal, pos), silent, () => 0).once(new AbortController().signal)
const step = (progress: 'picking' | 'shipped' | 'completed'): void => journal.transaction(() => journal.inbox.change(ID, { progress }, NOW))
async function cancel(): Promise<unknown> {
  requestCancel(journal, ID, NOW)
  await write()
  return waitingEvents(journal).filter(({ type }) => type === 'order.cancel_result').map(({ data }) => 'outcome' in data && data.outcome)
}

test('a cancel is refused once the desk has told that the goods have left, and the POS keeps its sale', async () => {
  step('completed')
  expect(await cancel()).toEqual(['refused'])
  expect(await pos.readLevels(['A'])).toEqual([{ sku: 'A', onHand: 6 }])
})

test('a cancel before that takes the goods back', async () => {
  step('picking')
  expect(await cancel()).toEqual(['voided'])
  expect(await pos.readLevels(['A'])).toEqual([{ sku: 'A', onHand: 10 }])
})

test('what the till takes back after the goods have left is a return and refuses no order', () => {
  const refusal = { assignmentId: ID, kind: 'refused', reason: 'out_of_stock', occurredAt: '2026-05-01T10:00:00.000Z' } as const
  step('picking')
  expect(orderChangeEffect(refusal, journal.inbox.get(ID), [], pos.capabilities)).toMatchObject({ change: { state: 'rejected' }, events: [{ type: 'order.rejected' }] })
  step('shipped')
  expect(orderChangeEffect(refusal, journal.inbox.get(ID), [], pos.capabilities)).toEqual({ assignmentId: ID, change: {}, events: [] })
})
