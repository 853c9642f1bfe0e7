import { describe, expect, test } from 'vitest'
import { available, applyCommand, applyFell, applyLevel, confirm, decideReserve, emptyCounter, explain, release, RESERVATIONS_MAX, UNDECIDED_FOR_MS } from './counter.ts'
import type { Counter } from './counter.ts'
import type { LevelCommand, ReserveRequest } from './port.ts'

const NOW = 1_700_000_000_000
const place = { sku: 'SOAP', storeId: 'main' }

const level = (onHand: number, epoch: number, asOf: number, seq: number): LevelCommand => ({ type: 'level', ...place, onHand, epoch, asOf, seq, at: NOW })
const counted = (onHand: number, asOf = 0, seq = 1): Counter => applyLevel(emptyCounter('SOAP', 'main', 0), level(onHand, 1, asOf, seq)).counter
const request = (assignmentId: string, attempt: string, quantity: number, now = NOW): ReserveRequest => ({
  assignmentId, attempt: { id: attempt, bodyHash: 'h' }, storeId: 'main', demands: [{ sku: 'SOAP', quantity }], now, dueAt: now + 60_000,
})
const fell = (assignmentId: string, epoch: number, seq: number) => ({ type: 'fell' as const, ...place, assignmentId, position: { epoch, seq } })

function reserved(counter: Counter, asked: ReserveRequest): Counter {
  const answer = decideReserve([counter], asked, false)
  const [granted] = answer.ok ? answer.value : []
  if (!granted) throw new Error(`expected a grant, got ${JSON.stringify(answer)}`)
  return granted
}

describe('what the store no longer sells', () => {
  const listing = (counter: Counter, sold: boolean, seq: number) => applyCommand(counter, { type: 'listing', ...place, sold, position: { epoch: 1, seq } })

  test('cannot be bought, whatever is counted of it then; back on sale its level counts as it is', () => {
    const gone = listing(counted(9), false, 5).counter
    expect(available(gone)).toBe(0)
    expect(decideReserve([gone], request('a', '1', 1), false)).toMatchObject({ ok: false, refusal: { reason: 'out-of-stock', shortages: [{ sku: 'SOAP', requested: 1, available: 0 }], contended: false } })
    const recounted = applyLevel(gone, level(12, 1, 6, 7)).counter
    expect([available(recounted), explain(recounted)]).toMatchObject([0, { onHand: 12, sold: false, available: 0 }])
    const back = listing(recounted, true, 8).counter
    expect([available(back), explain(back).sold]).toEqual([12, true])
  })

  test('was it never counted, it stays unknown', () => {
    expect(available(listing(emptyCounter('SOAP', 'main', 0), false, 5).counter)).toBeNull()
  })

  test.each([[true, 4], [true, 5], [false, 4], [false, 5]])('an older word (sold: %s, seq %s) changes nothing', (sold, seq) => {
    const gone = listing(counted(9), false, 5).counter
    expect(listing(gone, sold, seq)).toEqual({ counter: gone, outcome: 'superseded' })
  })
})

describe('what can be sold', () => {
  test('is unknown, not zero, for what was never counted', () => {
    expect(available(emptyCounter('SOAP', 'main', 0))).toBeNull()
    expect(decideReserve([emptyCounter('SOAP', 'main', 0)], request('a', '1', 1), false)).toEqual({
      ok: false, refusal: { reason: 'out-of-stock', shortages: [{ sku: 'SOAP', requested: 1, available: null }], contended: false },
    })
  })

  test('is never negative', () => {
    expect(available(counted(-3))).toBe(0)
    expect(available({ ...counted(2), storeSafetyStock: 5 })).toBe(0)
  })

  test('leaves the safety stock on the shelf, the own one before the store’s', () => {
    expect(available({ ...counted(10), storeSafetyStock: 2 })).toBe(8)
    expect(available({ ...counted(10), storeSafetyStock: 2, ownSafetyStock: 0 })).toBe(10)
  })
})

