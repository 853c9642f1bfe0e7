import type { z } from 'zod'
import type { CancelOrder, Order, PlacedAnswer, PlaceOrder, Quote, QuoteRequest, TimelineEvent } from '../contract/order.ts'
import type { Availability, Category, Product } from '../contract/product.ts'
import type { RequestReturn } from '../contract/returns.ts'
import type { PublicStore } from '../contract/store.ts'
import { TillbridgeError } from './error.ts'
import { eventsOf, isOver } from './follow.ts'
import { watch } from './live.ts'
import type { Live, LiveOptions } from './live.ts'
import { createSender, pause } from './send.ts'
import type { Query, SenderOptions } from './send.ts'

export { isProblem, TillbridgeError } from './error.ts'
export type { ErrorType, ProblemMembers } from './error.ts'
export type { Live, LiveOptions, LiveState } from './live.ts'
export type { Problem } from '../contract/problem.ts'
export type { Availability, Category, Order, PlacedAnswer, PlaceOrder, Product, PublicStore, Quote, QuoteRequest, TimelineEvent }

export type ClientOptions = SenderOptions & {
  /** Whose catalogue is shown; `web` unless said. */
  channel?: string
  /** Where there is none by that name in the global scope. */
  WebSocket?: typeof globalThis.WebSocket
}
export type Page<T> = { items: T[]; nextCursor: string | null }
export type CallOptions = { signal?: AbortSignal }
/** `productId`: the variants of one product, such as the sizes of a shirt. */
export type ProductFilter = { q?: string; category?: string; productId?: string }
export type PageOptions = CallOptions & { cursor?: string; limit?: number }
/** Opens one order: the `accessToken` that came with it. A client with a secret key needs none for orders of its channel. */
export type OrderOptions = CallOptions & { token?: string }
export type PlaceOptions = CallOptions & {
  /** One per basket (or return), kept as long as it is: whoever reloads the page and tries again meets the same order. Made for this call unless given. */
  idempotencyKey?: string
}
/** `repeated`: the order was there already. */
export type Placed = PlacedAnswer & { repeated: boolean }

const enc = encodeURIComponent
const ORDER_RETRY_WAIT_MS = 1_000

/**
 * A shop's storefront over Tillbridge's edge API. `url` is the edge's origin; `key` a publishable key (in a page) or a secret one (on a server), for quotes and orders.
 * Calls are tried again for a minute (`retryForMs`) where that helps; what cannot be had is a `TillbridgeError`. Quantities are whole numbers of the product's unit,
 * amounts are in the currency's smallest unit.
 */
