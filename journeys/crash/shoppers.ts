import { setTimeout as sleep } from 'node:timers/promises'
import type { Order } from '../../contract/order.ts'
import { basket, type Demo } from '../local/demo.ts'
import { placed } from '../local/edge-api.ts'

export type Shopper = { key: string; lines: { sku: string; quantity: number }[] }

/** A shopper's patience with a broken edge; far longer than any restart. */
const GIVES_UP_AFTER_MS = 120_000
const TRIES_AGAIN_AFTER_MS = 250

/**
 * Places one order as a good storefront does: whatever breaks on the way, the same request with the same key again, until it is answered.
 * Throws when it is refused or never answered.
 */
export async function shop(demo: Demo, { key, lines }: Shopper): Promise<Order> {
  const deadline = performance.now() + GIVES_UP_AFTER_MS
  for (;;) {
    const answer = await demo.web.place(basket(lines), key).catch(() => null)
    if (answer && (answer.status === 201 || answer.status === 200)) return (await placed(answer)).order
    if (answer && answer.status < 500) throw new Error(`order ${key} was refused: ${answer.status} ${answer.text}`)
    if (performance.now() > deadline) throw new Error(`order ${key} was never answered; the last word was ${answer?.status ?? 'no connection'}`)
    await sleep(TRIES_AGAIN_AFTER_MS)
  }
}

/** Runs the shoppers, `atOnce` at a time, and tells `onAnswered` how many have their answer. */
export async function shopAll(demo: Demo, shoppers: Shopper[], atOnce: number, onAnswered: (count: number) => void): Promise<Order[]> {
  const waiting = [...shoppers]
  const orders: Order[] = []
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      orders.push(await shop(demo, next))
      onAnswered(orders.length)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return orders
}
