import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Availability } from '../../../contract/product.ts'
import { until } from '../until.ts'
import type { Step } from './step.ts'

const MEASURED_SALES = 15
const SEEN_WITHIN_MS = 10_000

export const tillSaleSeenOnTheWeb: Step = {
  name: 'till sale seen on the web',
  run: async (demo) => {
    const sku = demo.takeSku(MEASURED_SALES + 5)
    const live = await watchLive(demo.edge.ready.url, sku, demo.keys.publishable)
    try {
      await until(`the live page to show ${demo.till.onHand(sku)} of ${sku}`, SEEN_WITHIN_MS, () => live.available() === demo.till.onHand(sku), 2)
      for (let n = 0; n < MEASURED_SALES; n += 1) {
        // Not in step with the connector's poll, so that the measured wait is a customer's and not a machine's.
        await sleep(30 + 37 * (n % 7))
        const receipt = demo.till.sell(sku, 1)
        const sold = performance.now()
        const left = receipt.moves[0]?.to
        await until(`the live page to show ${left} of ${sku}`, SEEN_WITHIN_MS, () => live.available() === left, 1)
        demo.latency.tillToWebMs.push(performance.now() - sold)
      }
    } finally {
      live.close()
    }
    await demo.till.command('sell', sku, '2')
    const left = demo.till.onHand(sku)
    await until(`${left} of ${sku} on the web`, SEEN_WITHIN_MS, async () => (await demo.web.availability(sku)).available === left)
    assert.ok((left ?? 0) >= 0)
    return `${MEASURED_SALES} sales on the live page, and one typed into the till command`
  },
}

/** What a product page does: one WebSocket, the newest answer kept. */
async function watchLive(edgeUrl: string, sku: string, key: string) {
  let newest: Availability | null = null
  const socket = new WebSocket(`${edgeUrl.replace('http', 'ws')}/v1/availability/${encodeURIComponent(sku)}/live?key=${encodeURIComponent(key)}`)
  socket.addEventListener('message', (message) => {
    newest = Availability.parse(JSON.parse(String(message.data)))
  })
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error(`the live page of ${sku} did not open`)))
  })
  return { available: () => newest?.available ?? null, close: () => socket.close() }
}
