import { describe, expect, it } from 'vitest'
import { OpeningHours } from '../../contract/store.ts'
import { openSince } from './opening-hours.ts'

const hours = OpeningHours.parse({ mon: [{ from: '09:00', to: '12:30' }, { from: '14:00', to: '18:00' }], fri: [{ from: '18:00', to: '24:00' }], sat: [{ from: '00:00', to: '02:00' }] })
// A Monday.
const at = (time: string, day = '2026-11-23') => Date.parse(`${day}T${time}Z`)

describe('a store is open', () => {
  it.each([
    ['at its first minute', 'UTC', at('09:00:59'), at('09:00')],
    ['until before its last', 'UTC', at('12:29:59'), at('09:00')],
    ['after lunch, since then', 'UTC', at('15:10'), at('14:00')],
    ['on its own clock', 'America/New_York', at('14:05'), at('14:00')],
    ['where the hour is half another', 'Asia/Kolkata', at('03:31'), at('03:30')],
    ['to the end of the day', 'UTC', at('23:59', '2026-11-27'), at('18:00', '2026-11-27')],
    ['past midnight, as a second span', 'UTC', at('01:59', '2026-11-28'), at('00:00', '2026-11-28')],
  ])('%s', (_, timeZone, now, since) => {
    expect(openSince(hours, timeZone, now)).toBe(since)
  })

  it.each([
    ['before its first minute', 'UTC', at('08:59:59')],
    ['at lunch', 'UTC', at('12:30')],
    ['on a day that was left out', 'UTC', at('10:00', '2026-11-24')],
    ['while it is night on its own clock', 'America/New_York', at('09:30')],
  ])('not %s', (_, timeZone, now) => {
    expect(openSince(hours, timeZone, now)).toBe(null)
  })
})
