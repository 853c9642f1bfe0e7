import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { toInstant, systemClock } from '../../contract/clock.ts'
import { EMPTY_DIGEST } from '../../contract/digest.ts'
import { Health } from '../../contract/operator-answers.ts'
import { expectAnswer, operatorApi, placed, shopApi } from '../local/edge-api.ts'
import { openChannel, startEdge } from '../local/house.ts'
import type { Running } from '../local/processes.ts'
import { signedClient } from '../local/signed-client.ts'
import { until } from '../local/until.ts'

const STORE_ID = 'harbour'
const ADMIN_TOKEN = 'breaker-admin-token'
/** Of workers/stores/breaker.ts: failures in a row that open it, bad calls in its window that do, what counts as slow, and when it is tried again. */
const IN_A_ROW = 5
const BAD_IN_WINDOW = 10
const SLOW_MS = 5_000
const PROBE_AFTER_MS = 15_000

let dir: string
let edge: Running
let web: ReturnType<typeof shopApi>
let operator: ReturnType<typeof operatorApi>
let signed: ReturnType<typeof signedClient>
let beating: NodeJS.Timeout
let orders = 0

/** The shop's door: how it answers now, and each call that came to it. */
const door = { answers: 503, afterMs: 0, calls: [] as string[] }
const shop = createServer((request, response) => {
  door.calls.push(request.url ?? '')
  request.resume()
  const { answers, afterMs } = door
  setTimeout(() => response.writeHead(answers).end(), afterMs)
})

const beat = () => signed({ path: `/connect/v1/stores/${STORE_ID}/heartbeat`, body: { connectorId: 'till', epoch: 1, lastSeq: 2, posReachable: true, journal: { inbox: 0, outbox: 0 }, version: '0.1.0', clock: toInstant(systemClock()), tunnel: 'up' } })
const order = async () => placed(await web.place({ lines: [{ sku: 'TEA', quantity: 1 }], fulfillment: { method: 'pickup', storeId: STORE_ID }, customer: { name: 'Customer', email: 'customer@shop.example' } }, `order-${++orders}`))
const seen = async () => {
  const store = expectAnswer(await operator.send('/health'), 200, Health).stores?.find(({ storeId }) => storeId === STORE_ID)
  if (!store) throw new Error('the store is not shown')
  return store
}
const isPhase = (phase: string, within: number) => until(`the breaker ${phase}`, within, async () => (await seen()).breaker === phase, 100)

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-breaker-'))
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
  edge = await startEdge({ dir, port: 0, adminToken: ADMIN_TOKEN })
  const base = edge.ready.url
  operator = operatorApi(base, ADMIN_TOKEN)
  web = shopApi(base, await openChannel(base, ADMIN_TOKEN))
  const secret = await operator.registerStore({ storeId: STORE_ID, name: 'Harbour', timeZone: 'UTC', transport: { kind: 'tunnel', url: `http://127.0.0.1:${(shop.address() as AddressInfo).port}` } })
  signed = signedClient(base, secret)
  expectAnswer(await signed({ path: `/connect/v1/stores/${STORE_ID}/epochs`, body: { connectorId: 'till' } }), 200, z.object({ epoch: z.literal(1) }))
  const occurredAt = toInstant(systemClock())
  const item = { sku: 'TEA', name: 'Green tea', description: null, brand: null, category: null, identifiers: [], unit: 'each', price: { amountMinor: 500, currency: 'EUR' }, taxIncluded: true, taxRate: '0', imageUrl: null, tracked: true }
  expectAnswer(await signed({ path: `/connect/v1/stores/${STORE_ID}/events`, body: { connectorId: 'till', epoch: 1, after: { seq: 0, digest: EMPTY_DIGEST }, events: [
    { seq: 1, type: 'catalog.item_upserted', occurredAt, data: item }, { seq: 2, type: 'stock.counted', occurredAt, data: { sku: 'TEA', onHand: 100, asOf: 1 } },
  ] } }), 202, z.unknown())
  await beat()
  // What is parked leaves with a heartbeat.
  beating = setInterval(() => void beat().catch(() => undefined), 1_000)
  await until('the goods on the web', 20_000, async () => (await web.product('TEA')) !== null, 100)
}, 120_000)
afterAll(async () => {
  clearInterval(beating)
  await edge?.stop()
  shop.closeAllConnections()
  shop.close()
  await rm(dir, { recursive: true, force: true })
}, 60_000)

test('a shop whose door fails is left alone, tried by one call, and gets everything once it is well again; slowness counts like failing', async () => {
  for (let n = 1; n <= IN_A_ROW; n++) await order()
  await isPhase('open', 40_000)
  const opensAt = Date.parse((await seen()).probeAt ?? '')
  expect(opensAt - systemClock()).toBeLessThanOrEqual(PROBE_AFTER_MS)
  const before = door.calls.length
  await order()
  await wait(2_000)
  expect(door.calls.length).toBe(before)

  // Well again, and in no hurry: while the probe is under way nothing else is sent.
  Object.assign(door, { answers: 202, afterMs: 4_000 })
  await wait(Math.max(0, opensAt - systemClock()))
  await Promise.all([order(), order(), order()])
  await until('the probe', 2 * PROBE_AFTER_MS, () => door.calls.length > before, 50)
  await wait(2_000)
  expect(door.calls.length).toBe(before + 1)
  await isPhase('closed', 20_000)

  door.afterMs = 0
  await until('every order in the shop', 60_000, () => new Set(door.calls).size === orders, 100)

  door.afterMs = SLOW_MS + 1_500
  await Promise.all(Array.from({ length: BAD_IN_WINDOW }, order))
  await isPhase('open', 60_000)
}, 240_000)
