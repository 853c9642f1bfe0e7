import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { StoreEvent } from '../../contract/events.ts'
import { Item, Product } from '../../contract/product.ts'
import { Sale } from '../../contract/sales.ts'
import { page } from '../../contract/values.ts'
import { app } from '../gateway/app.ts'
import { createPorts } from '../ports.ts'
import { createSales } from '../status/d1-sales.ts'
import { stopSelling } from '../stops/stop-selling.ts'
import { handleCatalogEvents } from './handle-events.ts'

const ports = createPorts(env)
const NOW = Date.UTC(2026, 10, 24, 12)
const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' })
let seq = 0
const item = (sku: string, more: Partial<Item> = {}): Item => Item.parse({ sku, name: sku, price: usd(100), taxIncluded: true, taxRate: '0', ...more })
const tell = (...events: { type: StoreEvent['type']; data: object }[]) => handleCatalogEvents({ storeId: 'main', epoch: 1, requestId: 'r', events: events.map((event) => ({ ...event, seq: ++seq, occurredAt: '2026-11-24T10:00:00Z' }) as StoreEvent) }, ports)
const upsert = (sku: string, more: Partial<Item> = {}) => ({ type: 'catalog.item_upserted' as const, data: item(sku, more) })
const sold = (sku: string, saleId: string, at: number) => createSales(env.DB).record('main', { saleId, kind: 'sale', total: usd(100), lines: [{ sku, quantity: 1, unitPrice: usd(100), lineTotal: usd(100) }] }, at, { epoch: 1, seq: ++seq })
const get = async (path: string) => (await app.request(`https://edge.example${path}`, { headers: { Authorization: `Bearer ${env.ADMIN_TOKEN}` } }, env)).json()
const products = async (query: string) => page(Product).parse(await get(`/v1/products?${query}`)).items
const salesOf = async (sku: string) => page(Sale).parse(await get(`/admin/v1/sales?sku=${sku}&from=2026-11-01T00:00:00Z&to=2026-12-20T00:00:00Z`)).items.map(({ id }) => id)
const stopped = async (sku: string) => (await ports.stops.of(sku, Date.now())).map(({ storeId, by, why }) => [storeId, by, why])

beforeEach(async () => {
  for (const table of ['items', 'stores', 'sales', 'sku_stops', 'sku_renames', 'dead_letters', 'channel_prices']) await env.DB.prepare(`DELETE FROM ${table}`).run()
})

describe('variants', () => {
  const shirt = (size: string) => ({ variant: { productId: 'SHIRT', options: [{ name: 'Size', value: size }] } })
  it('of one product are listed together, each as it is sold by itself', async () => {
    await tell(upsert('S-S', shirt('S')), upsert('S-M', { ...shirt('M'), price: usd(120) }), upsert('MUG'))
    expect((await products('productId=SHIRT')).map(({ sku, price, variant }) => [sku, price.amountMinor, variant?.options[0]?.value])).toEqual([['S-M', 120, 'M'], ['S-S', 100, 'S']])
    expect(await products('productId=NONE')).toEqual([])
    expect((await products('q=MUG'))[0]?.variant).toBeNull()
    expect(Product.parse(await get('/v1/products/S-M'))).toMatchObject({ variant: shirt('M').variant })
  })
  it('leave with what is removed, and join what they are said to be of now', async () => {
    await tell(upsert('S-S', shirt('S')), upsert('S-M', shirt('M')))
    await tell({ type: 'catalog.item_removed', data: { sku: 'S-S' } }, upsert('S-M'))
    expect(await products('productId=SHIRT&limit=50')).toEqual([])
  })
})

describe('barcodes', () => {
  it('of which an item may have many, each find it, and only whole', async () => {
    const codes = ['4006381333931', '96385074'].map((value) => ({ type: 'gtin' as const, value }))
    await tell(upsert('PEN', { identifiers: codes }), upsert('PLU', { identifiers: [{ type: 'plu', value: '4011' }] }))
    for (const q of ['4006381333931', '96385074', 'pen 96385074']) expect((await products(`q=${q}`)).map(({ sku }) => sku)).toEqual(['PEN'])
    for (const q of ['400638133393', '63850740', '4011', 'plu 96385074', '%2296385074']) expect(await products(`q=${q}`)).toEqual([])
  })
})

