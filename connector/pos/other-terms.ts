import type { AssignedLine } from '../../contract/assignment.ts'
import type { RejectReason } from '../../contract/events.ts'
import type { Item } from '../../contract/product.ts'

/** How a shop sells an item now. `taxIncluded` is `null` where its POS books a price of either kind as it was shown. */
export type Terms = Pick<Item, 'unit'> & { currency: string; taxIncluded: boolean | null }

export const termsOf = ({ unit, price, taxIncluded }: Pick<Item, 'unit' | 'price' | 'taxIncluded'>): Terms => ({ unit, currency: price.currency, taxIncluded })

/**
 * Why a line of an order cannot be booked: the shopper was shown another unit, currency or kind of price than this shop has, as after a change of its
 * configuration. The same amount would be other goods or other money. `null`: it is sold so. A price alone may differ: the shopper pays what was shown.
 */
export function otherTerms({ sku, unit, unitPrice, taxIncluded }: Pick<AssignedLine, 'sku' | 'unit' | 'unitPrice' | 'taxIncluded'>, terms: Terms): { ok: false; reason: RejectReason; detail: string } | null {
  if (unit !== terms.unit) return { ok: false, reason: 'invalid', detail: `${sku} is sold by ${terms.unit}, the order counts ${unit}` }
  if (unitPrice.currency !== terms.currency) return { ok: false, reason: 'price_mismatch', detail: `${sku} is priced in ${terms.currency}, the order in ${unitPrice.currency}` }
  if (terms.taxIncluded === null || taxIncluded === terms.taxIncluded) return null
  return { ok: false, reason: 'price_mismatch', detail: `prices here ${terms.taxIncluded ? 'hold' : 'do not hold'} tax, the order's price of ${sku} ${taxIncluded ? 'does' : 'does not'}` }
}
