import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { basket, restartConnector } from '../demo.ts'
import { placed } from '../edge-api.ts'
import { until } from '../until.ts'
import type { Step } from './step.ts'

/** Time enough for the edge to have tried the push and parked the order. */
const AWAY_MS = 1_500
const BACK_WITHIN_MS = 10_000

export const storeAwayAndBack: Step = {
  name: 'store away and back',
  run: async (demo) => {
    const [ordered, sold] = [demo.takeSku(5), demo.takeSku(5)]
    await demo.connector.stop()
    const { order } = await placed(await demo.web.place(basket([{ sku: ordered, quantity: 1 }]), randomUUID()))
    const reference = order.fulfillments[0]?.id ?? ''
    const webBefore = (await demo.web.availability(sold)).available
    demo.till.sell(sold, 2)
    await sleep(AWAY_MS)
    assert.equal(demo.till.ticketOf(reference), null, 'nobody could bring it to the till')
    assert.equal((await demo.web.availability(sold)).available, webBefore, 'nobody could tell the web')
    assert.ok(['placed', 'sent_to_store'].includes((await demo.web.order(order.id)).status))

    await restartConnector(demo)
    const back = performance.now()
    await until(`the parked order ${order.number} in the till`, BACK_WITHIN_MS, () => demo.till.ticketOf(reference))
    const arrivedMs = Math.round(performance.now() - back)
    await until(`the sales of the time away on the web`, BACK_WITHIN_MS, async () => (await demo.web.availability(sold)).available === demo.till.onHand(sold))
    await until(`order ${order.number} accepted`, BACK_WITHIN_MS, async () => (await demo.web.order(order.id)).status === 'accepted')
    assert.equal(demo.till.ticketsOfOrder(order.number).length, 1)
    return `the parked order arrived ${arrivedMs} ms after the connector was back, the till's sales with it`
  },
}
