import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimalsOf, floored, scaled, toMinor, toOnHand, toQuantity, toTaxRate, unscaled } from './decimal.ts'
import { instantToWallClock, isTimeZone, wallClockToInstant } from './wall-clock.ts'

describe('a decimal text', () => {
  test.each([
    ['12.345', 2, 1235], ['-12.345', 2, -1235], ['12.344999', 2, 1234], ['0.30000000000000004', 2, 30], ['1e-7', 2, 0], ['1.5E3', 0, 1500], ['2.675', 2, 268],
    ['1.005', 2, 101], ['.5', 0, 1], ['5.', 0, 5], ['+7', 2, 700], ['-0.001', 2, 0], ['00012.50', 2, 1250], ['499', 0, 499], ['1.2345', 3, 1235],
  ])('%s at scale %i is %i', (text, scale, expected) => expect(scaled(text, scale)).toBe(expected))

  test.each(['', '.', '-', 'NaN', 'Infinity', '1e300', '1,5', '0x10', '12 34', '1e', '99999999999999999999', '--1'])('%s is no number', (text) => expect(scaled(text, 2)).toBeNull())

  test('comes back as it was written', () => fc.assert(fc.property(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), fc.integer({ min: 0, max: 6 }), (value, scale) => {
    expect(scaled(unscaled(value, scale), scale)).toBe(value)
  })))

  test('of a double is what a person would round it to', () => fc.assert(fc.property(fc.integer({ min: -10_000_000, max: 10_000_000 }), (cents) => {
    expect(scaled(String(cents / 100), 2)).toBe(cents)
  })))

  test.each([['12.7', 12], ['-0.5', -1], ['12.9999999999', 13], ['3', 3], ['9007199254740991', 9007199254740991], ['x', null]])('pieces of %s are %s', (text, expected) => expect(floored(text, 0)).toBe(expected))
  test.each([['19.000', '19'], ['8.8750', '8.875'], ['0', '0'], ['100', '100'], ['-1', null], ['1000', null], ['x', null]])('a rate of %s is %s', (text, expected) => expect(toTaxRate(text)).toBe(expected))
  test('a share of one is percent', () => expect(['0.1035', '0.2', '1e-1', '2'].map((text) => toTaxRate(text, 2))).toEqual(['10.35', '20', '10', '200']))
  test('is money in the smallest unit of its currency', () => expect([toMinor('4.995', 'USD'), toMinor('499.5', 'JPY'), toMinor('1.2345', 'KWD'), toMinor('-0.005', 'EUR')]).toEqual([500, 500, 1235, -1]))
  test('is a quantity in pieces, or in thousandths of a measure', () => expect([toQuantity('2.000', 'each'), toQuantity('1.25', 'thousandths'), toOnHand('1.9999', 'each'), toOnHand('0.9999', 'thousandths')]).toEqual([2, 1250, 1, 999]))
  test('has as many decimals as its currency', () => expect(['USD', 'JPY', 'KWD'].map(decimalsOf)).toEqual([2, 0, 3]))
})

describe('a wall clock', () => {
  test.each([
    ['2026-05-01 10:00:00', 'America/New_York', '2026-05-01T14:00:00.000Z'],
    ['2026-05-01 10:00:00.250', 'Asia/Kathmandu', '2026-05-01T04:15:00.250Z'],
    // Twice that night: the first of the two.
    ['2026-10-25 02:30:00', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    // Never that night: as far after the gap.
    ['2026-03-29 02:30:00', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    ['yesterday', 'UTC', null], ['2026-02-30 10:00:00', 'UTC', null],
  ])('%s in %s is %s', (text, zone, expected) => expect(wallClockToInstant(text, zone)).toBe(expected))

  test('is written as the till reads it', () => expect(instantToWallClock(Date.UTC(2026, 4, 1, 14), 'America/New_York')).toBe('2026-05-01 10:00:00'))
  test('knows which zones there are', () => expect(['Europe/London', 'Mars/Olympus'].map(isTimeZone)).toEqual([true, false]))
})
