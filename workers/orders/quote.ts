import { toInstant } from '../../contract/clock.ts'
import type { Quote, QuoteRequest } from '../../contract/order.ts'
import { ok } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import type { Catalog, SellableItem } from '../catalog/port.ts'
import { choose, offersOf, promiseIn, readOffers } from './choose-store.ts'
import type { OfferPorts, StoreRefusal } from './choose-store.ts'
import type { StoreOffer } from './plan.ts'
import type { PriceRefusal } from './price.ts'

/** Prices a basket as an order would be priced now, and says what is short. Reserves nothing, promises nothing. */
export async function quote(
  ports: OfferPorts & { catalog: Pick<Catalog, 'sellable'> },
  request: QuoteRequest,
  channelId: string,
): Promise<Result<Quote, StoreRefusal | PriceRefusal>> {
  const { lines, fulfillment } = request
  const skus = [...new Set(lines.map((line) => line.sku))]
  const sellable = await ports.catalog.sellable(skus, fulfillment.method === 'pickup' ? fulfillment.storeId : null, { channelId, now: ports.clock() })
  const offers = await readOffers(ports, request, sellable)
  if (!offers.ok) return offers
  // A pickup's counters are asked when it is reserved; a quote asks them now.
  const known = fulfillment.method === 'ship' ? offers.value : await pickupOffers(ports, fulfillment.storeId, skus, sellable)
  const chosen = choose(lines, known, sellable)
  if (!chosen.ok) return chosen
  const { priced, parts, shortages } = chosen.value
  const promised = fulfillment.method === 'pickup' ? promiseIn(offers.value) : null
  return ok({
    lines: priced.lines, totals: priced.totals, storeId: parts[0]?.storeId ?? known[0]?.storeId ?? null, shortages, changes: priced.changes,
    promisedAt: promised === null ? null : toInstant(promised),
  })
}

async function pickupOffers(ports: OfferPorts, storeId: string, skus: string[], sellable: readonly SellableItem[]): Promise<StoreOffer[]> {
  const store = await ports.stores.find(storeId)
  return store ? offersOf(ports, [store], skus, sellable) : []
}
