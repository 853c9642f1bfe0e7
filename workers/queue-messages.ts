import { z } from 'zod'
import { StoreEvent } from '../contract/events.ts'
import { MailKind } from '../contract/mail.ts'
import { Traceparent } from '../contract/trace.ts'
import { AssignmentId, OrderId, StoreId } from '../contract/values.ts'

/**
 * What travels on our own queues. A message may come late, twice or never: each names its facts by id and position,
 * so that handling it again changes nothing. `requestId` follows a fact through the logs, and `traceparent` an order from its placement to the till and back.
 */

/**
 * Queue `orders`: hand this assignment (or its cancel) to its store. The body is read fresh from D1. `route`: what the order
 * misses since this assignment was given up needs a store. `settle`: money is to be moved.
 */
export const OrderMessage = z.object({
  kind: z.enum(['deliver', 'cancel', 'route', 'settle']),
  orderId: OrderId,
  assignmentId: AssignmentId,
  storeId: StoreId,
  requestId: z.string(),
  /** Of the placement, or of the call that asked for a cancel. */
  traceparent: Traceparent,
})
export type OrderMessage = z.infer<typeof OrderMessage>

/** Queues `catalog` and `status`: events of one store, in their order. */
export const StoreEventsMessage = z.object({
  storeId: StoreId,
  epoch: z.int().min(1),
  events: z.array(StoreEvent).min(1),
  requestId: z.string(),
})
export type StoreEventsMessage = z.infer<typeof StoreEventsMessage>

/** Queue `webhooks`, all that leaves for the outside: a message to one endpoint, or a mail to a shopper, whose time has come; or SKUs of which more or less can be sold than before. The rest is read fresh from D1 and the counters. */
export const WebhookMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('deliver'), endpointId: z.string(), resource: z.string(), sequence: z.int() }),
  z.object({ kind: z.literal('mail'), orderId: z.string(), mail: MailKind }),
  z.object({ kind: z.literal('inventory'), skus: z.array(z.string()).min(1) }),
])
export type WebhookMessage = z.infer<typeof WebhookMessage>

/** Queue `stock`: levels whose home could not take them when they came. */
export const StockMessage = z.object({
  levels: z.array(z.object({
    type: z.literal('level'),
    storeId: StoreId,
    sku: z.string(),
    onHand: z.int(),
    epoch: z.int(),
    asOf: z.int(),
    seq: z.int(),
    at: z.int(),
  })).min(1),
  requestId: z.string(),
})
export type StockMessage = z.infer<typeof StockMessage>
