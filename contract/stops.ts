import { z } from 'zod'
import { Instant, Sku, StoreId } from './values.ts'

export const StopReason = z.string().trim().min(1).max(200)

/** The body of `POST /admin/v1/stops`: off the web at once, at one store or at all, until then or until it is lifted. */
export const StopSelling = z.object({ sku: Sku, storeId: StoreId.optional(), why: StopReason, until: Instant.optional() })
/** The body of `POST /admin/v1/stops/lift`. */
export const ResumeSelling = z.object({ sku: Sku, storeId: StoreId.optional() })

export const Stop = z.object({ sku: z.string(), storeId: StoreId.nullable(), by: z.enum(['operator', 'store']), why: z.string(), since: Instant, until: Instant.nullable() })
export type Stop = z.infer<typeof Stop>
