import { describe, expect, it } from 'vitest'
import { OpeningHours } from '../../contract/store.ts'
import { openSince, promisedAt } from './opening-hours.ts'

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

describe('an order that is placed now stands ready', () => {
  const week = OpeningHours.parse({ mon: [{ from: '09:00', to: '12:00' }, { from: '13:00', to: '18:00' }], tue: [{ from: '10:00', to: '24:00' }], wed: [{ from: '00:00', to: '01:00' }] })
  const store = { openingHours: week, specialDays: [], timeZone: 'UTC', pickupLeadMinutes: 90 }
  it.each([
    ['after so long, while it is open', {}, at('09:15'), at('10:45')],
    ['with the lunch between', {}, at('11:00'), at('13:30')],
    ['on the next morning, for what is left', {}, at('17:30'), at('11:00', '2026-11-24')],
    ['not at the stroke of closing', {}, at('16:30'), at('10:00', '2026-11-24')],
    ['before it opens, counted from then', {}, at('05:00'), at('10:30')],
    ['past midnight, where it is open through it', {}, at('22:45', '2026-11-24'), at('00:15', '2026-11-25')],
    ['a week later, where it closes for the rest', {}, at('01:00', '2026-11-25'), at('10:30', '2026-11-30')],
    ['after a holiday', { specialDays: [{ date: '2026-11-24', spans: [] }] }, at('17:30'), at('01:00', '2026-11-25') + 5 * 86_400_000 + 8 * 3_600_000],
    ['within the hours of a special day', { specialDays: [{ date: '2026-11-24', spans: [{ from: '15:00', to: '20:00' }] }] }, at('17:30'), at('16:00', '2026-11-24')],
    ['at once, where nobody needs time', { pickupLeadMinutes: 0 }, at('09:15'), at('09:15')],
    ['always, where it has not said when it is open', { openingHours: null }, at('03:00'), at('04:30')],
    ['on its own clock', { timeZone: 'America/New_York' }, at('14:00'), at('15:30')],
    // That night its clock is put back from two to one: an hour and a half later it is only half an hour later.
    ['over the night on which the clock is changed', { openingHours: null, timeZone: 'America/New_York' }, at('05:00', '2026-11-01'), at('06:30', '2026-11-01')],
  ])('%s', (_, change, now, ready) => expect(promisedAt({ ...store, ...change }, now)).toBe(ready))

  it.each([
    ['nothing is promised', { pickupLeadMinutes: null }],
    ['it is closed for good', { openingHours: OpeningHours.parse({}) }],
  ])('never, where %s', (_, change) => expect(promisedAt({ ...store, ...change }, at('09:15'))).toBeNull())
})