describe('a SKU', () => {
  it('that is renamed keeps its history, and what was stopped stays so', async () => {
    await tell(upsert('TEA'))
    await sold('TEA', 'T-1', NOW - 2)
    await stopSelling(ports, { sku: 'TEA', storeId: null, by: 'operator', why: 'recalled', since: NOW, until: null })
    await stopSelling(ports, { sku: 'TEA', storeId: 'main', by: 'store', why: 'on show', since: NOW, until: null }, { epoch: 1, seq: 1 })
    await stopSelling(ports, { sku: 'TEA', storeId: 'other', by: 'store', why: 'theirs', since: NOW, until: null }, { epoch: 1, seq: 1 })
    await tell({ type: 'catalog.item_removed', data: { sku: 'TEA' } }, upsert('TEA-250'), { type: 'catalog.item_renamed', data: { sku: 'TEA-250', formerSku: 'TEA' } })
    expect(await stopped('TEA-250')).toEqual([[null, 'operator', 'recalled'], ['main', 'store', 'on show']])
    await sold('TEA-250', 'T-2', Date.now())
    // Another item's by now.
    await sold('TEA', 'T-3', Date.now() + 3_600_000)
    expect(await salesOf('TEA-250')).toEqual(['main/T-2', 'main/T-1'])
    expect(await salesOf('TEA')).toEqual(['main/T-3', 'main/T-1'])
    await tell({ type: 'catalog.item_renamed', data: { sku: 'TEA-1KG', formerSku: 'TEA-250' } })
    expect(await salesOf('TEA-1KG')).toEqual(['main/T-2', 'main/T-1'])
  })
  it('that is renamed keeps what channels ask for it there, and the pieces kept back', async () => {
    await env.DB.prepare("INSERT OR IGNORE INTO stores (store_id, name, time_zone, safety_stock, transport, secrets, created_at) VALUES ('main', 'Main', 'UTC', 1, '{\"kind\":\"pull\"}', '[]', 0)").run()
    await env.DB.prepare("INSERT OR IGNORE INTO channels (channel_id, name, allowed_origins, created_at) VALUES ('members', 'Members', '[]', 0)").run()
    const now = Date.now()
    const at = (sku: string, storeId: string | null, amountMinor: number, validTo: number | null = null) => ({ sku, storeId, amountMinor, currency: 'USD', validFrom: 1, validTo })
    await ports.prices.set('members', [at('TEA', null, 90), at('TEA', 'main', 80), at('TEA', 'other', 70), { ...at('TEA', null, 60, 3), validFrom: 2 }, at('TEA-250', 'main', 85)], now)
    await ports.inventory.setSafetyStock('main', 'TEA', 4)
    await ports.inventory.setSafetyStock('main', 'CUP', 1)
    await tell(upsert('TEA-250'), upsert('MUG'), { type: 'catalog.item_renamed', data: { sku: 'TEA-250', formerSku: 'TEA' } }, { type: 'catalog.item_renamed', data: { sku: 'MUG', formerSku: 'CUP' } })
    expect((await ports.prices.list('members', 'TEA-250', null, 10)).map(({ storeId, amountMinor }) => [storeId, amountMinor])).toEqual([[null, 90], ['main', 85]])
    expect((await ports.catalog.product('TEA-250', 'members'))?.price.amountMinor).toBe(90)
    expect((await ports.catalog.productAt('main', 'TEA-250', 'members'))?.price.amountMinor).toBe(85)
    expect((await ports.inventory.explain('TEA-250')).stores.map(({ safetyStock }) => safetyStock)).toEqual([4])
    expect((await ports.inventory.explain('MUG')).stores).toEqual([])
    // What somebody sets for it later stays, however often the rename is told.
    await ports.inventory.setSafetyStock('main', 'TEA-250', 0)
    await tell({ type: 'catalog.item_renamed', data: { sku: 'TEA-250', formerSku: 'TEA' } })
    expect((await ports.inventory.explain('TEA-250')).stores.map(({ safetyStock }) => safetyStock)).toEqual([0])
  })
  it('whose rename is told once more does not stop again what was lifted since', async () => {
    await stopSelling(ports, { sku: 'TEA', storeId: null, by: 'operator', why: 'recalled', since: NOW, until: null })
    await tell({ type: 'catalog.item_renamed', data: { sku: 'TEA-250', formerSku: 'TEA' } })
    await stopSelling(ports, { sku: 'TEA-250', storeId: null, by: 'operator', why: 'lifted', since: NOW, until: Date.now() })
    await tell({ type: 'catalog.item_renamed', data: { sku: 'TEA-250', formerSku: 'TEA' } })
    expect(await stopped('TEA-250')).toEqual([])
  })
  it('that is another item\'s now is sold as the till says, and a person is told once', async () => {
    const reused = { seq: 900, occurredAt: '2026-11-24T10:00:00Z', type: 'catalog.sku_reused', data: { sku: 'TEA' } } as StoreEvent
    for (const _ of [1, 2]) await handleCatalogEvents({ storeId: 'main', epoch: 1, requestId: 'r', events: [reused] }, ports)
    const letters = (await ports.deadLetters.list({}, null, 10)).items
    expect(letters).toMatchObject([{ queue: 'skus', reason: 'needs_person', storeId: 'main', lastError: expect.stringContaining('TEA') }])
  })
})

describe('a service, which nothing counts', () => {
  it('cannot be bought while it is stopped', async () => {
    const asked = () => ports.catalog.sellable(['WRAP'], 'main', { channelId: 'web', now: Date.now() })
    await tell(upsert('WRAP', { tracked: false }))
    expect(await asked()).toHaveLength(1)
    await stopSelling(ports, { sku: 'WRAP', storeId: 'main', by: 'operator', why: 'nobody is there', since: NOW, until: null })
    expect(await asked()).toEqual([])
  })
})
