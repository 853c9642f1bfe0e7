import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, test } from 'vitest'
import { Availability, Item } from '../../contract/product.ts'
import { app } from '../gateway/app.ts'
import { createPorts } from '../ports.ts'
import { handleCatalogEvents } from './handle-events.ts'
import { tellListings } from './tell-listings.ts'

/** What a store has removed from what it sells, on every path that shows how many there are. */
const ports = createPorts(env)
const call = (path: string, init: RequestInit = {}) => app.request(`https://edge.example${path}`, init, env)

/** Counters outlive a test: each sells something else. */
let tests = 0
let sku = ''
beforeEach(async () => {
  tests += 1
  sku = `GONE-${tests}`
  await env.DB.exec('DELETE FROM items')
})

const said = (storeId: string, seq: number, event: { type: 'catalog.item_upserted'; data: Item } | { type: 'catalog.item_removed'; data: { sku: string } }) =>
  handleCatalogEvents({ storeId, epoch: 1, requestId: 'r', events: [{ seq, occurredAt: '2026-11-24T10:00:00Z', ...event }] }, ports)
const sells = (seq: number, storeId = 'main') =>
  said(storeId, seq, { type: 'catalog.item_upserted', data: Item.parse({ sku, name: 'Soap', price: { amountMinor: 499, currency: 'USD' }, taxIncluded: false, taxRate: '0' }) })
const removes = (seq: number, storeId = 'main') => said(storeId, seq, { type: 'catalog.item_removed', data: { sku } })
const counts = (onHand: number, seq: number, storeId = 'main') =>
  ports.inventory.apply([{ type: 'level', storeId, sku, onHand, epoch: 1, asOf: seq - 1, seq, at: 1_000 }])
const get = async (path: string) => (await call(path)).json()
const shown = async () => Availability.parse(await get(`/v1/availability/${sku}`))

describe('goods that their store has removed', () => {
  test('are shown as none to buy by the single and the list form, whatever is counted of them later; back on sale they show their level', async () => {
    await sells(1)
    await counts(7, 2)
    expect(await shown()).toMatchObject({ available: 7 })
    await removes(3)
    expect(await shown()).toMatchObject({ available: 0, stores: [{ storeId: 'main', available: 0 }] })
    await counts(8, 4)
    expect(await get(`/v1/availability?sku=${sku}`)).toMatchObject({ items: [{ sku, available: 0, stores: [{ available: 0 }] }] })
    expect(await ports.catalog.product(sku)).toBeNull()
    expect(await ports.inventory.explain(sku)).toMatchObject({ stores: [{ onHand: 8, sold: false, available: 0 }] })
    await sells(5)
    expect(await shown()).toMatchObject({ available: 8, stores: [{ available: 8 }] })
  })

  test('are not counted into the sum, the band or an order of a store that still sells them', async () => {
    await sells(1)
    await sells(1, 'other')
    await counts(90, 2)
    await counts(2, 2, 'other')
    await removes(3)
    expect(await shown()).toMatchObject({ available: 2, stores: [{ storeId: 'main', available: 0 }, { storeId: 'other', available: 2 }] })
    await expect.poll(async () => (await ports.catalog.product(sku))?.availability, { timeout: 5_000 }).toBe('low_stock')
    const reserve = (storeId: string) => ports.inventory.reserve({ assignmentId: `o${tests}.${storeId}`, attempt: { id: '1', bodyHash: 'h' }, storeId, demands: [{ sku, quantity: 1 }], now: 1_000, dueAt: 4_000_000_000_000 })
    expect(await reserve('main')).toMatchObject({ ok: false, refusal: { reason: 'out-of-stock', shortages: [{ sku, requested: 1, available: 0 }] } })
    expect(await reserve('other')).toEqual({ ok: true })
  })

  test('are told to who listens, when they go and when they come back', async () => {
    await sells(1)
    await counts(3, 2)
    const { webSocket } = await call(`/v1/availability/${sku}/live`, { headers: { Upgrade: 'websocket' } })
    const heard: (number | null)[] = []
    webSocket?.accept()
    webSocket?.addEventListener('message', ({ data }) => {
      heard.push(Availability.parse(JSON.parse(String(data))).available)
    })
    await expect.poll(() => heard).toEqual([3])
    await removes(3)
    await expect.poll(() => heard).toEqual([3, 0])
    await sells(4)
    await expect.poll(() => heard).toEqual([3, 0, 3])
    webSocket?.close()
  })

  test('stay unknown when they were never counted, and get no counter by it', async () => {
    await removes(1)
    expect(await shown()).toMatchObject({ sku, available: null, asOf: null, stores: [] })
    await counts(4, 2)
    expect(await shown()).toMatchObject({ available: 0 })
    await sells(3)
    expect(await shown()).toMatchObject({ available: 4 })
  })

  test('are back though the removal comes late, and stay gone though an older word comes late', async () => {
    await counts(5, 1)
    await sells(9)
    await removes(4)
    expect(await shown()).toMatchObject({ available: 5 })
    await removes(12)
    await sells(10)
    expect(await shown()).toMatchObject({ available: 0 })
  })
})

describe('two messages about one SKU at once', () => {
  test('a removal that reaches the counters after the word that the goods are back is taken back by who told it', async () => {
    await counts(5, 1)
    await sells(2)
    await removes(3)
    let isFirst = true
    const listings: typeof ports.catalog.listings = async (storeId, skus) => {
      const read = await ports.catalog.listings(storeId, skus)
      // Between the reading and the telling of the removal another consumer does all of its work.
      if (isFirst) {
        isFirst = false
        await sells(4)
      }
      return read
    }
    await tellListings({ catalog: { listings }, inventory: ports.inventory }, 'main', [sku])
    expect(await shown()).toMatchObject({ available: 5 })
  })

  test('a catalogue that does not stand still is a fault, so that the message comes again', async () => {
    let seq = 0
    const listings = async () => [{ sku, sold: false, position: { epoch: 1, seq: (seq += 1) }, version: 2 }]
    await expect(tellListings({ catalog: { listings }, inventory: ports.inventory }, 'main', [sku])).rejects.toThrow('main')
  })

  test('of a first sync the counters hear nothing', async () => {
    const told: unknown[] = []
    const listings = async () => [{ sku, sold: true, position: { epoch: 1, seq: 1 }, version: 1 }]
    await tellListings({ catalog: { listings }, inventory: { apply: async (commands) => {
      told.push(commands)
      return []
    } } }, 'main', [sku])
    expect(told).toEqual([])
  })
})
