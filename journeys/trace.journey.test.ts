import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newTraceparent, traceIdOf } from '../contract/trace.ts'
import { basket } from './local/demo.ts'
import { call, placed } from './local/edge-api.ts'
import { openStores, type Stores } from './local/stores.ts'
import { until } from './local/until.ts'

const STORE_ID = 'harbour'
const SKU = 'LAMP-1'
const TOLD_WITHIN_MS = 20_000

let dir: string
let house: Stores

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-trace-'))
  house = await openStores(path.join(dir, 'house'), 'trace-admin-token', { [STORE_ID]: [{ sku: SKU, pieces: 5, priceMinor: 1999 }] })
}, 120_000)
afterAll(async () => {
  await house?.close()
  await rm(dir, { recursive: true, force: true })
}, 60_000)

/** What a log says of one trace, a word a line: the event, and what of it matters here. */
async function wordsOf(file: string, traceId: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.startsWith('{') && line.includes(traceId)).map((line) => JSON.parse(line) as { event: string; outcome?: string; type?: string; status?: string | number })
  return lines.map(({ event, outcome, type, status }) => [event, outcome, type, status].filter((word) => word !== undefined).join(' '))
}

test('one trace id tells an order\'s whole way in the logs of both sides, and nobody\'s name', async () => {
  const traceparent = newTraceparent()
  const traceId = traceIdOf(traceparent)
  const { order } = await placed(await call(house.edge.ready.url, {
    path: '/v1/orders', headers: { 'Authorization': `Bearer ${house.keys.publishable}`, 'Idempotency-Key': 'traced', traceparent }, body: basket([{ sku: SKU, quantity: 1 }], STORE_ID),
  }))
  await until(`order ${order.number} accepted`, TOLD_WITHIN_MS, async () => (await house.web.order(order.id)).status === 'accepted', 50)

  const [edgeLog, connectorLog] = [path.join(dir, 'house', 'edge', 'edge.log'), path.join(house.stores.get(STORE_ID)?.shop.dir ?? '', 'connector.log')]
  // Queue, push, journal, POS, the store's word, and what the web shows of it.
  await until('both logs have it', TOLD_WITHIN_MS, async () => {
    expect(await wordsOf(edgeLog, traceId)).toEqual(expect.arrayContaining(['request.done 201', 'order.placed', 'order.pushed journaled', 'order.event order.accepted accepted']))
    expect(await wordsOf(connectorLog, traceId)).toEqual(expect.arrayContaining([
      'order.delivered journaled', 'assignment.settled accepted', 'event.confirmed order.journaled', 'event.confirmed order.accepted',
    ]))
    return true
  }, 100)

  for (const log of [edgeLog, connectorLog]) {
    const text = await readFile(log, 'utf8')
    expect(text).not.toContain(order.customer.email)
    expect(text).not.toContain(house.keys.publishable)
  }
})
