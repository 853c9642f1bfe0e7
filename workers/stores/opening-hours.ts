import type { OpeningHours } from '../../contract/store.ts'

const MINUTE_MS = 60_000
const DAYS = { Mon: 'mon', Tue: 'tue', Wed: 'wed', Thu: 'thu', Fri: 'fri', Sat: 'sat', Sun: 'sun' } as const
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

/**
 * Since when (epoch ms) the store has been open on this day of its own, or `null` while it is closed. On the two nights a year on which its clock is changed
 * it may be an hour off.
 */
export function openSince(hours: OpeningHours, timeZone: string, now: number): number | null {
  const parts = new Map(new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(now).map(({ type, value }) => [type, value]))
  const day = DAYS[parts.get('weekday') as keyof typeof DAYS]
  const minute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'))
  const span = hours[day].find(({ from, to }) => minutesOf(from) <= minute && minute < minutesOf(to))
  return span ? Math.floor(now / MINUTE_MS) * MINUTE_MS - (minute - minutesOf(span.from)) * MINUTE_MS : null
}
