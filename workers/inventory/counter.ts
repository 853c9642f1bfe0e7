import { toInstant } from '../../contract/clock.ts'
import type { ExplainedInventory } from '../../contract/operator.ts'
import type { Shortage } from '../../contract/order.ts'
import { isAfter } from '../../contract/position.ts'
import type { Position } from '../../contract/position.ts'
import { ok, refused } from '../../contract/result.ts'
import type { CommandOutcome, ConfirmCommand, CounterCommand, CounterState, FellCommand, KeptReservation, LevelCommand, ListingCommand, ReleaseCommand, ReserveAnswer, ReserveRequest } from './port.ts'

/** The last counted quantity of a store. `asOf` is the last seq given before it was read, `seq` its event's; `seenAt` is epoch ms at the edge. */
export type HeldLevel = { onHand: number; epoch: number; asOf: number; seq: number; seenAt: number }
export type Attempt = { id: string; bodyHash: string }

/**
 * What one try of one request has asked for. `reserved` until the broom has D1's word, `confirmed` once it is an order's,
 * `accepted` once the store has said so. `dueAt` is when the broom asks next; `fellAt` when the POS took the goods off.
 */
export type Reservation = {
  assignmentId: string
  attempt: Attempt
  quantity: number
  state: 'reserved' | 'confirmed' | 'accepted'
  dueAt: number
  since: number
  fellAt: Position | null
}

/** All that the edge knows of one SKU in one store. `ownSafetyStock` goes before the store's default. */
export type Counter = {
  sku: string
  storeId: string
  level: HeldLevel | null
  ownSafetyStock: number | null
  storeSafetyStock: number
  /** Where in the store's numbering it removed the SKU from what it sells; `null` while it sells it. */
  withdrawnAt: Position | null
  /** Somebody has taken it off the web for now, though it lies on the shelf. */
  stopped: boolean
  reservations: readonly Reservation[]
}

export type Change = { counter: Counter; outcome: CommandOutcome }

/** A placement that has not finished after two seconds is rare: a shortage due to older ones is a real one. */
export const UNDECIDED_FOR_MS = 2_000
/** A row of 2,000 reservations is half a megabyte, a quarter of what the object's SQLite takes; beyond it something does not release. */
export const RESERVATIONS_MAX = 2_000

export const emptyCounter = (sku: string, storeId: string, storeSafetyStock: number): Counter =>
  ({ sku, storeId, level: null, ownSafetyStock: null, storeSafetyStock, withdrawnAt: null, stopped: false, reservations: [] })

export const safetyStockOf = (counter: Counter): number => counter.ownSafetyStock ?? counter.storeSafetyStock

/**
 * A reservation weighs on stock until a level read *after* the POS took it off has arrived (rules.md 3). One that is due
 * still weighs: only the broom, having asked D1, gives it back.
 */
export function weighs(reservation: Reservation, level: HeldLevel | null): boolean {
  return reservation.fellAt === null || level === null || isAfter(reservation.fellAt, { epoch: level.epoch, seq: level.asOf })
}

/**
 * What can be sold: never negative, `null` when this store never counted it (unknown is not zero), none of what it no longer sells. Attempts of one
 * assignment weigh as the largest of them: the order's primary key lets only one of them become the order.
 * `without` leaves reservations out of the sum, to ask what would be if they were not there.
 */
export function available(counter: Counter, without: (reservation: Reservation) => boolean = () => false): number | null {
  if (counter.level === null) return null
  if (counter.withdrawnAt !== null || counter.stopped) return 0
  return Math.max(0, counter.level.onHand - safetyStockOf(counter) - reservedQuantity(counter, without))
}

function reservedQuantity(counter: Counter, without: (reservation: Reservation) => boolean): number {
  const largest = new Map<string, number>()
  for (const reservation of counter.reservations) {
    if (without(reservation) || !weighs(reservation, counter.level)) continue
    largest.set(reservation.assignmentId, Math.max(largest.get(reservation.assignmentId) ?? 0, reservation.quantity))
  }
  let sum = 0
  for (const quantity of largest.values()) sum += quantity
  return sum
}

