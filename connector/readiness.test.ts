import { expect, test } from 'vitest'
import { toInstant } from '../contract/clock.ts'
import { refusedHere } from './delivery/refused-here.ts'
import type { Failing } from './control/activity.ts'
import { WAITS_FOR_EDGE, type LastTry } from './journal/last-try.ts'
import { EDGE_AWAY_MS, NOTHING_GOES_IN_MS, readinessOf, type ReadinessFacts } from './readiness.ts'
import { assignmentId, NOW } from './test-shop.ts'

const FINE: ReadinessFacts = { now: NOW, hasEpoch: true, synced: true, posReadable: true, journalFull: null, edgeAwaySince: null, held: null, refusedOrders: [], refused: null, failing: [], stuck: [], workedAt: null }
const tried = (n: number, since: number, fault: Partial<LastTry> = {}) =>
  ({ assignmentId: assignmentId(n), lastTry: { at: NOW, since, count: 12, fault: 'DatabaseFault 1142', why: 'INSERT is denied', hint: 'Ask for the grant', ...fault } })

test('a shop with nothing amiss is ready', () => expect(readinessOf(FINE)).toEqual({ ready: true, waitingFor: [], troubles: [] }))

test('an order that is tried again is named at once, with what to do', () => {
  const { ready, troubles } = readinessOf({ ...FINE, stuck: [tried(1, NOW - 1000)] })
  expect(ready).toBe(true)
  expect(troubles).toEqual([expect.stringMatching(new RegExp(`^order ${assignmentId(1)} was tried 12 times since 2026-.*INSERT is denied \\(DatabaseFault 1142\\)\\. What to do: Ask for the grant$`)) as string])
})

test('it stays its own trouble while others go in, and is the POS\'s when none has for five minutes', () => {
  const stuck = [tried(1, NOW - NOTHING_GOES_IN_MS)]
  expect(readinessOf({ ...FINE, stuck, workedAt: NOW - 1000 })).toMatchObject({ ready: true, waitingFor: [] })
  expect(readinessOf({ ...FINE, stuck, workedAt: NOW - NOTHING_GOES_IN_MS - 1 })).toMatchObject({ ready: false, waitingFor: ['the POS to take an order'] })
  expect(readinessOf({ ...FINE, stuck })).toMatchObject({ ready: false })
  expect(readinessOf({ ...FINE, stuck: [tried(1, NOW - NOTHING_GOES_IN_MS + 1)] })).toMatchObject({ ready: true })
})

test('an order that waits for the edge is not the POS\'s trouble', () =>
  expect(readinessOf({ ...FINE, stuck: [tried(1, NOW - 10 * NOTHING_GOES_IN_MS, WAITS_FOR_EDGE)] })).toEqual({ ready: true, waitingFor: [], troubles: [] }))

test('names some of many, and each part that fails', () => {
  const failing: Failing[] = [{ part: 'capture', since: NOW, cause: 'pos', fault: 'OsposFault', why: 'no such location', hint: 'Set pos.location' }]
  const { ready, waitingFor, troubles } = readinessOf({ ...FINE, posReadable: false, failing, refused: { since: NOW, why: 'not accepted', hint: 'pair', waitsFor: 'the edge to accept this store\'s signature' }, stuck: Array.from({ length: 9 }, (_, n) => tried(n, NOW)) })
  expect([ready, waitingFor]).toEqual([false, ['the edge to accept this store\'s signature', 'the POS']])
  expect(troubles).toHaveLength(8)
  expect(troubles.slice(0, 2)).toEqual(['not accepted. What to do: pair', expect.stringContaining('no such location (OsposFault). What to do: Set pos.location') as string])
  expect(troubles.at(-1)).toContain('orders list --open')
})

test('an edge that is away for more than a blink, a feed that is held and a full journal are told, with what to do', () => {
  expect(readinessOf({ ...FINE, edgeAwaySince: NOW - EDGE_AWAY_MS + 1 })).toEqual({ ready: true, waitingFor: [], troubles: [] })
  expect(readinessOf({ ...FINE, edgeAwaySince: NOW - EDGE_AWAY_MS }).troubles).toEqual([expect.stringMatching(/^the edge has not answered since 2026-.*What to do: look at this machine's line/) as string])
  const held = { state: 'quarantined', id: 'x', since: toInstant(NOW), reasons: ['zeroed'], zeroed: 40, removed: 0, repriced: 2, drifted: 0, inStock: 50, items: 60, refused: false, sample: [] } as const
  expect(readinessOf({ ...FINE, held: { ...held, reasons: [...held.reasons], sample: [] } }).troubles).toEqual([expect.stringMatching(/held back since 2026-.*40 sold out, 2 of another price.*have the operator approve it/) as string])
  expect(readinessOf({ ...FINE, journalFull: 'make room on its disk' })).toEqual({ ready: false, waitingFor: ['room in the journal'], troubles: ['no web order is taken down: make room on its disk'] })
})

test('an order that a mistake refused is named; what the shop\'s day refused is not', () => {
  const row = { assignmentId: assignmentId(1), kept: null, state: 'rejected', reason: 'invalid', detail: 'the note is too long', changedAt: NOW } as const
  const refusedOrders = [row, { ...row, reason: 'out_of_stock' as const }, { ...row, detail: null }].flatMap((each) => refusedHere(each) ?? [])
  expect(readinessOf({ ...FINE, refusedOrders })).toMatchObject({ ready: true, troubles: [expect.stringMatching(/was refused at 2026-.* \(invalid\): the note is too long\. What to do: mend/) as string] })
})
