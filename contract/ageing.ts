import { z } from 'zod'
import { AssignmentId, Instant } from './values.ts'

/** Enough for a call to the store; the heartbeat stays small. */
export const AGEING_SAMPLE_MAX = 5

/** `unwritten`: taken, and not in the till yet; `untouched`: nobody has begun it; `picking`: begun, and not finished; `in_doubt`: somebody must look into the till. */
export const AgeingOrder = z.object({ assignmentId: AssignmentId, state: z.enum(['unwritten', 'untouched', 'picking', 'in_doubt']), since: Instant })
export type AgeingOrder = z.infer<typeof AgeingOrder>

/** Web orders that have waited for the staff of a store for longer than it allows itself. `oldest` are the first of them. */
export const AgeingReport = z.object({
  count: z.int().min(1),
  afterMinutes: z.int().min(1),
  oldest: z.array(AgeingOrder).min(1).max(AGEING_SAMPLE_MAX),
})
export type AgeingReport = z.infer<typeof AgeingReport>
