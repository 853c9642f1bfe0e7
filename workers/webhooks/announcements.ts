import { toInstant } from '../../contract/clock.ts'
import type { Availability, Item, Product } from '../../contract/product.ts'
import type { Described } from '../catalog/port.ts'
import type { OrderStatus } from '../../contract/status.ts'
import type { WebhookPayload } from '../../contract/webhooks.ts'
import { toOrder } from '../orders/order.ts'
import type { OrderRecord } from '../orders/port.ts'
import type { Announcement } from './port.ts'

/** The status that this write has given the order; `null`: it has the one it had. */
export function newStatusOf(order: OrderRecord): OrderStatus | null {
  const news = order.timeline.findLast(({ status, seenAt }) => status !== undefined && seenAt === order.updatedAt)
  return news?.status === order.status ? order.status : null
}

/** What a channel is told of an order that has just been written: by its new status, if it has one. */
export function orderAnnouncement(order: OrderRecord): Announcement {
  const { customer: _, fulfillment, note: __, ...told } = toOrder(order)
  const status = newStatusOf(order)
  const type = status ? `order.${status}` as const : 'order.updated'
  return {
    channelId: order.channel,
    payload: {
      type, timestamp: toInstant(order.updatedAt), resource: order.orderId, sequence: order.version,
      data: { order: { ...told, fulfillment: fulfillment.method === 'pickup' ? { method: 'pickup', storeId: fulfillment.storeId } : { method: 'ship' } } },
    },
  }
}

const isSamePrice = (a: Item, b: Item): boolean =>
  a.price.amountMinor === b.price.amountMinor && a.price.currency === b.price.currency && a.taxRate === b.taxRate && a.taxIncluded === b.taxIncluded && a.unit === b.unit

/** What channels are told of a product: that it is another than the web had (`before`), and by itself that its price is. `now: null`: it is sold no more. One that is new has no price that changed. */
export function productAnnouncements(sku: string, before: Described | null, now: Described | null, at: number): Announcement[] {
  const told = (type: 'product.changed' | 'price.changed', resource: string, data: WebhookPayload['data']): Announcement =>
    ({ channelId: null, payload: { type, timestamp: toInstant(at), resource, sequence: 0, data } })
  if (!now) return before ? [told('product.changed', `product:${sku}`, { removed: { sku } })] : []
  const { tracked: _, ...said } = now.item
  const product: Omit<Product, 'availability'> = { ...said, variant: said.variant ?? null, updatedAt: toInstant(now.updatedAt), version: now.version }
  if (before && before.version === now.version && JSON.stringify(before.item) === JSON.stringify(now.item)) return []
  return [told('product.changed', `product:${sku}`, { product }), ...(before && !isSamePrice(before.item, now.item) ? [told('price.changed', `price:${sku}`, { product })] : [])]
}

/** A channel's own price of a product has begun or ended. */
export function priceAnnouncement(channelId: string, shown: Product, at: number): Announcement {
  const { availability: _, ...product } = shown
  return { channelId, payload: { type: 'price.changed', timestamp: toInstant(at), resource: `price:${product.sku}`, sequence: 0, data: { product } } }
}

export function availabilityAnnouncement({ sku, available, asOf, stores }: Availability, at: number): Announcement {
  return { channelId: null, payload: { type: 'inventory.changed', timestamp: toInstant(at), resource: `inventory:${sku}`, sequence: 0, data: { availability: { sku, available, asOf, stores } } } }
}
