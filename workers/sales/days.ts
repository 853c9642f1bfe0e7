import { DateTime } from 'luxon'
import type { Day } from './port.ts'

/** The calendar days from one to another, both with, as a store's time zone has them: on two of them a year an hour is missing or there twice. */
export function daysBetween(first: string, last: string, timeZone: string): Day[] {
  const days: Day[] = []
  for (let day = DateTime.fromISO(first, { zone: timeZone }); (day.toISODate() ?? '') <= last; day = day.plus({ days: 1 })) {
    days.push({ day: day.toISODate() ?? '', from: day.startOf('day').toMillis(), to: day.plus({ days: 1 }).startOf('day').toMillis() })
  }
  return days
}
