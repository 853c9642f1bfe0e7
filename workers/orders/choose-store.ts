import type { QuoteRequest, Shortage } from '../../contract/order.ts'
import { ok } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import type { SellableItem } from '../catalog/port.ts'
import type { Inventory, SkuAvailability } from '../inventory/port.ts'
import type { Store, StoreBook, StoreLinkRpc } from '../stores/port.ts'
import { takesOrders } from '../stores/store.ts'
import { itemAt, priceLines } from './price.ts'
import type { PriceRefusal } from './price.ts'

export type StoreRefusal = { reason: 'unknown-store'; storeId: string } | { reason: 'store-not-taking-orders'; storeId: string | null }
/** Where each store's last heartbeat is asked for. */
export type HeartbeatsOf = { link(storeId: string): Pick<StoreLinkRpc, 'facts'> }
type Ports = { stores: Pick<StoreBook, 'find' | 'list'>; links: HeartbeatsOf; inventory: Pick<Inventory, 'availability'>; clock: () => number }
type Demand = { sku: string; quantity: number }

async function isTakingOrders(ports: Pick<Ports, 'links' | 'clock'>, store: Store): Promise<boolean> {
  if (store.paused) return false
  const now = ports.clock()
  return takesOrders(store, await ports.links.link(store.storeId).facts(now), now)
}

/** The store of a pickup, if it takes orders. */
async function pickupStore(ports: Ports, storeId: string): Promise<{ ok: true; value: Store } | { ok: false; refusal: StoreRefusal }> {
  const store = await ports.stores.find(storeId)
  if (!store) return { ok: false, refusal: { reason: 'unknown-store', storeId } }
  if (!(await isTakingOrders(ports, store))) return { ok: false, refusal: { reason: 'store-not-taking-orders', storeId } }
  return { ok: true, value: store }
}

/**
 * The stores a shipped order may come from, best first: one store that has everything, by priority. Splitting an order over
 * stores comes with its own issue; until then a basket no single store has is short.
 */
async function shippingStores(ports: Ports, demands: readonly Demand[]): Promise<{ ok: true; value: Store[] } | { ok: false; refusal: StoreRefusal }> {
  const stores = await ports.stores.list()
  const taking = await Promise.all(stores.map(async (store) => ((await isTakingOrders(ports, store)) ? [store] : [])))
  const open = taking.flat()
  if (open.length === 0) return { ok: false, refusal: { reason: 'store-not-taking-orders', storeId: null } }
  const held = await ports.inventory.availability(demands.map((demand) => demand.sku))
  const missing = (store: Store): number => shortagesAt(store.storeId, demands, held).length
  return { ok: true, value: open.sort((a, b) => missing(a) - missing(b)) }
}

/**
 * The stores a basket may come from, best first: the one it is picked up at, or those that ship it. A basket that nobody's
 * catalogue describes is refused as it is priced.
 */
export async function candidateStores(
  ports: Ports,
  { lines, fulfillment }: Pick<QuoteRequest, 'lines' | 'fulfillment'>,
  sellable: readonly SellableItem[],
): Promise<Result<Store[], StoreRefusal | PriceRefusal>> {
  if (fulfillment.method === 'pickup') {
    const store = await pickupStore(ports, fulfillment.storeId)
    return store.ok ? ok([store.value]) : store
  }
  const described = priceLines(lines, itemAt('', sellable))
  return described.ok ? shippingStores(ports, described.value.demands) : described
}

/** What one store lacks of a demand, by what the counters said. */
export function shortagesAt(storeId: string, demands: readonly Demand[], held: readonly SkuAvailability[]): Shortage[] {
  return demands.flatMap(({ sku, quantity }) => {
    const available = held.find((each) => each.sku === sku)?.stores.find((each) => each.storeId === storeId)?.available ?? null
    return available !== null && available >= quantity ? [] : [{ sku, requested: quantity, available }]
  })
}
