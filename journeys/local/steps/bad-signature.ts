import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { toInstant, systemClock } from '../../../contract/clock.ts'
import { EMPTY_DIGEST } from '../../../contract/digest.ts'
import { createSecret } from '../../../contract/signing.ts'
import { call } from '../edge-api.ts'
import { signedClient } from '../signed-client.ts'
import type { Step } from './step.ts'

/** Beyond the five minutes a clock may be off. */
const STALE_S = 400

export const badSignatureRefused: Step = {
  name: 'bad signature refused',
  run: async (demo) => {
    const url = demo.edge.ready.url
    const sku = demo.takeSku(1)
    const before = await demo.operator.explain(sku)
    const path = `/connect/v1/stores/${demo.shop.storeId}/events`
    const forged = {
      connectorId: `${demo.shop.storeId}-connector`, epoch: 1, after: { seq: 0, digest: EMPTY_DIGEST },
      events: [{ seq: 1, type: 'stock.counted', occurredAt: toInstant(systemClock()), data: { sku, onHand: 999_999, asOf: 0 } }],
    }
    const secret = (await readFile(demo.shop.secretFile, 'utf8')).trim()
    const attempts = {
      'another secret': await signedClient(url, createSecret())({ path, body: forged }),
      'a stale timestamp': await signedClient(url, secret, STALE_S)({ path, body: forged }),
      'no signature': await call(url, { path, body: forged }),
      'an unknown store': await signedClient(url, secret)({ path: '/connect/v1/stores/nobody/events', body: forged }),
    }
    const bodies = new Set<string>()
    for (const [what, answer] of Object.entries(attempts)) {
      assert.equal(answer.status, 401, `${what}: ${answer.text}`)
      assert.match(answer.headers.get('Content-Type') ?? '', /application\/problem\+json/, what)
      assert.ok(answer.headers.get('Date'), `${what}: a 401 carries the edge's Date`)
      const { type, title, detail } = Object(answer.body)
      bodies.add(JSON.stringify({ type, title, detail }))
    }
    assert.equal(bodies.size, 1, `the answer does not say what was wrong: ${[...bodies].join(' / ')}`)
    assert.deepEqual(await demo.operator.explain(sku), before, 'nothing changed')
    return `${Object.keys(attempts).join(', ')}: one and the same 401, nothing changed`
  },
}
