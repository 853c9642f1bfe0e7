import { expect, test } from 'vitest'
import { createPinGuard } from './pin-guard.ts'
import { createSessions, SESSION_MS } from './session.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

function guarded() {
  const clock = { now: 0 }
  return { clock, guard: createPinGuard('4711', () => clock.now) }
}

test('three slips of a finger cost nothing, then every wrong try waits twice as long', () => {
  const { clock, guard } = guarded()
  const waits = Array.from({ length: 7 }, () => {
    const answer = guard.try('a', '0000')
    if (answer.kind !== 'wrong') throw new Error(answer.kind)
    clock.now += answer.waitMs
    return answer.waitMs
  })
  expect(waits).toEqual([0, 0, 1000, 2000, 4000, 8000, 16_000])
  expect(guard.try('a', '4711')).toEqual({ kind: 'right' })
  expect(guard.try('a', '0000')).toEqual({ kind: 'wrong', waitMs: 0 })
})

test('while it waits not even the right PIN is looked at, but other tablets go on', () => {
  const { clock, guard } = guarded()
  for (let n = 0; n < 3; n += 1) guard.try('a', '0000')
  expect(guard.try('a', '4711')).toEqual({ kind: 'locked', waitMs: 1000 })
  expect(guard.try('b', '4711')).toEqual({ kind: 'right' })
  clock.now += 1000
  expect(guard.try('a', '4711')).toEqual({ kind: 'right' })
})

test('ten wrong tries lock an address for a quarter of an hour', () => {
  const { clock, guard } = guarded()
  let last = 0
  for (let n = 0; n < 10; n += 1) {
    const answer = guard.try('a', '0000')
    last = answer.kind === 'wrong' ? answer.waitMs : 0
    clock.now += last
  }
  expect(last).toBe(15 * MINUTE_MS)
})

test('a guesser with many addresses locks all of them for an hour', () => {
  const { clock, guard } = guarded()
  const answers = Array.from({ length: 20 }, (_, n) => guard.try(`10.0.0.${n}`, '0000'))
  expect(answers.at(-1)).toEqual({ kind: 'wrong', waitMs: HOUR_MS })
  expect(guard.try('a', '4711')).toEqual({ kind: 'locked', waitMs: HOUR_MS })
  clock.now += HOUR_MS
  expect(guard.try('a', '4711')).toEqual({ kind: 'right' })
})

test('slips over the weeks add up to nothing', () => {
  const { clock, guard } = guarded()
  for (let n = 0; n < 60; n += 1) {
    expect(guard.try(`10.0.0.${n}`, '0000').kind).toBe('wrong')
    clock.now += HOUR_MS + 1
  }
})

test('a session holds over a restart, for a month, and not under another PIN or with another signature', () => {
  const kept = new Map<string, string>()
  const meta = { get: (key: string) => kept.get(key) ?? null, set: (key: string, value: string) => void kept.set(key, value) }
  let now = 1_000
  const open = (pin: string) => createSessions(meta, pin, () => now)
  const cookie = open('4711').issue()
  expect(open('4711').isValid(cookie)).toBe(true)
  expect(open('4712').isValid(cookie)).toBe(false)
  const [until = '', signature = ''] = cookie.split('.')
  for (const forged of ['', `${until}.`, `${Number(until) + 1}.${signature}`, `${until}.${signature.slice(1)}A`, `${until}.${'A'.repeat(43)}`, `${until}.${signature}.x`]) expect(open('4711').isValid(forged)).toBe(false)
  now += SESSION_MS
  expect(open('4711').isValid(cookie)).toBe(false)
})
