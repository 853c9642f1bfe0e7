import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock, toInstant } from '../../contract/clock.ts'
import { Stop } from '../../contract/stops.ts'
import { page } from '../../contract/values.ts'
import { expectAnswer, placed } from '../local/edge-api.ts'
import { openStores } from '../local/stores.ts'
import type { Stores } from '../local/stores.ts'
import { until } from '../local/until.ts'

const SETTLED_WITHIN_MS = 20_000
const CONNECTOR_COMMAND = path.resolve(import.meta.dirname, '../../connector/main.ts')
let dir: string
let house: Stores

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-stops-'))
  house = await openStores(dir, 'stops-admin-token', { main: [{ sku: 'TEA', pieces: 30, priceMinor: 1250 }], second: [{ sku: 'TEA', pieces: 4, priceMinor: 1250 }] })
})
afterAll(async () => {
  await house.close()
  await rm(dir, { recursive: true, force: true })
})

const ask = (quantity = 1, sku = 'TEA', storeId = 'main') => house.web.place({ lines: [{ sku, quantity }], fulfillment: { method: 'pickup', storeId }, customer: { name: 'Shopper', email: 'shopper@shop.example' } }, randomUUID())
const shown = async (storeId = 'main') => (await house.web.availability('TEA')).stores.find((store) => store.storeId === storeId)?.available
const stop = (body: object) => house.operator.send('/stops', 'POST', body)
const lift = (body: object) => house.operator.send('/stops/lift', 'POST', body)
const stops = async () => expectAnswer(await house.operator.send('/stops'), 200, page(Stop)).items
/** What store IT types, beside the running connector. */
const atStore = (...args: string[]) => promisify(execFile)(process.execPath, [CONNECTOR_COMMAND, ...args, '--config', house.stores.get('main')?.shop.configFile ?? ''])

it('an operator takes a SKU off the web at once; what was ordered goes on, the till sells on, and it comes back as it was', async () => {
  const { order } = await placed(await ask(2))
  expect(expectAnswer(await stop({ sku: 'TEA', storeId: 'main', why: 'recalled by its maker' }), 201, Stop)).toMatchObject({ by: 'operator', until: null })
  // At once: the call has been answered.
  expect(await shown()).toBe(0)
  expect(await shown('second')).toBe(4)
  expect((await ask()).status).toBe(409)
  expect((await house.operator.explain('TEA'))?.stores.map(({ storeId, stopped }) => [storeId, stopped])).toEqual([['main', true], ['second', false]])
  expect(await stops()).toMatchObject([{ sku: 'TEA', storeId: 'main', why: 'recalled by its maker' }])

  const till = house.stores.get('main')?.till
  await until('the order in the till', SETTLED_WITHIN_MS, () => till?.ticketsOfOrder(order.number).length === 1)
  till?.sell('TEA', 3)
  await until('the sale at the edge', SETTLED_WITHIN_MS, async () => (await house.operator.explain('TEA'))?.stores.find(({ storeId }) => storeId === 'main')?.onHand === 25)
  expect(await shown()).toBe(0)

  expect((await lift({ sku: 'TEA', storeId: 'main' })).body).toMatchObject({ sold: true })
  expect(await shown()).toBe(25)
  expect(await stops()).toEqual([])
  expect((await ask()).status).toBe(201)
  expect((await stop({ sku: 'TEA', storeId: 'main', why: 'x', until: toInstant(systemClock() - 1_000) })).status).toBe(422)
  expect((await stop({ sku: 'TEA', storeId: 'nowhere', why: 'x' })).status).toBe(404)
})

it('one at every store ends by itself, by the minute that was said', async () => {
  await stop({ sku: 'TEA', why: 'photographed for the season', until: toInstant(systemClock() + 3_000) })
  expect([await shown(), await shown('second')]).toEqual([0, 0])
  await until('its end', SETTLED_WITHIN_MS, async () => (await shown('second')) === 4)
  expect(await stops()).toEqual([])
})

it('staff take it off the web at their store, with a reason; nobody lifts what another has stopped', async () => {
  const before = await shown()
  const { stdout } = await atStore('stop-selling', 'TEA', '--why', 'on the window display', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ sku: 'TEA', sold: false, sent: true })
  await until('the stop at the edge', SETTLED_WITHIN_MS, async () => (await shown()) === 0)
  expect(await shown('second')).toBe(4)
  expect(await stops()).toMatchObject([{ sku: 'TEA', storeId: 'main', by: 'store', why: 'on the window display' }])
  expect((await ask()).status).toBe(409)

  await stop({ sku: 'TEA', storeId: 'main', why: 'recalled' })
  expect((await lift({ sku: 'TEA', storeId: 'main' })).body).toMatchObject({ sold: false })
  expect(await shown()).toBe(0)
  await stop({ sku: 'TEA', storeId: 'main', why: 'recalled' })
  await atStore('sell', 'TEA')
  await until('the word of the store', SETTLED_WITHIN_MS, async () => (await stops()).every(({ by }) => by === 'operator'))
  expect(await shown()).toBe(0)
  await lift({ sku: 'TEA', storeId: 'main' })
  expect(await shown()).toBe(before)
  await expect(atStore('stop-selling', 'NO-SUCH', '--why', 'x')).rejects.toMatchObject({ code: 8, stderr: expect.stringContaining('sells nothing with the SKU') })
  await expect(atStore('stop-selling', 'TEA', '--why', 'x', '--until', 'tomorrow')).rejects.toMatchObject({ code: 2 })
})
