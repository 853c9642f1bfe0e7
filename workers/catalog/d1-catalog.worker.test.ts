import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { Item, itemHash } from '../../contract/product.ts'
import { bandKey } from '../inventory/band.ts'
import { createPorts } from '../ports.ts'
import { itemAt } from '../orders/price.ts'
import { createCatalog } from './d1-catalog.ts'
import { handleCatalogEvents } from './handle-events.ts'
import { readProduct } from './kv.ts'
import type { ItemChange } from './port.ts'

const catalog = createCatalog(env.DB, env.CATALOG)
const item = (sku: string, name = sku, category = 'Tea') =>
  Item.parse({ sku, name, category, price: { amountMinor: 499, currency: 'USD' }, taxIncluded: false, taxRate: '8.875' })
const upsert = async (value: Item, epoch: number, seq: number): Promise<ItemChange> => ({ item: value, itemHash: await itemHash(value), position: { epoch, seq } })
const apply = async (storeId: string, ...changes: Promise<ItemChange>[]) => catalog.apply(storeId, await Promise.all(changes), 1000)

beforeEach(async () => {
  await env.DB.exec('DELETE FROM items')
  await env.DB.exec('DELETE FROM stores')
})

describe('what is not newer changes nothing', () => {
  it.each([
    ['an older seq', 1, 4, 'New'],
    ['the same seq again', 1, 5, 'New'],
    ['an older epoch', 0, 99, 'New'],
    ['a newer seq', 1, 6, 'Late'],
    ['a newer epoch, at its beginning', 2, 1, 'Late'],
  ])('%s', async (_, epoch, seq, name) => {
    await apply('main', upsert(item('A', 'New'), 1, 5))
    await apply('main', upsert(item('A', 'Late'), epoch, seq))
    expect((await catalog.product('A'))?.name).toBe(name)
  })

  it('a removal that comes before its item keeps the item out', async () => {
    await catalog.apply('main', [{ removed: 'A', position: { epoch: 1, seq: 9 } }], 1000)
    await apply('main', upsert(item('A'), 1, 5))
    expect(await catalog.product('A')).toBeNull()
    await apply('main', upsert(item('A'), 1, 10))
    expect(await catalog.product('A')).not.toBeNull()
  })

  it('the last word of one call wins', async () => {
    await catalog.apply('main', [await upsert(item('A', 'One'), 1, 1), await upsert(item('A', 'Two'), 1, 2), { removed: 'B', position: { epoch: 1, seq: 3 } }, await upsert(item('A', 'Three'), 1, 4)], 1000)
    expect(await catalog.product('A')).toMatchObject({ name: 'Three', version: 3 })
  })
})

describe('who describes a product', () => {
  it('whoever brought it first, without a catalogue source', async () => {
    await apply('first', upsert(item('A', 'As first says'), 1, 1))
    await apply('second', upsert(item('A', 'As second says'), 5, 50))
    expect((await catalog.product('A'))?.name).toBe('As first says')
    await apply('second', upsert(item('B', 'Only second has it'), 5, 51))
    expect((await catalog.product('B'))?.name).toBe('Only second has it')
  })

  it('the catalogue source, where there is one; the others bring their own prices', async () => {
    await env.DB.exec("INSERT INTO stores (store_id, name, time_zone, transport, secrets, catalog_source, created_at) VALUES ('source', 's', 'UTC', '{}', '[]', 1, 0)")
    await apply('branch', upsert({ ...item('A', 'Branch'), price: { amountMinor: 1, currency: 'USD' } }, 1, 1))
    expect(await catalog.product('A')).toBeNull()
    await apply('source', upsert(item('A', 'Source'), 1, 1))
    expect(await catalog.product('A')).toMatchObject({ name: 'Source', price: { amountMinor: 499 } })
    expect((await catalog.sellable(['A'], 'branch')).map((each) => each.item?.price.amountMinor ?? 0).toSorted((a, b) => a - b)).toEqual([1, 499])
  })
})

