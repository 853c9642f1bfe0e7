import { DateTime } from 'luxon'
import type { OpeningHours } from '../../contract/store.ts'
import type { Store } from './port.ts'

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
/** Who is closed for longer than this promises nothing. */
const DAYS_AHEAD_MAX = 60
const MINUTE_MS = 60_000

type Hours = Pick<Store, 'openingHours' | 'timeZone'> & Partial<Pick<Store, 'specialDays'>>
type Span = { from: number; to: number }

/** The day of the calendar that it is there now: "2026-12-24". */
export const localDay = (timeZone: string, now: number): string => DateTime.fromMillis(now, { zone: timeZone }).toISODate() ?? ''

/** When the store is open on this day, epoch ms, in order. A special day stands in the place of its week day. */
function spansOf({ openingHours, specialDays = [] }: Hours, day: DateTime): Span[] {
  const special = specialDays.find(({ date }) => date === day.toISODate())
  const spans = special?.spans ?? openingHours?.[WEEK[day.weekday - 1] ?? 'mon'] ?? [{ from: '00:00', to: '24:00' }]
  const at = (time: string): number => (time === '24:00' ? day.plus({ days: 1 }) : day.set({ hour: Number(time.slice(0, 2)), minute: Number(time.slice(3)) })).toMillis()
  return spans.map(({ from, to }) => ({ from: at(from), to: at(to) }))
}

/** Since when (epoch ms) the store has been open on this day of its own, or `null` while it is closed. */
export function openSince(hours: OpeningHours, timeZone: string, now: number, specialDays: Store['specialDays'] = []): number | null {
  const today = DateTime.fromMillis(now, { zone: timeZone }).startOf('day')
  return spansOf({ openingHours: hours, timeZone, specialDays }, today).find(({ from, to }) => from <= now && now < to)?.from ?? null
}

/**
 * When an order that is placed now stands ready, epoch ms: once the store has been open for as long as its staff need. `null` where nothing is promised, or it does not open for so
 * long in two months. A store that has not said when it is open always is.
 */
export function promisedAt(store: Hours & Pick<Store, 'pickupLeadMinutes'>, now: number): number | null {
  if (store.pickupLeadMinutes === null) return null
  let leftMs = store.pickupLeadMinutes * MINUTE_MS
  const today = DateTime.fromMillis(now, { zone: store.timeZone }).startOf('day')
  for (let ahead = 0; ahead <= DAYS_AHEAD_MAX; ahead++) {
    for (const { from, to } of spansOf(store, today.plus({ days: ahead }))) {
      const begins = Math.max(from, now)
      if (begins >= to) continue
      // At the stroke of closing nobody hands anything out.
      if (begins + leftMs < to) return begins + leftMs
      leftMs -= to - begins
    }
  }
  return null
}
