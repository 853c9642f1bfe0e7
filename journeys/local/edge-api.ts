import { z } from 'zod'
import { ExplainedInventory } from '../../contract/operator.ts'
import { Order, PlacedAnswer, Timeline } from '../../contract/order.ts'
import { Availability, Product } from '../../contract/product.ts'
import { page } from '../../contract/values.ts'

export type Answer = { status: number; headers: Headers; text: string; body: unknown }
export type Call = { method?: string; path: string; headers?: Record<string, string>; body?: unknown; raw?: string }
export type Keys = { publishable: string; secret: string }
/** What an order asks for, as `POST /v1/orders` takes it. */
export type Basket = { lines: { sku: string; quantity: number }[]; fulfillment: unknown; customer: { name: string; email: string }; note?: string }

/** Longer than any answer of a healthy edge; a journey that hangs should say where. */
const ANSWER_WITHIN_MS = 20_000

/** One HTTP call. `body` is sent as JSON; `raw` is sent as it is. The answer's JSON is parsed where there is some. */
export async function call(base: string, { method, path, headers, body, raw }: Call): Promise<Answer> {
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const answer = await fetch(base + path, {
    method: method ?? (content === undefined ? 'GET' : 'POST'),
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(content === undefined ? {} : { body: content }),
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, body: parseJson(text) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The answer as `schema` describes it; throws with status and problem when the status is another one. */
export function expectAnswer<T>(answer: Answer, status: number | number[], schema: z.ZodType<T>): T {
  if (![status].flat().includes(answer.status)) throw new Error(`expected ${[status].flat().join(' or ')}, got ${answer.status}: ${answer.text.slice(0, 400)}`)
  return schema.parse(answer.body)
}

const percent = encodeURIComponent

/** The operator's calls. `base` is the edge's URL. */
export const operatorApi = (base: string, adminToken: string) => {
  const send = (path: string, method = 'GET', body?: unknown) =>
    call(base, { method, path: `/admin/v1${path}`, headers: { Authorization: `Bearer ${adminToken}` }, ...(body === undefined ? {} : { body }) })
  return {
    send,
    registerStore: async (store: Record<string, unknown>) =>
      expectAnswer(await send('/stores', 'POST', store), 201, z.object({ secret: z.string().startsWith('tbsec_') })).secret,
    registerChannel: async (channel: Record<string, unknown>) => expectAnswer(await send('/channels', 'POST', channel), 201, z.unknown()),
    issueKey: async (channelId: string, kind: 'publishable' | 'secret') =>
      expectAnswer(await send(`/channels/${channelId}/keys`, 'POST', { kind }), 201, z.object({ key: z.string() })).key,
    /** `null` while no store has counted it. */
    explain: async (sku: string): Promise<ExplainedInventory | null> => {
      const answer = await send(`/inventory/${percent(sku)}`)
      return answer.status === 404 ? null : expectAnswer(answer, 200, ExplainedInventory)
    },
  }
}

/** The storefront's calls, with a secret key as a shop's server would. */
export const shopApi = (base: string, keys: Keys) => {
  const authorized = { Authorization: `Bearer ${keys.secret}` }
  return {
    products: async (): Promise<Product[]> => {
      const all: Product[] = []
      for (let cursor: string | null = ''; cursor !== null;) {
        const path: string = `/v1/products?limit=100${cursor ? `&cursor=${percent(cursor)}` : ''}`
        const found: { items: Product[]; nextCursor: string | null } = expectAnswer(await call(base, { path }), 200, page(Product))
        all.push(...found.items)
        cursor = found.nextCursor
      }
      return all
    },
    product: async (sku: string): Promise<Product | null> => {
      const answer = await call(base, { path: `/v1/products/${percent(sku)}` })
      return answer.status === 404 ? null : expectAnswer(answer, 200, Product)
    },
    availability: async (sku: string) => expectAnswer(await call(base, { path: `/v1/availability/${percent(sku)}` }), 200, Availability),
    place: (basket: Basket | Record<string, unknown>, idempotencyKey: string, key = keys.publishable) =>
      call(base, { path: '/v1/orders', headers: { Authorization: `Bearer ${key}`, 'Idempotency-Key': idempotencyKey }, body: basket }),
    order: async (orderId: string) => expectAnswer(await call(base, { path: `/v1/orders/${orderId}`, headers: authorized }), 200, Order),
    timeline: async (orderId: string) => expectAnswer(await call(base, { path: `/v1/orders/${orderId}/timeline`, headers: authorized }), 200, Timeline),
    cancel: (orderId: string) => call(base, { method: 'POST', path: `/v1/orders/${orderId}/cancel`, headers: authorized }),
  }
}

/** Places an order and answers it; throws unless it was taken. */
export async function placed(answer: Answer): Promise<PlacedAnswer> {
  return expectAnswer(answer, [201, 200], PlacedAnswer)
}
