import { z } from 'zod'
import { Rounding, ROUNDING_DEFAULT } from './money.ts'
import { PaymentProviderName } from './payment.ts'
import { OpeningHours, SpecialDays } from './store.ts'
import { AssignmentId, ChannelId, OnHand, OrderId, Sku, StoreId } from './values.ts'

const TimeZone = z.string().refine(isTimeZone, 'expected an IANA time zone such as "Europe/London"')

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** What may stand in an HTTP header as it is. */
const HeaderText = z.string().regex(/^[\x21-\x7e]+$/, 'expected visible ASCII characters')

/** As a browser sends it: scheme, host and port, nothing more. */
const Origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, 'expected an origin such as "https://shop.example"')

export const Transport = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('tunnel'),
    url: z.url({ protocol: /^https?$/ }).refine((text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === '', 'expected an address without a user or password'),
    accessClientId: HeaderText.max(200).optional(),
    accessClientSecret: HeaderText.max(400).optional(),
  }),
  z.object({ kind: z.literal('pull') }),
])
export type Transport = z.infer<typeof Transport>

export const SafetyStock = z.int().min(0).max(1_000_000)

export const RegisterStore = z.object({
  storeId: StoreId,
  name: z.string().trim().min(1).max(120),
  timeZone: TimeZone,
  transport: Transport,
  safetyStock: SafetyStock.default(0),
  catalogSource: z.boolean().default(false),
  rounding: Rounding.default(ROUNDING_DEFAULT),
})
export type RegisterStore = z.infer<typeof RegisterStore>

/** Selling a shelf that nobody has counted for longer than a month is guessing. */
const SELL_STALE_FOR_S_MAX = 30 * 24 * 60 * 60

/** Two working weeks. */
const PICKUP_LEAD_MINUTES_MAX = 10 * 10 * 60

/** What may change of a store while it is open. What is left out stays; `null` is "not said": no opening hours, the platform's own patience. */
export const ChangeStore = z.object({
  name: RegisterStore.shape.name.optional(),
  timeZone: TimeZone.optional(),
  openingHours: OpeningHours.nullable().optional(),
  specialDays: SpecialDays.optional(),
  /** Minutes that its staff need while it is open, until an order stands ready; `null`: nothing is promised. */
  pickupLeadMinutes: z.int().min(0).max(PICKUP_LEAD_MINUTES_MAX).nullable().optional(),
  /** For how long its last counts are sold after its last sign of life, in seconds; 0 stops with the first missed minute. */
  /** How its POS rounds a receipt; so are the web's totals. */
  rounding: Rounding.optional(),
  sellStaleForS: z.int().min(0).max(SELL_STALE_FOR_S_MAX).nullable().optional(),
})
export type ChangeStore = z.infer<typeof ChangeStore>

export const SetSafetyStock = z.object({ sku: Sku.optional(), quantity: SafetyStock })

/** The lower, the sooner its turn to ship; 100 unless set. */
export const SetPriority = z.object({ priority: z.int().min(1).max(1000) })

const PerMinute = z.int().min(1).max(100_000)
const Units = z.int().min(1).max(10_000_000)

/** What each key of a channel may do, and each address that calls with a publishable one. */
const LIMITS = {
  /** Quotes, orders and cancels with the key, in any minute. */
  writesPerMinute: PerMinute,
  /** Of them, those from one address with a publishable key, which stands in everybody's browser. */
  writesPerMinutePerAddress: PerMinute,
  /** Units (1000 g, ml or mm are one) that are reserved and not paid: for 16 minutes while a payment is awaited, for a day where it is paid in the store. */
  unpaidUnitsPerAddress: Units,
  unpaidUnitsPerKey: Units,
}
/** A busy shop; an office of shoppers behind one address; a household's basket, twice; what a day of pick-ups comes to. */
export const LIMITS_DEFAULT = { writesPerMinute: 3_000, writesPerMinutePerAddress: 120, unpaidUnitsPerAddress: 50, unpaidUnitsPerKey: 10_000 }
export const ChannelLimits = z.object(LIMITS)
export type ChannelLimits = z.infer<typeof ChannelLimits>
/** Those that differ from what they are. */
const SomeLimits = ChannelLimits.partial()

/** A shop, its staging and its previews. */
const ORIGINS_MAX = 50

const PaymentProviders = z.array(PaymentProviderName).max(PaymentProviderName.options.length).refine((names) => new Set(names).size === names.length, 'expected each once')

export const RegisterChannel = z.object({
  channelId: ChannelId,
  name: z.string().trim().min(1).max(120),
  allowedOrigins: z.array(Origin).max(ORIGINS_MAX).default([]),
  /** Whether an order may be placed unpaid, to be paid at the counter. */
  payInStore: z.boolean().default(false),
  /** Who may be paid; the first is taken where the shopper names none and does not pay in the store. */
  paymentProviders: PaymentProviders.default([]),
  limits: SomeLimits.default({}),
})
export type RegisterChannel = z.infer<typeof RegisterChannel>

/** What stays when it is left out; `channelId` and when it was opened never change. */
export const ChangeChannel = z.object({
  name: RegisterChannel.shape.name.optional(),
  allowedOrigins: z.array(Origin).max(ORIGINS_MAX).optional(),
  payInStore: z.boolean().optional(),
  paymentProviders: PaymentProviders.optional(),
  limits: SomeLimits.optional(),
})
export type ChangeChannel = z.infer<typeof ChangeChannel>

/** What a key may do. */
export const Scope = z.enum(['quotes:create', 'orders:create', 'orders:read', 'orders:cancel'])
export type Scope = z.infer<typeof Scope>

