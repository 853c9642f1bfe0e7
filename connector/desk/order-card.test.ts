import { describe, expect, test } from 'vitest'
import type { InboxRow } from '../journal/inbox.ts'
import { assignmentOf, NOW } from '../test-shop.ts'
import { ageingReport, decideTap, orderCard, tapsOf, placeOf } from './order-card.ts'

const LIMITS = { warnAfterMs: 600_000, redAfterMs: 1_800_000 }
const AT_ONCE = { stockFallsAt: 'accept' } as const
const LATER = { stockFallsAt: 'later' } as const
const ADDRESS = { name: 'A', line1: 'B', city: 'C', postalCode: '1', country: 'US' }

const row = (change: Partial<InboxRow> = {}): InboxRow => ({
  arrival: 1, assignmentId: assignmentOf(1, { A: 1 }).assignmentId, bodyHash: 'h', assignment: assignmentOf(1, { A: 1 }), kept: assignmentOf(1, { A: 1 }), state: 'done', posReference: 'POS 17', stockFell: true,
  progress: null, reason: null, detail: null, cancel: 'none', answerAgain: false, toldEpoch: 1, toldSeq: 1, receivedAt: NOW, changedAt: NOW, lastTry: null, ...change,
})
const shipped = (change: Partial<InboxRow> = {}) => row({ assignment: assignmentOf(1, { A: 1 }, { fulfillment: { method: 'ship', address: ADDRESS } }), ...change })
const card = (change: Partial<InboxRow>, waitedMs = 0) => orderCard(row(change), AT_ONCE, LIMITS, NOW + waitedMs)

test.each([
  ['a new pickup', row(), AT_ONCE, ['picked', 'ready', 'handed-over', 'refuse']],
  ['one being picked', row({ progress: 'picking' }), AT_ONCE, ['ready', 'handed-over', 'refuse']],
  ['one that is ready', row({ progress: 'ready_for_pickup' }), AT_ONCE, ['handed-over', 'refuse']],
  ['a shipped order has no shopper at the counter', shipped({ progress: 'picking' }), AT_ONCE, ['handed-over', 'refuse']],
  ['one with the carrier', shipped({ progress: 'shipped' }), AT_ONCE, ['arrived']],
  ['a suspended sale is handed over by the cashier', row({ progress: 'ready_for_pickup', stockFell: false }), LATER, ['refuse']],
  ['a suspended sale that was rung up, and is sent', shipped({ progress: 'picking' }), LATER, ['handed-over', 'refuse']],
  ['one that nobody can look up', row({ state: 'in_doubt' }), AT_ONCE, ['in-till', 'not-in-till']],
  ['one not in the till yet', row({ state: 'intent' }), AT_ONCE, []],
  ['one that is being cancelled', row({ cancel: 'requested' }), AT_ONCE, []],
  ['one that has ended', row({ state: 'voided', cancel: 'done' }), AT_ONCE, []],
] as const)('%s can be tapped so', (_what, order, till, taps) => {
  expect(tapsOf(order, placeOf(order), till)).toEqual(taps)
})

test('says what to do at the till', () => {
  expect(orderCard(row({ stockFell: false }), LATER, LIMITS, NOW).staff).toContain('ring up POS 17 under Suspended')
  expect(card({}).staff).toBeNull()
})

describe('age', () => {
  test('turns yellow, then red, while it waits for the staff', () => {
    const ages = (change: Partial<InboxRow>) => [0, 599_999, 600_000, 1_800_000].map((ms) => card(change, ms).age)
    for (const change of [{}, { progress: 'picking' }, { state: 'intent' }, { state: 'in_doubt' }] as const) expect(ages(change)).toEqual(['fresh', 'fresh', 'late', 'overdue'])
    for (const change of [{ progress: 'ready_for_pickup' }, { progress: 'shipped' }, { progress: 'completed' }, { state: 'rejected' }] as const) expect(new Set(ages(change))).toEqual(new Set(['fresh']))
  })

  test('a clock that runs ahead makes no negative wait', () => expect(card({}, -5000).waitedMs).toBe(0))

  test('what is red reaches the operator, with a few of the oldest', () => {
    const rows = Array.from({ length: 8 }, (_, n) => row({ arrival: n, assignmentId: `a${n}`, receivedAt: NOW + n * 60_000, state: n === 0 ? 'in_doubt' : n === 1 ? 'intent' : 'done' }))
    expect(ageingReport(rows, LIMITS, NOW + LIMITS.redAfterMs - 1)).toBeNull()
    const report = ageingReport([...rows, row({ progress: 'ready_for_pickup' })], LIMITS, NOW + LIMITS.redAfterMs + 6 * 60_000)
    expect(report).toMatchObject({ count: 7, afterMinutes: 30 })
    expect(report?.oldest.map(({ assignmentId, state }) => `${assignmentId} ${state}`)).toEqual(['a0 in_doubt', 'a1 unwritten', 'a2 untouched', 'a3 untouched', 'a4 untouched'])
  })
})

describe('a tap that comes late', () => {
  test.each([
    ['the same again', row({ progress: 'picking' }), 'picked', 'already'],
    ['a step that was passed', row({ progress: 'completed' }), 'ready', 'already'],
    ['refused twice', row({ state: 'rejected', reason: 'out_of_stock' }), 'refuse', 'already'],
    ['the doubt is over', row(), 'in-till', 'already'],
    ['written again already', row({ state: 'received' }), 'not-in-till', 'already'],
    ['a step on', row(), 'picked', 'go'],
  ] as const)('%s: %s', (_what, order, tap, kind) => expect(decideTap(order, tap, AT_ONCE).kind).toBe(kind))

  test.each([
    ['handed over, then refused', row({ progress: 'completed' }), 'refuse', 'This order has ended: handed over'],
    ['cancelled meanwhile', row({ state: 'voided', cancel: 'done' }), 'picked', 'This order has ended: cancelled'],
    ['refused, then picked', row({ state: 'rejected', reason: 'out_of_stock' }), 'picked', 'ended: refused: not in stock'],
    ['a cancel is being answered', row({ cancel: 'requested' }), 'picked', 'The shopper has cancelled'],
    ['not in the till', row({ state: 'received' }), 'picked', 'not in the till yet'],
    ['a doubt where there is none', row({ progress: 'picking' }), 'not-in-till', 'moved on: it is being picked'],
  ] as const)('%s is refused in words', (_what, order, tap, text) => {
    expect(decideTap(order, tap, AT_ONCE)).toMatchObject({ kind: 'refused', text: expect.stringContaining(text) })
  })

  test('handing over a suspended sale is told where', () => {
    expect(decideTap(row({ stockFell: false }), 'handed-over', LATER)).toMatchObject({ kind: 'refused', text: expect.stringContaining('ring up POS 17') })
  })
})
