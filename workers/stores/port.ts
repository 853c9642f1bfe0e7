import type { Assignment } from '../../contract/assignment.ts'
import type { HeartbeatAnswer, HeartbeatRequest } from '../../contract/connect.ts'
import type { Transport } from '../../contract/operator.ts'
import type { Rounding } from '../../contract/money.ts'
import type { OpeningHours, SpecialDays } from '../../contract/store.ts'

/** A refusal of a connector's call, as problem types of the contract. */
export type LinkRefusal =
  | { reason: 'store-held-by'; connectorId: string }
  | { reason: 'epoch-forked'; epoch: number }
  | { reason: 'sequence-gap'; expectedSeq: number }
export type LinkResult<T> = { ok: true; value: T } | { ok: false; refusal: LinkRefusal }

/** Where a store's numbering stands: everything at or below `seq` is durable. */
export type Mark = { seq: number; digest: string }

/** What the link object says when work is to be delivered. It is the one place where work is offered, taken back or given up. */
export type Offer =
  /** Deliver it; `acceptBy` (epoch ms) was set at the first offer and never changes. `maybeWritten`: an earlier journal was offered it, so it may stand in the POS. */
  | { kind: 'go'; acceptBy: number; maybeWritten: boolean }
  /** The store is away or pulls: it stays at the link and leaves with the next heartbeat, or is pulled. */
  | { kind: 'parked' }
  /** It was taken back before it was offered. */
  | { kind: 'struck' }
  /** The store has it already, or it is settled. */
  | { kind: 'handed-over' }

/**
 * How far a store has come with an assignment, as the link needs to know it. `cancel-answered`: the wish to cancel is told no more,
 * and the work stays (the store refused). `final`: nothing more will come, forget it. What `undo` has put here is forgotten by
 * `cancel-answered` only.
 */
export type LinkProgress = 'journaled' | 'outcome' | 'cancel-answered' | 'final'

/** What is known of a store's link, for people and for placement. Epoch ms. */
export type LinkFacts = {
  /** The last sign of life, events and epochs included. */
  lastHeartbeatAt: number | null
  connectorId: string | null
  epoch: number
  ackedSeq: number
  lastSeq: number
  posReachable: boolean
  version: string | null
  clockSkewMs: number | null
  tunnel: 'up' | 'down' | 'none' | null
  journal: { inbox: number; outbox: number } | null
  /** How far its journal has forgotten the customers that `erase` named; `null`: its connector does not know of that, or never spoke. */
  erasedUpTo: number | null
  parked: number
  handedOver: number
}

/** The RPC of a `StoreLink` object, one per store. Every method is one transaction and does no I/O outside. */
export type StoreLinkRpc = {
  /** `callId` names the call: the same call again, late or replayed, is answered with its own epoch and changes nothing. */
  takeEpoch(connectorId: string, now: number, callId?: string): Promise<LinkResult<{ epoch: number; dispatch: string[] }>>
  heartbeat(beat: HeartbeatRequest, now: number): Promise<LinkResult<{ ackedSeq: number; pending: number; askAgain: string[]; requests: string[]; pushConfirmed: boolean; dispatch: string[]; erase?: HeartbeatAnswer['erase'] }>>
  /** Whether events may be taken: lease, epoch, gap. Answers where the numbering stands. */
  admitEvents(call: { connectorId: string; epoch: number; afterSeq: number }, now: number): Promise<LinkResult<Mark>>
  /**
   * Moves the mark from exactly `from` to `to`. Answers the mark as it is then (another call may have moved it). `told` names the
   * assignments that the events between spoke of: unless `progress` follows, the store is asked about them again.
   */
  markDurable(epoch: number, from: Mark, to: Mark, told?: { assignmentIds: string[]; at: number }): Promise<LinkResult<Mark>>
  /** Work for the store: decides whether to deliver now. `acceptWithinMs` counts from the first offer; a day unless said. `pushable` is false for a store that only pulls, or while its breaker is open. */
  offer(assignmentId: string, pushable: boolean, now: number, acceptWithinMs?: number): Promise<Offer>
  /** What came of a push. `failed`: nobody knows whether it arrived; it is parked. */
  pushed(assignmentId: string, outcome: 'journaled' | 'failed', now: number): Promise<void>
  /** What a pull may take now: work not known to be journaled (now offered), and cancels not yet answered. `maybeWritten` as in `Offer`. */
  pull(limit: number, now: number): Promise<{ assignments: { assignmentId: string; acceptBy: number; maybeWritten: boolean }[]; cancels: string[] }>
  /** `struck`: it had never been offered, and never will be. `requested`: the store has it, or may have. */
  takeBack(assignmentId: string, now: number): Promise<'struck' | 'requested'>
  /**
   * What a store lets lie goes elsewhere. `struck`: it had never been offered, another store can do it (`isElsewhere`), and this one
   * never gets it. `given-away`: the time to accept it is over, and the store is asked to cancel until it has answered.
   */
  giveUp(assignmentId: string, isElsewhere: boolean, now: number): Promise<'struck' | 'given-away' | 'kept'>
  /** The store has taken what was given away: it is asked to cancel until it has answered, and is never offered it again. Whatever is known here of the assignment. */
  undo(assignmentId: string, now: number): Promise<void>
  progress(assignmentId: string, progress: LinkProgress, now: number): Promise<void>
  /** The operator wants something of the connector (`reconcile`); told on the next two heartbeats of an epoch, so it must be harmless twice. */
  request(word: string): Promise<void>
  /** The journal of the store is to forget the customers of these: told on each heartbeat until it says so. Answers the number that `erasedUpTo` will have reached then. */
  erase(assignmentIds: string[]): Promise<number>
  /** What `erase` was told after the given number, in order. */
  erasedAfter(n: number, limit: number): Promise<{ n: number; assignmentId: string }[]>
  /** What is looked after here, by id. */
  works(): Promise<{ assignmentId: string; state: 'parked' | 'queued' | 'offered' | 'handed-over' }[]>
  /**
   * The store is asked again what became of these, as if it had never said: D1 was taken back to an earlier moment. What is still on its way there goes on; of what was struck here
   * nothing is asked. What is not known here was forgotten as over, unless it is so young that it may not have come yet (`mayBeNew`). Answers what is asked.
   */
  recall(assignments: { assignmentId: string; mayBeNew: boolean }[], now: number): Promise<string[]>
  facts(now: number): Promise<LinkFacts>
  /** How one assignment stands here, for the sweep; `unknown` when it never came. */
  assignmentState(assignmentId: string): Promise<'unknown' | 'parked' | 'queued' | 'offered' | 'handed-over' | 'struck'>
}

