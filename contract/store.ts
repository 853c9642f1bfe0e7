import { z } from 'zod'
import { StoreId } from './values.ts'

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

/** What anyone may know of a store. */
export const PublicStore = z.object({
  storeId: StoreId,
  name: z.string(),
  timeZone: z.string(),
  /** `null` until the store says. */
  openingHours: OpeningHours.nullable(),
  takingOrders: z.boolean(),
})
export type PublicStore = z.infer<typeof PublicStore>
