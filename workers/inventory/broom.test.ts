import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ASK_AGAIN_MS, askKey, CONFIRMED_ASK_MS, dueOf, nextAskAt, settle } from './broom.ts'
import { applyFell, applyLevel, available, confirm, decideReserve, emptyCounter, release } from './counter.ts'
import type { Counter } from './counter.ts'
import type { DueReservation, Verdict } from './port.ts'

const place = { sku: 'SOAP', storeId: 'main' }
const DUE_MS = 60_000
const NOBODY: ReadonlyMap<string, number> = new Map()

const counted = (onHand: number): Counter =>
  applyLevel(emptyCounter('SOAP', 'main', 0), { type: 'level', ...place, onHand, epoch: 1, asOf: 0, seq: 1, at: 0 }).counter
const attemptOf = (id: string) => ({ id, bodyHash: 'h' })

function reserved(counter: Counter, assignmentId: string, attempt: string, now = 0): Counter {
  const demands = [{ sku: 'SOAP', quantity: 1 }]
  const answer = decideReserve([counter], { assignmentId, attempt: attemptOf(attempt), storeId: 'main', demands, now, dueAt: now + DUE_MS }, false)
  return answer.ok ? answer.value[0] ?? counter : counter
}
const due = (state: DueReservation['state']): DueReservation => ({ assignmentId: 'a', attempt: attemptOf('1'), state })

describe('what the broom asks about', () => {
  const counter = reserved(counted(3), 'a', '1')

  test('is what is due, and it weighs until there is an answer', () => {
    expect(dueOf(counter, NOBODY, DUE_MS - 1)).toEqual([])
    expect(dueOf(counter, NOBODY, DUE_MS)).toEqual([due('reserved')])
    expect(nextAskAt(counter, NOBODY)).toBe(DUE_MS)
    expect(available(counter)).toBe(2)
  })

  test('rests after an answer that says nothing', () => {
    const postponed = new Map([[askKey(due('reserved')), DUE_MS + ASK_AGAIN_MS]])
    expect(dueOf(counter, postponed, DUE_MS)).toEqual([])
    expect(nextAskAt(counter, postponed)).toBe(DUE_MS + ASK_AGAIN_MS)
  })

  test('is a confirmed or accepted one after a day, and never what the store has taken off', () => {
    const confirmed = settle(counter, due('reserved'), 'confirm', DUE_MS).counter
    expect(dueOf(confirmed, NOBODY, DUE_MS + CONFIRMED_ASK_MS - 1)).toEqual([])
    expect(dueOf(confirmed, NOBODY, DUE_MS + CONFIRMED_ASK_MS)).toEqual([due('confirmed')])
    const accepted = confirm(confirmed, { type: 'confirm', ...place, assignmentId: 'a' }).counter
    expect(dueOf(accepted, NOBODY, DUE_MS + CONFIRMED_ASK_MS)).toEqual([due('accepted')])
    expect(available(settle(accepted, due('accepted'), 'release', DUE_MS + CONFIRMED_ASK_MS).counter)).toBe(3)
    expect(settle(accepted, due('accepted'), 'confirm', DUE_MS + CONFIRMED_ASK_MS).counter.reservations[0]?.state).toBe('accepted')
    expect(nextAskAt(applyFell(accepted, { type: 'fell', ...place, assignmentId: 'a', position: { epoch: 1, seq: 9 } }).counter, NOBODY)).toBeNull()
  })
})

describe('an answer that was long under way', () => {
  const counter = reserved(counted(3), 'a', '1')

  test('changes nothing once the reservation is gone, or somebody else’s', () => {
    const gone = release(counter, { assignmentId: 'a' }).counter
    expect(settle(gone, due('reserved'), 'confirm', 0)).toEqual({ counter: gone, outcome: 'superseded' })
    const twin = reserved(gone, 'a', '2')
    expect(settle(twin, due('reserved'), 'release', 0).outcome).toBe('superseded')
    expect(settle(twin, due('reserved'), 'confirm', 0).outcome).toBe('superseded')
  })

  test('does not release what was confirmed, accepted or taken off meanwhile', () => {
    const confirmed = settle(counter, due('reserved'), 'confirm', 0).counter
    expect(settle(confirmed, due('reserved'), 'release', 0).outcome).toBe('superseded')
    const accepted = confirm(counter, { type: 'confirm', ...place, assignmentId: 'a' }).counter
    expect(settle(accepted, due('reserved'), 'release', 0).outcome).toBe('superseded')
    const fallen = applyFell(counter, { type: 'fell', ...place, assignmentId: 'a', position: { epoch: 1, seq: 9 } }).counter
    expect(settle(fallen, due('reserved'), 'release', 0).outcome).toBe('superseded')
  })

  test('a confirmed order whose assignment is final is given back', () => {
    const confirmed = settle(counter, due('reserved'), 'confirm', 0).counter
    expect(available(settle(confirmed, due('confirmed'), 'release', CONFIRMED_ASK_MS).counter)).toBe(3)
  })
})

