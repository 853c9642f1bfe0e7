import { setTimeout as sleep } from 'node:timers/promises'
import { PlacedAnswer } from '../../contract/order.ts'
import { PROBLEM_BASE, Problem } from '../../contract/problem.ts'
import { basket } from '../local/demo.ts'
import type { Basket } from '../local/edge-api.ts'
import type { Stores } from '../local/stores.ts'
import { median } from '../local/until.ts'

/** What one request came to. `what` is `201`, a problem's type, or how there came to be no answer. */
export type Outcome = { key: string; basket: Basket; status: number; what: string; ms: number; retryAfter: boolean; number: string | null; orderId: string | null }
/** `seconds` is how long orders were offered, `untilLast` until the last of them was answered. */
export type Offered = { seconds: number; untilLast: number; outcomes: Outcome[] }

/** Longer than a busy edge may take for any answer: what comes later hangs. */
const HANGS_AFTER_MS = 15_000
/** Somewhere between the reservation and the answer. */
const HANGS_UP_AFTER_MS = 60
/** Shoppers come from many homes: one address has a limit of its own. */
const HOMES = 250

/** Baskets of one piece, spread over the shelf, each with a key of its own. */
export type Shoppers = { next(): { key: string; basket: Basket } }
export function createShoppers(skus: readonly string[], storeId: string): Shoppers {
  let n = 0
  return { next: () => ({ key: `load-${n}`, basket: basket([{ sku: skus[n++ % skus.length] ?? '', quantity: 1 }], storeId) }) }
}

/** Who was refused comes again after a moment: a client that spins measures itself. */
const REFUSED_WAITS_MS = 200

/** `clients` shoppers, each placing the next order when the one before is answered. */
export async function closedLoop(house: Stores, shoppers: Shoppers, clients: number, seconds: number): Promise<Offered> {
  const began = performance.now()
  const outcomes: Outcome[] = []
  await Promise.all(Array.from({ length: clients }, async () => {
    while (performance.now() - began < seconds * 1000) {
      const outcome = await order(house, shoppers.next())
      outcomes.push(outcome)
      if (outcome.status >= 400) await sleep(REFUSED_WAITS_MS)
    }
  }))
  const took = (performance.now() - began) / 1000
  return { seconds: took, untilLast: took, outcomes }
}

/** `perSecond` orders whether or not anything is answered; every `hangUpEvery`th shopper leaves before the answer. Ends when the last is answered. */
export async function openLoop(house: Stores, shoppers: Shoppers, { perSecond, seconds, hangUpEvery }: { perSecond: number; seconds: number; hangUpEvery: number }): Promise<Offered> {
  const began = performance.now()
  const pending: Promise<Outcome>[] = []
  await new Promise<void>((resolve) => {
    // By the clock, not by the timer: what a late timer missed is offered with the next one.
    const timer = setInterval(() => {
      const passed = Math.min((performance.now() - began) / 1000, seconds)
      while (pending.length < passed * perSecond) pending.push(order(house, shoppers.next(), pending.length % hangUpEvery === 0))
      if (passed < seconds) return
      clearInterval(timer)
      resolve()
    }, 5)
  })
  const offeredFor = (performance.now() - began) / 1000
  const outcomes = await Promise.all(pending)
  return { seconds: offeredFor, untilLast: (performance.now() - began) / 1000, outcomes }
}

async function order(house: Stores, { key, basket: wanted }: { key: string; basket: Basket }, hangsUp = false): Promise<Outcome> {
  const began = performance.now()
  const done = (status: number, what: string, more: Partial<Outcome> = {}): Outcome =>
    ({ key, basket: wanted, status, what, ms: performance.now() - began, retryAfter: false, number: null, orderId: null, ...more })
  try {
    const answer = await fetch(`${house.edge.ready.url}/v1/orders`, {
      method: 'POST',
      headers: { 'Authorization': `Bearer ${house.keys.publishable}`, 'Content-Type': 'application/json', 'Idempotency-Key': key, 'CF-Connecting-IP': `198.51.100.${Number(key.slice(5)) % HOMES}` },
      body: JSON.stringify(wanted),
      signal: AbortSignal.timeout(hangsUp ? HANGS_UP_AFTER_MS : HANGS_AFTER_MS),
    })
    const body: unknown = await answer.json()
    const retryAfter = Number(answer.headers.get('Retry-After') ?? 0) > 0
    if (answer.ok) {
      const placed = PlacedAnswer.parse(body).order
      return done(answer.status, String(answer.status), { number: placed.number, orderId: placed.id })
    }
    return done(answer.status, Problem.parse(body).type.slice(PROBLEM_BASE.length), { retryAfter })
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError'
    return done(0, late ? (hangsUp ? 'hung up' : 'no answer') : `fault: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export const taken = ({ outcomes }: Offered): Outcome[] => outcomes.filter(({ status }) => status === 200 || status === 201)
export const perSecond = (offered: Offered): number => taken(offered).length / offered.untilLast
export const medianMs = (outcomes: readonly Outcome[]): number => median(outcomes.map(({ ms }) => ms))

/** How often each outcome came. */
export function tally(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, what } of outcomes) {
    const name = status === 0 || String(status) === what ? what : `${status} ${what}`
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}
