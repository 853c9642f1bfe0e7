import { expect, test } from 'vitest'
import { toInstant } from '../../../contract/clock.ts'
import { WAITS_FOR_EDGE, type LastTry } from '../../journal/last-try.ts'
import { openJournal } from '../../journal/journal.ts'
import { assignmentId, assignmentOf, NOW, STORE_ID, testFolder } from '../../test-shop.ts'
import { troubleFindings } from './machine.ts'
import { lookAtOrders, waitingFindings } from './orders.ts'

const MINUTE = 60_000
const order = (n: number, lastTry: LastTry | null, state: 'received' | 'intent' | 'in_doubt' = 'intent') =>
  ({ assignmentId: assignmentId(n), assignment: assignmentOf(n, { A: 1 }), state, receivedAt: NOW - n * MINUTE, lastTry })
const failed = (minutes: number, count: number, why = 'The table is locked'): LastTry => ({ fault: 'DatabaseFault 1205', why, hint: 'Look for a backup that keeps rows locked', at: NOW, since: NOW - minutes * MINUTE, count })

test('no order waits', () => {
  expect(waitingFindings([], true, NOW)).toMatchObject([{ level: 'ok' }])
  expect(waitingFindings([order(1, null, 'in_doubt')], true, NOW)).toMatchObject([{ level: 'ok' }])
})

test('an order that was tried again and again for five minutes must be mended: why, since when, what to do', () => {
  const [finding] = waitingFindings([order(7, failed(6, 40))], true, NOW)
  expect(finding).toMatchObject({ name: 'web orders', level: 'fail' })
  expect(finding?.detail).toContain(`W-7: tried 40 times in vain since ${toInstant(NOW - 6 * MINUTE)}: The table is locked (DatabaseFault 1205)`)
  expect(finding?.fix).toMatch(/^Look for a backup.*orders show W-7/)
})

test('one that was tried a moment ago is worth a look', () => {
  expect(waitingFindings([order(1, failed(1, 3))], true, NOW)).toMatchObject([{ level: 'warn' }])
})

test('waiting for the edge breaks nothing, however long', () => {
  expect(waitingFindings([order(1, { ...WAITS_FOR_EDGE, at: NOW, since: NOW - 60 * MINUTE, count: 9 })], true, NOW)).toMatchObject([{ level: 'warn', fix: expect.stringContaining('when the edge answers') as string }])
})

test('a hundred orders with one trouble are one finding, two troubles two', () => {
  const many = Array.from({ length: 100 }, (_, index) => order(index + 1, failed(10, 5)))
  const found = waitingFindings([...many, order(200, failed(10, 5, 'A column is missing'))], true, NOW)
  expect(found).toHaveLength(2)
  expect(found[0]?.detail).toContain('W-1, W-2, W-3, W-4, W-5 and 95 more')
})

test('orders that nobody has tried yet are fine while the connector runs, and a reason to start it when it does not', () => {
  expect(waitingFindings([order(3, null)], true, NOW)).toMatchObject([{ level: 'ok', detail: expect.stringContaining('the oldest for 3 min') as string }])
  expect(waitingFindings([order(3, null)], false, NOW)).toMatchObject([{ level: 'warn', fix: expect.stringContaining('start the connector') as string }])
})

test('a journal on disk tells what hinders its orders, as long as they are not settled', () => {
  const folder = testFolder()
  const file = folder.file('journal.sqlite')
  expect(lookAtOrders(file, false)).toEqual([])
  const journal = openJournal({ file, storeId: STORE_ID })
  journal.inbox.insert({ assignmentId: assignmentId(1), bodyHash: 'h', assignment: assignmentOf(1, { A: 1 }), state: 'received', cancel: 'none' }, NOW)
  journal.inbox.tried(assignmentId(1), { fault: 'PosAway', why: 'The POS is away' }, NOW)
  expect(lookAtOrders(file, true)).toMatchObject([{ name: 'web orders', level: 'fail', detail: expect.stringContaining('The POS is away') as string }])
  journal.inbox.change(assignmentId(1), { state: 'done' }, NOW)
  expect(lookAtOrders(file, true)).toMatchObject([{ level: 'ok' }])
  journal.close()
  folder.remove()
})

test('of the log: errors of this run, and warnings of the last minutes, each with what to do', () => {
  const trouble = (event: string, level: 'warn' | 'error', minutesAgo: number) => ({ event, level, firstAt: toInstant(NOW - 90 * MINUTE), lastAt: toInstant(NOW - minutesAgo * MINUTE), count: 3, fault: 'DatabaseFault 1142', hint: 'Ask for the grant', about: 'goods/7' })
  const found = troubleFindings([trouble('capture.fault', 'warn', 1), trouble('pos.unreachable', 'warn', 30), trouble('connector.bug', 'error', 80), trouble('assignment.retry', 'warn', 1)], NOW)
  expect(found.map(({ name }) => name)).toEqual(['log: capture.fault', 'log: connector.bug'])
  expect(found[0]).toMatchObject({ level: 'warn', detail: expect.stringMatching(/3 times, last at .*about goods\/7: DatabaseFault 1142/) as string, fix: 'Ask for the grant' })
})

test('of an error that brought no hint: what to do goes by what the connector was at', () => {
  const bare = (event: string) => troubleFindings([{ event, level: 'error', firstAt: toInstant(NOW), lastAt: toInstant(NOW), count: 1, fault: 'Error ECONNRESET' }], NOW)[0]?.fix
  expect(bare('reconcile.fault')).toMatch(/begins again by itself.*tillbridge-connector reconcile/)
  expect(bare('journal.upkeep-fault')).toMatch(/disk of the journal/)
  expect(bare('something.new')).toMatch(/docs store-it/)
})
