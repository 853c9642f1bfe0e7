import { z } from 'zod'
import { Instant } from '../../contract/values.ts'

const count = z.int().min(0)

/** How a comparison of everything with the edge goes. `total` is a guess from what either side had before; `null` while nobody knows. */
export const ComparisonProgress = z.object({ what: z.enum(['sync', 'reconcile']), startedAt: Instant, compared: count, total: count.nullable(), events: count })
export type ComparisonProgress = z.infer<typeof ComparisonProgress>

const why = { why: z.string().optional(), hint: z.string().optional() }

/** One thing the connector does now, or waits for. */
export const Doing = z.discriminatedUnion('what', [
  z.object({ what: z.literal('comparing'), progress: ComparisonProgress }),
  z.object({ what: z.literal('order'), assignmentId: z.string(), since: Instant }),
  z.object({ what: z.literal('waiting-for-pos'), since: Instant, ...why }),
  /** Something other than the POS or the edge keeps a part from its work: the disk, or a mistake of the program. */
  z.object({ what: z.literal('failing'), part: z.enum(['capture', 'comparison']), since: Instant, fault: z.string(), ...why }),
  /** The edge answers, and does not accept what this store signs, or no longer this version of the connector. */
  z.object({ what: z.literal('refused-by-edge'), since: Instant, ...why }),
  z.object({ what: z.literal('waiting-for-edge'), since: Instant.nullable() }),
  /** Orders that the POS has failed; they are in `stuck`. */
  z.object({ what: z.literal('retrying'), orders: count }),
  z.object({ what: z.literal('sending'), events: count }),
  z.object({ what: z.literal('watching') }),
])
export type Doing = z.infer<typeof Doing>

/** A warning or an error of the log, once for however often it came. Only fields that the log may show. */
export const Trouble = z.object({
  event: z.string(), level: z.enum(['warn', 'error', 'fatal']), firstAt: Instant, lastAt: Instant, count: z.int().min(1),
  fault: z.string().optional(), ...why,
  /** The last order, row or call it was about, and how many there were. */
  about: z.string().optional(), abouts: z.int().min(1).optional(),
  /** When it was over; left out while it may go on. */
  endedAt: Instant.optional(),
})
export type Trouble = z.infer<typeof Trouble>

/** An order that was tried and is not finished: what hindered it last, how often, since when. */
export const StuckOrder = z.object({
  assignmentId: z.string(), number: z.string().nullable(), triedAt: Instant, since: Instant, count: z.int().min(1), fault: z.string(), ...why,
})
export type StuckOrder = z.infer<typeof StuckOrder>

/** What a running connector knows beyond its journal. Ages are seconds; `null`: not in this run. */
export const LiveStatus = z.object({
  version: z.string(),
  url: z.string(),
  startedAt: Instant,
  doing: z.array(Doing).min(1),
  /** `seenAfterMs`: see `PosCapabilities`. */
  pos: z.object({ reachable: z.boolean(), lookedAt: Instant.nullable(), lookedAgoS: z.number().nullable(), seenAfterMs: z.number().nullable().optional() }),
  edge: z.object({ answering: z.boolean(), answeredAt: Instant.nullable(), answeredAgoS: z.number().nullable(), holdsStore: z.boolean(), clockSkewMs: z.number().nullable() }),
  /** How old what the edge knows of the till can be, as `/metrics` has it: since the POS was last read to its end and that was on disk, and since the edge had confirmed everything. */
  fresh: z.object({ posS: z.number(), edgeS: z.number() }).optional(),
  /** Comparisons that ended in this run, and the wish for one on disk. */
  comparisons: z.object({ finished: count, failed: count, wanted: z.boolean() }),
  /** The oldest first. */
  stuck: z.array(StuckOrder).optional(),
  troubles: z.array(Trouble),
})
export type LiveStatus = z.infer<typeof LiveStatus>