/** A publishable key is in everybody's browser: it may ask and buy, and never read what others bought. */
export const SCOPES_OF_KIND = { publishable: ['quotes:create', 'orders:create'], secret: [...Scope.options] } as const satisfies Record<string, readonly Scope[]>
export const KeyKind = z.enum(['publishable', 'secret'])
export type KeyKind = z.infer<typeof KeyKind>

/** Without `scopes` a key may do all that its kind may. */
export const IssueKey = z.object({
  kind: KeyKind,
  scopes: z.array(Scope).min(1).max(Scope.options.length).optional(),
}).refine(({ kind, scopes = [] }) => kind === 'secret' || scopes.every((scope) => SCOPES_OF_KIND.publishable.some((each) => each === scope)), {
  path: ['scopes'], message: `expected only ${SCOPES_OF_KIND.publishable.join(', ')} for a publishable key: everybody can read it`,
})

/** A day is enough to put a new key into every page; a month is enough for an app in a store's review. */
const OVERLAP_S_DEFAULT = 24 * 60 * 60
const OVERLAP_S_MAX = 30 * 24 * 60 * 60
export const RotateKey = z.object({ overlapSeconds: z.int().min(0).max(OVERLAP_S_MAX).default(OVERLAP_S_DEFAULT) })

/** A key as people may see it again: never the key. */
export const KeyView = z.object({
  keyId: z.string(),
  kind: KeyKind,
  hint: z.string(),
  scopes: z.array(Scope),
  createdAt: z.string(),
  /** To the hour; `null` when nobody ever used it. */
  lastUsedAt: z.string().nullable(),
  /** When it stops, or stopped; `null`: it goes on. */
  expiresAt: z.string().nullable(),
})
export type KeyView = z.infer<typeof KeyView>

export const ExplainedReservation = z.object({
  assignmentId: z.string(),
  quantity: z.int(),
  state: z.enum(['reserved', 'confirmed', 'accepted']),
  /** The place in the store's numbering at which the POS took the goods off; `null` until it has. */
  seq: z.object({ epoch: z.int(), seq: z.int() }).nullable(),
  /** Whether it still lowers what can be sold. */
  weighs: z.boolean(),
})
export const ExplainedInventory = z.object({
  sku: Sku,
  stores: z.array(z.object({
    storeId: StoreId,
    onHand: OnHand.nullable(),
    epoch: z.int().nullable(),
    asOf: z.int().nullable(),
    seenAt: z.string().nullable(),
    safetyStock: z.int(),
    /** False: the store has removed it from what it sells, so none can be bought whatever the shelf holds. */
    sold: z.boolean(),
    /** True: somebody has taken it off the web for now (`GET /admin/v1/stops`). */
    stopped: z.boolean().default(false),
    reservations: z.array(ExplainedReservation),
    available: z.int().nullable(),
  })),
})
export type ExplainedInventory = z.infer<typeof ExplainedInventory>

export const CorrectDeadLetter = z.object({ body: z.unknown() })
export const DiscardDeadLetter = z.object({ why: z.string().trim().min(1).max(500) })

export const DeadLetterSummary = z.object({
  id: z.string(),
  queue: z.string(),
  reason: z.string(),
  state: z.enum(['waiting', 'replayed', 'discarded']),
  attempts: z.int(),
  lastError: z.string(),
  storeId: z.string().nullable(),
  revision: z.int(),
  filedAt: z.string(),
  expiresAt: z.string(),
})
export type DeadLetterSummary = z.infer<typeof DeadLetterSummary>

/** What came of a replay. `superseded`: something newer had already been applied. */
export const ReplayOutcome = z.enum(['applied', 'superseded', 'refused'])
export type ReplayOutcome = z.infer<typeof ReplayOutcome>

/** What names the customer to be erased; `again`: all who were before, for a database that came back from a backup. */
export const SoughtBy = z.enum(['orderId', 'email', 'phone', 'again'])
export type SoughtBy = z.infer<typeof SoughtBy>

/** Fewer digits would be the number of many. */
const PHONE_DIGITS = /^(\D*\d){6,}\D*$/

/** The body of `POST /admin/v1/erasures`. `why` is kept: no customer's name belongs there. */
export const RequestErasure = z.object({
  orderId: OrderId.optional(),
  email: z.email().max(254).optional(),
  phone: z.string().max(40).regex(PHONE_DIGITS, 'expected at least six digits').optional(),
  again: z.literal(true).optional(),
  why: z.string().trim().min(1).max(500),
}).refine(({ orderId, email, phone, again }) => [orderId, email, phone, again].filter((each) => each !== undefined).length === 1, 'expected one of orderId, email, phone, again')
export type RequestErasure = z.infer<typeof RequestErasure>

/** First the stores, then the open orders; after the colon, the last that was looked at. */
export const REPAIR_CURSOR = /^(stores|orders):([\w.-]{0,64})$/

/** The body of `POST /admin/v1/repair`: `cursor` is the `nextCursor` of the answer before. */
export const RequestRepair = z.object({
  dryRun: z.boolean().default(false),
  cursor: z.string().regex(REPAIR_CURSOR, 'expected the nextCursor of the answer before').optional(),
  why: z.string().trim().min(1).max(500),
})
export type RequestRepair = z.infer<typeof RequestRepair>

/** The body of `POST /admin/v1/repair/take-back`. */
export const TakeBackMissing = z.object({ storeId: StoreId, assignmentId: AssignmentId, why: z.string().trim().min(1).max(500) })
export type TakeBackMissing = z.infer<typeof TakeBackMissing>
