import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { basket } from '../demo.ts'
import { placed } from '../edge-api.ts'
import { until } from '../until.ts'
import type { Step } from './step.ts'

export const retriedOrderMetItself: Step = {
  name: 'retried order met itself',
  run: async (demo) => {
    const sku = demo.takeSku(5)
    const key = randomUUID()
    // A browser that lost the answer tries again, and an impatient one twice at once.
    const answers = await Promise.all([1, 2, 3].map(() => demo.web.place(basket([{ sku, quantity: 1 }]), key)))
    answers.push(await demo.web.place(basket([{ sku, quantity: 1 }]), key))
    const orders = await Promise.all(answers.map(placed))
    const [first] = orders
    assert.equal(new Set(orders.map(({ order }) => order.id)).size, 1, 'one key, one order')
    assert.equal(answers.filter((answer) => answer.status === 201).length, 1, 'only one of them placed it')
    assert.equal(answers.at(-1)?.status, 200)

    const other = await demo.web.place(basket([{ sku, quantity: 2 }]), key)
    assert.equal(other.status, 422, other.text)
    assert.match(other.text, /idempotency-key-reused/)

    const { number = '', id = '', fulfillments = [] } = first?.order ?? {}
    await until(`order ${number} in the till`, 10_000, () => demo.till.ticketOf(fulfillments[0]?.id ?? ''))
    await until(`order ${number} accepted`, 10_000, async () => (await demo.web.order(id)).status === 'accepted')
    assert.equal(demo.till.ticketsOfOrder(number).length, 1, 'one ticket in the till')
    const available = (await demo.web.availability(sku)).available
    assert.equal(available, demo.till.onHand(sku), 'nothing is subtracted twice')
    return 'five requests, one order, one ticket'
  },
}
