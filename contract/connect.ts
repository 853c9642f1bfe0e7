import { z } from 'zod'
import { AgeingReport } from './ageing.ts'
import { Assignment } from './assignment.ts'
import { DriftReport, FeedReport } from './feed.ts'
import { EVENTS_PER_CALL_MAX } from './limits.ts'
import { AsOf, AssignmentId, ConnectorId, Epoch, Instant, Seq, Sku } from './values.ts'

const Digest = z.string().regex(/^[0-9a-f]{64}$/, 'expected a hex SHA-256')

export const PairRequest = z.object({ code: z.string().min(1).max(64) })
export const PairAnswer = z.object({ secret: z.string() })

export const EpochRequest = z.object({ connectorId: ConnectorId })
export const EpochAnswer = z.object({ epoch: Epoch })

/** Only the shell is checked here: each event is checked by itself, so that a bad one takes no neighbour along. */
export const EventsRequest = z.object({
  connectorId: ConnectorId,
  epoch: Epoch,
  after: z.object({ seq: AsOf, digest: Digest }),
  events: z.array(z.looseObject({ seq: Seq })).max(EVENTS_PER_CALL_MAX),
})
export type EventsRequest = z.infer<typeof EventsRequest>

export const EventsAnswer = z.object({
  ackedSeq: AsOf,
  rejected: z.array(z.object({ seq: Seq, code: z.string(), detail: z.string() })),
})
export type EventsAnswer = z.infer<typeof EventsAnswer>

export const HeartbeatRequest = z.object({
  connectorId: ConnectorId,
  epoch: Epoch,
  lastSeq: AsOf,
  posReachable: z.boolean(),
  journal: z.object({ inbox: z.int().min(0), outbox: z.int().min(0) }),
  version: z.string().max(64),
  clock: Instant,
  tunnel: z.enum(['up', 'down', 'none']),
  /** Left out by a connector that does not judge its feed. */
  feed: FeedReport.optional(),
  /** Of the last reconcile; left out before the first. */
  drift: DriftReport.optional(),
  /** `null`: nobody waits too long. Left out by a connector that does not watch it. */
  ageing: AgeingReport.nullish(),
  /** The last `erase.upTo` that this journal has followed; 0 before the first. Left out by a connector that does not know of erasing. */
  erasedUpTo: z.int().min(0).optional(),
})
export type HeartbeatRequest = z.infer<typeof HeartbeatRequest>

export const HeartbeatAnswer = z.object({
  serverTime: Instant,
  ackedSeq: AsOf,
  /** How many assignments and cancels wait to be pulled. */
  pending: z.int().min(0),
  /** Handed over for 30 s without an outcome: answer each with a new event. */
  askAgain: z.array(AssignmentId),
  /** What the operator wants done (`reconcile`, `feed-approve:ID`, `feed-refuse:ID`). Unknown words are ignored. */
  requests: z.array(z.string()),
  /** Whether the edge's last push came through; while not, the connector pulls often. */
  pushConfirmed: z.boolean().default(false),
  /** Customers to be erased: take theirs out of these assignments, known or not, then say `erasedUpTo: upTo`. There may be more after them. */
  erase: z.object({ upTo: z.int().min(1), assignmentIds: z.array(AssignmentId) }).optional(),
})
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>

export const PendingAnswer = z.object({
  assignments: z.array(Assignment),
  cancels: z.array(z.object({ assignmentId: AssignmentId })),
})
export type PendingAnswer = z.infer<typeof PendingAnswer>

/** What the edge has of one SKU of the store. `itemHash` is null for a level without an item, `onHand` for an item never counted. */
export const StateRow = z.object({
  sku: Sku,
  itemHash: z.string().nullable(),
  /** Of the item, in minor units: so that a new journal can see a price that jumps. */
  priceMinor: z.int().nullable().optional(),
  onHand: z.int().nullable(),
  epoch: z.int().nullable(),
  seq: z.int().nullable(),
  asOf: z.int().nullable(),
})
export type StateRow = z.infer<typeof StateRow>
export const StateAnswer = z.object({ items: z.array(StateRow), nextCursor: z.string().nullable() })
export type StateAnswer = z.infer<typeof StateAnswer>
