import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { Shortage } from '../../../contract/order.ts'
import { basket, type Demo } from '../demo.ts'
import { expectAnswer, placed } from '../edge-api.ts'
import { until } from '../until.ts'
import type { Step } from './step.ts'

const SEEN_WITHIN_MS = 10_000
const webShows = (demo: Demo, sku: string, left: number | null) => until(`${left} of ${sku} on the web`, SEEN_WITHIN_MS, async () => {
  const { available } = await demo.web.availability(sku)
  if (available !== left) throw new Error(`it says ${available}`)
  return true
})

export const outOfStockRefused: Step = {
  name: 'out of stock refused',
  run: async (demo) => {
    const [scarce, plenty] = [demo.takeSku(1), demo.takeSku(3)]
    const onHand = demo.till.onHand(scarce) ?? 0
    await webShows(demo, scarce, onHand)
    const before = [await demo.operator.explain(scarce), await demo.operator.explain(plenty)]
    const key = randomUUID()
    const refusal = await demo.web.place(basket([{ sku: plenty, quantity: 1 }, { sku: scarce, quantity: onHand + 1 }]), key)
    const { shortages } = expectAnswer(refusal, 409, z.object({ type: z.string().endsWith('/out-of-stock'), shortages: z.array(Shortage) }))
    assert.deepEqual(shortages, [{ sku: scarce, requested: onHand + 1, available: onHand }])
    const after = [await demo.operator.explain(scarce), await demo.operator.explain(plenty)]
    assert.deepEqual(after.map(available), before.map(available), 'the whole basket or nothing')
    const second = await demo.web.place(basket([{ sku: plenty, quantity: 1 }, { sku: scarce, quantity: onHand + 1 }]), key)
    assert.equal(second.status, 409, 'a refusal does not use the key up')
    return `${onHand + 1} of ${onHand} asked for: refused with the shortage, nothing reserved`
  },
}

const available = (explained: Awaited<ReturnType<Demo['operator']['explain']>>) => explained?.stores.map((store) => store.available)

const SHOPPERS = 20
const LAST_PIECES = 5
const ANSWERED_WITHIN_MS = 30_000
const COMES_AGAIN_AFTER_MS = 2_000

export const lastPieces: Step = {
  name: '20 shoppers at once for the last 5 pieces: 5 sold',
  run: async (demo) => {
    const sku = demo.takeSku(LAST_PIECES + 1)
    demo.till.sell(sku, (demo.till.onHand(sku) ?? 0) - LAST_PIECES)
    await webShows(demo, sku, LAST_PIECES)
    const answers = await Promise.all(Array.from({ length: SHOPPERS }, async () => {
      const key = randomUUID()
      // A machine that is still waking up may ask some of them to come again (docs/decisions/0017-load.md).
      return until('an answer', ANSWERED_WITHIN_MS, async () => {
        const answer = await demo.web.place(basket([{ sku, quantity: 1 }]), key)
        return answer.status === 503 ? null : answer
      }, COMES_AGAIN_AFTER_MS)
    }))
    const statuses = answers.map((answer) => answer.status)
    assert.equal(statuses.filter((status) => status === 201).length, LAST_PIECES, `sold: ${statuses.join(' ')}`)
    assert.equal(statuses.filter((status) => status === 409).length, SHOPPERS - LAST_PIECES, `refused: ${statuses.join(' ')}`)
    for (const answer of answers.filter(({ status }) => status === 201)) {
      const { order } = await placed(answer)
      const ticket = await until(`order ${order.number} in the till`, SEEN_WITHIN_MS, () => demo.till.ticketOf(order.fulfillments[0]?.id ?? ''))
      assert.deepEqual(demo.till.lines(ticket.ticket_id).map((line) => [line.sku, line.quantity]), [[sku, 1]])
    }
    assert.equal(demo.till.onHand(sku), 0, 'the till has none left')
    await webShows(demo, sku, 0)
    return `${LAST_PIECES} sold, ${SHOPPERS - LAST_PIECES} refused, none left in the till`
  },
}
