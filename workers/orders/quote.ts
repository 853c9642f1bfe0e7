import type { Quote, QuoteRequest } from '../../contract/order.ts'
import { ok } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import type { Catalog } from '../catalog/port.ts'
import type { Inventory } from '../inventory/port.ts'
import type { StoreBook } from '../stores/port.ts'
import { candidateStores, shortagesAt } from './choose-store.ts'
import type { HeartbeatsOf, StoreRefusal } from './choose-store.ts'
import { itemAt, priceLines } from './price.ts'
import type { PriceRefusal } from './price.ts'

/** Prices a basket as an order would be priced now, and says what is short. Reserves nothing, promises nothing. */
export async function quote(
  ports: { catalog: Pick<Catalog, 'sellable'>; inventory: Pick<Inventory, 'availability'>; stores: Pick<StoreBook, 'find' | 'list'>; links: HeartbeatsOf; clock: () => number },
  request: QuoteRequest,
): Promise<Result<Quote, StoreRefusal | PriceRefusal>> {
  const { lines, fulfillment } = request
  const skus = [...new Set(lines.map((line) => line.sku))]
  const sellable = await ports.catalog.sellable(skus, fulfillment.method === 'pickup' ? fulfillment.storeId : null)
  const found = await candidateStores(ports, request, sellable)
  if (!found.ok) return found
  const [store] = found.value
  const priced = priceLines(lines, itemAt(store?.storeId ?? '', sellable))
  if (!priced.ok) return priced
  const held = await ports.inventory.availability(priced.value.demands.map((demand) => demand.sku))
  return ok({
    lines: priced.value.lines,
    totals: priced.value.totals,
    storeId: store?.storeId ?? null,
    shortages: shortagesAt(store?.storeId ?? '', priced.value.demands, held),
    changes: priced.value.changes,
  })
}
