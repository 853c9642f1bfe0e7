import type { ExplainedInventory } from '../../contract/operator.ts'
import type { Shortage } from '../../contract/order.ts'
import type { Position } from '../../contract/position.ts'

/** A level as a store told it. `seq` is its event's, `asOf` the last seq given before it was read. `at` is when the edge heard, epoch ms. */
export type LevelCommand = { type: 'level'; storeId: string; sku: string; onHand: number; epoch: number; asOf: number; seq: number; at: number }
/** The POS took the goods of an assignment off at `position`: its reservation weighs until a level read at or after it. `quantity`: no more than this was accepted. */
export type FellCommand = { type: 'fell'; storeId: string; sku: string; assignmentId: string; position: Position; quantity?: number }
/** The store has accepted, and its stock will fall later: the reservation is the order's for good. */
export type ConfirmCommand = { type: 'confirm'; storeId: string; sku: string; assignmentId: string; quantity?: number }
/** Gives a reservation back and leaves a tombstone. With `attempt` only that attempt (and body), without it the whole assignment. */
export type ReleaseCommand = { type: 'release'; storeId: string; sku: string; assignmentId: string; attempt?: { id: string; bodyHash: string }; at: number }
/** Whether the store sells the SKU at all, as its catalogue said at `position`: what it has removed cannot be bought, whatever its shelf holds. */
export type ListingCommand = { type: 'listing'; storeId: string; sku: string; sold: boolean; position: Position }
export type CounterCommand = LevelCommand | FellCommand | ConfirmCommand | ReleaseCommand | ListingCommand
/** `superseded`: something newer was already there, or it had been done before. */
export type CommandOutcome = 'applied' | 'superseded'

/** What one basket asks of one store. Demand is summed per SKU by the caller. `attempt` is unique to one try of one request. */
export type ReserveRequest = {
  assignmentId: string
  attempt: { id: string; bodyHash: string }
  storeId: string
  demands: { sku: string; quantity: number }[]
  now: number
  /** When the broom may ask whether the order was placed. */
  dueAt: number
  /**
   * The attempt is written down and several may be asking for it at once: what was granted stays, whatever became of the rest,
   * until whoever decides in D1 releases the assignment. Else one asker's fault would take away what another was granted.
   */
  keepsWhatItHas?: true
}
/** `contended`: the shortage is only due to reservations so young that their placement may still fail. */
export type ReserveRefusal = { reason: 'out-of-stock'; shortages: Shortage[]; contended: boolean }
export type ReserveAnswer = { ok: true } | { ok: false; refusal: ReserveRefusal } | { ok: false; refusal: { reason: 'released-before' } }

export type SkuAvailability = {
  sku: string
  stores: { storeId: string; available: number | null; seenAt: number | null }[]
}
/** A reservation as its counter keeps it, for comparing with D1 after a restore. `attempt`: its id. */
export type KeptReservation = { storeId: string; sku: string; assignmentId: string; attempt: string; quantity: number; state: 'reserved' | 'confirmed' | 'accepted' }
/** What a store's counters hold, for `GET …/state`. */
export type CounterState = { sku: string; onHand: number; epoch: number; seq: number; asOf: number }

/** The counters, wherever they live: the adapter finds each SKU's home and makes one call per home. Functions, so a fake is an object literal. */
export type Inventory = {
  /** Reserves the whole basket at one store, or nothing. Releases what was granted elsewhere when one home refuses, unless it `keepsWhatItHas`. */
  reserve(request: ReserveRequest): Promise<ReserveAnswer>
  /** Applies in order per SKU; outcomes in the order of the commands. Throws when a home cannot be reached (idempotent: call again). */
  apply(commands: CounterCommand[]): Promise<CommandOutcome[]>
  /** As `apply`, but what a home could not take comes back instead of an exception. */
  applyWhatGoes(commands: CounterCommand[]): Promise<{ failed: CounterCommand[] }>
  /** `orderId`: as that order sees it, whose own reservations (an earlier try of a placement) do not stand in its way. */
  availability(skus: string[], orderId?: string): Promise<SkuAvailability[]>
  explain(sku: string): Promise<ExplainedInventory>
  statesOf(storeId: string, skus: string[]): Promise<CounterState[]>
  /** Every counter of a store, home by home; the cursor is opaque, `null` when done. For reconcile, not for requests of shoppers. */
  listStates(storeId: string, cursor: string | null, limit: number): Promise<{ states: CounterState[]; nextCursor: string | null }>
  /** Every open reservation of these stores. Asks every home; for repair, not for requests of shoppers. */
  reservations(storeIds: string[]): Promise<KeptReservation[]>
  /** `sku: null` sets the store's default in every home. */
  setSafetyStock(storeId: string, sku: string | null, quantity: number): Promise<void>
  /** Off the web until then (epoch ms; `null`: for good), or `sold` again. `storeId: null`: at every store. */
  setStop(sku: string, storeId: string | null, until: number | null | 'sold'): Promise<void>
  /** Whether every home says through the queue `webhooks` what changes. */
  setTelling(isTelling: boolean): Promise<void>
  /** The WebSocket of one SKU, at its home. */
  live(sku: string, request: Request, version?: string): Promise<Response>
}

/** A reservation whose time has come, as the broom asks about it. */
export type DueReservation = { assignmentId: string; attempt: { id: string; bodyHash: string }; state: 'reserved' | 'confirmed' | 'accepted' }
/**
 * D1's word on a due reservation (workers/orders/arbiter.ts). `release` only when the order can never be placed with this
 * attempt; `confirm` when the order is this attempt's; `wait` when nobody can say yet. A throw means `wait`. `missing`: it was confirmed, which it is only
 * once D1 has the order, and D1 has it not: D1 was taken back to an earlier moment, and what it does not know says nothing.
 */
export type Verdict = 'confirm' | 'release' | 'wait' | 'missing'
export type Arbiter = (due: DueReservation[], now: number) => Promise<Verdict[]>
