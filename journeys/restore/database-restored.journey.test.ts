import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { RepairPage } from '../../contract/operator-answers.ts'
import type { PlacedAnswer } from '../../contract/order.ts'
import { expectAnswer, placed } from '../local/edge-api.ts'
import { startEdge } from '../local/house.ts'
import { openStores, type StoreOf, type Stores } from '../local/stores.ts'
import { until } from '../local/until.ts'

const STORE_ID = 'harbour'
const ADMIN_TOKEN = 'restore-admin-token'
const SKU = 'LAMP-1'
const TOLD_WITHIN_MS = 40_000

let dir: string
let house: Stores
let store: StoreOf

const database = (): string => path.join(dir, 'house/edge/edge/data/d1')
const order = async (key: string): Promise<PlacedAnswer> => placed(await house.web.place({ lines: [{ sku: SKU, quantity: 1 }], fulfillment: { method: 'pickup', storeId: STORE_ID }, customer: { name: 'Customer', email: 'customer@shop.example' } }, key))
const statusOf = async ({ order: { id } }: PlacedAnswer): Promise<string> => (await house.web.order(id)).status
const has = (answer: PlacedAnswer, status: string) => until(`order ${answer.order.number} ${status}`, TOLD_WITHIN_MS, async () => (await statusOf(answer)) === status, 100)
const available = async (): Promise<number | null | undefined> => (await house.web.availability(SKU)).stores.find(({ storeId }) => storeId === STORE_ID)?.available
const letters = async () => expectAnswer(await house.operator.send('/dead-letters?queue=repair'), 200, z.object({ items: z.array(z.object({ id: z.string(), storeId: z.string(), state: z.string() })) })).items

/** Stops the edge, does it, and starts the edge on what is there then, at the same address: its objects and its KV are as they were. */
async function whileDown(work: () => Promise<void>): Promise<void> {
  const { port } = new URL(house.edge.ready.url)
  await house.edge.stop()
  await work()
  house.edge = await startEdge({ dir: path.join(dir, 'house/edge'), port: Number(port), adminToken: ADMIN_TOKEN })
}

async function repair(dryRun: boolean): Promise<RepairPage[]> {
  const pages: RepairPage[] = []
  for (let cursor: string | null | undefined; cursor !== null; cursor = pages.at(-1)?.nextCursor) {
    pages.push(expectAnswer(await house.operator.send('/repair', 'POST', { dryRun, why: 'D1 was restored.', ...(cursor === undefined ? {} : { cursor }) }), 200, RepairPage))
  }
  return pages
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-restore-'))
  house = await openStores(path.join(dir, 'house'), ADMIN_TOKEN, { [STORE_ID]: [{ sku: SKU, pieces: 5, priceMinor: 1999 }] })
  const found = house.stores.get(STORE_ID)
  if (!found) throw new Error('no store')
  store = found
}, 180_000)
afterAll(async () => {
  await house?.close()
  await rm(dir, { recursive: true, force: true })
}, 60_000)

test('D1 comes back from before a hand-over and an order: the store tells the one again, a person is told of the other, and nothing is sold twice', async () => {
  const before = await order('before')
  await has(before, 'accepted')
  const backup = path.join(dir, 'backup')
  await whileDown(() => cp(database(), backup, { recursive: true }))

  store.till.handOver(before.order.number)
  await has(before, 'completed')
  const lost = await order('lost')
  await has(lost, 'accepted')
  await until('the web shows what the till has', TOLD_WITHIN_MS, async () => (await available()) === 3, 100)

  await whileDown(async () => {
    await rm(database(), { recursive: true })
    await cp(backup, database(), { recursive: true })
  })
  expect(await statusOf(before)).toBe('accepted')
  expect((await house.operator.send(`/orders/${lost.order.id}`)).status).toBe(404)
  expect(await available()).toBe(3)

  const named = { assignmentId: `${lost.order.id}.1`, storeId: STORE_ID }
  expect((await repair(true)).flatMap(({ missing }) => missing)).toMatchObject([named])
  expect(await letters()).toEqual([])
  const pages = await repair(false)
  expect([pages.flatMap(({ missing }) => missing), pages.flatMap(({ adopted }) => adopted), pages.reduce((sum, { asked }) => sum + asked, 0)]).toMatchObject([[named], [], 1])
  await has(before, 'completed')
  expect(await letters()).toMatchObject([{ storeId: STORE_ID, state: 'waiting' }])

  // It is in the till, and its customer comes for it.
  store.till.handOver(lost.order.number)
  await until('nothing missing any more', TOLD_WITHIN_MS, async () => (await repair(true)).every(({ missing }) => missing.length === 0), 500)
  store.till.sell(SKU, 1)
  await until('the web shows what the till has', TOLD_WITHIN_MS, async () => (await available()) === store.till.onHand(SKU), 100)
  expect(store.till.onHand(SKU)).toBe(2)
}, 180_000)
