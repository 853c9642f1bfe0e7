import { describe, expect, test } from 'vitest'
import { toInstant } from '../../contract/clock.ts'
import { EMPTY_DIGEST } from '../../contract/digest.ts'
import { ACCEPT_WITHIN_MS, ASK_AGAIN_MS, ASKED_IN_VAIN_MAX, AWAY_AFTER_MS, DISPATCH_AGAIN_MS, LEASE_MS } from './link.ts'
import type { Mark } from './port.ts'
import { createLink } from './run-link.ts'
import type { SyncLink } from './run-link.ts'
import { NOW, beat, beatOf, id, memoryBook, openLink } from './test-link-book.ts'

describe('the lease', () => {
  test('is refused to a second connector while the first is heard, and given when it has gone', () => {
    const link = openLink()
    expect(link.takeEpoch('till-2', NOW + LEASE_MS - 1)).toEqual({ ok: false, refusal: { reason: 'store-held-by', connectorId: 'till-1' } })
    expect(link.heartbeat(beatOf(1, { connectorId: 'till-2' }), NOW + 1)).toMatchObject({ refusal: { reason: 'store-held-by' } })
    expect(link.admitEvents({ connectorId: 'till-2', epoch: 1, afterSeq: 0 }, NOW + 1)).toMatchObject({ refusal: { reason: 'store-held-by' } })
    expect(link.takeEpoch('till-2', NOW + LEASE_MS)).toMatchObject({ ok: true, value: { epoch: 2 } })
    expect(link.heartbeat(beatOf(1), NOW + LEASE_MS + 1)).toMatchObject({ refusal: { reason: 'store-held-by', connectorId: 'till-2' } })
  })

  test('is renewed by events', () => {
    const link = openLink()
    expect(link.admitEvents({ connectorId: 'till-1', epoch: 1, afterSeq: 0 }, NOW + 25_000).ok).toBe(true)
    expect(link.takeEpoch('till-2', NOW + LEASE_MS)).toMatchObject({ refusal: { reason: 'store-held-by' } })
  })

  test('does not lend an epoch: another connector must take its own, also when the lease is over', () => {
    const link = openLink()
    expect(link.heartbeat(beatOf(1, { connectorId: 'till-2' }), NOW + LEASE_MS)).toEqual({ ok: false, refusal: { reason: 'epoch-forked', epoch: 1 } })
    expect(link.admitEvents({ connectorId: 'till-2', epoch: 1, afterSeq: 0 }, NOW + LEASE_MS)).toMatchObject({ refusal: { reason: 'epoch-forked' } })
  })

  test('is kept by the same connector over a restart, however long it was away', () => {
    expect(openLink().heartbeat(beatOf(1), NOW + 10 * LEASE_MS).ok).toBe(true)
  })
})

describe('a call for an epoch', () => {
  test('that comes again is answered with its own epoch and changes nothing', () => {
    const link = createLink(memoryBook())
    expect(link.takeEpoch('till-1', NOW, 'call-1')).toMatchObject({ value: { epoch: 1 } })
    expect(link.takeEpoch('till-1', NOW, 'call-2')).toMatchObject({ value: { epoch: 2 } })
    expect(link.takeEpoch('till-1', NOW, 'call-1')).toMatchObject({ value: { epoch: 1, dispatch: [] } })
    expect(link.facts(NOW).epoch).toBe(2)
  })
})

