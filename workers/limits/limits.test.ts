import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressBlock } from './address-block.ts'
import { takeOne } from './bucket.ts'
import type { Bucket } from './bucket.ts'
import { charge, lastEnd, refund } from './unpaid.ts'
import type { UnitCharge, Unpaid } from './unpaid.ts'

const NOW = 1_790_000_000_000
const MINUTE = 60_000

describe('a bucket', () => {
  it('lets a minute\'s calls through at once, then one as often as they come in', () => {
    let bucket: Bucket | null = null
    const take = (at: number) => {
      const done = takeOne(bucket, 60, at)
      bucket = done.bucket
      return done.taken
    }
    expect(Array.from({ length: 61 }, () => take(NOW).ok).lastIndexOf(true)).toBe(59)
    expect(take(NOW)).toEqual({ ok: false, remaining: 0, waitMs: 1000 })
    expect(take(NOW + 999).ok).toBe(false)
    expect(take(NOW + 1000)).toEqual({ ok: true, remaining: 0, waitMs: 1000 })
    // An hour later it holds a minute, not an hour; a clock that goes back fills nothing.
    expect(take(NOW + 60 * MINUTE).remaining).toBe(59)
    expect(take(NOW).remaining).toBe(58)
  })

  it('never lets more through in any minute than it holds and what comes in meanwhile', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 200 }), fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 300 }), (perMinute, gaps) => {
      let [at, bucket]: [number, Bucket | null] = [NOW, null]
      const passed: number[] = []
      for (const gap of gaps) {
        at += gap
        const { taken, bucket: next } = takeOne(bucket, perMinute, at)
        bucket = next
        if (taken.ok) passed.push(at)
      }
      for (const from of passed) expect(passed.filter((each) => each >= from && each < from + MINUTE).length).toBeLessThanOrEqual(2 * perMinute)
    }))
  })
})

describe('unpaid units', () => {
  const until = NOW + 16 * MINUTE
  it('are granted up to the most, and again when they stop counting', () => {
    const first = charge({}, { units: 40, until }, 50, NOW)
    if (!first.ok) throw new Error('refused')
    const refusal = charge(first.held, { units: 11, until }, 50, NOW)
    if (refusal.ok) throw new Error('granted')
    expect(refusal.waitMs).toBeGreaterThanOrEqual(16 * MINUTE)
    expect(refusal.waitMs).toBeLessThanOrEqual(21 * MINUTE)
    expect(charge(first.held, { units: 10, until }, 50, NOW).ok).toBe(true)
    expect(charge(first.held, { units: 11, until: until + refusal.waitMs }, 50, NOW + refusal.waitMs).ok).toBe(true)
    expect(charge(refund(first.held, { units: 40, until }), { units: 50, until }, 50, NOW).ok).toBe(true)
  })

  it('never count for less than was granted, whatever is asked, given back and waited for', () => {
    const step = fc.record({ gap: fc.integer({ min: 0, max: 10 * MINUTE }), units: fc.integer({ min: 1, max: 60 }), forMs: fc.integer({ min: MINUTE, max: 60 * MINUTE }), giveBack: fc.boolean() })
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let [now, held]: [number, Unpaid] = [NOW, {}]
      const granted: UnitCharge[] = []
      for (const { gap, units, forMs, giveBack } of steps) {
        now += gap
        const asked = { units, until: now + forMs }
        const charged = charge(held, asked, 100, now)
        if (charged.ok) {
          held = charged.held
          if (giveBack) held = refund(held, asked)
          else granted.push(asked)
        } else expect(charged.waitMs).toBeGreaterThan(0)
        const live = granted.filter((each) => each.until > now)
        expect(live.reduce((sum, each) => sum + each.units, 0)).toBeLessThanOrEqual(100)
        const end = lastEnd(held, now)
        for (const each of live) expect(end).toBeGreaterThanOrEqual(each.until)
      }
      expect(Object.keys(held).length).toBeLessThanOrEqual(60)
    }))
  })
})

describe('an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'], ['::ffff:192.0.2.7', '192.0.2.7'], ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'], ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8:0001:0002:ffff::', '2001:db8:1:2::/64'], ['2001:db8::1', '2001:db8:0:0::/64'], ['::1', '0:0:0:0::/64'], ['unknown', 'unknown'],
  ])('%s stands for %s', (address, block) => {
    expect(addressBlock(address)).toBe(block)
  })
})