/** Placements, a broom and a D1 that answers whenever it likes: the order's primary key alone decides. */
const STEPS = ['place', 'place', 'insert', 'insert', 'giveUp', 'ask', 'decide', 'answer', 'accept', 'fell', 'wait'] as const
const step = fc.record({ kind: fc.constantFrom(...STEPS), pick: fc.nat(1000), lost: fc.boolean() })

test('the broom against a slow D1: a placed order keeps its reservation, nothing else is kept for ever, nothing is sold twice', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 4 }), fc.array(step, { maxLength: 80, size: 'max' }), (stock, steps) => {
    let counter = counted(stock)
    let now = 0
    const rows = new Map<string, string>()
    const abandoned = new Set<string>()
    const taken = new Set<string>()
    const placements: { order: string; attempt: string }[] = []
    const asks: { dues: DueReservation[]; verdicts: Verdict[] | null }[] = []

    const decide = (asked: DueReservation): Verdict => {
      const row = rows.get(asked.assignmentId)
      if (row === asked.attempt.id) return 'confirm'
      abandoned.add(asked.attempt.id)
      return 'release'
    }
    for (const { kind, pick, lost } of steps) {
      const placement = placements[pick % placements.length]
      const ask = asks[pick % asks.length]
      switch (kind) {
        case 'place': {
          const next = { order: `o${pick % 3}`, attempt: `t${placements.length}` }
          const before = counter
          counter = reserved(counter, next.order, next.attempt, now)
          if (counter !== before) placements.push(next)
          break
        }
        case 'insert':
          if (placement && !rows.has(placement.order) && !abandoned.has(placement.attempt)) rows.set(placement.order, placement.attempt)
          break
        case 'giveUp':
          // Only who knows that the order is another attempt's releases its own.
          if (placement && rows.has(placement.order) && rows.get(placement.order) !== placement.attempt) {
            counter = release(counter, { assignmentId: placement.order, attempt: attemptOf(placement.attempt) }).counter
          }
          break
        case 'ask': {
          const dues = dueOf(counter, NOBODY, now)
          if (dues.length > 0) asks.push({ dues, verdicts: null })
          break
        }
        case 'decide':
          // D1 has acted, but its answer may be lost: then it is "wait".
          if (ask) ask.verdicts ??= ask.dues.map(decide).map((verdict) => (lost ? 'wait' : verdict))
          break
        case 'answer':
          for (const [index, asked] of ask?.dues.entries() ?? []) counter = settle(counter, asked, ask?.verdicts?.[index] ?? 'wait', now).counter
          break
        case 'accept':
          if (placement && rows.has(placement.order)) counter = confirm(counter, { type: 'confirm', ...place, assignmentId: placement.order }).counter
          break
        case 'fell':
          if (placement && rows.has(placement.order) && !taken.has(placement.order)) {
            taken.add(placement.order)
            counter = applyFell(counter, { type: 'fell', ...place, assignmentId: placement.order, position: { epoch: 1, seq: 100 } }).counter
          }
          break
        case 'wait':
          now += 20_000
      }
      expect(available(counter)).toBeGreaterThanOrEqual(0)
      expect(rows.size).toBeLessThanOrEqual(stock)
      for (const [order, attempt] of rows) {
        expect(counter.reservations.some((kept) => kept.assignmentId === order && kept.attempt.id === attempt)).toBe(true)
      }
    }
    now += CONFIRMED_ASK_MS + DUE_MS
    for (const asked of dueOf(counter, NOBODY, now)) counter = settle(counter, asked, decide(asked), now).counter
    expect(available(counter)).toBe(stock - rows.size)
  }), { numRuns: 2_000 })
})
