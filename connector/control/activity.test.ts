import { describe, expect, test } from 'vitest'
import { toInstant } from '../../contract/clock.ts'
import { ok, refused } from '../../contract/result.ts'
import type { Edge } from '../edge/edge-client.ts'
import { createActivity, doingOf, type ActivityFacts } from './activity.ts'
import { createTroubles } from './troubles.ts'

const QUIET: ActivityFacts = { posLookedAt: 1, posAwaySince: null, edgeAnsweredAt: 1, edgeAwaySince: null, order: null, failing: [] }
const IDLE = { epoch: 1, outbox: 0, unfinished: 0, retried: 0 }
const words = (...of: Parameters<typeof doingOf>) => doingOf(...of).map(({ what }) => what)

describe('what it does now', () => {
  test('is never nothing', () => expect(words(QUIET, null, IDLE, true)).toEqual(['watching']))
  test('names what it waits for before what it does', () => {
    const comparing = { what: 'sync', startedAt: toInstant(1), compared: 3, total: null, events: 2 } as const
    expect(words({ ...QUIET, posAwaySince: 5, order: { assignmentId: 'x', since: 2 } }, comparing, IDLE, true)).toEqual(['waiting-for-pos', 'order', 'comparing'])
    expect(words({ ...QUIET, edgeAwaySince: 5 }, null, { ...IDLE, outbox: 4 }, true)).toEqual(['waiting-for-edge'])
    expect(words(QUIET, null, { ...IDLE, outbox: 4 }, true)).toEqual(['sending'])
  })
  test('is trying again what the POS has failed', () => expect(words(QUIET, null, { ...IDLE, unfinished: 2, retried: 2 }, true)).toEqual(['retrying']))
  test('is waiting for the POS for as long as its changes cannot be read, whatever other calls it answers, and not by a mistake of ours', () => {
    const failing = { part: 'capture', since: 3, fault: 'X', why: 'no table', hint: 'look' } as const
    expect(doingOf({ ...QUIET, failing: [{ ...failing, cause: 'pos' }] }, null, IDLE, true)).toEqual([{ what: 'waiting-for-pos', since: toInstant(3), why: 'no table', hint: 'look' }])
    expect(doingOf({ ...QUIET, failing: [{ ...failing, cause: 'other' }] }, null, IDLE, true)).toEqual([{ what: 'failing', part: 'capture', since: toInstant(3), fault: 'X', why: 'no table', hint: 'look' }])
    expect(words({ ...QUIET, failing: [{ ...failing, part: 'comparison', cause: 'edge' }] }, null, IDLE, true)).toEqual(['watching'])
  })
  test('is waiting for the edge while orders wait for its word', () => {
    expect(words(QUIET, null, { ...IDLE, unfinished: 1 }, false)).toEqual(['waiting-for-edge'])
    expect(words(QUIET, null, { ...IDLE, epoch: null }, false)).toEqual(['waiting-for-edge'])
    expect(words(QUIET, null, IDLE, false)).toEqual(['watching'])
  })
})

describe('a look at the POS', () => {
  test('counts when nothing had changed or what had was read, and not when a change is only announced', () => {
    let now = 10
    const activity = createActivity(() => now)
    activity.hearPos({ method: 'mayHaveChanged', assignmentId: null })(true, true)
    expect(activity.facts().posLookedAt).toBeNull()
    activity.hearPos({ method: 'readChanges', assignmentId: null })(false)
    expect(activity.facts()).toMatchObject({ posLookedAt: null, posAwaySince: 10 })
    now = 20
    activity.hearPos({ method: 'mayHaveChanged', assignmentId: null })(true, false)
    expect(activity.facts()).toMatchObject({ posLookedAt: 20, posAwaySince: null })
  })
})

describe('the edge', () => {
  test('has answered when it refuses in its own words, and not when something on the way does', async () => {
    const activity = createActivity(() => 7)
    const answering = (problem: 'try-again' | null) => activity.watchEdge({ pending: async () => refused({ status: 503, problem, retryAfterMs: null, expectedSeq: null, holder: null }), state: async () => ok({ items: [], nextCursor: null }) } as Partial<Edge> as Edge)
    await answering(null).pending()
    expect(activity.facts()).toMatchObject({ edgeAnsweredAt: null, edgeAwaySince: 7 })
    await answering('try-again').pending()
    expect(activity.facts()).toMatchObject({ edgeAnsweredAt: 7, edgeAwaySince: null })
  })
})