export function createClient({ channel, WebSocket: Socket = globalThis.WebSocket, ...options }: ClientOptions) {
  const { send, urlOf } = createSender(options)
  const json = async <T>(call: Parameters<typeof send>[0]): Promise<T> => {
    const answer = await send(call)
    try {
      return await answer.json() as T
    } catch (cause) {
      call.signal?.throwIfAborted()
      throw new TillbridgeError('unreadable', `${call.path}: the answer broke off, or is no JSON.`, { status: answer.status, requestId: answer.headers.get('X-Request-Id'), cause })
    }
  }
  const get = <T>(path: string, query: Query, { signal }: CallOptions = {}): Promise<T> => json<T>({ path, query, signal })
  const ofOrder = ({ token, signal }: OrderOptions) => ({ signal, headers: token === undefined ? {} : { 'X-Order-Token': token } })

  async function* all<T>(list: (page: PageOptions) => Promise<Page<T>>, page: PageOptions): AsyncGenerator<T> {
    for (let cursor: string | undefined | null = page.cursor; cursor !== null;) {
      const found: Page<T> = await list({ ...page, ...(cursor === undefined ? {} : { cursor }) })
      yield* found.items
      cursor = found.nextCursor
    }
  }

  const products = {
    list: ({ q, category, productId, cursor, limit, signal }: ProductFilter & PageOptions = {}): Promise<Page<Product>> => get('/v1/products', { q, category, productId, cursor, limit, channel }, signal ? { signal } : {}),
    /** Every product, a page at a time: `for await (const product of shop.products.all({ q: 'tea' }))`. */
    all: (filter: ProductFilter & PageOptions = {}): AsyncGenerator<Product> => all((page) => products.list({ ...filter, ...page }), filter),
    /** At its lowest price, or with `storeId` at that store's. */
    get: (sku: string, { storeId, ...options }: CallOptions & { storeId?: string } = {}): Promise<Product> => get(`/v1/products/${enc(sku)}`, { channel, storeId }, options),
  }

  const availability = {
    /** Exact, from the counters: `available` is `null` where nobody has counted it. */
    get: (sku: string, options?: CallOptions): Promise<Availability> => get(`/v1/availability/${enc(sku)}`, { channel }, options),
    /** Up to 50 SKUs in one call. */
    many: async (skus: readonly string[], options?: CallOptions): Promise<Availability[]> => (await get<Page<Availability>>('/v1/availability', { sku: skus, channel }, options)).items,
    /** Tells the availability at once and whenever it changes, until it is closed. */
    live: (sku: string, listener: (now: Availability) => void, options?: LiveOptions): Live => watch({
      address: (version) => urlOf(`/v1/availability/${enc(sku)}/live`, { channel, version }).href.replace(/^http/, 'ws'),
      ask: () => availability.get(sku),
      WebSocket: Socket,
    }, listener, options),
  }

  const orders = {
    /** Places an order. However often the call is repeated on the way, there is one; `out-of-stock` and `price-changed` are refusals to show. */
    place: async (body: z.input<typeof PlaceOrder>, { idempotencyKey = crypto.randomUUID(), signal }: PlaceOptions = {}): Promise<Placed> => {
      const answer = await send({ method: 'POST', path: '/v1/orders', body, headers: { 'Idempotency-Key': idempotencyKey }, signal })
      // An order that was taken must not be lost with the end of its answer: the same call fetches it.
      const placed = await answer.json().catch(() => null) as PlacedAnswer | null
      return placed ? { ...placed, repeated: answer.status === 200 } : { ...await json<PlacedAnswer>({ method: 'POST', path: '/v1/orders', body, headers: { 'Idempotency-Key': idempotencyKey }, signal }), repeated: true }
    },
    get: (orderId: string, options: OrderOptions = {}): Promise<Order> => json({ path: `/v1/orders/${enc(orderId)}`, ...ofOrder(options) }),
    timeline: async (orderId: string, options: OrderOptions = {}): Promise<TimelineEvent[]> => (await json<Page<TimelineEvent>>({ path: `/v1/orders/${enc(orderId)}/timeline`, ...ofOrder(options) })).items,
    /** What has happened to it, then what happens, each once, until it is over: `for await (const event of shop.orders.follow(id, { token }))`. */
    async *follow(orderId: string, options: OrderOptions = {}): AsyncGenerator<TimelineEvent> {
      for (let seen = 0; ;) {
        const answer = await send({ path: `/v1/orders/${enc(orderId)}/timeline`, accept: 'text/event-stream', ...ofOrder(options) })
        try {
          for await (const { id, data } of eventsOf(answer)) {
            if (Number(id) <= seen) continue
            seen = Number(id)
            const event = JSON.parse(data) as TimelineEvent
            yield event
            if (isOver(event)) return
          }
        } catch {
          // The line broke; what was missed comes with the next one.
          options.signal?.throwIfAborted()
        }
        await pause(ORDER_RETRY_WAIT_MS, options.signal)
      }
    },
    /** Without `lines` all of it; a quantity is how many of the line in all. `done: false`: the store was asked, and the status will say. */
    cancel: async (orderId: string, { lines, ...options }: OrderOptions & z.input<typeof CancelOrder> = {}): Promise<{ order: Order; done: boolean }> => {
      const answer = await send({ method: 'POST', path: `/v1/orders/${enc(orderId)}/cancel`, body: lines === undefined ? {} : { lines }, ...ofOrder(options) })
      return { order: await answer.json() as Order, done: answer.status === 200 }
    },
    /** Announces what the shopper gives back, by line and quantity; `returns` of the order says what becomes of it. `not-returnable` is a refusal to show. */
    requestReturn: (orderId: string, { token, signal, idempotencyKey = crypto.randomUUID(), ...body }: OrderOptions & PlaceOptions & z.input<typeof RequestReturn>): Promise<Order> => {
      const { headers } = ofOrder(token === undefined ? {} : { token })
      return json({ method: 'POST', path: `/v1/orders/${enc(orderId)}/returns`, body, headers: { ...headers, 'Idempotency-Key': idempotencyKey }, signal })
    },
  }

  return {
    products,
    availability,
    orders,
    categories: ({ cursor, limit, signal }: PageOptions = {}): Promise<Page<Category>> => get('/v1/categories', { cursor, limit, channel }, signal ? { signal } : {}),
    stores: {
      list: ({ cursor, limit, signal }: PageOptions = {}): Promise<Page<PublicStore>> => get('/v1/stores', { cursor, limit }, signal ? { signal } : {}),
      get: (storeId: string, options?: CallOptions): Promise<PublicStore> => get(`/v1/stores/${enc(storeId)}`, {}, options),
    },
    /** What a basket costs and whether there is enough of it. Reserves nothing. */
    quote: (body: z.input<typeof QuoteRequest>, { signal }: CallOptions = {}): Promise<Quote> => json({ method: 'POST', path: '/v1/quotes', body, signal }),
  }
}
export type Client = ReturnType<typeof createClient>
