import assert from 'node:assert/strict'
import { z } from 'zod'
import { systemClock, toInstant } from '../../../contract/clock.ts'
import { EpochAnswer, EventsAnswer } from '../../../contract/connect.ts'
import { EMPTY_DIGEST } from '../../../contract/digest.ts'
import { DeadLetterSummary } from '../../../contract/operator.ts'
import { page } from '../../../contract/values.ts'
import { expectAnswer } from '../edge-api.ts'
import { signedClient } from '../signed-client.ts'
import { until } from '../until.ts'
import type { Step } from './step.ts'

const STORE_ID = 'careless-shop'
const SEEN_WITHIN_MS = 15_000
/** No amount in minor units has a fraction: the event is malformed. */
const BAD_AMOUNT = 4.99
const GOOD_AMOUNT = 499

export const deadLetterReplayed: Step = {
  name: 'dead letter filed and replayed',
  run: async (demo) => {
    const secret = await demo.operator.registerStore({ storeId: STORE_ID, name: 'Careless shop', timeZone: 'Europe/London', transport: { kind: 'pull' } })
    const send = signedClient(demo.edge.ready.url, secret)
    const connectorId = 'careless'
    const { epoch } = expectAnswer(await send({ path: `/connect/v1/stores/${STORE_ID}/epochs`, body: { connectorId } }), [200, 201], EpochAnswer)
    const item = (seq: number, sku: string, amountMinor: number) => ({
      seq, type: 'catalog.item_upserted', occurredAt: toInstant(systemClock()),
      data: { sku, name: `Item ${sku}`, price: { amountMinor, currency: 'USD' }, taxIncluded: true, taxRate: '20' },
    })
    const events = [item(1, 'CARELESS-1', 100), item(2, 'CARELESS-2', BAD_AMOUNT), item(3, 'CARELESS-3', 300)]
    const answer = await send({ path: `/connect/v1/stores/${STORE_ID}/events`, body: { connectorId, epoch, after: { seq: 0, digest: EMPTY_DIGEST }, events } })
    const { ackedSeq, rejected } = expectAnswer(answer, 202, EventsAnswer)
    assert.equal(ackedSeq, 3, 'a malformed event counts as processed')
    assert.deepEqual(rejected.map(({ seq }) => seq), [2])
    for (const neighbour of ['CARELESS-1', 'CARELESS-3']) await until(`${neighbour} in the catalogue`, SEEN_WITHIN_MS, () => demo.web.product(neighbour))
    assert.equal(await demo.web.product('CARELESS-2'), null)

    const letter = await until('the letter on the desk', SEEN_WITHIN_MS, async () => {
      const list = expectAnswer(await demo.operator.send('/dead-letters'), 200, page(DeadLetterSummary))
      return list.items.find((one) => one.storeId === STORE_ID)
    })
    const read = expectAnswer(await demo.operator.send(`/dead-letters/${letter.id}`), 200, z.looseObject({ body: z.unknown() }))
    const corrected: unknown = JSON.parse(JSON.stringify(read.body).replaceAll(String(BAD_AMOUNT), String(GOOD_AMOUNT)))
    assert.notDeepEqual(corrected, read.body, `the letter holds what was sent: ${JSON.stringify(read.body)}`)
    expectAnswer(await demo.operator.send(`/dead-letters/${letter.id}`, 'PATCH', { body: corrected }), 200, z.unknown())
    const replayed = expectAnswer(await demo.operator.send(`/dead-letters/${letter.id}/replay`, 'POST'), 200, z.looseObject({ outcome: z.string() }))
    assert.equal(replayed.outcome, 'applied')
    const product = await until('CARELESS-2 in the catalogue', SEEN_WITHIN_MS, () => demo.web.product('CARELESS-2'))
    assert.equal(product.price.amountMinor, GOOD_AMOUNT)
    const waiting = expectAnswer(await demo.operator.send('/dead-letters'), 200, page(DeadLetterSummary)).items.find((one) => one.id === letter.id)
    assert.notEqual(waiting?.state, 'waiting', 'the letter is settled')
    return `a price of ${BAD_AMOUNT} was filed, its neighbours went through, corrected to ${GOOD_AMOUNT} it was applied`
  },
}