describe('reserving', () => {
  test('refuses the whole basket when one line is short', () => {
    const soap = counted(10)
    const towel = { ...counted(1), sku: 'TOWEL' }
    const asked = { ...request('a', '1', 2), demands: [{ sku: 'SOAP', quantity: 2 }, { sku: 'TOWEL', quantity: 2 }] }
    expect(decideReserve([soap, towel], asked, false)).toEqual({
      ok: false, refusal: { reason: 'out-of-stock', shortages: [{ sku: 'TOWEL', requested: 2, available: 1 }], contended: false },
    })
  })

  test('the same attempt asked again has what it has', () => {
    const once = reserved(counted(3), request('a', '1', 3))
    expect(reserved(once, request('a', '1', 3))).toBe(once)
  })

  test('a twin of the same order is not refused because of itself, and weighs once', () => {
    const twins = reserved(reserved(counted(3), request('a', '1', 3)), request('a', '2', 3))
    expect(available(twins)).toBe(0)
    expect(available(release(twins, { assignmentId: 'a', attempt: { id: '1', bodyHash: 'h' } }).counter)).toBe(0)
    expect(available(release(twins, { assignmentId: 'a' }).counter)).toBe(3)
  })

  test('twins with different bodies weigh as the larger, until one is released', () => {
    const twins = reserved(reserved(counted(5), request('a', '1', 2)), request('a', '2', 4))
    expect(available(twins)).toBe(1)
    expect(available(release(twins, { assignmentId: 'a', attempt: { id: '2', bodyHash: 'h' } }).counter)).toBe(3)
  })

  test('a tombstone refuses it', () => {
    expect(decideReserve([counted(3)], request('a', '1', 1), true)).toEqual({ ok: false, refusal: { reason: 'released-before' } })
  })

  test('a shortage is contended only while it is due to others who have not finished placing', () => {
    const taken = reserved(counted(3), request('other', '1', 2))
    const refusal = (counter: Counter, now: number) => decideReserve([counter], request('me', '1', 2, now), false)
    expect(refusal(taken, NOW + UNDECIDED_FOR_MS - 1)).toMatchObject({ refusal: { contended: true } })
    expect(refusal(taken, NOW + UNDECIDED_FOR_MS)).toMatchObject({ refusal: { contended: false } })
    expect(refusal(confirm(taken, { type: 'confirm', ...place, assignmentId: 'other' }).counter, NOW)).toMatchObject({ refusal: { contended: false } })
    expect(decideReserve([taken], request('me', '1', 4), false)).toMatchObject({ refusal: { contended: false } })
  })

  test('every line has to fit for a shortage to be contended', () => {
    const soap = reserved(counted(2), request('other', '1', 2))
    const asked = { ...request('me', '1', 2), demands: [{ sku: 'SOAP', quantity: 2 }, { sku: 'TOWEL', quantity: 1 }] }
    expect(decideReserve([soap, { ...counted(0), sku: 'TOWEL' }], asked, false)).toMatchObject({ refusal: { contended: false, shortages: [{}, {}] } })
    expect(decideReserve([soap, { ...counted(1), sku: 'TOWEL' }], asked, false)).toMatchObject({ refusal: { contended: true, shortages: [{ sku: 'SOAP' }] } })
  })

  test('demand that was not summed, and an attempt that changes its mind, are bugs', () => {
    const twice = { ...request('a', '1', 1), demands: [{ sku: 'SOAP', quantity: 1 }, { sku: 'SOAP', quantity: 1 }] }
    expect(() => decideReserve([counted(3), counted(3)], twice, false)).toThrow(/summed/)
    expect(() => decideReserve([reserved(counted(3), request('a', '1', 1))], request('a', '1', 2), false)).toThrow(/two quantities/)
  })

  test('a row that would outgrow its table is a fault, not a sale', () => {
    const [one] = reserved(counted(10_000), request('a', '1', 1)).reservations
    const full = { ...counted(10_000), reservations: Array.from({ length: RESERVATIONS_MAX }, (_, n) => ({ ...one!, assignmentId: `o${n}` })) }
    expect(() => decideReserve([full], request('a', '1', 1), false)).toThrow(/open reservations/)
  })
})

describe('a level', () => {
  test('counts only when it is newer by epoch, then asOf, then seq', () => {
    const held = counted(5, 4, 6)
    expect(applyLevel(held, level(9, 1, 4, 6))).toEqual({ counter: held, outcome: 'superseded' })
    expect(applyLevel(held, level(9, 1, 3, 99)).outcome).toBe('superseded')
    expect(applyLevel(held, level(9, 1, 4, 7)).outcome).toBe('applied')
    expect(applyLevel(held, level(9, 1, 5, 5)).outcome).toBe('applied')
    const next = applyLevel(held, level(9, 2, 0, 1))
    expect(next.outcome).toBe('applied')
    expect(applyLevel(next.counter, level(1, 1, 999, 999)).outcome).toBe('superseded')
  })

  test('of a new epoch ends what fell in the old one', () => {
    const waiting = applyFell(reserved(counted(5), request('a', '1', 2)), fell('a', 1, 900)).counter
    expect(available(waiting)).toBe(3)
    expect(applyLevel(waiting, level(3, 2, 0, 1)).counter.reservations).toEqual([])
  })
})

