import { ROUNDING_DEFAULT } from '../../contract/money.ts'
import type { QuoteRequest, RequestedLine, Shortage } from '../../contract/order.ts'
import type { Item } from '../../contract/product.ts'
import { ok, refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import type { SellableItem } from '../catalog/port.ts'
import type { Inventory, SkuAvailability } from '../inventory/port.ts'
import type { Store, StoreBook, StoreLinkRpc } from '../stores/port.ts'
import { promisedAt } from '../stores/opening-hours.ts'
import { takesOrders } from '../stores/store.ts'
import { inTurn, plan, wholeFrom } from './plan.ts'
import type { Part, StoreOffer } from './plan.ts'
import { itemAt, lineIdAt, priceLines } from './price.ts'
import type { Priced, PriceRefusal } from './price.ts'

export type StoreRefusal = { reason: 'unknown-store'; storeId: string } | { reason: 'store-not-taking-orders'; storeId: string | null }
/** Where each store's last heartbeat is asked for. */
export type HeartbeatsOf = { link(storeId: string): Pick<StoreLinkRpc, 'facts'> }
export type OfferPorts = { stores: Pick<StoreBook, 'find' | 'list'>; links: HeartbeatsOf; inventory: Pick<Inventory, 'availability'>; clock: () => number }

async function isTakingOrders(ports: Pick<OfferPorts, 'links' | 'clock'>, store: Store): Promise<boolean> {
  if (store.paused) return false
  const now = ports.clock()
  return takesOrders(store, await ports.links.link(store.storeId).facts(now), now)
}

/** The stores that take orders now, in turn. */
export async function openStores(ports: Pick<OfferPorts, 'stores' | 'links' | 'clock'>): Promise<Store[]> {
  const stores = await ports.stores.list()
  return (await Promise.all(stores.map(async (store) => ((await isTakingOrders(ports, store)) ? [store] : [])))).flat()
}

/**
 * What the stores that a basket may come from can give: the one it is picked up at (its counters say at reserving what they
 * have), or all that ship. What the order itself has reserved already does not stand in its own way.
 */
export async function readOffers(
  ports: OfferPorts,
  { lines, fulfillment }: Pick<QuoteRequest, 'lines' | 'fulfillment'>,
  sellable: readonly SellableItem[],
  orderId?: string,
): Promise<Result<StoreOffer[], StoreRefusal | PriceRefusal>> {
  const skus = [...new Set(lines.map((line) => line.sku))]
  if (fulfillment.method === 'pickup') {
    const { storeId } = fulfillment
    const store = await ports.stores.find(storeId)
    if (!store) return refused({ reason: 'unknown-store', storeId })
    return (await isTakingOrders(ports, store)) ? ok([{ ...offerOf(store, skus, sellable, null), promisedAt: promisedAt(store, ports.clock()) }]) : refused({ reason: 'store-not-taking-orders', storeId })
  }
  const described = priceLines(lines, itemAt('', sellable), ROUNDING_DEFAULT)
  if (!described.ok) return described
  const stores = await openStores(ports)
  if (stores.length === 0) return refused({ reason: 'store-not-taking-orders', storeId: null })
  return ok(await offersOf(ports, stores, skus, sellable, orderId))
}

/** What these stores' counters have of these SKUs, as far as they sell them. */
export async function offersOf(ports: Pick<OfferPorts, 'inventory'>, stores: readonly Store[], skus: string[], sellable: readonly SellableItem[], orderId?: string): Promise<StoreOffer[]> {
  const held = new Map((await ports.inventory.availability(skus, orderId)).map((each) => [each.sku, each]))
  return inTurn(stores.map((store) => offerOf(store, skus, sellable, held)))
}

/** `held: null` leaves it to the counters to say no. */
function offerOf({ storeId, priority, rounding }: Store, skus: readonly string[], sellable: readonly SellableItem[], held: ReadonlyMap<string, SkuAvailability> | null): StoreOffer {
  const items = itemAt(storeId, sellable)
  const available = new Map<string, number | null>()
  for (const sku of skus) {
    const item = items.get(sku)
    if (!item) continue
    const counted = held?.get(sku)?.stores.find((each) => each.storeId === storeId)?.available ?? null
    available.set(sku, held === null || !item.tracked ? Infinity : counted)
  }
  return { storeId, priority, rounding, available }
}

/** Which stores give what, at which prices. `shortages` when no choice of stores gives all of it. */
export type Choice = { parts: Part[]; shortages: Shortage[]; priced: Priced }
/** When the one store that has it promises to have it ready; `null`: nobody promises. */
export const promiseIn = (offers: readonly StoreOffer[]): number | null => (offers.length === 1 ? (offers[0]?.promisedAt ?? null) : null)

/** One store that has everything, at its own prices; else several that ask the same for the same. */
export function choose(lines: readonly RequestedLine[], offers: readonly StoreOffer[], sellable: readonly SellableItem[]): Result<Choice, PriceRefusal> {
  const wanted = lines.map(({ sku, quantity }, index) => ({ lineId: lineIdAt(index), sku, quantity }))
  const whole = wholeFrom(wanted, offers)
  const only = whole?.storeId ?? (offers.length === 1 ? offers[0]?.storeId : undefined)
  if (only !== undefined) {
    const priced = priceLines(lines, itemAt(only, sellable), offers.find(({ storeId }) => storeId === only)?.rounding ?? ROUNDING_DEFAULT)
    if (!priced.ok) return priced
    return ok({ parts: whole ? [whole] : [], shortages: whole ? [] : plan(wanted, offers).shortages, priced: priced.value })
  }
  const common = commonTerms(offers, sellable)
  // One receipt is rounded one way: as the first store in turn does it, and with those that do the same.
  const rounding = offers[0]?.rounding ?? ROUNDING_DEFAULT
  const alike = offers.filter((offer) => offer.rounding.tax === rounding.tax && offer.rounding.mode === rounding.mode)
  const priced = priceLines(lines, common, rounding)
  return priced.ok ? ok({ ...plan(wanted, atTheseTerms(alike, sellable, common)), priced: priced.value }) : priced
}

/** A line has one price, whoever sends it: that of the first store in turn that has some. */
function commonTerms(offers: readonly StoreOffer[], sellable: readonly SellableItem[]): Map<string, Item> {
  const terms = itemAt('', sellable)
  for (const { storeId, available } of [...offers].reverse()) {
    for (const [sku, item] of itemAt(storeId, sellable)) if ((available.get(sku) ?? 0) > 0) terms.set(sku, item)
  }
  return terms
}

export type Terms = Pick<Item, 'price' | 'taxIncluded' | 'taxRate' | 'unit'>

/** The offers without what a store sells on other terms: its till would refuse the price. */
export function atTheseTerms(offers: readonly StoreOffer[], sellable: readonly SellableItem[], terms: ReadonlyMap<string, Terms>): StoreOffer[] {
  return offers.map((offer) => {
    const items = itemAt(offer.storeId, sellable)
    return { ...offer, available: new Map([...offer.available].filter(([sku]) => isSame(items.get(sku), terms.get(sku)))) }
  })
}

const isSame = (a: Terms | undefined, b: Terms | undefined): boolean =>
  a !== undefined && b !== undefined && a.price.amountMinor === b.price.amountMinor && a.price.currency === b.price.currency
  && a.taxIncluded === b.taxIncluded && a.taxRate === b.taxRate && a.unit === b.unit

/** The offers after a store's counters have said how much less they have. */
export const lowered = (offers: readonly StoreOffer[], storeId: string, shortages: readonly Shortage[]): StoreOffer[] =>
  offers.map((offer) => offer.storeId === storeId
    ? { ...offer, available: new Map([...offer.available, ...shortages.map(({ sku, available }) => [sku, available] as const)]) }
    : offer)
