import { describe, expect, test } from 'vitest'
import { EMPTY_DIGEST } from '../../contract/digest.ts'
import { ACCEPT_SKEW_MS, ACCEPT_WITHIN_MS, ASK_AGAIN_MS, CANCEL_AGAIN_MS, DISPATCH_AGAIN_MS } from './link.ts'
import type { SyncLink } from './run-link.ts'
import { NOW, beat, id, openLink } from './test-link-book.ts'

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

  test('of what was offered is told again until it is answered, whatever else comes meanwhile, and the work does not follow it', () => {
    const link = openLink()
    link.offer(id(1), true, NOW)
    expect(link.takeBack(id(1), NOW)).toBe('requested')
    expect(link.offer(id(1), true, NOW)).toEqual({ kind: 'parked' })
    expect(beat(link, NOW + DISPATCH_AGAIN_MS)).toMatchObject({ pending: 1, dispatch: [] })
    expect(link.pull(10, NOW)).toEqual({ assignments: [], cancels: [id(1)] })
    for (const n of [1, 2, 3]) link.progress(id(1), 'outcome', NOW + n)
    expect(link.pull(10, NOW + CANCEL_AGAIN_MS - 1).cancels).toEqual([])
    expect(beat(link, NOW + CANCEL_AGAIN_MS)).toMatchObject({ pending: 1 })
    expect(link.pull(10, NOW + CANCEL_AGAIN_MS).cancels).toEqual([id(1)])
    link.progress(id(1), 'final', NOW)
    expect(link.pull(10, NOW + 3 * CANCEL_AGAIN_MS).cancels).toEqual([])
  })

  test('that the store has answered is told no more, the work stays, and it can be asked again', () => {
    const link = openLink()
    link.offer(id(1), true, NOW)
    link.takeBack(id(1), NOW)
    link.progress(id(1), 'cancel-answered', NOW)
    link.progress(id(1), 'outcome', NOW)
    expect(link.pull(10, NOW + CANCEL_AGAIN_MS)).toEqual({ assignments: [], cancels: [] })
    expect(link.assignmentState(id(1))).toBe('handed-over')
    expect(link.takeBack(id(1), NOW + CANCEL_AGAIN_MS)).toBe('requested')
    expect(link.pull(10, NOW + CANCEL_AGAIN_MS).cancels).toEqual([id(1)])
  })

  test('that is answered while the acceptance is still owed leaves the asking as it is', () => {
    const link = openLink()
    link.offer(id(1), true, NOW)
    link.pushed(id(1), 'journaled', NOW)
    link.progress(id(1), 'outcome', NOW)
    link.takeBack(id(1), NOW)
    link.progress(id(1), 'cancel-answered', NOW)
    link.progress(id(1), 'journaled', NOW)
    expect(beat(link, NOW + ASK_AGAIN_MS).askAgain).toEqual([id(1)])
  })

  test('is not pushed ahead of its work to a new journal: a pull brings both', () => {
    const link = openLink()
    link.offer(id(1), true, NOW)
    link.takeBack(id(1), NOW)
    expect(link.takeEpoch('till-1', NOW + 1)).toMatchObject({ value: { epoch: 2, dispatch: [] } })
    expect(link.offer(id(1), true, NOW + 2)).toEqual({ kind: 'parked' })
    expect(link.pull(10, NOW + 3)).toMatchObject({ assignments: [{ assignmentId: id(1), maybeWritten: true }], cancels: [id(1)] })
  })

  test('goes together with the work to a new journal, each time, because the old one may have written it to the POS', () => {
    const link = openLink()
    link.offer(id(1), true, NOW)
    link.takeBack(id(1), NOW)
    link.takeEpoch('till-1', NOW)
    const both = { assignments: [{ assignmentId: id(1), acceptBy: NOW + ACCEPT_WITHIN_MS, maybeWritten: true }], cancels: [id(1)] }
    expect([link.pull(10, NOW), link.pull(10, NOW + 1)]).toEqual([both, both])
  })
})

