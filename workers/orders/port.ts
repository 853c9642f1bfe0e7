import type { Assignment } from '../../contract/assignment.ts'
import type { RejectReason } from '../../contract/events.ts'
import type { AssignmentState, Customer, Fulfillment, OrderLine, Totals } from '../../contract/order.ts'
import type { Rounding } from '../../contract/money.ts'
import type { Position } from '../../contract/position.ts'
import type { PaymentRecord } from '../payments/port.ts'
import type { OrderReturn } from '../../contract/returns.ts'
import type { FulfilmentProgress, OrderStatus } from '../../contract/status.ts'

/** What was bought. Never changed after placement, so that whatever is built from it is built the same twice. */
export type Purchase = {
  lines: OrderLine[]
  totals: Totals
  fulfillment: Fulfillment
  customer: Customer
  /** What the shopper named. What became of it stands in the order itself. */
  payment: { provider: string } | null
  note: string | null
  /** SKUs that no counter counts (services): they carry no reservation. */
  untracked: string[]
  /** How its stores round, where that is not each line's tax half up. */
  rounding?: Rounding
  /** When its store has promised to have it ready to be fetched, epoch ms. */
  promisedAt?: number
  /** W3C trace of the placement: it goes with the order to its stores and back, through sweeps and repetitions. An order of an older version has none. */
  traceparent?: string
}

/** So many of one line of the order. */
export type LineQuantity = { lineId: string; quantity: number }

/** What one store is asked to do of the order, and how far it has come. */
export type AssignmentRecord = {
  assignmentId: string
  storeId: string
  /** The placement try whose reservations are this assignment's. */
  attempt: string
  lines: LineQuantity[]
  state: AssignmentState
  progress: FulfilmentProgress | null
  posReference: string | null
  reason: RejectReason | null
  /** The newest of the store's events that changed this assignment. */
  position: Position | null
  fellAt: Position | null
  /** Written down before its goods are reserved, so that the broom finds it (rules.md 5); no store has heard of it. */
  unreserved?: boolean
  /** What the store accepted, where that is less than it was asked for. */
  accepted?: LineQuantity[]
  /** It is asked back: `cancels` is then cancelled, the rest is assigned anew, to another store if `elsewhere`. */
  recall?: { cancels: LineQuantity[]; elsewhere: boolean } | null
  /** Given away without a word of its store: the reservation stays until the store has answered. */
  unanswered?: boolean
  /** A person has sent on what this store refused. */
  released?: boolean
  /** How long its store has to accept it, from the first offer. Not set: a day. */
  acceptWithinMs?: number
  /** When it was written down; not set: when the order was placed. */
  assignedAt?: number
}

/** Goods that come back. Instants are epoch ms. */
export type ReturnRecord = {
  returnId: string
  method: OrderReturn['method']
  status: OrderReturn['status']
  lines: LineQuantity[]
  refund: OrderReturn['refund']
  why: string | null
  announcedAt: number
  receivedAt: number | null
  /** The till's ticket that took them. */
  saleId: string | null
}

/** Instants are epoch ms. */
export type TimelineEntry = { type: string; occurredAt: number; seenAt: number; storeId?: string; assignmentId?: string; status?: OrderStatus; detail?: string }

/** An order as D1 has it: one row, changed by compare-and-set on `version`. */
export type OrderRecord = {
  orderId: string
  number: string
  channel: string
  status: OrderStatus
  bodyHash: string
  attempt: string
  purchase: Purchase
  assignments: AssignmentRecord[]
  timeline: TimelineEntry[]
  /** How much of each line was cancelled, by the shopper or for want of a store. */
  cancelled: LineQuantity[]
  cancelRequestedAt: number | null
  /** The outbox: when the sweep looks again; `null` once nothing is owed to anybody. */
  dueAt: number | null
  placedAt: number
  updatedAt: number
  version: number
  /** Since when it has no customer any more; `null`: it has one. */
  erasedAt: number | null
  /** What came back of it, or is announced to. */
  returns: ReturnRecord[]
  /** How far its money is; `null`: it is paid at the counter. */
  payment: PaymentRecord | null
}

/** A line of the operator's list: a web order, or a sale at a till. */
export type ListedSale =
  | { kind: 'order'; orderId: string; at: number }
  | { kind: 'sale'; storeId: string; saleId: string; saleKind: 'sale' | 'return'; totalMinor: number; currency: string; assignmentId: string | null; at: number }

export type OrderBook = {
  /** `null` for an order that was never placed, a key the broom has taken included. */
  find(orderId: string): Promise<OrderRecord | null>
  findMany(orderIds: string[]): Promise<OrderRecord[]>
  /** The primary key is the arbiter: false when another attempt has it, or the broom has struck this one. Throws: nobody knows. */
  insert(order: OrderRecord): Promise<boolean>
  /** Writes only over `expectedVersion`; false when somebody was faster. */
  update(order: OrderRecord, expectedVersion: number): Promise<boolean>
  /** As `update`, and the purchase with it, which nothing else changes: without its customer. */
  erase(order: OrderRecord, expectedVersion: number): Promise<boolean>
  /** Orders whose time has come, oldest first. */
  due(now: number, limit: number): Promise<OrderRecord[]>
  /** Orders that are not over, by id, after the given one. Reads every row; for repair. */
  openAfter(orderId: string, limit: number): Promise<OrderRecord[]>
  /** Moves the next look, if the order is still the one that was read; without a new version, so that nobody else must look again. */
  setDue(order: Pick<OrderRecord, 'orderId' | 'version'>, dueAt: number | null): Promise<void>
  /** The bodies stores get, built from the orders as they were bought; what is not there, not this store's, or over is left out. */
  assignments(storeId: string, wanted: { assignmentId: string; acceptBy: number; maybeWritten?: boolean }[]): Promise<Assignment[]>
  /** Web orders and till sales, newest first. */
  listSales(filter: { storeId?: string; status?: string }, before: { at: number; id: string } | null, limit: number): Promise<ListedSale[]>
}
