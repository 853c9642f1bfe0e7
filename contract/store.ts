import { z } from 'zod'
import { StoreId } from './values.ts'

export const OpeningHours = z.record(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']), z.array(z.object({ from: z.string(), to: z.string() })))

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