describe('the numbering', () => {
  test('knows nobody before the first epoch', () => {
    const link = createLink(memoryBook())
    expect(link.heartbeat(beatOf(1), NOW)).toEqual({ ok: false, refusal: { reason: 'epoch-forked', epoch: 0 } })
    expect(link.admitEvents({ connectorId: 'till-1', epoch: 1, afterSeq: 0 }, NOW)).toEqual({ ok: false, refusal: { reason: 'epoch-forked', epoch: 0 } })
    expect(link.markDurable(0, { seq: 0, digest: EMPTY_DIGEST }, { seq: 1, digest: 'd' })).toMatchObject({ ok: false })
  })

  test('refuses a gap with the seq it expects, an old epoch, and a journal that has numbered less than was confirmed', () => {
    const link = openLink()
    expect(link.markDurable(1, { seq: 0, digest: EMPTY_DIGEST }, { seq: 7, digest: 'seven' })).toEqual({ ok: true, value: { seq: 7, digest: 'seven' } })
    expect(link.admitEvents({ connectorId: 'till-1', epoch: 1, afterSeq: 8 }, NOW)).toEqual({ ok: false, refusal: { reason: 'sequence-gap', expectedSeq: 8 } })
    expect(link.admitEvents({ connectorId: 'till-1', epoch: 2, afterSeq: 7 }, NOW)).toMatchObject({ refusal: { reason: 'epoch-forked' } })
    expect(link.heartbeat(beatOf(1, { lastSeq: 7 }), NOW)).toMatchObject({ value: { ackedSeq: 7 } })
    expect(link.heartbeat(beatOf(1, { lastSeq: 6 }), NOW)).toMatchObject({ refusal: { reason: 'epoch-forked' } })
  })

  test('does not take a heartbeat that events have overtaken for an old journal', () => {
    const link = openLink()
    link.markDurable(1, { seq: 0, digest: EMPTY_DIGEST }, { seq: 7, digest: 'seven' })
    expect(link.heartbeat(beatOf(1, { lastSeq: 6 }), NOW)).toMatchObject({ value: { ackedSeq: 7 } })
    expect(link.heartbeat(beatOf(1, { lastSeq: 6 }), NOW)).toMatchObject({ refusal: { reason: 'epoch-forked' } })
  })

  test('starts again with a new epoch, without making the store look absent', () => {
    const link = openLink()
    link.markDurable(1, { seq: 0, digest: EMPTY_DIGEST }, { seq: 7, digest: 'seven' })
    link.takeEpoch('till-1', NOW)
    expect(link.admitEvents({ connectorId: 'till-1', epoch: 2, afterSeq: 0 }, NOW)).toEqual({ ok: true, value: { seq: 0, digest: EMPTY_DIGEST } })
    expect(link.markDurable(1, { seq: 7, digest: 'seven' }, { seq: 8, digest: 'eight' })).toMatchObject({ refusal: { reason: 'epoch-forked', epoch: 2 } })
    expect(link.facts(NOW)).toMatchObject({ lastHeartbeatAt: NOW, ackedSeq: 0, lastSeq: 0 })
    expect(link.heartbeat(beatOf(2, { lastSeq: 0 }), NOW).ok).toBe(true)
  })
})

