import { PlaceOrder } from '../../contract/order.ts'
import { CHANNEL } from './simulated-edge.ts'
import type { SimulatedEdge, World } from './simulated-edge.ts'

const ADDRESS = { name: 'A Shopper', line1: '1 High Street', city: 'Harbour', postalCode: '12345', country: 'US' }

/** What one shopper has tried, and the last thing they were told. */
export type Shopper = { key: string; raw: unknown; told: { kind: 'placed'; orderId: string; lines: { lineId: string; quantity: number }[] } | { kind: 'refused'; reason: string } | { kind: 'nothing' } }

/** People who order, try again, and change their mind. They know only what they were told. */
export function createShoppers({ random, faults, violation }: World, edge: SimulatedEdge, skus: readonly string[], storeIds: readonly string[]) {
  const all: Shopper[] = []

  async function send(shopper: Shopper): Promise<void> {
    try {
      const placed = await edge.place({ channel: CHANNEL, caller: { keyId: 'key', addressBlock: null }, idempotencyKey: shopper.key, body: PlaceOrder.parse(shopper.raw), raw: shopper.raw, requestId: shopper.key })
      if (placed.ok) {
        if (shopper.told.kind === 'placed' && shopper.told.orderId !== placed.value.order.orderId) violation('doubled', `${shopper.key} has two orders`)
        if (shopper.told.kind !== 'placed' && placed.value.order.assignments.length > 1) faults.note('order split')
        shopper.told = { kind: 'placed', orderId: placed.value.order.orderId, lines: placed.value.order.purchase.lines }
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
      const lines = skus.slice(first, first + 1 + random.int(3)).map((sku) => ({ sku, quantity: 1 + random.int(3) }))
      const fulfillment = random.chance(0.5) ? { method: 'ship', address: ADDRESS } : { method: 'pickup', storeId: random.pick(storeIds) }
      const shopper: Shopper = {
        key: `key-${all.length}`,
        raw: { lines, fulfillment, customer: { name: 'A Shopper', email: 'shopper@example.com' } },
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
      const placed = all.flatMap(({ told }) => (told.kind === 'placed' ? [told] : []))
      if (placed.length === 0) return
      const { orderId, lines } = random.pick(placed)
      const isPartial = random.chance(0.4)
      faults.note(isPartial ? 'cancel of a line' : 'cancel')
      const line = random.pick(lines)
      void edge.cancel(orderId, isPartial ? [{ lineId: line.lineId, quantity: 1 + random.int(line.quantity) }] : null).catch(() => undefined)
    },
    /** Everybody who has heard nothing asks once more. */
    async learnAll(): Promise<void> {
      for (const shopper of all) if (shopper.told.kind === 'nothing') await send(shopper)
    },
  }
}
export type Shoppers = ReturnType<typeof createShoppers>
