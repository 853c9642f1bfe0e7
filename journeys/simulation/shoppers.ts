import { PlaceOrder } from '../../contract/order.ts'
import { CHANNEL } from './simulated-edge.ts'
import type { SimulatedEdge, World } from './simulated-edge.ts'

/** What one shopper has tried, and the last thing they were told. */
export type Shopper = { key: string; raw: unknown; told: { kind: 'placed'; orderId: string } | { kind: 'refused'; reason: string } | { kind: 'nothing' } }

/** People who order, try again, and change their mind. They know only what they were told. */
export function createShoppers({ random, faults, violation }: World, edge: SimulatedEdge, skus: readonly string[], storeIds: readonly string[]) {
  const all: Shopper[] = []

  async function send(shopper: Shopper): Promise<void> {
    try {
      const placed = await edge.place({ channel: CHANNEL, idempotencyKey: shopper.key, body: PlaceOrder.parse(shopper.raw), raw: shopper.raw, requestId: shopper.key })
      if (placed.ok) {
        if (shopper.told.kind === 'placed' && shopper.told.orderId !== placed.value.order.orderId) violation('doubled', `${shopper.key} has two orders`)
        shopper.told = { kind: 'placed', orderId: placed.value.order.orderId }
      } else if (shopper.told.kind === 'placed') violation('lost', `${shopper.key} was told of an order, and then ${placed.refusal.reason}`)
      else shopper.told = { kind: 'refused', reason: placed.refusal.reason }
    } catch {
      // Nobody answered. What is known stays known.
    }
  }

  return {
    all,
    placed: (): { shopper: Shopper; orderId: string }[] => all.flatMap((shopper) => (shopper.told.kind === 'placed' ? [{ shopper, orderId: shopper.told.orderId }] : [])),
    order(): void {
      const first = random.int(skus.length)
      const lines = skus.slice(first, first + 1 + random.int(2)).map((sku) => ({ sku, quantity: 1 + random.int(2) }))
      const shopper: Shopper = {
        key: `key-${all.length}`,
        raw: { lines, fulfillment: { method: 'pickup', storeId: random.pick(storeIds) }, customer: { name: 'A Shopper', email: 'shopper@example.com' } },
        told: { kind: 'nothing' },
      }
      all.push(shopper)
      void send(shopper)
      if (random.chance(0.1)) void send(shopper)
    },
    again(): void {
      if (all.length === 0) return
      faults.note('shopper retry')
      void send(random.pick(all))
    },
    cancel(): void {
      const placed = all.flatMap((shopper) => (shopper.told.kind === 'placed' ? [shopper.told.orderId] : []))
      if (placed.length === 0) return
      faults.note('cancel')
      void edge.cancel(random.pick(placed)).catch(() => undefined)
    },
    /** Everybody who has heard nothing asks once more. */
    async learnAll(): Promise<void> {
      for (const shopper of all) if (shopper.told.kind === 'nothing') await send(shopper)
    },
  }
}
export type Shoppers = ReturnType<typeof createShoppers>
