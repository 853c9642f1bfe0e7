import { z } from 'zod'

/** Ten years of 200 orders a day are 415 MB (three-years.test.ts); a catalogue of 100,000 items that waits whole for the edge is 100 MB more. */
const MEGABYTES_DEFAULT = 1024
/** Below it a first sync might never fit. */
const MEGABYTES_MIN = 16
/** Guarantees and complaints come within a quarter. */
const KEEP_FINISHED_DAYS_DEFAULT = 90

export const JournalConfig = z.object({
  file: z.string().min(1, 'the path of a file'),
  /** Larger, it takes no new orders and captures nothing new, until the edge has taken what waits. */
  maxMegabytes: z.int().min(MEGABYTES_MIN).max(1_000_000).default(MEGABYTES_DEFAULT),
  /** Then all but its id, lines and outcome is taken out of a finished order. That it was here is never forgotten. */
  keepFinishedDays: z.int().min(1).max(3650).default(KEEP_FINISHED_DAYS_DEFAULT),
})
