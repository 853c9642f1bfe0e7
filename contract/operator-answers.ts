import { z } from 'zod'
import { AlertName } from './alert.ts'
import { AgeingReport } from './ageing.ts'
import { DriftReport, FeedReport } from './feed.ts'
import { ChannelLimits, DeadLetterSummary, KeyView, RegisterChannel, ReplayOutcome, SafetyStock, SoughtBy } from './operator.ts'
import { Rounding } from './money.ts'
import { Order } from './order.ts'
import { OpeningHours, SpecialDays } from './store.ts'
import { AssignmentId, Instant, Money, OrderId, Sku, StoreId } from './values.ts'

/** What a store's link knows of its connector; `null` where it has not said. */
export const LinkView = z.object({
  lastHeartbeatAt: Instant.nullable(),
  connectorId: z.string().nullable(),
  epoch: z.int(),
  ackedSeq: z.int(),
  lastSeq: z.int(),
  posReachable: z.boolean(),
  version: z.string().nullable(),
  clockSkewMs: z.number().nullable(),
  tunnel: z.enum(['up', 'down', 'none']).nullable(),
  journal: z.object({ inbox: z.int(), outbox: z.int() }).nullable(),
  /** How far its journal has forgotten erased customers; `null`: a connector that does not know of that. */
  erasedUpTo: z.int().nullable(),
  parked: z.int(),
  handedOver: z.int(),
})

/** A store as the operator sees it: everything but its secrets. `null`: its link or breaker cannot be asked. */
export const OperatorStore = z.object({
  storeId: StoreId,
  name: z.string(),
  timeZone: z.string(),
  safetyStock: SafetyStock,
  catalogSource: z.boolean(),
  paused: z.boolean(),
  priority: z.int(),
  openingHours: OpeningHours.nullable(),
  sellStaleForMs: z.int(),
  rounding: Rounding,
  specialDays: SpecialDays,
  pickupLeadMinutes: z.int().nullable(),
  breaker: z.enum(['closed', 'open', 'half-open']).nullable(),
  /** When its breaker lets the next call through; `null`: it is closed. */
  breakerProbeAt: Instant.nullable(),
  transport: z.discriminatedUnion('kind', [z.object({ kind: z.literal('tunnel'), url: z.string(), accessClientId: z.string().optional() }), z.object({ kind: z.literal('pull') })]),
  createdAt: Instant,
  takingOrders: z.boolean(),
  stale: z.boolean(),
  /** Orders that wait for the staff too long; `null`: none. */
  ageing: AgeingReport.extend({ since: Instant, updatedAt: Instant }).nullable(),
  link: LinkView.nullable(),
})
export const RegisteredStore = z.object({ store: OperatorStore, secret: z.string() })
export const StoreSecret = z.object({ secret: z.string() })
export const PairingCode = z.object({ code: z.string(), expiresAt: Instant })
export const ReconcileAsked = z.object({ requested: z.literal('reconcile') })
export const StoreSafetyStock = z.object({ storeId: StoreId, sku: Sku.nullable(), quantity: SafetyStock })
export const StorePriority = z.object({ storeId: StoreId, priority: z.int() })

export const OperatorFeed = z.object({
  storeId: StoreId,
  feed: FeedReport.nullable(),
  decision: z.enum(['approve', 'refuse']).nullable(),
  drift: DriftReport.nullable(),
  lag: z.object({ events: z.int().min(0), lastHeardAt: Instant.nullable(), posReachable: z.boolean() }).nullable(),
  updatedAt: Instant.nullable(),
})
export const FeedDecided = z.object({ storeId: StoreId, id: z.string(), requested: z.enum(['approve', 'refuse']) })

export const OperatorChannel = RegisterChannel.extend({ limits: ChannelLimits, createdAt: Instant })
export const RegisteredChannel = z.object({ channel: OperatorChannel })
/** The key itself is here and nowhere else. */
export const IssuedKey = KeyView.extend({ key: z.string() })
export const RotatedKey = IssuedKey.extend({ previous: KeyView })

