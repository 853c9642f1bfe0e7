import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { showMoney } from '../../../connector/pos/embedded/till-print.ts'
import { basket } from '../demo.ts'
import { call, placed } from '../edge-api.ts'
import { until } from '../until.ts'
import type { Step } from './step.ts'

/** A median of fewer says little. */
const MEASURED_ORDERS = 12
const ARRIVES_WITHIN_MS = 10_000

export const orderPlaced: Step = {
  name: 'order placed',
  run: async (demo) => {
    const [first, second] = [demo.takeSku(10), demo.takeSku(10)]
    const answer = await demo.web.place(basket([{ sku: first, quantity: 2 }, { sku: second, quantity: 1 }]), randomUUID())
    assert.equal(answer.status, 201, answer.text)
    const taken = await placed(answer)
    const price = (sku: string) => demo.till.items().find((item) => item.sku === sku)?.price_minor ?? NaN
    assert.equal(taken.order.totals.subtotal.amountMinor, 2 * price(first) + price(second), 'priced as the till prices it')
    assert.equal(answer.headers.get('Location'), `/v1/orders/${taken.order.id}`)

    const path = `/v1/orders/${taken.order.id}`
    const read = await call(demo.edge.ready.url, { path, headers: { 'X-Order-Token': taken.accessToken } })
    assert.equal(read.status, 200, `the shopper's token opens the order: ${read.text}`)
    assert.equal((await call(demo.edge.ready.url, { path })).status, 404, 'without a key or token there is no such order')
    demo.followed = taken
    const { amountMinor, currency } = taken.order.totals.total
    return `${taken.order.number}, ${showMoney(amountMinor, currency)}`
  },
}

export const orderInTheTill: Step = {
  name: 'order in the till',
  run: async (demo) => {
    assert.ok(demo.followed, 'no order was placed')
    const { order } = demo.followed
    const reference = order.fulfillments[0]?.id ?? ''
    const ticket = await until(`order ${order.number} in the till`, ARRIVES_WITHIN_MS, () => demo.till.ticketOf(reference))
    const ordered = order.lines.map((line) => [line.sku, line.quantity, line.unitPrice.amountMinor])
    assert.deepEqual(demo.till.lines(ticket.ticket_id).map((line) => [line.sku, line.quantity, line.unit_price_minor]), ordered)
    assert.equal(ticket.total_minor, order.totals.total.amountMinor)

    const sku = demo.takeSku(MEASURED_ORDERS)
    const measured: string[] = []
    for (let n = 0; n < MEASURED_ORDERS; n += 1) {
      const before = performance.now()
      const { order: one } = await placed(await demo.web.place(basket([{ sku, quantity: 1 }]), randomUUID()))
      const id = one.fulfillments[0]?.id ?? ''
      await until(`order ${one.number} in the till`, ARRIVES_WITHIN_MS, () => demo.till.ticketOf(id), 2)
      demo.latency.webToTillMs.push(performance.now() - before)
      measured.push(id)
    }
    // So that whoever looks at the till next sees their own orders to do, not ours.
    for (const id of measured) demo.till.handOver(id)
    return `as it was ordered; and ${MEASURED_ORDERS} more, measured and handed over`
  },
}

export const statusBackOnTheWeb: Step = {
  name: 'status back on the web',
  run: async (demo) => {
    assert.ok(demo.followed, 'no order was placed')
    const { id, number } = demo.followed.order
    const shows = (status: string) => until(`order ${number} ${status} on the web`, ARRIVES_WITHIN_MS, async () => {
      const order = await demo.web.order(id)
      if (order.status !== status) throw new Error(`it is ${order.status}`)
      return order
    })
    const accepted = await shows('accepted')
    assert.ok(accepted.fulfillments[0]?.posReference, 'the web knows the till\'s own number of the order')
    for (const [command, status] of [['pick', 'picking'], ['ready', 'ready_for_pickup'], ['hand-over', 'completed']] as const) {
      await demo.till.command(command, number)
      await shows(status)
    }
    const told = (await demo.web.timeline(id)).items.map((event) => event.status).filter((status) => status !== undefined)
    for (const status of ['accepted', 'picking', 'ready_for_pickup', 'completed'] as const) assert.ok(told.includes(status), `the timeline misses ${status}: ${told.join(', ')}`)
    return 'accepted, picking, ready for pickup, completed, as the staff did it'
  },
}
