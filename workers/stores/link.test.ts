import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toInstant } from '../../contract/clock.ts'
import type { HeartbeatRequest } from '../../contract/connect.ts'
import { EMPTY_DIGEST } from '../../contract/digest.ts'
import { ACCEPT_WITHIN_MS, ASK_AGAIN_MS, AWAY_AFTER_MS, CANCEL_AGAIN_MS, DISPATCH_AGAIN_MS, LEASE_MS } from './link.ts'
import type { Mark } from './port.ts'
import { createLink } from './run-link.ts'
import { memoryBook } from './test-link-book.ts'

const NOW = 1_800_000_000_000
const id = (n: number) => `ord_${String(n).padStart(26, '0')}.1`
const beatOf = (epoch: number, change: Partial<HeartbeatRequest> = {}): HeartbeatRequest => ({
  connectorId: 'till-1', epoch, lastSeq: 100, posReachable: true, journal: { inbox: 0, outbox: 0 }, version: '1', clock: toInstant(NOW), tunnel: 'none', ...change,
})
function openLink() {
  const link = createLink(memoryBook())
  link.takeEpoch('till-1', NOW)
  link.heartbeat(beatOf(1), NOW)
  return link
}
const beat = (link: ReturnType<typeof openLink>, now: number, change: Partial<HeartbeatRequest> = {}) => {
  const heard = link.heartbeat(beatOf(1, change), now)
  if (!heard.ok) throw new Error(heard.refusal.reason)
  return heard.value
}

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
    expect(openLink().offer(id(1), true, NOW)).toEqual({ kind: 'go', acceptBy: NOW + ACCEPT_WITHIN_MS })
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
    expect(link.offer(id(1), true, later + 40_000)).toEqual({ kind: 'go', acceptBy: later + 40_000 + ACCEPT_WITHIN_MS })
  })

  test('is parked for a store that never came, or cannot be pushed to, and can be pulled', () => {
    expect(createLink(memoryBook()).offer(id(1), true, NOW)).toEqual({ kind: 'parked' })
    const link = openLink()
    expect(link.offer(id(2), false, NOW)).toEqual({ kind: 'parked' })
    expect(beat(link, NOW + 1)).toMatchObject({ dispatch: [], pending: 1 })
    expect(link.pull(10, NOW + 2)).toEqual({ assignments: [{ assignmentId: id(2), acceptBy: NOW + 2 + ACCEPT_WITHIN_MS }], cancels: [] })
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

  test('without a final outcome is offered again to a new journal, with the same acceptBy', () => {
    const link = openLink()
    for (const n of [1, 2, 3]) link.offer(id(n), true, NOW)
    link.pushed(id(1), 'journaled', NOW)
    link.progress(id(1), 'outcome', NOW)
    link.progress(id(2), 'final', NOW)
    expect(link.takeEpoch('till-1', NOW + 5_000)).toEqual({ ok: true, value: { epoch: 2, dispatch: [id(1), id(3)] } })
    link.heartbeat(beatOf(2), NOW + 5_000)
    expect(link.offer(id(1), true, NOW + 6_000)).toEqual({ kind: 'go', acceptBy: NOW + ACCEPT_WITHIN_MS })
  })
})

describe('a cancel', () => {
  test('of what was never offered ends here, and a late delivery finds it struck', () => {
    const link = openLink()
    link.offer(id(1), false, NOW)
    expect(link.takeBack(id(1), NOW)).toBe('struck')
    expect(link.takeBack(id(2), NOW)).toBe('struck')
    for (const n of [1, 2]) expect(link.offer(id(n), true, NOW)).toEqual({ kind: 'struck' })
    link.progress(id(1), 'final', NOW)
    expect(link.assignmentState(id(1))).toBe('struck')
    expect(link.pull(10, NOW)).toEqual({ assignments: [], cancels: [] })
  })

  test('of what was offered is told until it is answered, and the work does not follow it', () => {
    const link = openLink()
    link.offer(id(1), true, NOW)
    expect(link.takeBack(id(1), NOW)).toBe('requested')
    expect(link.offer(id(1), true, NOW)).toEqual({ kind: 'parked' })
    expect(beat(link, NOW + DISPATCH_AGAIN_MS)).toMatchObject({ pending: 1, dispatch: [] })
    expect(link.pull(10, NOW + 1)).toEqual({ assignments: [], cancels: [id(1)] })
    link.progress(id(1), 'outcome', NOW + 2)
    expect(link.pull(10, NOW + 3).cancels).toEqual([id(1)])
    link.progress(id(1), 'outcome', NOW + 4)
    expect(link.pull(10, NOW + 5).cancels).toEqual([])
    expect(link.pull(10, NOW + 4 + CANCEL_AGAIN_MS).cancels).toEqual([id(1)])
    link.progress(id(1), 'final', NOW)
    expect(link.pull(10, NOW + 5 + CANCEL_AGAIN_MS).cancels).toEqual([])
  })

  test('goes together with the work to a new journal, because the old one may have written it to the POS', () => {
    const link = openLink()
    link.offer(id(1), true, NOW)
    link.takeBack(id(1), NOW)
    link.takeEpoch('till-1', NOW)
    expect(link.pull(10, NOW)).toEqual({ assignments: [{ assignmentId: id(1), acceptBy: NOW + ACCEPT_WITHIN_MS }], cancels: [id(1)] })
  })
})

