import { Hono } from 'hono'
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { z } from 'zod'
import { ORDER_BODY_BYTES_MAX } from '../../contract/limits.ts'
import { CancelOrder, PlaceOrder, QuoteRequest } from '../../contract/order.ts'
import { isFinal } from '../../contract/status.ts'
import type { Scope } from '../../contract/operator.ts'
import { keyIdOf, scopesOf, takesOrigin } from '../channels/channel.ts'
import { channelKey, findKey } from '../gateway/authenticate.ts'
import type { FoundKey } from '../gateway/authenticate.ts'
import { body, optionalBody } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { idempotencyKey } from '../gateway/idempotency-key.ts'
import { callersAddress, refuseWrite } from '../gateway/limit-writes.ts'
import { log } from '../log.ts'
import { problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'
import { cancelOrder } from './cancel-order.ts'
import { accessTokenFor, opensOrder } from './ids.ts'
import { toOrder, toTimelineEvent } from './order.ts'
import { RequestReturn } from '../../contract/returns.ts'
import { changeReturn } from '../returns/hear-return.ts'
import { announced } from '../returns/return.ts'
import { returnIdOf } from '../returns/return-id.ts'
import { openSession } from '../payments/open-session.ts'
import { placeOrder } from './place-order.ts'
import { traceOf } from './trace-of.ts'
import type { OrderRecord } from './port.ts'
import { quote } from './quote.ts'
import { orderProblem } from './refuse.ts'

/** How long a timeline is followed for a caller, and how often D1 is asked meanwhile. */
const FOLLOW_FOR_MS = 5 * 60_000
const FOLLOW_EVERY_MS = 1_000
/** Longer than any token of ours. */
const TOKEN_LENGTH_MAX = 200

export const quotes = new Hono<AppEnv>()

quotes.post('/', channelKey('quotes:create'), body(QuoteRequest, ORDER_BODY_BYTES_MAX), async (c) => {
  const quoted = await quote(c.var.ports, c.req.valid('json').parsed, c.var.channel.channelId)
  return quoted.ok ? c.json(quoted.value, 200, { 'Cache-Control': 'no-store' }) : refuse(c, quoted.refusal)
})

export const orders = new Hono<AppEnv>()

orders.post('/', channelKey('orders:create'), idempotencyKey, body(PlaceOrder, ORDER_BODY_BYTES_MAX), async (c) => {
  const { ports, channel, key, requestId, traceparent } = c.var
  const caller = { keyId: keyIdOf(key), addressBlock: callersAddress(c, key) }
  const { parsed, raw } = c.req.valid('json')
  const placed = await placeOrder({ ...ports, log }, { channel, caller, requestId, traceparent, idempotencyKey: c.req.header('Idempotency-Key') ?? '', body: parsed, raw })
  if (!placed.ok) {
    ports.metrics.count('order', { outcome: 'refused', reason: placed.refusal.reason })
    return refuse(c, placed.refusal)
  }
  const { repeated } = placed.value
  ports.metrics.count('order', { outcome: repeated ? 'repeated' : 'placed' })
  // The order stands before anybody is asked to pay for it; should the provider be away, the same call again goes on from here.
  const opened = await openSession({ ...ports, log }, placed.value.order, requestId)
  if (!opened.ok) return refuse(c, opened.refusal)
  const { order, session } = opened.value
  log('order.placed', { orderId: order.orderId, requestId, channel: channel.channelId, repeated, lines: order.purchase.lines.length, ...traceOf(order) })
  const answer = { order: toOrder(order), accessToken: await accessTokenFor(ports.secrets.masterKey, order.orderId), paymentSession: session }
  return c.json(answer, repeated ? 200 : 201, { Location: `/v1/orders/${order.orderId}`, 'Cache-Control': 'no-store' })
})

orders.get('/:orderId', async (c) => {
  const readable = await findReadable(c, 'orders:read')
  return readable ? c.json(toOrder(readable.order), 200, { 'Cache-Control': 'no-store' }) : refuse(c, { reason: 'order-not-found' })
})

orders.get('/:orderId/timeline', query(z.object({ token: z.string().max(TOKEN_LENGTH_MAX).optional() })), async (c) => {
  // A browser's EventSource cannot set headers, so here the token may stand in the address.
  const readable = await findReadable(c, 'orders:read', c.req.valid('query').token)
  if (!readable) return refuse(c, { reason: 'order-not-found' })
  if (!c.req.header('Accept')?.includes('text/event-stream')) {
    return c.json({ items: readable.order.timeline.map(toTimelineEvent), nextCursor: null }, 200, { 'Cache-Control': 'no-store' })
  }
  return follow(c, readable.order)
})

orders.post('/:orderId/cancel', optionalBody(CancelOrder, ORDER_BODY_BYTES_MAX), async (c) => {
  const readable = await findReadable(c, 'orders:cancel')
  if (!readable) return refuse(c, { reason: 'order-not-found' })
  const limited = readable.by && (await refuseWrite(c, readable.by.channel, readable.by.key))
  if (limited) return limited
  const cancelled = await cancelOrder({ ...c.var.ports, log }, readable.order.orderId, c.var.requestId, c.req.valid('json').parsed.lines ?? null)
  if (!cancelled.ok) return refuse(c, cancelled.refusal)
  return c.json(toOrder(cancelled.value.order), cancelled.value.done ? 200 : 202, { 'Cache-Control': 'no-store' })
})

orders.post('/:orderId/returns', idempotencyKey, body(RequestReturn, ORDER_BODY_BYTES_MAX), async (c) => {
  const readable = await findReadable(c, 'orders:cancel')
  if (!readable) return refuse(c, { reason: 'order-not-found' })
  const limited = readable.by && (await refuseWrite(c, readable.by.channel, readable.by.key))
  if (limited) return limited
  const { orderId } = readable.order
  const { lines, method, why } = c.req.valid('json').parsed
  const returnId = await returnIdOf(orderId, c.req.header('Idempotency-Key') ?? '')
  const done = await changeReturn({ ...c.var.ports, log }, orderId, c.var.requestId, (order, now) => announced(order, { returnId, method, lines, why: why ?? null }, now))
  return done.ok ? c.json(toOrder(done.value), 201, { 'Cache-Control': 'no-store' }) : refuse(c, done.refusal)
})

const refuse = (c: Context<AppEnv>, refusal: Parameters<typeof orderProblem>[0]): Response => {
  const { type, detail, extra, retryAfterS } = orderProblem(refusal)
  return problem(c, type, detail, extra, retryAfterS)
}

/** The order, for a secret key of its channel that may do this from here, or for its own token; for everybody else there is none. `by`: the key it was opened with. */
async function findReadable(c: Context<AppEnv>, scope: Scope, tokenInAddress?: string): Promise<{ order: OrderRecord; by: FoundKey | null } | null> {
  const { ports } = c.var
  const orderId = c.req.param('orderId') ?? ''
  const token = c.req.header('X-Order-Token') ?? tokenInAddress
  const found = await findKey(c)
  const mayAsk = found !== null && scopesOf(found.key).includes(scope) && takesOrigin(found.channel, c.req.header('Origin') ?? null, new URL(c.req.url).origin)
  const by = mayAsk ? found : null
  const byToken = token !== undefined && (await opensOrder(ports.secrets, orderId, token))
  if (by === null && !byToken) return null
  const order = await ports.orders.find(orderId)
  return order && (byToken || by?.channel.channelId === order.channel) ? { order, by } : null
}

/** Server-sent events: what is there at once, then what comes, until the order is over or five minutes have passed. */
function follow(c: Context<AppEnv>, first: OrderRecord): Response {
  const { ports } = c.var
  const until = ports.clock() + FOLLOW_FOR_MS
  return streamSSE(c, async (stream) => {
    let sent = 0
    let current: OrderRecord | null = first
    while (current) {
      for (const entry of current.timeline.slice(sent)) await stream.writeSSE({ event: 'timeline', id: String(++sent), data: JSON.stringify(toTimelineEvent(entry)) })
      if (isFinal(current.status) || stream.aborted || ports.clock() >= until) return
      await stream.sleep(FOLLOW_EVERY_MS)
      current = await ports.orders.find(first.orderId)
    }
  })
}
