import type { ProblemType } from '../../contract/problem.ts'
import type { CancelRefusal } from './cancel-order.ts'
import type { ByHandRefusal } from '../payments/by-hand.ts'
import type { ReturnRefusal } from '../returns/return.ts'
import type { PlacementRefusal } from './place-order.ts'
import type { RerouteRefusal } from './reroute.ts'

/** A refusal as the problem a caller meets. A missing arm fails the compiler. */
export function orderProblem(refusal: PlacementRefusal | CancelRefusal | RerouteRefusal | ByHandRefusal | ReturnRefusal): { type: ProblemType; detail: string; extra?: Record<string, unknown>; retryAfterS?: number } {
  switch (refusal.reason) {
    case 'idempotency-key-reused':
      return { type: 'idempotency-key-reused', detail: 'This key has placed an order with another body. Use a new key for a new order.' }
    case 'out-of-stock':
      return { type: 'out-of-stock', detail: 'There is not enough of everything in the basket; see shortages.', extra: { shortages: refusal.shortages } }
    case 'price-changed':
      return { type: 'price-changed', detail: 'A price is not the expected one; see changes.', extra: { changes: refusal.changes } }
    case 'unknown-sku':
      return {
        type: 'unknown-sku',
        detail: 'The catalogue does not have everything in the basket.',
        extra: { skus: refusal.skus },
      }
    case 'mixed-currencies':
      return { type: 'invalid-request', detail: 'The basket holds prices of several currencies.', extra: { errors: [{ path: '/lines', message: 'expected prices of one currency' }] } }
    case 'amount-too-large':
      return { type: 'invalid-request', detail: 'The basket costs more than an amount can hold.', extra: { errors: [{ path: '/lines', message: 'expected a smaller total' }] } }
    case 'unknown-store':
      return { type: 'unknown-store', detail: 'There is no store with this id.', extra: { errors: [{ path: '/fulfillment/storeId', message: 'expected a store id from /v1/stores' }] } }
    case 'store-not-taking-orders':
      return { type: 'store-not-taking-orders', detail: refusal.storeId === null ? 'No store takes orders now.' : 'This store takes no orders now.' }
    case 'too-many-unpaid':
      return { type: 'too-many-unpaid', detail: `At most ${refusal.max} units may be reserved from here without being paid. Wait, or pay for what is ordered.`, retryAfterS: Math.max(1, Math.ceil(refusal.waitMs / 1000)) }
    case 'payment-not-offered':
      return {
        type: 'invalid-request', detail: refusal.offered.length === 0 ? 'This channel offers no way to pay yet.' : 'This channel offers no such way to pay.',
        extra: { errors: [{ path: '/payment/provider', message: refusal.offered.length === 0 ? 'expected none: the operator has to give the channel a payment provider, or let it pay in the store' : `expected one of ${refusal.offered.join(', ')}` }] },
      }
    case 'payment-refused':
      return { type: 'payment-refused', detail: `The payment cannot be made: ${refusal.said}. Offer another way to pay, with a new Idempotency-Key.` }
    case 'nothing-to-confirm':
      return { type: 'payment-not-due', detail: `Nothing is to be confirmed by hand: ${refusal.said}.` }
    case 'not-the-amount':
      return { type: 'invalid-request', detail: 'The amount is not what the order costs.', extra: { errors: [{ path: '/amount', message: `expected ${refusal.expected.amountMinor} ${refusal.expected.currency}` }] } }
    case 'return-not-found':
      return { type: 'return-not-found', detail: 'The order has no return with this id.' }
    case 'not-returnable':
      return { type: 'not-returnable', detail: `Of line ${refusal.lineId} ${refusal.most === 0 ? 'nothing' : `at most ${refusal.most}`} can come back: what has left the shop, less what came back or is announced.`, extra: { lineId: refusal.lineId, most: refusal.most } }
    case 'return-settled':
      return { type: 'conflict', detail: `The return is ${refusal.status} already.` }
    case 'too-much-to-refund':
      return { type: 'too-much-to-refund', detail: `At most ${refusal.most.amountMinor} ${refusal.most.currency} can go back.`, extra: { refundable: refusal.most } }
    case 'try-again':
      return { type: 'try-again', detail: 'Another request with this key is under way. Send the same request again.' }
    case 'order-not-found':
      return { type: 'order-not-found', detail: 'There is no such order, or it is not yours to see.' }
    case 'nothing-to-reroute':
      return { type: 'conflict', detail: 'Nothing of this order can go to another store: it is picked up, accepted, in doubt or over. Cancel it instead.', extra: { orderStatus: refusal.status } }
    case 'unknown-line':
      return { type: 'invalid-request', detail: 'The order has no such line.', extra: { errors: [{ path: '/lines', message: `expected line ids of this order, and "${refusal.lineId}" is none` }] } }
    case 'too-late-to-cancel':
      return { type: 'too-late-to-cancel', detail: `The order is ${refusal.status}.`, extra: { orderStatus: refusal.status } }
  }
}
