import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { PlacedAnswer, Shortage, type Order } from '../../contract/order.ts'
import { PROBLEM_BASE } from '../../contract/problem.ts'
import type { Answer, Basket } from '../local/edge-api.ts'
import type { Stores } from '../local/stores.ts'

/** What somebody wants, and how often an impatient hand sends it at once. */
export type Wish = { key: string; basket: Basket; twins: number }
/** What somebody was told by one request, in the end. */
export type Told = { kind: 'order'; order: Order; first: boolean } | { kind: 'short'; shortages: Shortage[] }
export type Customer = { wish: Wish; told: Told[] }
/** How often which status came, waits included; 0 is no answer at all. */
export type Statuses = Map<number, number>

/** Patience with a busy edge: longer than any rush here lasts. */
const GIVES_UP_AFTER_MS = 120_000
/** Without an answer nobody said how long to wait. */
const WITHOUT_ANSWER_WAITS_MS = 250

const OutOfStock = z.object({ type: z.literal(`${PROBLEM_BASE}out-of-stock`), shortages: Shortage.array().min(1) })

/** All at once: each sends the same request as often as it has twins, and each twin again while the edge is too busy to say. */
export function shopAtOnce(house: Stores, wishes: readonly Wish[], seen: Statuses): Promise<Customer[]> {
  return Promise.all(wishes.map(async (wish) => ({ wish, told: await Promise.all(Array.from({ length: wish.twins }, () => ask(house, wish, seen))) })))
}

/** One request as the docs tell a storefront: the same again after a 429 or 503, when it says. Throws on whatever else is neither an order nor a shortage. */
export async function ask(house: Stores, { key, basket }: Wish, seen: Statuses): Promise<Told> {
  const deadline = performance.now() + GIVES_UP_AFTER_MS
  for (;;) {
    const answer = await house.web.place(basket, key).catch(() => null)
    seen.set(answer?.status ?? 0, (seen.get(answer?.status ?? 0) ?? 0) + 1)
    const told = answer && understand(answer)
    if (told) return told
    if (performance.now() > deadline) throw new Error(`order ${key} was never answered; the last word was ${answer?.status ?? 'no connection'}`)
    await sleep(answer ? retryAfterMs(answer, key) : WITHOUT_ANSWER_WAITS_MS)
  }
}

/** `null` for "not now". */
function understand(answer: Answer): Told | null {
  switch (answer.status) {
    case 200:
    case 201:
      return { kind: 'order', order: PlacedAnswer.parse(answer.body).order, first: answer.status === 201 }
    case 409:
      return { kind: 'short', shortages: OutOfStock.parse(answer.body).shortages }
    case 429:
    case 503:
      return null
    default:
      throw new Error(`neither an order nor a shortage: ${answer.status} ${answer.text}`)
  }
}

function retryAfterMs(answer: Answer, key: string): number {
  const seconds = Number(answer.headers.get('Retry-After') ?? NaN)
  if (!(seconds > 0)) throw new Error(`order ${key}: ${answer.status} without Retry-After`)
  return seconds * 1000
}

/** The order of each customer who has one. */
export const ordersOf = (customers: readonly Customer[]): Order[] =>
  customers.flatMap(({ told }) => told.find((one) => one.kind === 'order')?.order ?? [])

/** Customers who hold two different orders, or whose order was new more than once: each is an order too many. */
export const doubled = (customers: readonly Customer[]): Customer[] => customers.filter(({ told }) => {
  const orders = told.filter((one) => one.kind === 'order')
  return new Set(orders.map(({ order }) => order.id)).size > 1 || orders.filter(({ first }) => first).length > 1
})
