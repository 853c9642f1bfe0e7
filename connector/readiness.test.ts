import { expect, test } from 'vitest'
import type { Failing } from './control/activity.ts'
import { WAITS_FOR_EDGE, type LastTry } from './journal/last-try.ts'
import { NOTHING_GOES_IN_MS, readinessOf, type ReadinessFacts } from './readiness.ts'
import { assignmentId, NOW } from './test-shop.ts'

const FINE: ReadinessFacts = { now: NOW, hasEpoch: true, synced: true, posReadable: true, journalFull: false, refused: null, failing: [], stuck: [], workedAt: null }
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
  const { ready, waitingFor, troubles } = readinessOf({ ...FINE, posReadable: false, failing, refused: { since: NOW, why: 'not accepted', hint: 'pair' }, stuck: Array.from({ length: 9 }, (_, n) => tried(n, NOW)) })
  expect([ready, waitingFor]).toEqual([false, ['the edge to accept this store\'s signature', 'the POS']])
  expect(troubles).toHaveLength(8)
  expect(troubles.slice(0, 2)).toEqual(['not accepted. What to do: pair', expect.stringContaining('no such location (OsposFault). What to do: Set pos.location') as string])
  expect(troubles.at(-1)).toContain('orders list --open')
})