/** What of a counter is reserved, for comparing with D1. */
export const keptOf = ({ sku, storeId, reservations }: Counter): KeptReservation[] =>
  reservations.map(({ assignmentId, attempt, quantity, state }) => ({ storeId, sku, assignmentId, attempt: attempt.id, quantity, state }))

/**
 * Reserves every demand or none. `counters` are those of `request.demands`, in that order. A twin of the same assignment does
 * not stand in its own way; the same attempt asked again has what it has. `releasedBefore`: a tombstone of it was found.
 * Throws when a counter has more open reservations than a row may hold, and when the caller did not sum its demand per SKU.
 */
export function decideReserve(
  counters: readonly Counter[],
  request: ReserveRequest,
  releasedBefore: boolean,
): { ok: true; value: Counter[] } | Exclude<ReserveAnswer, { ok: true }> {
  if (releasedBefore) return refused({ reason: 'released-before' })
  if (new Set(counters.map((counter) => counter.sku)).size !== request.demands.length) throw new TypeError('reserve: demand must be summed per SKU')

  const own = (reservation: Reservation) => reservation.assignmentId === request.assignmentId
  const undecided = (reservation: Reservation) => reservation.state === 'reserved' && request.now - reservation.since < UNDECIDED_FOR_MS
  const shortages: Shortage[] = []
  const granted: Counter[] = []
  let contended = true
  for (const [place, demand] of request.demands.entries()) {
    const counter = counters[place]
    if (counter?.sku !== demand.sku) throw new TypeError('reserve: counters and demands are not in the same order')
    const standing = counter.reservations.find((reservation) => own(reservation) && isAttempt(reservation, request.attempt))
    if (standing) {
      if (standing.quantity !== demand.quantity) throw new TypeError('reserve: one attempt asked for two quantities')
      granted.push(counter)
      continue
    }
    const free = available(counter, own)
    if (free === null || free < demand.quantity) {
      shortages.push({ sku: demand.sku, requested: demand.quantity, available: free })
      const freeIfTheyFail = available(counter, (reservation) => own(reservation) || undecided(reservation))
      contended &&= freeIfTheyFail !== null && freeIfTheyFail >= demand.quantity
      continue
    }
    granted.push(withReservation(counter, request, demand.quantity))
  }
  return shortages.length === 0 ? ok(granted) : refused({ reason: 'out-of-stock', shortages, contended })
}

function withReservation(counter: Counter, request: ReserveRequest, quantity: number): Counter {
  if (counter.reservations.length >= RESERVATIONS_MAX) {
    throw new Error(`${counter.sku} at ${counter.storeId} has ${RESERVATIONS_MAX} open reservations; see why its store does not answer, then try again`)
  }
  const { assignmentId, attempt, now, dueAt } = request
  const reservation: Reservation = { assignmentId, attempt, quantity, state: 'reserved', dueAt, since: now, fellAt: null }
  return { ...counter, reservations: [...counter.reservations, reservation] }
}

export function applyCommand(counter: Counter, command: CounterCommand): Change {
  switch (command.type) {
    case 'level': return applyLevel(counter, command)
    case 'fell': return applyFell(counter, command)
    case 'confirm': return confirm(counter, command)
    case 'release': return release(counter, command)
    case 'listing': return applyListing(counter, command)
  }
}

/** Only a level newer by (epoch, asOf, seq) counts. What it was read after no longer weighs, and is forgotten. */
export function applyLevel(counter: Counter, command: LevelCommand): Change {
  if (counter.level !== null && !isNewer(command, counter.level)) return { counter, outcome: 'superseded' }
  const { onHand, epoch, asOf, seq, at } = command
  return { counter: pruned({ ...counter, level: { onHand, epoch, asOf, seq, seenAt: at } }), outcome: 'applied' }
}

/**
 * Only a removal is kept: of what a store sells there is nothing to keep. So an older removal that comes after the word that goods are back
 * withdraws them anew, and whoever sends a removal looks once more whether it still stands (catalog/tell-listings.ts).
 */
export function applyListing(counter: Counter, { sold, position }: Pick<ListingCommand, 'sold' | 'position'>): Change {
  const { withdrawnAt } = counter
  if (withdrawnAt === null ? sold : !isAfter(position, withdrawnAt)) return { counter, outcome: 'superseded' }
  return { counter: { ...counter, withdrawnAt: sold ? null : position }, outcome: 'applied' }
}

