import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { toInstant } from '../../contract/clock.ts'
import { receiveOrder } from '../delivery/receive-order.ts'
import { assignmentId, assignmentOf, NOW, openTestJournal, testFolder } from '../test-shop.ts'
import type { Journal } from './journal.ts'

const WORDS = ['Wilhelmina Quist', 'quist@customers.example', '+353 1 555 0142', '7 Unmistakable Row', 'leave it with the neighbour']
const address = { name: WORDS[0] ?? '', line1: WORDS[3] ?? '', city: 'Town', postalCode: '12345', country: 'IE' }

let folder: ReturnType<typeof testFolder>
let journal: Journal
beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
})
afterEach(() => {
  journal.close()
  folder.remove()
})

const order = (n: number) => assignmentOf(n, { A: 2 }, { note: WORDS[4] ?? '', fulfillment: { method: 'ship', address }, customer: { name: WORDS[0] ?? '', email: WORDS[1] ?? '', phone: WORDS[2] ?? '' } })
/** Which of the words stand in the bytes of the journal's files, its write-ahead log included. */
const found = (): string[] => {
  const bytes = readdirSync(folder.path).map((file) => readFileSync(folder.file(file)))
  return WORDS.filter((word) => bytes.some((each) => each.includes(word)))
}

test('a customer is gone from every byte of the journal while it is open, whatever state the order is in; the order stays known', () => {
  for (let n = 1; n <= 40; n += 1) receiveOrder(journal, order(n), NOW)
  journal.inbox.change(assignmentId(1), { state: 'done', progress: 'completed', posReference: 'T-1' }, NOW)
  journal.inbox.change(assignmentId(2), { state: 'done', posReference: 'T-2' }, NOW)
  journal.inbox.change(assignmentId(3), { state: 'rejected', reason: 'invalid', detail: `the till refuses "${WORDS[0]}"` }, NOW)
  expect(found()).toEqual(WORDS)
  expect(journal.erasing.upTo()).toBe(0)
  expect(journal.erasing.customers(Array.from({ length: 40 }, (_, n) => assignmentId(n + 1)), 40)).toBe(true)
  expect(found()).toEqual([])
  expect(journal.erasing.upTo()).toBe(40)
  expect(journal.inbox.get(assignmentId(1))).toMatchObject({ state: 'done', posReference: 'T-1', assignment: null, kept: { number: 'W-1', lines: [{ sku: 'A', quantity: 2 }] } })
  expect(journal.inbox.get(assignmentId(2))?.assignment).toMatchObject({ lines: order(2).lines, note: null, customer: { name: '(forgotten)' } })
  // The same order comes once more, from a queue or a restored edge: it is known, and brings nobody back.
  expect(receiveOrder(journal, order(2), NOW).kind).toBe('known')
  expect(found()).toEqual([])
})

test('the till\'s own words about the order are kept for the edge only until they are confirmed', () => {
  receiveOrder(journal, order(1), NOW)
  journal.append([{ type: 'order.in_doubt', occurredAt: toInstant(NOW), data: { assignmentId: assignmentId(1), detail: `no receipt of ${WORDS[0]}` } }])
  receiveOrder(journal, order(2), NOW)
  journal.outbox.markAcked(1)
  expect(journal.erasing.customers([assignmentId(1)], 1)).toBe(false)
  expect(journal.outbox.next(10, 100_000).events).toHaveLength(2)
  journal.outbox.markAcked(3)
  expect(journal.erasing.customers([assignmentId(1), assignmentId(2)], 1)).toBe(true)
  expect(found()).toEqual([])
  // An edge that was itself restored and asks further back than that is told under a new epoch.
  expect([journal.outbox.goBackTo(2), journal.outbox.goBackTo(4)]).toEqual([false, true])
})

test('what was never here, and what comes again, is followed all the same', () => {
  receiveOrder(journal, order(1), NOW)
  expect(journal.erasing.customers([assignmentId(1), assignmentId(99)], 2)).toBe(true)
  expect(journal.erasing.customers([assignmentId(1)], 3)).toBe(true)
  expect(journal.erasing.upTo()).toBe(3)
})

test('while somebody reads the file it is not said to be done', () => {
  receiveOrder(journal, order(1), NOW)
  const reader = new DatabaseSync(folder.file('journal.sqlite'), { readOnly: true })
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM inbox').get()
  expect(journal.erasing.customers([assignmentId(1)], 1)).toBe(false)
  expect(journal.erasing.upTo()).toBe(0)
  reader.exec('COMMIT')
  reader.close()
  expect(journal.erasing.customers([assignmentId(1)], 1)).toBe(true)
  expect(found()).toEqual([])
})
