import { afterEach, beforeEach, expect, test } from 'vitest'
import { AgeingReport } from '../../contract/ageing.ts'
import { receiveOrder } from '../delivery/receive-order.ts'
import { openDatabase } from '../journal/database.ts'
import type { Journal } from '../journal/journal.ts'
import { assignmentId, assignmentOf, memoryPos, NOW, openTestJournal, shopOf, silent, STORE_ID, testFolder } from '../test-shop.ts'
import { createDesk } from './desk.ts'

const MINUTE_MS = 60_000
let folder: ReturnType<typeof testFolder>
let journal: Journal
let now: number

beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  now = NOW
})
afterEach(() => {
  journal.close()
  folder.remove()
})

const desk = () => createDesk({
  shop: shopOf(journal, memoryPos({ A: 5 }), () => now), log: silent, storeId: STORE_ID, config: { listen: null, warnAfterMinutes: 10, redAfterMinutes: 30 },
  posReachable: () => true, wake: { capture: () => {}, writer: () => {} },
})
const receive = (n: number): void => void receiveOrder(journal, assignmentOf(n, { A: 1 }), now)
const places = () => desk().view().cards.map(({ row, place }) => `${row.assignment?.number} ${place}`)

test('what is open stands first, in the order it came; what ended follows for a working day', () => {
  for (const n of [1, 2, 3, 4]) receive(n)
  journal.inbox.change(assignmentId(2), { state: 'done', progress: 'completed' }, now + 1)
  journal.inbox.change(assignmentId(3), { state: 'rejected', reason: 'out_of_stock' }, now + 2)
  journal.inbox.change(assignmentId(4), { state: 'done', posReference: 'T4' }, now)
  // A tombstone of work that never came is nobody's order.
  journal.inbox.insert({ assignmentId: assignmentId(5), bodyHash: null, assignment: null, state: 'struck', cancel: 'done' }, now)
  expect(places()).toEqual(['W-1 waits', 'W-4 new', 'W-3 ended', 'W-2 ended'])
  now += 12 * 60 * MINUTE_MS + 3
  expect(places()).toEqual(['W-1 waits', 'W-4 new'])
})

test('more open orders than fit are counted: the oldest are shown, and the newest, so that none comes unseen', () => {
  for (let n = 1; n <= 203; n += 1) receive(n)
  const { cards, hidden } = desk().view()
  const numbers = cards.map(({ row }) => row.assignment?.number)
  expect([numbers.length, new Set(numbers).size, hidden]).toEqual([200, 200, 3])
  expect([numbers[0], numbers[149], numbers[150], numbers.at(-1)]).toEqual(['W-1', 'W-150', 'W-154', 'W-203'])
})

test('an order whose store never answers ages as one that nobody takes', () => {
  receive(1)
  expect(desk().ageing()).toBeNull()
  now += 30 * MINUTE_MS
  expect(AgeingReport.parse(desk().ageing())).toMatchObject({ count: 1, afterMinutes: 30, oldest: [{ assignmentId: assignmentId(1), state: 'unwritten' }] })
  journal.inbox.change(assignmentId(1), { state: 'done', progress: 'ready_for_pickup' }, now)
  expect(desk().ageing()).toBeNull()
})

test('a journal of many years is not read through for it', () => {
  const db = openDatabase(folder.file('journal.sqlite'), { readOnly: true })
  const plan = (sql: string) => db.all(`EXPLAIN QUERY PLAN ${sql}`).map((row) => String(row['detail'])).join('; ')
  const open = "body IS NOT NULL AND (state IN ('received', 'intent', 'in_doubt') OR (state = 'done' AND coalesce(progress, '') <> 'completed'))"
  expect(plan(`SELECT * FROM inbox WHERE ${open} ORDER BY arrival LIMIT 10`)).toContain('inbox_open')
  expect(plan(`SELECT * FROM inbox WHERE changed_at >= 1 AND body IS NOT NULL AND NOT (${open}) ORDER BY changed_at DESC, arrival DESC LIMIT 10`)).toContain('inbox_changed')
  db.close()
})
