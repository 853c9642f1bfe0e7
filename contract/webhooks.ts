import { z } from 'zod'
import { WebhookSecret } from './alert.ts'
import { Order } from './order.ts'
import { Availability, Product } from './product.ts'
import { OrderStatus } from './status.ts'
import { ChannelId, Instant } from './values.ts'

/** `order.updated`: it changed, and its status did not. */
export const WebhookEventType = z.enum([...OrderStatus.options.map((status) => `order.${status}` as const), 'order.updated', 'inventory.changed', 'product.changed', 'price.changed', 'webhook.test'])
export type WebhookEventType = z.infer<typeof WebhookEventType>

/** What an endpoint may ask for: `*`, all of orders, or single types. */
export const WebhookFilter = z.enum(['*', 'order.*', ...WebhookEventType.options.filter((type) => type !== 'webhook.test')])
export type WebhookFilter = z.infer<typeof WebhookFilter>
const Events = z.array(WebhookFilter).min(1).max(WebhookFilter.options.length)

const OVERLAP_S_DEFAULT = 24 * 60 * 60
const OVERLAP_S_MAX = 30 * 24 * 60 * 60

/** The body of `POST /admin/v1/channels/{id}/webhooks`. Left out, a secret is made, and shown once in the answer. */
export const RegisterWebhook = z.object({ url: z.url({ protocol: /^https?$/ }).max(2_000), events: Events.default(['*']), secret: WebhookSecret.optional() })
/** What is left out stays. `enabled: true` also ends an automatic pause. */
export const ChangeWebhook = z.object({ url: z.url({ protocol: /^https?$/ }).max(2_000).optional(), events: Events.optional(), enabled: z.boolean().optional() })
/** Both secrets sign until the overlap ends. */
export const RotateWebhookSecret = z.object({ overlapSeconds: z.int().min(0).max(OVERLAP_S_MAX).default(OVERLAP_S_DEFAULT) })

export const WebhookEndpoint = z.object({
  id: z.string(),
  channelId: ChannelId,
  url: z.string(),
  events: z.array(z.string()),
  state: z.enum(['enabled', 'disabled']),
  /** An operator, or what its receiver has answered for two days. */
  whyDisabled: z.string().nullable(),
  /** Since when nothing was taken; `null`: the last one was. */
  failingSince: Instant.nullable(),
  createdAt: Instant,
  updatedAt: Instant,
})
/** `secret` only where none was given, and only here. */
export const RegisteredWebhook = z.object({ endpoint: WebhookEndpoint, secret: z.string().optional() })
export const RotatedWebhookSecret = z.object({ secret: z.string(), previousUntil: Instant })

/** One attempt. `status: null`: there was no answer; `said` is its beginning, or why there was none. */
export const WebhookTry = z.object({ at: Instant, status: z.int().nullable(), said: z.string(), ms: z.int() })
/** A message to one endpoint, and what became of it. `skipped`: the endpoint was switched off when its turn came. */
export const WebhookDelivery = z.object({
  id: z.string(),
  type: z.string(),
  resource: z.string(),
  sequence: z.int(),
  state: z.enum(['pending', 'delivered', 'failed', 'skipped']),
  attempts: z.int(),
  tries: z.array(WebhookTry),
  nextTryAt: Instant.nullable(),
  createdAt: Instant,
  settledAt: Instant.nullable(),
})
export type WebhookDelivery = z.infer<typeof WebhookDelivery>
export const WebhookDeliveryWithBody = WebhookDelivery.extend({ payload: z.unknown() })

/** The body of `POST …/replay`: what was not taken, or with `all` everything, since then. */
export const ReplayWebhooks = z.object({ since: Instant, all: z.boolean().default(false) })
export const WebhooksReplayed = z.object({ messages: z.int(), more: z.boolean() })

/** An order as a receiver is told it: without its customer, whom it reads with its secret key. */
export const ToldOrder = Order.omit({ customer: true, fulfillment: true, note: true }).extend({ fulfillment: z.object({ method: z.enum(['pickup', 'ship']), storeId: z.string().optional() }) })
export type ToldOrder = z.infer<typeof ToldOrder>
/** What is sent. Of one `resource` a higher `sequence` is newer: an older one that comes late may be ignored. */
export const WebhookPayload = z.object({
  type: WebhookEventType,
  timestamp: Instant,
  resource: z.string(),
  sequence: z.int(),
  data: z.union([z.object({ order: ToldOrder }), z.object({ availability: Availability.omit({ version: true }) }), z.object({ product: Product.omit({ availability: true }) }), z.object({ removed: z.object({ sku: z.string() }) }), z.object({ test: z.literal(true) })]),
})
export type WebhookPayload = z.infer<typeof WebhookPayload>
