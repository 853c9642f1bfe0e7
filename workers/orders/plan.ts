import type { Shortage } from '../../contract/order.ts'
import type { Rounding } from '../../contract/money.ts'
import type { LineQuantity } from './port.ts'

/** Four parcels for one order is what a shopper bears and a shop still earns on. */
export const STORES_PER_ORDER_MAX = 4

export type PlanLine = { lineId: string; sku: string; quantity: number }
/** What a store could give of each SKU, how it rounds, and when it promises to have it ready to be fetched (epoch ms): `null` where it never counted it, `Infinity` where nobody counts. A SKU that is not there it does not sell. */
export type StoreOffer = { storeId: string; priority: number; rounding: Rounding; available: ReadonlyMap<string, number | null>; promisedAt?: number | null }
/** What one store is to be asked for. */
export type Part = { storeId: string; lines: LineQuantity[] }
export type Plan = { parts: Part[]; shortages: Shortage[] }

/** The lowest number has its turn first; equal ones by id, so that the same offers always give the same plan. */
export const inTurn = (offers: readonly StoreOffer[]): StoreOffer[] =>
  [...offers].sort((a, b) => a.priority - b.priority || (a.storeId < b.storeId ? -1 : 1))

/** Demand is summed per SKU: two lines of one SKU take from one shelf. */
export function demandOf(lines: readonly PlanLine[]): Map<string, number> {
  const demand = new Map<string, number>()
  for (const { sku, quantity } of lines) demand.set(sku, (demand.get(sku) ?? 0) + quantity)
  return demand
}

const offered = (offer: StoreOffer, sku: string): number => offer.available.get(sku) ?? 0

/** The first store that has everything. `offers` are in turn. */
export function wholeFrom(lines: readonly PlanLine[], offers: readonly StoreOffer[]): Part | null {
  const demand = [...demandOf(lines)]
  const offer = offers.find((each) => demand.every(([sku, quantity]) => offered(each, sku) >= quantity))
  return offer ? { storeId: offer.storeId, lines: lines.map(({ lineId, quantity }) => ({ lineId, quantity })) } : null
}

/**
 * One store that has everything, else what the first in turn has, and so on with what is left. Whatever no store has, or would
 * need more than `storesMax` of them, is short; the parts then hold what can be had.
 */
export function plan(lines: readonly PlanLine[], offers: readonly StoreOffer[], storesMax = STORES_PER_ORDER_MAX): Plan {
  const parts: Part[] = []
  let left = lines.filter((line) => line.quantity > 0)
  let stores = inTurn(offers)
  while (left.length > 0 && parts.length < storesMax) {
    const part = wholeFrom(left, stores) ?? stores.map((offer) => takeFrom(offer, left)).find(({ lines: taken }) => taken.length > 0)
    if (!part) break
    parts.push(part)
    left = without(left, part.lines)
    stores = stores.filter(({ storeId }) => storeId !== part.storeId)
  }
  return { parts, shortages: shortagesOf(lines, left, offers) }
}

function takeFrom(offer: StoreOffer, lines: readonly PlanLine[]): Part {
  const rest = new Map<string, number>()
  const taken: LineQuantity[] = []
  for (const { lineId, sku, quantity } of lines) {
    const has = rest.get(sku) ?? offered(offer, sku)
    const takes = Math.min(has, quantity)
    rest.set(sku, has - takes)
    if (takes > 0) taken.push({ lineId, quantity: takes })
  }
  return { storeId: offer.storeId, lines: taken }
}

function without(lines: readonly PlanLine[], taken: readonly LineQuantity[]): PlanLine[] {
  const gone = new Map(taken.map(({ lineId, quantity }) => [lineId, quantity]))
  return lines.map((line) => ({ ...line, quantity: line.quantity - (gone.get(line.lineId) ?? 0) })).filter(({ quantity }) => quantity > 0)
}

/** `available` is what could be had, `null` where no store has ever counted it. */
function shortagesOf(lines: readonly PlanLine[], left: readonly PlanLine[], offers: readonly StoreOffer[]): Shortage[] {
  const demand = demandOf(lines)
  return [...demandOf(left)].map(([sku, missing]) => {
    const requested = demand.get(sku) ?? missing
    const isCounted = offers.some(({ available }) => typeof available.get(sku) === 'number')
    return { sku, requested, available: isCounted ? requested - missing : null }
  })
}