/**
 * The POS took an assignment off at `position`. Of several positions the earliest is kept, whatever the order they came in:
 * a store takes each seq after its POS has committed, so a level read at or after *any* of them was read without the goods.
 * Keeping a later one would be safe too, but would hold the unit back until a level that may not come for a long time;
 * and since the position only moves back, a reservation that no longer weighs never weighs again.
 */
export function applyFell(counter: Counter, command: FellCommand): Change {
  return changeAll(counter, command.assignmentId, (reservation) => {
    const fellAt = reservation.fellAt === null || isAfter(reservation.fellAt, command.position) ? command.position : reservation.fellAt
    const quantity = Math.min(reservation.quantity, command.quantity ?? Infinity)
    const isKnown = fellAt === reservation.fellAt && quantity === reservation.quantity && reservation.state === 'accepted'
    return isKnown ? reservation : { ...reservation, state: 'accepted', fellAt, quantity }
  })
}

/** The store has accepted; its stock falls later. All attempts: which of them became the order is not known here, and weighs alike. */
export function confirm(counter: Counter, command: ConfirmCommand): Change {
  return changeAll(counter, command.assignmentId, (reservation) => {
    const quantity = Math.min(reservation.quantity, command.quantity ?? Infinity)
    return reservation.state === 'accepted' && quantity === reservation.quantity ? reservation : { ...reservation, state: 'accepted', quantity }
  })
}

/** Gives back one attempt, or the assignment. Whether it left a new tombstone is known where tombstones are kept. */
export function release(counter: Counter, command: Pick<ReleaseCommand, 'assignmentId' | 'attempt'>): Change {
  const { assignmentId, attempt } = command
  const kept = counter.reservations.filter((reservation) =>
    reservation.assignmentId !== assignmentId || (attempt !== undefined && !isAttempt(reservation, attempt)))
  if (kept.length === counter.reservations.length) return { counter, outcome: 'superseded' }
  return { counter: { ...counter, reservations: kept }, outcome: 'applied' }
}

/** What `GET …/state` tells of a counter; nothing of one that was never counted. */
export const stateOf = ({ sku, level }: Counter): CounterState[] => (level === null ? [] : [{ sku, onHand: level.onHand, epoch: level.epoch, seq: level.seq, asOf: level.asOf }])

export const isAttempt = (reservation: Reservation, attempt: Attempt): boolean =>
  reservation.attempt.id === attempt.id && reservation.attempt.bodyHash === attempt.bodyHash

/** Why a store's number is what it is, for a person (rules.md 10). */
export function explain(counter: Counter): ExplainedInventory['stores'][number] {
  const { level } = counter
  return {
    storeId: counter.storeId,
    onHand: level?.onHand ?? null,
    epoch: level?.epoch ?? null,
    asOf: level?.asOf ?? null,
    seenAt: level === null ? null : toInstant(level.seenAt),
    safetyStock: safetyStockOf(counter),
    sold: counter.withdrawnAt === null,
    stopped: counter.stopped,
    reservations: counter.reservations.map((reservation) => ({
      assignmentId: reservation.assignmentId,
      quantity: reservation.quantity,
      state: reservation.state,
      seq: reservation.fellAt,
      weighs: weighs(reservation, level),
    })),
    available: available(counter),
  }
}

function changeAll(counter: Counter, assignmentId: string, change: (reservation: Reservation) => Reservation): Change {
  const reservations = counter.reservations.map((reservation) => (reservation.assignmentId === assignmentId ? change(reservation) : reservation))
  if (reservations.every((reservation, place) => reservation === counter.reservations[place])) return { counter, outcome: 'superseded' }
  return { counter: pruned({ ...counter, reservations }), outcome: 'applied' }
}

function pruned(counter: Counter): Counter {
  return { ...counter, reservations: counter.reservations.filter((reservation) => weighs(reservation, counter.level)) }
}

const isNewer = (a: { epoch: number; asOf: number; seq: number }, b: HeldLevel): boolean =>
  (a.epoch - b.epoch || a.asOf - b.asOf || a.seq - b.seq) > 0
