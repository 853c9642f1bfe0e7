import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { systemClock } from '../../contract/clock.ts'
import { call, expectAnswer } from '../local/edge-api.ts'
import type { Stores } from '../local/stores.ts'
import { median, until } from '../local/until.ts'

type Looks = { answered: number; refused: number; medianMs: number }
/** How everybody but the shoppers who order fares meanwhile, as the edge tells it. */
export type Seen = {
  reads: Looks
  health: Looks
  /** What the operator's API said of the store: never stale, and how long ago its last sign of life was at most. */
  operator: Looks
  stale: boolean
  heartbeatAgeMaxMs: number
  /** From the till's commit to the public API. */
  saleVisibleMs: number[]
}

const StoreView = z.object({ stale: z.boolean(), link: z.object({ lastHeartbeatAt: z.string() }) })
/** As somebody who clicks through a shop. */
const LOOK_EVERY_MS = 100
/** Each sale is seen before the next; one that is not within this is lost. */
const SEEN_WITHIN_MS = 30_000

/** Looks until `over`: reads as a storefront does, asks for health and, as the operator, for the store's last sign of life; and sells `sku` at the till, again once the web has seen it. */
export async function watchShop(house: Stores, storeId: string, sku: string, over: () => boolean): Promise<Seen> {
  const till = house.stores.get(storeId)?.till
  if (!till) throw new Error(`there is no store ${storeId}`)
  const url = house.edge.ready.url
  const signs = { stale: false, heartbeatAgeMaxMs: 0 }
  const saleVisibleMs: number[] = []

  const selling = async () => {
    while (!over()) {
      till.sell(sku, 1)
      const soldAt = performance.now()
      const left = till.onHand(sku)
      await until('the sale on the web', SEEN_WITHIN_MS, async () => (await house.web.availability(sku)).stores.find((store) => store.storeId === storeId)?.available === left)
      saleVisibleMs.push(Math.round(performance.now() - soldAt))
      await sleep(LOOK_EVERY_MS)
    }
  }
  const [reads, health, operator] = await Promise.all([
    look(over, async () => (await call(url, { path: `/v1/products/${sku}` })).status === 200),
    look(over, async () => (await call(url, { path: '/healthz' })).status === 200),
    look(over, async () => {
      const answer = await house.operator.send(`/stores/${storeId}`)
      if (answer.status !== 200) return false
      const { stale, link } = expectAnswer(answer, 200, StoreView)
      signs.stale ||= stale
      signs.heartbeatAgeMaxMs = Math.max(signs.heartbeatAgeMaxMs, systemClock() - Date.parse(link.lastHeartbeatAt))
      return true
    }),
    selling(),
  ])
  return { reads, health, operator, ...signs, saleVisibleMs }
}

/** One look after the other until `over`. */
async function look(over: () => boolean, once: () => Promise<boolean>): Promise<Looks> {
  const tookMs: number[] = []
  let refused = 0
  while (!over()) {
    const began = performance.now()
    if (!(await once())) refused += 1
    tookMs.push(performance.now() - began)
    await sleep(LOOK_EVERY_MS)
  }
  return { answered: tookMs.length - refused, refused, medianMs: median(tookMs) }
}
