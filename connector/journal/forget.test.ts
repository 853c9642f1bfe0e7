import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { outcomeAgain } from '../delivery/outcome.ts'
import { receiveOrder } from '../delivery/receive-order.ts'
import { requestCancel } from '../delivery/request-cancel.ts'
import { assignmentId, assignmentOf, NOW, openTestJournal, silent, testFolder } from '../test-shop.ts'
import type { Journal } from './journal.ts'
import { keepJournal } from './upkeep.ts'

const DAY_MS = 86_400_000
const address = { name: 'Ann Shopper', line1: '1 Quiet Lane', city: 'Town', postalCode: '12345', country: 'IE' }

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

const order = (n: number) => assignmentOf(n, { A: 2 }, { note: 'ring twice', fulfillment: { method: 'ship', address } })
function finished(n: number, at: number): void {
  receiveOrder(journal, order(n), at)
  journal.inbox.change(assignmentId(n), { state: 'done' }, at)
}
async function keep(now: number, keepFinishedDays = 90): Promise<void> {
  const stop = new AbortController()
  const kept = keepJournal({ journal, log: silent, now: () => now, monotonic: () => 0, keepFinishedDays }, stop.signal)
  for (let n = 0; n < 200; n += 1) await new Promise((resolve) => setTimeout(resolve, 1))
  stop.abort()
  await kept
}
const nameOf = (n: number) => journal.inbox.get(assignmentId(n))?.assignment?.customer.name

test('an order that nobody says was handed over loses its customer after the days of the configuration, and nothing else of it; one that waits keeps all', async () => {
  for (let n = 0; n < 450; n += 1) finished(n, NOW)
  receiveOrder(journal, order(500), NOW)
  finished(501, NOW + 50 * DAY_MS)
  const before = journal.inbox.get(assignmentId(1))
  await keep(NOW + 91 * DAY_MS)
  const after = journal.inbox.get(assignmentId(1))
  expect({ ...after, assignment: null, kept: null }).toEqual({ ...before, assignment: null, kept: null })
  expect(after?.assignment).toMatchObject({ lines: order(1).lines, note: null, customer: { name: '(forgotten)' }, fulfillment: { address: { line1: '(forgotten)', country: 'IE' } } })
  expect(new Set(Array.from({ length: 450 }, (_, n) => nameOf(n)))).toEqual(new Set(['(forgotten)']))
  expect([nameOf(500), nameOf(501)]).toEqual(['A Shopper', 'A Shopper'])
  // It comes again, by either way: known as before.
  expect(receiveOrder(journal, order(1), NOW + 91 * DAY_MS).kind).toBe('known')
  expect(receiveOrder(journal, { ...order(1), number: 'W-9' }, NOW + 91 * DAY_MS).kind).toBe('different-body')
  journal.inbox.change(assignmentId(500), { state: 'rejected' }, NOW + 92 * DAY_MS)
  await keep(NOW + 200 * DAY_MS)
  expect([nameOf(500), nameOf(501)]).toEqual([undefined, '(forgotten)'])
  journal.close()
  expect(readFileSync(folder.file('journal.sqlite')).includes('Quiet Lane')).toBe(false)
  journal = openTestJournal(folder.file('journal.sqlite'))
})

test('what waits on the desk keeps its name as long as somebody may come for it, however short finished orders are kept', async () => {
  finished(1, NOW)
  finished(2, NOW)
  journal.inbox.change(assignmentId(1), { progress: 'ready_for_pickup' }, NOW + DAY_MS)
  journal.inbox.change(assignmentId(2), { progress: 'completed' }, NOW + DAY_MS)
  await keep(NOW + 3 * DAY_MS, 1)
  expect([nameOf(1), nameOf(2)]).toEqual(['A Shopper', undefined])
  // Handed over at last: from then on it is a finished one.
  journal.inbox.change(assignmentId(1), { progress: 'completed' }, NOW + 4 * DAY_MS)
  await keep(NOW + 4.5 * DAY_MS, 1)
  expect(nameOf(1)).toBe('A Shopper')
  await keep(NOW + 6 * DAY_MS, 1)
  expect(nameOf(1)).toBeUndefined()
  finished(3, NOW + 6 * DAY_MS)
  await keep(NOW + 95 * DAY_MS, 1)
  expect(nameOf(3)).toBe('A Shopper')
  await keep(NOW + 97 * DAY_MS, 1)
  expect(nameOf(3)).toBe('(forgotten)')
})

test('of what was finished long ago stays what is needed to know it and to tell its outcome again', async () => {
  finished(1, NOW)
  journal.inbox.change(assignmentId(1), { posReference: 'POS 17', stockFell: true, progress: 'completed' }, NOW)
  receiveOrder(journal, order(2), NOW)
  journal.inbox.change(assignmentId(2), { state: 'rejected', reason: 'out_of_stock' }, NOW)
  receiveOrder(journal, order(3), NOW)
  requestCancel(journal, assignmentId(3), NOW)
  const again = (n: number) => outcomeAgain(journal.inbox.get(assignmentId(n)) ?? expect.fail('it is here'), [], NOW)
  const before = [again(1), again(2)]
  await keep(NOW + 91 * DAY_MS)
  expect(journal.inbox.get(assignmentId(1))).toMatchObject({ assignment: null, kept: { number: 'W-1', lines: [{ lineId: 'l1', sku: 'A', quantity: 2 }] }, posReference: 'POS 17' })
  expect([again(1), again(2)]).toEqual(before)
  for (const n of [1, 2]) {
    expect(receiveOrder(journal, order(n), NOW).kind).toBe('known')
    expect(receiveOrder(journal, { ...order(n), number: 'W-9' }, NOW).kind).toBe('different-body')
  }
  expect([requestCancel(journal, assignmentId(1), NOW), requestCancel(journal, assignmentId(2), NOW)]).toEqual(['requested', 'settled'])
  // The till has not been asked yet: that is no finished order.
  expect(nameOf(3)).toBe('A Shopper')
})