describe('work', () => {
  test('goes to a store that is there, with a day to accept', () => {
    expect(openLink().offer(id(1), true, NOW)).toEqual({ kind: 'go', acceptBy: NOW + ACCEPT_WITHIN_MS, maybeWritten: false })
  })

  test('is parked for a store that is away, leaves with its next heartbeat, and again if that was lost', () => {
    const link = openLink()
    const later = NOW + AWAY_AFTER_MS
    expect(link.offer(id(1), true, later)).toEqual({ kind: 'parked' })
    expect(link.assignmentState(id(1))).toBe('parked')
    expect(beat(link, later + 1)).toMatchObject({ dispatch: [id(1)], pending: 1 })
    expect(link.assignmentState(id(1))).toBe('queued')
    expect(beat(link, later + 2).dispatch).toEqual([])
    expect(beat(link, later + 1 + DISPATCH_AGAIN_MS).dispatch).toEqual([id(1)])
    expect(link.offer(id(1), true, later + 40_000)).toEqual({ kind: 'go', acceptBy: later + 40_000 + ACCEPT_WITHIN_MS, maybeWritten: false })
  })

  test('is parked for a store that never came, or cannot be pushed to, and can be pulled', () => {
    expect(createLink(memoryBook()).offer(id(1), true, NOW)).toEqual({ kind: 'parked' })
    const link = openLink()
    expect(link.offer(id(2), false, NOW)).toEqual({ kind: 'parked' })
    expect(beat(link, NOW + 1)).toMatchObject({ dispatch: [], pending: 1 })
    expect(link.pull(10, NOW + 2)).toEqual({ assignments: [{ assignmentId: id(2), acceptBy: NOW + 2 + ACCEPT_WITHIN_MS, maybeWritten: false }], cancels: [] })
  })

  test('after a failed push waits for the heartbeat, and push counts as unconfirmed', () => {
    const link = openLink()
    expect(beat(link, NOW).pushConfirmed).toBe(false)
    expect(beat(link, NOW, { tunnel: 'up' }).pushConfirmed).toBe(true)
    link.offer(id(1), true, NOW)
    link.pushed(id(1), 'failed', NOW)
    expect(beat(link, NOW + 1, { tunnel: 'up' })).toMatchObject({ dispatch: [id(1)], pushConfirmed: false })
    expect(link.takeBack(id(1), NOW + 2)).toBe('requested')
    link.pushed(id(1), 'journaled', NOW + 3)
    expect(beat(link, NOW + 4).pushConfirmed).toBe(true)
  })

  test('asked for again and again in vain is given to the store anew: its journal does not know it', () => {
    const link = openLink()
    link.offer(id(1), true, NOW)
    link.pushed(id(1), 'journaled', NOW)
    let now = NOW
    for (let times = 0; times < ASKED_IN_VAIN_MAX; times++) {
      now += ASK_AGAIN_MS * 2 ** Math.max(0, times - 1)
      expect(beat(link, now - 1).askAgain).toEqual([])
      expect(beat(link, now)).toMatchObject({ askAgain: [id(1)], dispatch: [] })
    }
    expect(beat(link, now + 1)).toMatchObject({ askAgain: [], dispatch: [id(1)] })
    expect(link.offer(id(1), true, now + 2)).toMatchObject({ kind: 'go', maybeWritten: true, acceptBy: NOW + ACCEPT_WITHIN_MS })
  })

  test('handed over without an outcome is asked for, each time once, until it is told', () => {
    const link = openLink()
    link.offer(id(1), true, NOW)
    link.pushed(id(1), 'journaled', NOW)
    expect(link.offer(id(1), true, NOW)).toEqual({ kind: 'handed-over' })
    expect(beat(link, NOW + ASK_AGAIN_MS - 1).askAgain).toEqual([])
    expect(beat(link, NOW + ASK_AGAIN_MS).askAgain).toEqual([id(1)])
    expect(beat(link, NOW + ASK_AGAIN_MS + 1).askAgain).toEqual([])
    link.progress(id(1), 'outcome', NOW + ASK_AGAIN_MS + 2)
    expect(beat(link, NOW + 3 * ASK_AGAIN_MS)).toMatchObject({ askAgain: [], pending: 0 })
    expect(link.assignmentState(id(1))).toBe('handed-over')
    link.progress(id(1), 'final', NOW)
    expect(link.assignmentState(id(1))).toBe('unknown')
  })

  test('without a final outcome is offered again to a new journal, with the same acceptBy, as what may be written already', () => {
    const link = openLink()
    for (const n of [1, 2, 3]) link.offer(id(n), true, NOW)
    link.offer(id(4), false, NOW)
    link.pushed(id(1), 'journaled', NOW)
    link.progress(id(1), 'outcome', NOW)
    link.progress(id(2), 'final', NOW)
    expect(link.takeEpoch('till-1', NOW + 5_000)).toEqual({ ok: true, value: { epoch: 2, dispatch: [id(1), id(3), id(4)] } })
    link.heartbeat(beatOf(2), NOW + 5_000)
    expect(link.offer(id(1), true, NOW + 6_000)).toEqual({ kind: 'go', acceptBy: NOW + ACCEPT_WITHIN_MS, maybeWritten: true })
    expect(link.pull(10, NOW + 6_000).assignments).toMatchObject([{ assignmentId: id(3), maybeWritten: true }, { assignmentId: id(4), maybeWritten: false }, { assignmentId: id(1), maybeWritten: true }])
  })

  test('that is final is not handed out, by no way and to no journal', () => {
    const link = openLink()
    link.offer(id(1), true, NOW)
    link.progress(id(1), 'final', NOW)
    const nothing = () => expect([link.pull(10, NOW), beat(link, NOW)]).toMatchObject([{ assignments: [], cancels: [] }, { pending: 0, dispatch: [], askAgain: [] }])
    nothing()
    link.pushed(id(1), 'failed', NOW)
    link.progress(id(1), 'journaled', NOW)
    nothing()
    expect(link.takeEpoch('till-1', NOW)).toMatchObject({ value: { dispatch: [] } })
    expect(link.pull(10, NOW)).toEqual({ assignments: [], cancels: [] })
  })
})

