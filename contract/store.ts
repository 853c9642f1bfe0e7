import { z } from 'zod'
import { Instant, StoreId } from './values.ts'

/** On the store's own clock, "24:00" for midnight at the end of the day. */
const ClockTime = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'expected a time such as "09:30"')
/** A shop that closes for lunch and for a nap has three. */
const SPANS_PER_DAY_MAX = 6
const isInOrder = (spans: readonly { from: string; to: string }[]): boolean =>
  spans.every(({ from, to }, index) => from < to && (spans[index - 1]?.to ?? '') <= from)
const Day = z.array(z.object({ from: ClockTime, to: ClockTime })).max(SPANS_PER_DAY_MAX)
  .refine(isInOrder, 'expected spans in order that do not overlap and end on the same day; what goes on past midnight is a second span on the next day')
  .default([])

/** When a store is open, in its time zone. A day that is left out, or empty, is a day it is closed. */
export const OpeningHours = z.object({ mon: Day, tue: Day, wed: Day, thu: Day, fri: Day, sat: Day, sun: Day })
export type OpeningHours = z.infer<typeof OpeningHours>

/** Asked of any text: zod goes on after what does not look like a day. */
function isInCalendar(text: string): boolean {
  const midnight = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text)
}
/** A calendar day in the store's time zone. */
export const CalendarDay = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a day such as "2026-12-24"').refine(isInCalendar, 'expected a day that the calendar has')
/** Two years of holidays. */
const SPECIAL_DAYS_MAX = 100
/** Days on which a store is open otherwise than in any week: without spans it is closed. */
export const SpecialDays = z.array(z.object({ date: CalendarDay, spans: Day, note: z.string().trim().max(80).optional() })).max(SPECIAL_DAYS_MAX)
  .refine((days) => new Set(days.map(({ date }) => date)).size === days.length, 'expected each day once')
export type SpecialDays = z.infer<typeof SpecialDays>

/** What anyone may know of a store. */
export const PublicStore = z.object({
  storeId: StoreId,
  name: z.string(),
  timeZone: z.string(),
  /** `null` until the store says. */
  openingHours: OpeningHours.nullable(),
  takingOrders: z.boolean(),
  /** From today on. */
  specialDays: SpecialDays.default([]),
  /** When an order that is placed now stands ready to be fetched; `null`: the store promises nothing, or is closed for good. */
  pickupReadyAt: Instant.nullable().default(null),
})
export type PublicStore = z.infer<typeof PublicStore>
