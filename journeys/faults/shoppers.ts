import { setTimeout as sleep } from 'node:timers/promises'
import { Order, PlacedAnswer } from '../../contract/order.ts'
import type { Answer } from '../local/edge-api.ts'
import { basket } from '../local/demo.ts'
import type { Random } from '../simulation/random.ts'
import { STORE_IDS, type Town } from './town.ts'

/** What one shopper was told. Nothing else is known of an order until the edge and the tills are asked. */
export type Told = {
  key: string
  /** `null`: refused, with `refusal`. */
  orderId: string | null
  refusal: string | null
  /** The answer to the wish to cancel: 200 done, 202 asked, 409 too late. `null`: never wished. */
  cancel: number | null
  /** Answers that contradict each other. */
  contradictions: string[]
}
export type ShopperCounts = { placed: number; refused: number; calls: number; unanswered: number; atOnce: number; cancels: number }

/** Far longer than any outage, kill and restart together. */
const GIVES_UP_AFTER_MS = 180_000
const TRIES_AGAIN_AFTER_MS = 150
const DOUBLE_CLICK = 0.2
const ASKS_ONCE_MORE = 0.2
const CANCELS = 0.2
const THINKS_MS_MAX = 2_000
const SHIPPED = 0.3
const ADDRESS = { name: 'Test Customer', line1: '1 Test Street', city: 'Testville', postalCode: '10001', country: 'US' }

export type Shopper = { key: string; body: ReturnType<typeof basket> }

/** Somebody who wants one or two things, picked up somewhere or shipped. */
export function shopperOf(random: Random, key: string, skus: readonly string[]): Shopper {
  const first = random.pick(skus)
  const second = random.pick(skus)
  const lines = [...new Set(random.chance(0.5) ? [first] : [first, second])].map((sku) => ({ sku, quantity: 1 + random.int(2) }))
  const body = basket(lines, random.pick(STORE_IDS))
  return { key, body: random.chance(SHIPPED) ? { ...body, fulfillment: { method: 'ship', address: ADDRESS } } : body }
}

/** Orders as a good storefront does, over a bad line: the same request with the same key until it is answered. Some click twice, some ask again later, some cancel. */
export async function shop(town: Town, { key, body }: Shopper, random: Random, counts: ShopperCounts): Promise<Told> {
  const told: Told = { key, orderId: null, refusal: null, cancel: null, contradictions: [] }
  const place = () => insist(() => town.web.place(body, key), counts)
  const clicks = random.chance(DOUBLE_CLICK) ? 2 + random.int(2) : 1
  const [asksAgain, cancels, thinksMs] = [random.chance(ASKS_ONCE_MORE), random.chance(CANCELS), random.int(THINKS_MS_MAX)]
  if (clicks > 1) counts.atOnce += 1

  const hear = (answer: Answer): void => {
    if (answer.status !== 200 && answer.status !== 201) {
      if (told.orderId) told.contradictions.push(`${key} was told of an order, and then ${answer.status} ${answer.text.slice(0, 200)}`)
      // Nothing else is wrong with any of these baskets.
      else if (answer.status !== 409) told.contradictions.push(`${key} was refused for what it is: ${answer.status} ${answer.text.slice(0, 200)}`)
      else told.refusal = `${answer.status} ${answer.text.slice(0, 200)}`
      return
    }
    const { order } = PlacedAnswer.parse(answer.body)
    if (told.orderId && told.orderId !== order.id) told.contradictions.push(`${key} has two orders: ${told.orderId} and ${order.id}`)
    told.orderId = order.id
    told.refusal = null
  }
  const answers = await Promise.all(Array.from({ length: clicks }, place))
  // Of clicks at once one may have been refused before another one was served: the order is what counts.
  for (const answer of answers.toSorted((a, b) => b.status - a.status)) hear(answer)
  if (asksAgain && told.orderId) hear(await place())
  if (!told.orderId) {
    counts.refused += 1
    return told
  }
  counts.placed += 1
  const { orderId } = told
  if (!cancels) return told
  await sleep(thinksMs)
  const answer = await insist(() => town.web.cancel(orderId), counts)
  told.cancel = answer.status
  counts.cancels += 1
  if (answer.status === 200 && Order.parse(answer.body).status !== 'cancelled') told.contradictions.push(`${key} was told that the cancel is done, and the order is not cancelled`)
  return told
}

/** The first answer that is the edge's own: what a broken line or a server that is going down says is none. */
async function insist(ask: () => Promise<Answer>, counts: ShopperCounts): Promise<Answer> {
  const deadline = performance.now() + GIVES_UP_AFTER_MS
  let last = 'no connection'
  while (performance.now() < deadline) {
    counts.calls += 1
    const answer = await ask().catch(() => null)
    if (answer && isOwnWord(answer)) return answer
    counts.unanswered += 1
    if (answer) last = `${answer.status} ${answer.text.slice(0, 200)}`
    await sleep(TRIES_AGAIN_AFTER_MS)
  }
  throw new Error(`a shopper was never answered within ${GIVES_UP_AFTER_MS / 1000} s; the last word was ${last}`)
}

function isOwnWord({ status, headers, body }: Answer): boolean {
  if (status < 300) return body !== undefined
  const isProblem = headers.get('content-type')?.startsWith('application/problem+json') === true
  return isProblem && status < 500 && status !== 429
}
