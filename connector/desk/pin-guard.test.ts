import { expect, test } from 'vitest'
import { createPinGuard, networkOf } from './pin-guard.ts'
import { createSessions, KNOWN_MS, SESSION_MS } from './session.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

function guarded() {
  const clock = { now: 5_000 }
  const guard = createPinGuard('471147', () => clock.now)
  return { clock, from: (address: string, pin = '000000') => guard.try({ kind: 'stranger', address }, pin), known: (device: string, pin = '000000') => guard.try({ kind: 'known', device }, pin) }
}

test('three slips of a finger cost nothing, then every wrong try waits twice as long', () => {
  const { clock, from } = guarded()
  const waits = Array.from({ length: 7 }, () => {
    const answer = from('10.0.0.1')
    if (answer.kind !== 'wrong') throw new Error(answer.kind)
    clock.now += answer.waitMs
    return answer.waitMs
  })
  expect(waits).toEqual([0, 0, 1000, 2000, 4000, 8000, 16_000])
  expect(from('10.0.0.1', '471147')).toEqual({ kind: 'right' })
  expect(from('10.0.0.1')).toEqual({ kind: 'wrong', waitMs: 0 })
})

test('while it waits not even the right PIN is looked at, but other tablets go on', () => {
  const { clock, from } = guarded()
  for (let n = 0; n < 3; n += 1) from('10.0.0.1')
  expect(from('10.0.0.1', '471147')).toEqual({ kind: 'locked', waitMs: 1000 })
  expect(from('10.0.0.2', '471147')).toEqual({ kind: 'right' })
  clock.now += 1000
  expect(from('10.0.0.1', '471147')).toEqual({ kind: 'right' })
})

test('ten wrong tries lock an address for a quarter of an hour, and yesterday\'s count for nothing', () => {
  const { clock, from } = guarded()
  let last = 0
  for (let n = 0; n < 10; n += 1) {
    const answer = from('10.0.0.1')
    last = answer.kind === 'wrong' ? answer.waitMs : 0
    clock.now += last
  }
  expect(last).toBe(15 * MINUTE_MS)
  clock.now += DAY_MS
  expect([1, 2, 3].map(() => from('10.0.0.1'))).toMatchObject([{ waitMs: 0 }, { waitMs: 0 }, { waitMs: 1000 }])
})

test('who guesses at one address all day keeps nobody else out', () => {
  const { clock, from, known } = guarded()
  for (let n = 0; n < 24 * 3600; n += 1) {
    from('10.0.0.66')
    clock.now += 1000
  }
  expect(from('10.0.0.2').kind).toBe('wrong')
  expect(from('10.0.0.2', '471147')).toEqual({ kind: 'right' })
  expect(known('tablet', '471147')).toEqual({ kind: 'right' })
})

test('who guesses from all addresses of a network keeps no tablet out that was in before', () => {
  const { clock, from, known } = guarded()
  for (let n = 0; n < 20_000; n += 1) {
    from(`10.0.${n % 40}.${n % 250}`)
    clock.now += 100
  }
  expect(known('tablet').kind).toBe('wrong')
  expect(known('tablet', '471147')).toEqual({ kind: 'right' })
})

test('guessers with as many addresses as they like have at most 2,100 tries on the first day and 1,760 on each that follows', () => {
  const { clock, from } = guarded()
  const tries = (day: number): number => {
    let looked = 0
    for (let second = 0; second < DAY_MS / 1000; second += 1) {
      // Each with its own new address, several a second.
      for (let n = 0; n < 3; n += 1) if (from(`fd00:${day}:${second.toString(16)}:${n}::1`).kind === 'wrong') looked += 1
      clock.now += 1000
    }
    return looked
  }
  expect(tries(1)).toBeLessThanOrEqual(2_100)
  for (const day of [2, 3]) expect(tries(day)).toBeLessThanOrEqual(1_760)
})

test('a known device guesses no faster than an address', () => {
  const { clock, known } = guarded()
  let looked = 0
  for (let second = 0; second < DAY_MS / 1000; second += 1) {
    if (known('stolen').kind === 'wrong') looked += 1
    clock.now += 1000
  }
  expect(looked).toBeLessThan(700)
})

test.each([
  ['192.168.1.7', '192.168.1.7'], ['::ffff:192.168.1.7', '192.168.1.7'], ['fd12:3456:789a:1:aaaa:bbbb:cccc:dddd', 'fd12:3456:789a:1'], ['fd12:3456:789a:1::9', 'fd12:3456:789a:1'],
  ['fe80::1%eth0', 'fe80:0:0:0'], ['::1', '0:0:0:0'], ['2001:0DB8::', '2001:db8:0:0'], ['unknown', 'unknown'],
])('%s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

test('a session holds over a restart, for a month, and not under another PIN or with another signature', () => {
  const kept = new Map<string, string>()
  const meta = { get: (key: string) => kept.get(key) ?? null, set: (key: string, value: string) => void kept.set(key, value) }
  let now = 1_000
  const open = (pin: string) => createSessions(meta, pin, () => now)
  const cookie = open('4711').issue()
  expect(open('4711').isValid(cookie)).toBe(true)
  expect(open('4712').isValid(cookie)).toBe(false)
  const [until = '', device = '', signature = ''] = cookie.split('.')
  const forgeries = ['', `${until}.`, `${Number(until) + 1}.${device}.${signature}`, `${until}.${'A'.repeat(12)}.${signature}`, `${until}.${device}.${signature.slice(1)}A`, `${until}.${device}.${'A'.repeat(43)}`, `${cookie}.x`]
  for (const forged of forgeries) expect([open('4711').isValid(forged), open('4711').knownAs(forged)]).toEqual([false, null])
  now += SESSION_MS
  expect(open('4711').isValid(cookie)).toBe(false)
  expect(open('4711').knownAs(cookie)).toBe(device)
  now += KNOWN_MS
  expect(open('4711').knownAs(cookie)).toBeNull()
})

test('a device that was locked is out and known, under its own name, until the PIN changes', () => {
  const kept = new Map<string, string>()
  const meta = { get: (key: string) => kept.get(key) ?? null, set: (key: string, value: string) => void kept.set(key, value) }
  const open = (pin: string) => createSessions(meta, pin, () => 1_000_000)
  const [one, other] = [open('4711').issueEnded(), open('4711').issueEnded()]
  expect(open('4711').isValid(one)).toBe(false)
  expect(open('4711').knownAs(one)).toMatch(/^[\w-]{12}$/)
  expect(open('4711').knownAs(one)).not.toBe(open('4711').knownAs(other))
  expect(open('4712').knownAs(one)).toBeNull()
})
