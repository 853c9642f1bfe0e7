import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { takeOrderReturn } from '../../connector/pos/embedded/till.ts'
import { handOver } from '../../connector/pos/embedded/web-orders.ts'
import { systemClock } from '../../contract/clock.ts'
import { placed } from '../local/edge-api.ts'
import type { Stores } from '../local/stores.ts'
import { until } from '../local/until.ts'
import { seeded } from '../simulation/random.ts'
import type { Random } from '../simulation/random.ts'

const AT_ONCE = 3
const REACHES_THE_TILL_WITHIN_MS = 120_000
const LOOKS_EVERY_MS = 40
/** A shopper told to come again later does, and not for ever. */
const TRIES_MAX = 40
const CANCELS = 0.15
const BRINGS_BACK = 0.15

/** `turnedAway`: taken by the web, and then not by the till, which had another price or fewer pieces by then. */
export type Web = { placed: number; refused: number; cancelled: number; turnedAway: number; handedOver: number; broughtBack: number }
type Town = { house: Stores; db: DatabaseSync; storeId: string; orders: number; skus: readonly string[]; seed: number }

/** Shoppers who order, `orders` in all: most fetch theirs, some cancel, some bring a piece back to the counter. `done` when the last of them has gone home. */
export function goShopping(town: Town): { web: Web; done: Promise<unknown> } {
  const web: Web = { placed: 0, refused: 0, cancelled: 0, turnedAway: 0, handedOver: 0, broughtBack: 0 }
  let left = town.orders
  const shopper = async (random: Random) => {
    while (left-- > 0) await order(town, web, random)
  }
  return { web, done: Promise.all(Array.from({ length: AT_ONCE }, (_, each) => shopper(seeded(town.seed * AT_ONCE + each)))) }
}

async function order({ house, db, storeId, skus }: Town, web: Web, random: Random): Promise<void> {
  const { order: bought } = await place(house, web, () => ({
    lines: [...new Set([random.pick(skus), random.pick(skus)])].map((sku) => ({ sku, quantity: 1 + random.int(3) })),
    fulfillment: { method: 'pickup', storeId }, customer: { name: 'Web Shopper', email: 'shopper@shop.example' },
  }))
  web.placed++
  const inTill = () => db.prepare("SELECT 1 FROM tickets WHERE kind = 'web' AND order_number = ?").get(bought.number) !== undefined
  const statusOf = async () => (await house.web.order(bought.id)).status
  const arrives = () => until(`order ${bought.number} in the till`, REACHES_THE_TILL_WITHIN_MS, async () => inTill() || ['backordered', 'cancelled'].includes(await statusOf()), LOOKS_EVERY_MS)
  const cancels = random.chance(CANCELS)
  // While it is on its way, or as it lies there.
  if (!cancels || random.chance(0.5)) await arrives()
  if (cancels || !inTill()) {
    const taken = await house.web.cancel(bought.id)
    if (taken.status >= 300) throw new Error(`order ${bought.number} was not cancelled: ${taken.text}`)
    web[cancels ? 'cancelled' : 'turnedAway']++
    return
  }
  const given = handOver(db, bought.number, systemClock())
  if (!given.ok) throw new Error(`order ${bought.number} is not handed over: ${given.refusal.message}`)
  web.handedOver++
  const [line] = bought.lines
  if (!line || !random.chance(BRINGS_BACK)) return
  const back = takeOrderReturn(db, bought.number, [{ sku: line.sku, quantity: 1 }], systemClock())
  if (!back.ok) throw new Error(`a piece of order ${bought.number} is not taken back: ${back.refusal.message}`)
  web.broughtBack++
}

/** Another basket where this one is sold out; the same later where the gateway has enough to do. */
async function place(house: Stores, web: Web, basket: () => Parameters<Stores['web']['place']>[0]) {
  let wanted = basket()
  for (let tries = 0; ; tries++) {
    const answer = await house.web.place(wanted, randomUUID())
    if (answer.status === 201) return placed(answer)
    if (tries >= TRIES_MAX) throw new Error(`the web sells nothing: ${answer.text}`)
    if (answer.status === 429 || answer.status === 503) await sleep(Number(answer.headers.get('Retry-After') ?? 1) * 1000)
    else {
      web.refused++
      wanted = basket()
    }
  }
}