/** A store's way in. `url` transport is a tunnel hostname, or plain loopback in development. */
export type StoreTransport = {
  put(assignment: Assignment): Promise<TransportAnswer>
  /** `traceparent`: of the order's placement, for the logs of both sides; an assignment carries its own. */
  cancel(assignmentId: string, traceparent?: string): Promise<TransportAnswer>
}
/** `journaled` 200/202; `conflict` 409; `struck` 410; `refused` any other 4xx; a fault (network, 5xx, timeout) is thrown. */
export type TransportAnswer = { kind: 'journaled' } | { kind: 'conflict' } | { kind: 'struck' } | { kind: 'refused'; status: number }

export type Breaker = {
  /** Whether a call may be made now. While half-open only one probe is let through. */
  allow(now: number): Promise<boolean>
  record(outcome: 'ok' | 'slow' | 'failed', now: number): Promise<void>
  state(now: number): Promise<'closed' | 'open' | 'half-open'>
  /** With when the next call is let through; `null` while it is closed. */
  view(now: number): Promise<{ phase: 'closed' | 'open' | 'half-open'; probeAt: number | null }>
}

/** A store as D1 has it, secrets in clear. Never logged, never answered: `PublicStore` and the operator's view leave them out. */
export type Store = {
  storeId: string
  name: string
  timeZone: string
  transport: Transport
  /** Signing secrets, newest first, at most two. */
  secrets: string[]
  safetyStock: number
  catalogSource: boolean
  paused: boolean
  priority: number
  openingHours: OpeningHours | null
  sellStaleForMs: number
  /** How its POS rounds. */
  rounding: Rounding
  specialDays: SpecialDays
  /** `null`: nothing is promised. */
  pickupLeadMinutes: number | null
  createdAt: number
}

/** Stores in D1. Secrets are encrypted at rest with the Worker's master key. */
export type StoreBook = {
  find(storeId: string): Promise<Store | null>
  /** By priority, then id. There are hundreds, not millions. */
  list(): Promise<Store[]>
  /** False when the id is taken. */
  insert(store: Store): Promise<boolean>
  /** Puts a new secret before the newest. False when there is no such store, or somebody else rotated at the same time. */
  rotateSecret(storeId: string, secret: string): Promise<boolean>
  /** Seals anew, with the key of today, what was sealed with the one before. Answers of how many stores. */
  reseal(): Promise<number>
  /** What is not named stays. */
  change(storeId: string, change: Partial<Pick<Store, 'name' | 'timeZone' | 'openingHours' | 'sellStaleForMs' | 'rounding' | 'specialDays' | 'pickupLeadMinutes'>>): Promise<void>
  setPaused(storeId: string, paused: boolean): Promise<void>
  setSafetyStock(storeId: string, quantity: number): Promise<void>
  setPriority(storeId: string, priority: number): Promise<void>
  setTransport(storeId: string, transport: Transport): Promise<void>
  setPairingCode(storeId: string, codeHash: string, expiresAt: number): Promise<void>
  /** Spends the code: true exactly once, and only before it expires. */
  spendPairingCode(storeId: string, codeHash: string, now: number): Promise<boolean>
}

/** Ways to a store's objects and to the store itself. */
export type StoreLinks = {
  link(storeId: string): StoreLinkRpc
  breaker(storeId: string): Breaker
  /** `null` for a store that only pulls. */
  transport(store: Store): StoreTransport | null
}