describe('events of an assignment that were taken', () => {
  const start: Mark = { seq: 0, digest: EMPTY_DIGEST }
  const taken = (link: SyncLink, now: number) => link.markDurable(1, start, { seq: 1, digest: 'one' }, { assignmentIds: [id(1), id(9)], at: now })
  function settledOnce() {
    const link = openLink()
    link.offer(id(1), true, NOW)
    link.pushed(id(1), 'journaled', NOW)
    link.progress(id(1), 'outcome', NOW)
    return link
  }

  test('and lost on their way are asked for again, also after a first outcome', () => {
    const link = settledOnce()
    taken(link, NOW)
    expect(beat(link, NOW + ASK_AGAIN_MS - 1).askAgain).toEqual([])
    expect(beat(link, NOW + ASK_AGAIN_MS).askAgain).toEqual([id(1)])
    expect(link.assignmentState(id(9))).toBe('unknown')
  })

  test.each(['outcome', 'final'] as const)('and applied (%s) are not', (progress) => {
    const link = settledOnce()
    taken(link, NOW)
    link.progress(id(1), progress, NOW + 1)
    expect(beat(link, NOW + ASK_AGAIN_MS).askAgain).toEqual([])
  })

  test('are asked for also when nobody knows yet that the store has the work, and it still goes out', () => {
    const link = openLink()
    link.offer(id(1), true, NOW)
    taken(link, NOW)
    expect(beat(link, NOW + ASK_AGAIN_MS)).toMatchObject({ askAgain: [id(1)], dispatch: [id(1)] })
    expect(beat(link, NOW + ASK_AGAIN_MS + 1)).toMatchObject({ askAgain: [], dispatch: [] })
  })

  test('change nothing when another call has moved the mark', () => {
    const link = settledOnce()
    link.markDurable(1, start, { seq: 2, digest: 'two' })
    taken(link, NOW)
    expect(beat(link, NOW + ASK_AGAIN_MS).askAgain).toEqual([])
  })
})

test('a wish of the operator is told twice, so that one lost answer does not lose it', () => {
  const link = openLink()
  link.request('reconcile')
  link.request('reconcile')
  expect([1, 2, 3].map(() => beat(link, NOW).requests)).toEqual([['reconcile'], ['reconcile'], []])
})

test('a wish of the operator that was told to one journal is told to the next', () => {
  const link = openLink()
  link.request('reconcile')
  beat(link, NOW)
  link.takeEpoch('till-1', NOW)
  const told = [1, 2, 3].map(() => link.heartbeat(beatOf(2), NOW))
  expect(told).toMatchObject([{ value: { requests: ['reconcile'] } }, { value: { requests: ['reconcile'] } }, { value: { requests: [] } }])
})

test('a journal is told whose customers it is to forget from where it says it is, so that one from a backup hears of them again', () => {
  const link = openLink()
  expect(link.erase([id(1), id(2)])).toBe(2)
  expect(beat(link, NOW, { erasedUpTo: 0 }).erase).toEqual({ upTo: 2, assignmentIds: [id(1), id(2)] })
  expect(link.erase([id(3)])).toBe(3)
  expect(beat(link, NOW, { erasedUpTo: 2 }).erase).toEqual({ upTo: 3, assignmentIds: [id(3)] })
  expect(beat(link, NOW, { erasedUpTo: 3 }).erase).toBeUndefined()
  expect(link.facts(NOW).erasedUpTo).toBe(3)
  // From a backup, and from the journal of another edge.
  expect(beat(link, NOW, { erasedUpTo: 1 }).erase?.assignmentIds).toEqual([id(2), id(3)])
  expect(beat(link, NOW, { erasedUpTo: 9 }).erase?.assignmentIds).toEqual([id(1), id(2), id(3)])
})

test('a connector that does not know of erasing is not told, and is seen to be such', () => {
  const link = openLink()
  link.erase([id(1)])
  expect(beat(link, NOW).erase).toBeUndefined()
  expect(link.facts(NOW).erasedUpTo).toBeNull()
})

test('more customers than an answer holds are told in several', () => {
  const link = openLink()
  link.erase(Array.from({ length: 450 }, (_, n) => id(n)))
  expect([0, 200, 400].map((erasedUpTo) => beat(link, NOW, { erasedUpTo }).erase?.upTo)).toEqual([200, 400, 450])
})

test('facts say what was heard', () => {
  const link = openLink()
  beat(link, NOW + 5_000, { clock: toInstant(NOW + 65_000), version: '2.0', tunnel: 'up' })
  link.offer(id(1), true, NOW + 5_000)
  expect(link.facts(NOW)).toEqual({
    lastHeartbeatAt: NOW + 5_000, connectorId: 'till-1', epoch: 1, ackedSeq: 0, lastSeq: 100, posReachable: true, version: '2.0', clockSkewMs: 60_000,
    tunnel: 'up', journal: { inbox: 0, outbox: 0 }, erasedUpTo: null, parked: 1, handedOver: 0,
  })
})
