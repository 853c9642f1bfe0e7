import { ask, type Statuses } from '../oversell/shoppers.ts'
import { deliverAll, readTills } from '../oversell/tills.ts'
import type { Stores } from '../local/stores.ts'
import { closedLoop, createShoppers, medianMs, openLoop, perSecond, taken, tally, type Offered, type Outcome } from './offer.ts'
import { watchShop, type Seen } from './watch-shop.ts'

export const STORE_ID = 'main'
/** Nobody but the till sells it: how far the web follows is read from it. */
const WATCHED_SKU = 'TILL-ONLY'
/** A row of reservations per SKU stays short, and no shelf goes empty. */
const SKUS = Array.from({ length: 40 }, (_, n) => `LOAD-${n}`)
export const SHELF = [WATCHED_SKU, ...SKUS].map((sku) => ({ sku, pieces: 100_000, priceMinor: 199 }))

/** Enough for the edge hardly ever to wait for a shopper (16 do a sixth more, at twice the wait), and a quarter of what it lets in at most. */
const CLIENTS = 8
const TIMES_TOO_MUCH = 3
/** One shopper in so many leaves before the answer. */
const HANG_UP_EVERY = 20
/** A measured second differs by a tenth and more on a shared machine: the middle of three. */
const ROUNDS = 3
/** Where others work on the same machine the edge may find more of it than while it was measured: then three times that is offered. */
const RUSHES_MAX = 3
/** Noise makes an edge look slow, never fast, and passes; damage stays. So the rounds after the rush are repeated so often before it counts. */
const TRIES_AFTER = 3
/** As fast as before: at least this share of the rate, and at most its inverse of the latency. */
export const RECOVERED_SHARE = 0.8

type Pace = { perSecond: number; medianMs: number }
export type Report = {
  before: Pace
  overload: { seconds: number; offeredPerSecond: number; answered: Record<string, number>; takenPerSecond: number; takenMedianMs: number; refusedMedianMs: number; withoutRetryAfter: number; unexpected: number }
  shop: Seen
  after: Pace & { tries: number }
  orders: { answered: number; hungUp: number; lost: number; doubled: number; unasked: number }
}

/** Measures, overloads for `seconds`, and measures again, each round from rest. Everything answered with an order is looked for in API and till at the end. */
export async function runLoad(house: Stores, { seconds, roundSeconds }: { seconds: number; roundSeconds: number }, say: (line: string) => void): Promise<Report> {
  const shoppers = createShoppers(SKUS, STORE_ID)
  const all: Outcome[] = []
  const keep = async (offered: Offered): Promise<Offered> => {
    all.push(...offered.outcomes)
    await deliverAll(house, asOrders(taken(offered)))
    return offered
  }
  const rounds = async (): Promise<Pace> => {
    const found: Offered[] = []
    for (let round = 0; round < ROUNDS; round++) found.push(await keep(await closedLoop(house, shoppers, CLIENTS, roundSeconds)))
    return { perSecond: middle(found.map(perSecond)), medianMs: middle(found.map((one) => medianMs(taken(one)))) }
  }
  const rush = async (rate: number): Promise<{ rush: Offered; shop: Seen }> => {
    say(`offering ${rate} orders/s for ${seconds} s`)
    let over = false
    const watching = watchShop(house, STORE_ID, WATCHED_SKU, () => over)
    const offered = await openLoop(house, shoppers, { perSecond: rate, seconds, hangUpEvery: HANG_UP_EVERY }).finally(() => { over = true })
    const shop = await watching
    say(`answered: ${JSON.stringify(tally(offered.outcomes))}; delivering`)
    return { rush: await keep(offered), shop }
  }

  say('warming up')
  await keep(await closedLoop(house, shoppers, CLIENTS, roundSeconds))
  say(`measuring: ${ROUNDS} rounds of ${roundSeconds} s, ${CLIENTS} clients`)
  const before = await rounds()
  say(`the edge takes ${before.perSecond.toFixed(1)} orders/s`)
  let found = await rush(Math.ceil(before.perSecond * TIMES_TOO_MUCH))
  for (let again = 1; again < RUSHES_MAX && !isTooMuch(found.rush); again++) found = await rush(Math.ceil(perSecond(found.rush) * TIMES_TOO_MUCH))

  // As the docs tell: no answer, so the same again. Whether the first had placed it or not, it is one order.
  const hungUp = all.filter(({ what }) => what === 'hung up')
  const seen: Statuses = new Map()
  const asked = await Promise.all(hungUp.map(({ key, basket }) => ask(house, { key, basket, twins: 1 }, seen)))
  const askedOrders = asked.flatMap((told) => (told.kind === 'order' ? [told.order] : []))
  await deliverAll(house, askedOrders)

  let after = { ...await rounds(), tries: 1 }
  while (!hasRecovered(before, after) && after.tries < TRIES_AFTER) {
    say(`only ${after.perSecond.toFixed(1)} orders/s at ${after.medianMs} ms: once more`)
    after = { ...await rounds(), tries: after.tries + 1 }
  }
  const answered = all.filter(({ number }) => number !== null)
  const numbers = [...answered.map(({ number }) => number ?? ''), ...askedOrders.map(({ number }) => number)]
  return { before, overload: summary(found.rush), shop: found.shop, after, orders: { answered: answered.length, hungUp: hungUp.length, ...account(house, numbers) } }
}

function summary(rush: Offered): Report['overload'] {
  const refused = rush.outcomes.filter(({ status }) => status >= 400)
  return {
    seconds: rush.seconds,
    offeredPerSecond: offeredPerSecond(rush),
    answered: tally(rush.outcomes),
    takenPerSecond: perSecond(rush),
    takenMedianMs: medianMs(taken(rush)),
    refusedMedianMs: medianMs(refused),
    withoutRetryAfter: refused.filter(({ status, retryAfter }) => (status === 429 || status === 503) && !retryAfter).length,
    unexpected: rush.outcomes.filter(({ status, what }) => ![200, 201, 409, 429, 503].includes(status) && what !== 'hung up').length,
  }
}

const offeredPerSecond = (rush: Offered): number => rush.outcomes.length / rush.seconds

/** An edge that takes more than half of it can do more than was measured: it was not three times that. */
export const isTooMuch = (rush: Offered): boolean => offeredPerSecond(rush) >= 2 * perSecond(rush)

export const hasRecovered = (before: Pace, after: Pace): boolean =>
  after.perSecond >= before.perSecond * RECOVERED_SHARE && after.medianMs <= before.medianMs / RECOVERED_SHARE

const asOrders = (outcomes: readonly Outcome[]) => outcomes.map(({ orderId }) => ({ id: orderId ?? '' }))

/** By the till's own books: orders it never got, got twice, and got although nobody was told so. */
function account(house: Stores, numbers: readonly string[]): { lost: number; doubled: number; unasked: number } {
  const { tickets } = readTills(house)
  const known = new Set(numbers)
  return {
    lost: [...known].filter((number) => !tickets.has(number)).length,
    doubled: [...tickets.values()].filter((booked) => booked.length > 1).length,
    unasked: [...tickets.keys()].filter((number) => !known.has(number)).length,
  }
}

function middle(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN
}