describe('an acceptance', () => {
  const weighing = reserved(counted(5), request('a', '1', 2))

  test('weighs until a level read after it has come, whichever comes first', () => {
    const fellFirst = applyFell(weighing, fell('a', 1, 7)).counter
    expect(available(fellFirst)).toBe(3)
    expect(available(applyLevel(fellFirst, level(5, 1, 6, 8)).counter)).toBe(3)
    expect(available(applyLevel(fellFirst, level(3, 1, 7, 7)).counter)).toBe(3)

    const levelFirst = applyLevel(weighing, level(3, 1, 7, 7)).counter
    expect(available(levelFirst)).toBe(1)
    const both = applyFell(levelFirst, fell('a', 1, 7)).counter
    expect(available(both)).toBe(3)
    expect(both.reservations).toEqual([])
  })

  test('told twice is kept at its earliest place, whatever the order', () => {
    const positions = (...seqs: number[]) => seqs.reduce((counter, seq) => applyFell(counter, fell('a', 1, seq)).counter, weighing).reservations[0]?.fellAt
    expect(positions(7, 12)).toEqual({ epoch: 1, seq: 7 })
    expect(positions(12, 7)).toEqual({ epoch: 1, seq: 7 })
    expect(applyFell(applyFell(weighing, fell('a', 1, 7)).counter, fell('a', 1, 12)).outcome).toBe('superseded')
  })

  test('of what is not reserved here changes nothing', () => {
    expect(applyFell(weighing, fell('b', 1, 7))).toEqual({ counter: weighing, outcome: 'superseded' })
  })

  test('without the goods taken off makes it the store’s, once', () => {
    const first = confirm(weighing, { type: 'confirm', ...place, assignmentId: 'a' })
    expect(first).toMatchObject({ outcome: 'applied', counter: { reservations: [{ state: 'accepted', fellAt: null }] } })
    expect(confirm(first.counter, { type: 'confirm', ...place, assignmentId: 'a' }).outcome).toBe('superseded')
    expect(available(first.counter)).toBe(3)
  })
})

describe('an acceptance of less', () => {
  const less = { ...fell('a', 1, 7), quantity: 2 }
  test('gives the rest back at once; what was accepted weighs until a level read after it', () => {
    const accepted = applyFell(reserved(counted(9, 4, 5), request('a', '1', 5)), less).counter
    expect(available(accepted)).toBe(7)
    expect(available(applyLevel(accepted, level(7, 1, 6, 8)).counter)).toBe(5)
    expect(available(applyLevel(accepted, level(7, 1, 7, 8)).counter)).toBe(7)
  })
  test('told again, or before, changes nothing more, and never takes more than was reserved', () => {
    const before = reserved(counted(9, 4, 5), request('a', '1', 5))
    const accepted = applyFell(before, less)
    expect(applyFell(accepted.counter, less)).toEqual({ counter: accepted.counter, outcome: 'superseded' })
    expect(available(applyFell(before, { ...less, quantity: 8 }).counter)).toBe(4)
    expect(available(confirm(before, { type: 'confirm', ...place, assignmentId: 'a', quantity: 1 }).counter)).toBe(8)
  })
})

test('a release of what is not there changes nothing, and one attempt’s leaves its twin alone', () => {
  const twins = reserved(reserved(counted(3), request('a', '1', 1)), request('a', '2', 1))
  const releasing = (attempt: { id: string; bodyHash: string }) =>
    applyCommand(twins, { type: 'release', ...place, assignmentId: 'a', attempt, at: NOW })
  expect(releasing({ id: '1', bodyHash: 'other body' })).toEqual({ counter: twins, outcome: 'superseded' })
  expect(releasing({ id: '1', bodyHash: 'h' }).counter.reservations.map(({ attempt }) => attempt.id)).toEqual(['2'])
})

test('the number explains itself', () => {
  const counter = applyFell(reserved({ ...counted(9, 4, 5), storeSafetyStock: 1 }, request('a', '1', 2)), fell('a', 1, 7)).counter
  expect(explain(counter)).toEqual({
    storeId: 'main', onHand: 9, epoch: 1, asOf: 4, seenAt: '2023-11-14T22:13:20.000Z', safetyStock: 1, sold: true, stopped: false, available: 6,
    reservations: [{ assignmentId: 'a', quantity: 2, state: 'accepted', seq: { epoch: 1, seq: 7 }, weighs: true }],
  })
})
