import { lineTotalMinor, ROUNDING_DEFAULT, sumLines } from '../../contract/money.ts'
import type { Rounding } from '../../contract/money.ts'
import type { OrderStatus } from '../../contract/status.ts'
import { isLive, quantityIn, unassignedLines } from '../orders/assignment.ts'
import type { LineQuantity, OrderRecord } from '../orders/port.ts'
import type { RefundRecord } from './port.ts'

/**
 * What is to be asked of the provider next, or written down (`write-refund`) before it is asked. Each follows from the order's row alone, so that it does not matter who
 * looks, how often, or what was lost in between.
 */
export type Owed =
  | { kind: 'create' }
  | { kind: 'void' }
  | { kind: 'capture'; amountMinor: number }
  | { kind: 'write-refund'; amountMinor: number }
  | { kind: 'refund'; refund: RefundRecord }

/** A provider that does not take part in what is done: people move the money, and say so. */
const isByHand = (order: OrderRecord): boolean => order.payment?.provider === 'manual'

export function owed(order: OrderRecord): Owed | null {
  const { payment, status } = order
  if (!payment || payment.trouble !== undefined || isByHand(order)) return null
  if (status === 'awaiting_payment') return payment.reference === null ? { kind: 'create' } : null
  const dueMinor = dueOf(order)
  switch (payment.state) {
    // Made by a call whose answer was lost, or never made: making it again finds out which, and then it can be let go.
    case 'awaited':
      return payment.reference === null ? null : { kind: 'void' }
    case 'authorized':
      if (dueMinor === 0) return { kind: 'void' }
      return isTaken(order) ? { kind: 'capture', amountMinor: dueMinor } : null
    case 'captured': {
      const refund = payment.refunds.find(({ state }) => state === 'owed')
      if (refund) return { kind: 'refund', refund }
      const backMinor = Math.min(payment.capturedMinor - dueMinor - givenBackMinor(order), refundableMinor(order))
      return backMinor > 0 ? { kind: 'write-refund', amountMinor: backMinor } : null
    }
    case 'voided':
      return null
  }
}

/** Every part of it is a store's own by its word: only then is money taken. */
const isTaken = (order: OrderRecord): boolean => {
  const live = order.assignments.filter(isLive)
  return live.length > 0 && live.every(({ state }) => state === 'accepted') && unassignedLines(order).length === 0
}

/** What the shopper owes for what is not cancelled, in minor units: as it was priced, line by line. */
export function dueOf({ purchase: { lines, totals, rounding }, cancelled }: Pick<OrderRecord, 'purchase' | 'cancelled'>): number {
  if (cancelled.length === 0) return totals.total.amountMinor
  const kept = lines.map((line) => ({ ...line, quantity: line.quantity - quantityIn(cancelled, line.lineId) })).filter(({ quantity }) => quantity > 0)
  return kept.length === 0 ? 0 : costOf(kept, rounding) + totals.shipping.amountMinor
}

/**
 * What these pieces cost, tax included, in minor units; `null` when fewer of a line are left than that. Piece by piece a line gives back exactly what it cost: what is rounded away
 * with one piece comes with a later one.
 */
export function valueOf(order: Pick<OrderRecord, 'purchase' | 'cancelled' | 'payment'>, wanted: readonly LineQuantity[]): number | null {
  const before = (order.payment?.refunds ?? []).flatMap(({ state, lines }) => (state === 'failed' ? [] : lines))
  let sum = 0
  for (const line of order.purchase.lines) {
    const asked = quantityIn(wanted, line.lineId)
    if (asked === 0) continue
    const kept = line.quantity - quantityIn(order.cancelled, line.lineId)
    const back = quantityIn(before, line.lineId)
    if (back + asked > kept) return null
    const costs = kept === line.quantity && line.taxAmount ? line.lineTotal.amountMinor + (line.taxIncluded ? 0 : line.taxAmount.amountMinor) : costOf([{ ...line, quantity: kept }], order.purchase.rounding)
    const upTo = (pieces: number): number => Number((2n * BigInt(costs) * BigInt(pieces) + BigInt(kept)) / (2n * BigInt(kept)))
    sum += upTo(back + asked) - upTo(back)
  }
  return sum
}

const costOf = (lines: OrderRecord['purchase']['lines'], rounding: Rounding = ROUNDING_DEFAULT): number =>
  sumLines(lines.map(({ unitPrice, quantity, unit, taxRate, taxIncluded }) => ({ lineTotalMinor: lineTotalMinor(unitPrice.amountMinor, quantity, unit, rounding.mode), taxRate, taxIncluded })), 0, rounding).total

/** How a refund for lines that were cancelled after they were paid is named; those that a person asked for have other names. */
const CANCELLED_PREFIX = 'cancelled-'
export const cancelledRefundId = (order: OrderRecord): string => `${CANCELLED_PREFIX}${(order.payment?.refunds.filter(isForCancelled).length ?? 0) + 1}`
const isForCancelled = ({ refundId }: RefundRecord): boolean => refundId.startsWith(CANCELLED_PREFIX)

const standing = (refunds: readonly RefundRecord[]): number => refunds.reduce((sum, { state, amountMinor }) => (state === 'failed' ? sum : sum + amountMinor), 0)

/** Given back for cancelled lines, failed ones included: a refund that the provider refused is a person's to mend, not ours to try for ever. */
const givenBackMinor = ({ payment }: OrderRecord): number =>
  (payment?.refunds ?? []).filter(isForCancelled).reduce((sum, { amountMinor }) => sum + amountMinor, 0)

/** What can still go back, in minor units. What went back at the provider itself counts, too. */
export function refundableMinor({ payment }: Pick<OrderRecord, 'payment'>): number {
  if (payment?.state !== 'captured') return 0
  return payment.capturedMinor - Math.max(payment.refundedMinor, standing(payment.refunds))
}

/** The word for an order whose goods are through, once money has gone back. */
export function wordWithMoney(word: OrderStatus, order: OrderRecord): OrderStatus {
  const { payment } = order
  if (word === 'completed' && isPaidBackAtTill(order)) return isAllBack(order) ? 'refunded' : 'partially_refunded'
  if (!payment || payment.refundedMinor === 0) return word
  const isAll = payment.refundedMinor >= payment.capturedMinor
  if (word === 'completed') return isAll ? 'refunded' : 'partially_refunded'
  return word === 'cancelled' && isAll ? 'refunded' : word
}

const paidBack = ({ returns }: OrderRecord): LineQuantity[] => returns.flatMap(({ status, refund, lines }) => (status === 'received' && refund === 'till' ? lines : []))
const isPaidBackAtTill = (order: OrderRecord): boolean => paidBack(order).length > 0
const isAllBack = (order: OrderRecord): boolean =>
  order.purchase.lines.every(({ lineId, quantity }) => quantityIn(paidBack(order), lineId) >= quantity - quantityIn(order.cancelled, lineId))
