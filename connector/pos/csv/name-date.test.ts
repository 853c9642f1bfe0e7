import { expect, test } from 'vitest'
import { momentOf } from './name-date.ts'

const NOW = Date.parse('2026-06-01T00:00:00Z')
const MTIME = Date.parse('2026-05-02T08:15:00Z')
const at = (name: string, zone = 'Europe/London', mtimeMs = MTIME): string => new Date(momentOf(name, mtimeMs, zone, NOW)).toISOString()
const OWN = '2026-05-02T08:15:00.000Z'

test.each([
  // In London it is summer: an hour before the wall's.
  ['stock-20260501-1000.csv', '2026-05-01T09:00:00.000Z'], ['stock_20260501_100030.csv', '2026-05-01T09:00:30.000Z'], ['stock-20260501T1000.csv', '2026-05-01T09:00:00.000Z'], ['202605011000.csv', '2026-05-01T09:00:00.000Z'],
  ['stock-2026-05-01_10-00.csv', '2026-05-01T09:00:00.000Z'], ['stock-2026-05-01_10-00-30.csv', '2026-05-01T09:00:30.000Z'], ['2026-05-01T10:00:30.csv', '2026-05-01T09:00:30.000Z'], ['stock 2026.05.01 10.00.csv', '2026-05-01T09:00:00.000Z'],
  ['2026_05_01-1000-full.csv', '2026-05-01T09:00:00.000Z'],
  // An offset of its own.
  ['stock-20260501T100030Z.csv', '2026-05-01T10:00:30.000Z'], ['stock-2026-05-01T10-00-30.250Z.csv', '2026-05-01T10:00:30.000Z'], ['stock-2026-05-01T10-00-30+02-00.csv', '2026-05-01T08:00:30.000Z'], ['stock-20260501T100030-0500.csv', '2026-05-01T15:00:30.000Z'],
  // A number behind a hyphen is none.
  ['stock-20260501-1000-0001.csv', '2026-05-01T09:00:00.000Z'], ['stock-20260501-1000-0500.csv', '2026-05-01T09:00:00.000Z'],
  // The hour that a clock repeats: the first.
  ['stock-2025-10-26_01-30.csv', '2025-10-26T00:30:00.000Z'],
  // The last of several; in the future it is now.
  ['sales-2026-04-30-2026-05-01.csv', '2026-05-01T22:59:59.999Z'], ['sales-20260430-20260501.csv', '2026-05-01T22:59:59.999Z'], ['till-2026-05-01-9912.csv', '2026-05-01T22:59:59.999Z'], ['stock-2027-01-01_10-00.csv', '2026-06-01T00:00:00.000Z'],
] as const)('%s is of %s', (name, moment) => expect(at(name)).toBe(moment))

test.each(['stock.csv', 'stock-20261341.csv', 'stock-20261341-1000.csv', 'stock-2026-02-30.csv', 'stock-400638133393.csv', 'stock-4006381333931.csv', 'shop-20010203.csv', 'stock-01-05-2026.csv', 'stock-1999-05-01.csv'])(
  '%s has no date: it is of its own time', (name) => expect(at(name)).toBe(OWN))

test.each([
  ['on the day itself, the file\'s own time', '2026-05-01T17:30:00Z', '2026-05-01T17:30:00.000Z'], ['written after midnight, the day\'s end', '2026-05-02T00:10:00Z', '2026-05-01T22:59:59.999Z'],
  ['copied here a month later, still the day\'s end', '2026-05-31T12:00:00Z', '2026-05-01T22:59:59.999Z'], ['dated before it, the day\'s beginning', '2026-04-30T12:00:00Z', '2026-04-30T23:00:00.000Z'],
] as const)('a date alone is, %s', (_what, mtime, moment) => {
  expect([at('stock-2026-05-01.csv', 'Europe/London', Date.parse(mtime)), at('stock-20260501.csv', 'Europe/London', Date.parse(mtime))]).toEqual([moment, moment])
})