const BreakerPhase = z.enum(['closed', 'open', 'half-open'])
/** `null`: whoever knows it does not answer. `d1.breaker` is of where this was asked: each place finds out by itself. */
export const Health = z.object({
  version: z.string(),
  d1: z.object({ answers: z.boolean(), breaker: BreakerPhase, openedAt: Instant.nullable(), probeAt: Instant.nullable() }),
  deadLetters: z.object({ waiting: z.int(), oldestAt: Instant.nullable() }).nullable(),
  alerts: z.array(z.object({ name: AlertName, storeId: StoreId.nullable(), since: Instant })).nullable(),
  /** `probeAt`: when the next call through the tunnel is let through. `parked`: assignments that wait for the store. */
  stores: z.array(z.object({ storeId: StoreId, breaker: BreakerPhase.nullable(), probeAt: Instant.nullable(), lastHeartbeatAt: Instant.nullable(), stale: z.boolean(), parked: z.int().nullable() })).nullable(),
  storesNotShown: z.int().nullable(),
})

/** A sale at the till; `assignmentId` when it is a web order seen there. */
export const TillSale = z.object({
  kind: z.enum(['sale', 'return']),
  storeId: StoreId,
  saleId: z.string(),
  total: Money,
  assignmentId: AssignmentId.nullable(),
  occurredAt: Instant,
})
export const ListedSale = z.union([Order.extend({ kind: z.literal('order') }), TillSale])

/** `body` is what would be replayed, `original` what came first. */
export const DeadLetter = DeadLetterSummary.extend({ body: z.unknown(), original: z.unknown(), outcome: z.string().nullable(), updatedAt: Instant })
export const ReplayAnswer = z.object({ outcome: ReplayOutcome, detail: z.string().optional() })
export const DiscardAnswer = z.object({ state: z.literal('discarded') })

/** One change by an operator. `target`: what was changed, by its id. `requestId` stands in the answer and the logs of that call, too. */
export const AuditEntry = z.object({
  id: z.int(), at: Instant, actor: z.string(), action: z.string(), target: z.string(), requestId: z.string().nullable(), detail: z.string().nullable(),
})

/** How the journal of a store stands. `away`: its connector is silent; it is told when it comes back. `connector_too_old`: it does not know how. */
export const JournalErased = z.enum(['waiting', 'away', 'connector_too_old', 'erased'])
export type JournalErased = z.infer<typeof JournalErased>

/** How far an erasure has come. `orders.waiting` are still to be delivered; `waitingFor` names the first of them. */
export const Erasure = z.object({
  id: z.string(),
  state: z.enum(['searching', 'waiting', 'done']),
  by: SoughtBy,
  why: z.string(),
  createdAt: Instant,
  updatedAt: Instant,
  reached: z.object({
    orders: z.object({ erased: z.int(), waiting: z.int(), waitingFor: z.array(OrderId) }),
    deadLetters: z.int(),
    journals: z.array(z.object({ storeId: StoreId, state: JournalErased })),
  }),
})
export type Erasure = z.infer<typeof Erasure>

/** What was sealed anew. `previousKey`: whether MASTER_KEY_PREVIOUS is set. */
export const Resealed = z.object({ stores: z.int(), alertWebhooks: z.int(), erasures: z.int(), webhooks: z.int().default(0), previousKey: z.boolean() })

/**
 * A page of a repair. `adopted`: parts that the database's order lacked. `missing`: what counters or links know and the database has no order for; `link`: how it stands at its store's
 * link, null when only the counters know it. `asked`: assignments whose stores say again what became of them.
 */
export const RepairPage = z.object({
  dryRun: z.boolean(),
  stores: z.array(StoreId),
  orders: z.int(),
  asked: z.int(),
  adopted: z.array(z.object({ assignmentId: AssignmentId, storeId: StoreId })),
  missing: z.array(z.object({ assignmentId: AssignmentId, storeId: StoreId, link: z.enum(['parked', 'queued', 'offered', 'handed-over']).nullable(), reserved: z.array(z.object({ sku: Sku, quantity: z.int() })) })),
  nextCursor: z.string().nullable(),
})
export type RepairPage = z.infer<typeof RepairPage>
export const TakenBack = z.object({ outcome: z.enum(['released', 'requested', 'nothing']) })