describe('what a store lets lie', () => {
  const SHORT_MS = 30 * 60_000
  const parked = () => {
    const link = openLink()
    link.offer(id(1), false, NOW, SHORT_MS)
    return link
  }
  const offered = () => {
    const link = openLink()
    link.offer(id(1), true, NOW, SHORT_MS)
    link.pushed(id(1), 'journaled', NOW)
    return link
  }

  test('and was never offered is struck, if another store can do it', () => {
    const link = parked()
    expect(link.giveUp(id(1), false, NOW + 10 * SHORT_MS)).toBe('kept')
    expect([link.giveUp(id(1), true, NOW), link.giveUp(id(1), true, NOW)]).toEqual(['struck', 'struck'])
    expect(link.offer(id(1), true, NOW)).toEqual({ kind: 'struck' })
    expect(link.pull(10, NOW)).toEqual({ assignments: [], cancels: [] })
  })

  test('counts from the first offer, in the time it was given, however long it was parked', () => {
    const link = parked()
    const [pulled] = link.pull(10, NOW + 3 * SHORT_MS).assignments
    expect(pulled?.acceptBy).toBe(NOW + 4 * SHORT_MS)
    expect(link.giveUp(id(1), true, NOW + 4 * SHORT_MS)).toBe('kept')
    expect(link.giveUp(id(1), true, NOW + 4 * SHORT_MS + ACCEPT_SKEW_MS)).toBe('given-away')
  })

  test('is given away after that and the skew, a day later where nobody else has it; the store is then asked to cancel', () => {
    const link = offered()
    const over = NOW + SHORT_MS + ACCEPT_SKEW_MS
    expect([link.giveUp(id(1), true, over - 1), link.giveUp(id(1), false, over + ACCEPT_WITHIN_MS - 1)]).toEqual(['kept', 'kept'])
    expect([link.giveUp(id(1), true, over), link.giveUp(id(1), false, over)]).toEqual(['given-away', 'given-away'])
    expect(link.pull(10, over)).toEqual({ assignments: [], cancels: [id(1)] })
    expect(offered().giveUp(id(1), false, over + ACCEPT_WITHIN_MS)).toBe('given-away')
  })

  test('is not given up before it came here', () => expect(openLink().giveUp(id(1), true, NOW)).toBe('kept'))
})

describe('what the store took although it was given away', () => {
  test.each<[string, (link: SyncLink) => void]>([
    ['unknown here', () => undefined],
    ['forgotten', (link) => {
      link.offer(id(1), true, NOW)
      link.progress(id(1), 'final', NOW)
    }],
    ['struck', (link) => void link.takeBack(id(1), NOW)],
    ['still offered', (link) => void link.offer(id(1), true, NOW)],
  ])('and is %s is asked back until the store has answered, and is never offered again', (_, before) => {
    const link = openLink()
    before(link)
    link.undo(id(1), NOW)
    expect(beat(link, NOW)).toMatchObject({ pending: 1, dispatch: [] })
    expect(link.pull(10, NOW)).toEqual({ assignments: [], cancels: [id(1)] })
    expect(link.offer(id(1), true, NOW)).toEqual({ kind: 'handed-over' })
    expect(link.takeBack(id(1), NOW)).toBe('requested')
    link.progress(id(1), 'outcome', NOW + 1)
    expect(link.pull(10, NOW + CANCEL_AGAIN_MS)).toEqual({ assignments: [], cancels: [id(1)] })

    expect(link.takeEpoch('till-1', NOW + CANCEL_AGAIN_MS)).toMatchObject({ value: { dispatch: [] } })
    expect(link.pull(10, NOW + CANCEL_AGAIN_MS)).toEqual({ assignments: [], cancels: [id(1)] })
    link.progress(id(1), 'cancel-answered', NOW + CANCEL_AGAIN_MS)
    expect(link.pull(10, NOW + 3 * CANCEL_AGAIN_MS)).toEqual({ assignments: [], cancels: [] })
    expect(link.facts(NOW)).toMatchObject({ parked: 0, handedOver: 0 })
  })

  test('is asked back also when the order is said to be over: only the answer to the cancel ends it', () => {
    const link = openLink()
    link.undo(id(1), NOW)
    link.markDurable(1, { seq: 0, digest: EMPTY_DIGEST }, { seq: 1, digest: 'one' }, { assignmentIds: [id(1)], at: NOW })
    link.progress(id(1), 'final', NOW)
    expect(beat(link, NOW + CANCEL_AGAIN_MS)).toMatchObject({ pending: 1, askAgain: [] })
    expect(link.pull(10, NOW + CANCEL_AGAIN_MS).cancels).toEqual([id(1)])
  })
})