describe('who describes it next', () => {
  const listed = async () => (await catalog.list({}, null, 10)).items.map((each) => `${each.sku} ${each.name}`)

  it('the store that still has it, when the one that described it removes it', async () => {
    await apply('first', upsert(item('A', 'First'), 1, 1))
    await apply('second', upsert(item('A', 'Second'), 1, 1))
    await catalog.apply('first', [{ removed: 'A', position: { epoch: 1, seq: 2 } }], 2000)
    expect(await listed()).toEqual(['A Second'])
    await apply('first', upsert(item('A', 'First again'), 1, 3))
    expect(await listed()).toEqual(['A Second'])
  })

  it('the catalogue source as soon as it brings the item, though it came later; each product is listed once', async () => {
    await apply('branch', upsert(item('A', 'Branch'), 1, 1), upsert(item('B', 'Only branch'), 1, 2))
    await env.DB.exec("INSERT INTO stores (store_id, name, time_zone, transport, secrets, catalog_source, created_at) VALUES ('source', 's', 'UTC', '{}', '[]', 1, 0)")
    await apply('source', upsert(item('A', 'Source'), 1, 1))
    expect(await listed()).toEqual(['A Source', 'B Only branch'])
    await apply('branch', upsert(item('A', 'Branch, newer'), 1, 3), upsert(item('B', 'Only branch, newer'), 1, 4))
    expect(await listed()).toEqual(['A Source', 'B Only branch, newer'])
    await catalog.apply('source', [{ removed: 'A', position: { epoch: 1, seq: 2 } }], 2000)
    expect(await listed()).toEqual(['B Only branch, newer'])
  })

  it('a store does not sell what it has removed, whoever else describes it', async () => {
    await apply('first', upsert(item('A', 'First'), 1, 1))
    await catalog.apply('second', [{ removed: 'A', position: { epoch: 1, seq: 2 } }], 2000)
    expect(itemAt('second', await catalog.sellable(['A'], 'second')).has('A')).toBe(false)
    expect(itemAt('third', await catalog.sellable(['A'], 'third')).has('A')).toBe(true)
  })
})

describe('the catalogue over HTTP shapes', () => {
  it('pages by SKU, searches and filters, and takes every character as it is', async () => {
    await apply('main', ...['A1', 'A2', 'B%1', 'C_1'].map((sku, index) => upsert(item(sku, `Name ${sku}`, index < 2 ? 'Tea' : 'Coffee'), 1, index + 1)))
    const first = await catalog.list({}, null, 3)
    expect([first.items.map((each) => each.sku), first.nextSku]).toEqual([['A1', 'A2', 'B%1'], 'B%1'])
    expect((await catalog.list({}, first.nextSku, 3)).items.map((each) => each.sku)).toEqual(['C_1'])
    expect((await catalog.list({ q: '%' }, null, 10)).items.map((each) => each.sku)).toEqual(['B%1'])
    expect((await catalog.list({ q: '👩‍👩‍👧'.repeat(30) }, null, 10)).items).toEqual([])
    expect((await catalog.list({ q: 'a2  NAME' }, null, 10)).items.map((each) => each.sku)).toEqual(['A2'])
    expect((await catalog.list({ q: 'name a', category: 'Tea' }, null, 10)).items).toHaveLength(2)
    expect(await catalog.categories(null, 10)).toEqual({ items: [{ name: 'Coffee', products: 2 }, { name: 'Tea', products: 2 }], nextName: null })
  })

  it('shows the band the counters wrote, unknown before they did, untracked for a service', async () => {
    await apply('main', upsert(item('A'), 1, 1), upsert(Item.parse({ ...item('S'), tracked: false }), 1, 2))
    expect((await catalog.product('A'))?.availability).toBe('unknown')
    await env.CATALOG.put(bandKey('A'), 'low_stock')
    expect((await catalog.product('A'))?.availability).toBe('low_stock')
    expect((await catalog.product('S'))?.availability).toBe('untracked')
  })
})

describe('queue `catalog`', () => {
  const message = (seq: number, value: Item) => ({ storeId: 'main', epoch: 1, requestId: 'r', events: [{ seq, type: 'catalog.item_upserted' as const, occurredAt: '2026-11-24T10:00:00Z', data: value }] })
  const ports = { ...createPorts(env), catalog, clock: () => 1000 }

  it('publishes to KV what changed, and handling a message again changes nothing', async () => {
    expect(await handleCatalogEvents(message(1, item('K', 'One')), ports)).toBe('applied')
    expect(await readProduct(env.CATALOG, 'K')).toMatchObject({ item: { name: 'One' }, version: 1 })
    expect(await handleCatalogEvents(message(2, item('K', 'Two')), ports)).toBe('applied')
    expect(await handleCatalogEvents(message(1, item('K', 'One')), ports)).toBe('superseded')
    expect(await readProduct(env.CATALOG, 'K')).toMatchObject({ item: { name: 'Two' }, version: 2 })
  })

  it('leaves a stone in KV for a removed product, so that no cache brings it back', async () => {
    await handleCatalogEvents(message(1, item('K')), ports)
    await handleCatalogEvents({ ...message(2, item('K')), events: [{ seq: 2, type: 'catalog.item_removed', occurredAt: '2026-11-24T10:00:00Z', data: { sku: 'K' } }] }, ports)
    expect(await readProduct(env.CATALOG, 'K')).toEqual({ removed: true })
    expect(await catalog.product('K')).toBeNull()
  })
})