test('a wish of the operator is told once', () => {
  const link = openLink()
  link.request('reconcile')
  link.request('reconcile')
  expect(beat(link, NOW).requests).toEqual(['reconcile'])
  expect(beat(link, NOW).requests).toEqual([])
})

test('facts say what was heard', () => {
  const link = openLink()
  beat(link, NOW + 5_000, { clock: toInstant(NOW + 65_000), version: '2.0', tunnel: 'up' })
  link.offer(id(1), true, NOW + 5_000)
  expect(link.facts(NOW)).toEqual({
    lastHeartbeatAt: NOW + 5_000, connectorId: 'till-1', epoch: 1, ackedSeq: 0, lastSeq: 100, posReachable: true, version: '2.0', clockSkewMs: 60_000,
    tunnel: 'up', journal: { inbox: 0, outbox: 0 }, parked: 1, handedOver: 0,
  })
})

describe('in any order of messages', () => {
  const some = fc.integer({ min: 1, max: 3 }).map(id)
  const mark = fc.record({ seq: fc.integer({ min: 0, max: 3 }), digest: fc.constantFrom(EMPTY_DIGEST, 'a', 'b') })
  const step = fc.oneof(
    fc.record({ do: fc.constant('offer' as const), id: some, pushable: fc.boolean() }),
    fc.record({ do: fc.constant('pushed' as const), id: some, outcome: fc.constantFrom('journaled' as const, 'failed' as const) }),
    fc.record({ do: fc.constant('pull' as const), limit: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ do: fc.constant('takeBack' as const), id: some }),
    fc.record({ do: fc.constant('progress' as const), id: some, progress: fc.constantFrom('journaled' as const, 'outcome' as const) }),
    fc.record({ do: fc.constant('epoch' as const), connectorId: fc.constantFrom('till-1', 'till-2') }),
    fc.record({ do: fc.constant('beat' as const), connectorId: fc.constantFrom('till-1', 'till-2') }),
    fc.record({ do: fc.constant('mark' as const), from: mark, to: mark }),
  )
  const steps = fc.array(fc.record({ step, waitMs: fc.constantFrom(0, 1_000, 31_000, 61_000) }), { maxLength: 40 })

  test('struck work is never offered, acceptBy never changes, epochs only rise, and the mark moves only from where it is', () => {
    fc.assert(fc.property(steps, (each) => {
      const link = createLink(memoryBook())
      let now = NOW
      let epoch = 0
      let at: Mark = { seq: 0, digest: EMPTY_DIGEST }
      const struck = new Set<string>()
      const acceptBy = new Map<string, number>()
      const given = (assignmentId: string, by: number) => {
        expect(struck.has(assignmentId)).toBe(false)
        expect(acceptBy.get(assignmentId) ?? by).toBe(by)
        acceptBy.set(assignmentId, by)
      }
      for (const { step: next, waitMs } of each) {
        now += waitMs
        switch (next.do) {
          case 'offer': {
            const offer = link.offer(next.id, next.pushable, now)
            if (offer.kind === 'go') given(next.id, offer.acceptBy)
            expect(offer.kind === 'struck').toBe(struck.has(next.id))
            break
          }
          case 'pushed':
            // Only what was offered is ever pushed.
            if (acceptBy.has(next.id)) link.pushed(next.id, next.outcome, now)
            break
          case 'pull':
            for (const { assignmentId, acceptBy: by } of link.pull(next.limit, now).assignments) given(assignmentId, by)
            break
          case 'takeBack': {
            const answer = link.takeBack(next.id, now)
            expect(answer).toBe(acceptBy.has(next.id) ? 'requested' : 'struck')
            if (answer === 'struck') struck.add(next.id)
            break
          }
          case 'progress':
            if (acceptBy.has(next.id)) link.progress(next.id, next.progress, now)
            break
          case 'epoch': {
            const taken = link.takeEpoch(next.connectorId, now)
            if (!taken.ok) break
            expect(taken.value.epoch).toBe(epoch + 1)
            for (const each of taken.value.dispatch) expect(struck.has(each)).toBe(false)
            epoch += 1
            at = { seq: 0, digest: EMPTY_DIGEST }
            break
          }
          case 'beat': {
            const heard = link.heartbeat(beatOf(epoch, { connectorId: next.connectorId }), now)
            if (heard.ok) for (const each of [...heard.value.dispatch, ...heard.value.askAgain]) expect(struck.has(each)).toBe(false)
            break
          }
          case 'mark': {
            const fits = epoch > 0 && next.from.seq === at.seq && next.from.digest === at.digest
            const moved = link.markDurable(epoch, next.from, next.to)
            if (fits) at = next.to
            expect(moved).toEqual(epoch > 0 ? { ok: true, value: at } : { ok: false, refusal: { reason: 'epoch-forked', epoch: 0 } })
          }
        }
      }
    }), { numRuns: 300 })
  })
})