test('a trouble is told once with how often it came and of how many things, the last one first, and never by fields that a log may not show', () => {
  let now = 0
  const troubles = createTroubles(() => now)
  troubles.note('warn', { event: 'edge.away', fault: 'X', secret: 'tbsec_x' })
  troubles.note('warn', { event: 'capture.refused', key: 'items/1', hint: 'quarantine show' })
  now = 1000
  troubles.note('error', { event: 'journal.cannot-write', why: 'no room', hint: 'make room' })
  troubles.note('warn', { event: 'capture.refused', key: 'items/2', hint: 'quarantine show' })
  troubles.note('warn', { event: 'capture.refused', key: 'items/2', hint: 'quarantine show' })
  troubles.note('warn', { event: 'edge.away', fault: 'X' })
  troubles.note('warn', { event: 'edge.away', fault: 'Y' })
  troubles.note('warn', 'no event')
  const [at0, at1] = [toInstant(0), toInstant(1000)]
  expect(troubles.list()).toEqual([
    { event: 'edge.away', level: 'warn', fault: 'Y', count: 1, firstAt: at1, lastAt: at1 },
    { event: 'edge.away', level: 'warn', fault: 'X', count: 2, firstAt: at0, lastAt: at1 },
    { event: 'capture.refused', level: 'warn', hint: 'quarantine show', about: 'items/2', abouts: 2, count: 3, firstAt: at0, lastAt: at1 },
    { event: 'journal.cannot-write', level: 'error', why: 'no room', hint: 'make room', count: 1, firstAt: at1, lastAt: at1 },
  ])
})

test('a trouble is over with the event that says so, and begins again when it comes again', () => {
  let now = 0
  const troubles = createTroubles(() => now)
  troubles.note('error', { event: 'capture.fault', why: 'away' })
  troubles.note('warn', { event: 'edge.away' })
  now = 5_000
  troubles.good({ event: 'capture.works-again' })
  troubles.good({ event: 'assignment.settled' })
  expect(troubles.list().map(({ event, endedAt }) => [event, endedAt])).toEqual([['edge.away', undefined], ['capture.fault', toInstant(5_000)]])
  troubles.note('error', { event: 'capture.fault', why: 'away' })
  expect(troubles.list()[0]).toMatchObject({ event: 'capture.fault', count: 2 })
  expect(troubles.list()[0]?.endedAt).toBeUndefined()
})

test.each([
  ['capture.fault', 'capture.works-again'], ['pos.unreachable', 'capture.works-again'], ['pos.contradicts', 'capture.works-again'], ['reconcile.fault', 'sync.done'], ['reconcile.fault', 'reconcile.done'],
  ['edge.away', 'edge.back'], ['edge.unauthorized', 'edge.authorized'], ['journal.full', 'journal.has-room'], ['journal.filling', 'journal.has-room'], ['journal.cannot-write', 'journal.has-room'],
  ['feed.quarantined', 'feed.ended'], ['feed.quarantined', 'feed.approved'], ['access.keys-unreachable', 'access.keys-again'], ['access.no-keys', 'access.keys-again'], ['desk.cannot-listen', 'desk.listening'],
])('%s is over with %s', (event, good) => {
  const troubles = createTroubles(() => 0)
  troubles.note('error', { event, call: 'events' })
  troubles.good({ event: good, call: 'heartbeat' })
  expect(troubles.list()).toMatchObject([{ event, endedAt: toInstant(0) }])
})

test('of web orders that the till has lost each is over as it is found again', () => {
  const troubles = createTroubles(() => 0)
  const lost = () => troubles.list().map(({ about, abouts, endedAt }) => [about, abouts, endedAt])
  for (const assignmentId of ['a.1', 'b.1']) troubles.note('error', { event: 'order.lost', assignmentId })
  troubles.good({ event: 'order.found-again', assignmentId: 'of-yesterday.1' })
  expect(lost()).toEqual([['b.1', 2, undefined]])
  troubles.good({ event: 'order.found-again', assignmentId: 'b.1' })
  expect(lost()).toEqual([['a.1', 1, undefined]])
  troubles.good({ event: 'order.found-again', assignmentId: 'a.1' })
  expect(lost()).toEqual([['a.1', 1, toInstant(0)]])
})
