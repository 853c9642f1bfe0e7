import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { basket } from '../demo.ts'
import { placed } from '../edge-api.ts'
import { until } from '../until.ts'
import type { Step } from './step.ts'

const SEEN_WITHIN_MS = 15_000

export const orderCancelled: Step = {
  name: 'order cancelled',
  run: async (demo) => {
    const sku = demo.takeSku(5)
    const onHand = demo.till.onHand(sku)
    const { order } = await placed(await demo.web.place(basket([{ sku, quantity: 3 }]), randomUUID()))
    const reference = order.fulfillments[0]?.id ?? ''
    await until(`order ${order.number} accepted`, SEEN_WITHIN_MS, async () => (await demo.web.order(order.id)).status === 'accepted')
    assert.equal(demo.till.onHand(sku), (onHand ?? 0) - 3)

    const answer = await demo.web.cancel(order.id)
    assert.ok([200, 202].includes(answer.status), `cancel: ${answer.status} ${answer.text}`)
    await until(`order ${order.number} cancelled on the web`, SEEN_WITHIN_MS, async () => (await demo.web.order(order.id)).status === 'cancelled')
    assert.equal(demo.till.ticketOf(reference)?.state, 'void', 'the till has taken it back')
    assert.equal(demo.till.onHand(sku), onHand, 'the goods are on the shelf again')
    await until(`${onHand} of ${sku} on the web`, SEEN_WITHIN_MS, async () => (await demo.web.availability(sku)).available === onHand)

    const { order: taken } = await placed(await demo.web.place(basket([{ sku, quantity: 1 }]), randomUUID()))
    await until(`order ${taken.number} in the till`, SEEN_WITHIN_MS, () => demo.till.ticketOf(taken.fulfillments[0]?.id ?? ''))
    await demo.till.command('hand-over', taken.number)
    await until(`order ${taken.number} completed`, SEEN_WITHIN_MS, async () => (await demo.web.order(taken.id)).status === 'completed')
    const late = await demo.web.cancel(taken.id)
    assert.equal(late.status, 409, late.text)
    return 'taken back in the till, its stock on the shelf and on the web; what was handed over stays'
  },
}
