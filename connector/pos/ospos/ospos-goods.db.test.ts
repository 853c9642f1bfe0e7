import { afterEach, describe, expect, inject, test } from 'vitest'
import { openTestShop, type TestShop } from './test-shop.ts'
import { createMemory } from '../test-memory.ts'
import { readOn } from '../pos-under-test.ts'

let shop: TestShop
afterEach(() => shop.close())
const open = async (settings?: Record<string, unknown>): Promise<void> => void (shop = await openTestShop(inject('mariadb'), settings))
const setting = (key: string, value: string) => shop.register.db.query('REPLACE INTO ospos_app_config VALUES (?, ?)', [key, value])
const everything = async () => readOn(shop.pos, null)

describe('an item', () => {
  test.each([
    ['net', '0', [], { taxIncluded: false, taxRate: '0' }],
    ['net', '', [['Sales tax', '8.875']], { taxIncluded: false, taxRate: '8.875' }],
    ['net, two taxes', '0', [['State', '6.250'], ['City', '2.625']], { taxIncluded: false, taxRate: '8.875' }],
    ['gross', '1', [['VAT', '19.000']], { taxIncluded: true, taxRate: '19' }],
    ['gross, without tax', 'tax_included', [], { taxIncluded: true, taxRate: '0' }],
  ] as [string, string, [string, string][], object][])('has its tax as the till is set: %s', async (_name, included, taxes, expected) => {
    await open()
    await setting('tax_included', included)
    await shop.addItem({ taxes })
    expect((await everything()).items).toMatchObject([expected])
  })

  test('has the shop\'s currency, with its decimals', async () => {
    await open()
    await setting('currency_code', 'JPY')
    await shop.addItem({ price: '1200.00' })
    const broken = await shop.addItem({ price: '9.99' })
    const first = await shop.pos.readChanges(null)
    expect(first.items).toMatchObject([{ price: { amountMinor: 1200, currency: 'JPY' } }])
    expect(first.refused ?? []).toEqual(expect.arrayContaining([expect.objectContaining({ key: expect.stringContaining(String(broken)) as string, reason: expect.stringContaining('JPY') as string })]))
  })

  test('changes when a manager switches tax or a rate, without a row of items changing', async () => {
    await open()
    const item = await shop.addItem({ taxes: [['Sales tax', '5.000']] })
    const { cursor } = await everything()
    await shop.register.db.query('UPDATE ospos_items_taxes SET percent = 6 WHERE item_id = ?', [item])
    const rate = await readOn(shop.pos, cursor)
    expect(rate.items).toMatchObject([{ taxRate: '6' }])
    await setting('tax_included', '1')
    expect((await readOn(shop.pos, rate.cursor)).items).toMatchObject([{ taxIncluded: true }])
  })

  test('names its barcode by its form, and keeps what the till says of it', async () => {
    await open()
    for (const number of ['2000000000015', '012345678905', '4016', 'TEA/1']) await shop.addItem({ number, stock: 1 })
    expect((await everything()).items.flatMap(({ identifiers }) => identifiers.map(({ type }) => type)).sort()).toEqual(['gtin', 'plu', 'pos_item_id', 'upc'])
  })

  test('never counted has no level, a lack is negative, pieces are whole, and weight is in grams', async () => {
    await open()
    await shop.addItem({})
    const lacking = await shop.addItem({ stock: -2.5 })
    const cut = await shop.addItem({ stock: 7.9 })
    const cheese = await shop.addItem({ category: 'By weight', stock: 1.234 })
    await shop.addItem({ service: true, stock: 5 })
    expect((await everything()).levels.sort((a, b) => a.onHand - b.onHand)).toEqual([{ sku: String(lacking), onHand: -3 }, { sku: String(cut), onHand: 7 }, { sku: String(cheese), onHand: 1_234 }])
  })

  test('known by its number: case counts, empty is refused, and pages bring each once', async () => {
    await open({ sku: 'item_number' })
    for (const number of ['abc', 'ABC', 'b', null, '']) await shop.addItem({ number, stock: 1 })
    const first = await shop.pos.readSnapshot(null, 2)
    const second = await shop.pos.readSnapshot(first.last ?? first.items.at(-1)?.sku ?? null, 2)
    expect([...first.items, ...second.items].map(({ sku }) => sku).sort()).toEqual(['ABC', 'abc', 'b'])
    expect(await shop.pos.readLevels(['abc'])).toEqual([{ sku: 'abc', onHand: 1 }])
  })
})

describe('the shop', () => {
  const secondPlace = () => shop.register.db.query("INSERT INTO ospos_stock_locations (location_name) VALUES ('cellar')")

  test('with several places asks which, and lists them; the name or the id will do', async () => {
    await open()
    const item = await shop.addItem({ stock: 5 })
    await secondPlace()
    await shop.register.saveQuantity(item, 9, 2)
    await expect(shop.open().readLevels(['1'])).rejects.toThrow(/several stock locations.*1 \(stock\), 2 \(cellar\)/)
    await expect(shop.open({ location: 'attic' }).readLevels(['1'])).rejects.toThrow(/no stock location attic.*2 \(cellar\)/)
    expect(await shop.open({ location: 'cellar' }).readLevels([String(item)])).toEqual([{ sku: String(item), onHand: 9 }])
    expect(await shop.open({ location: 1 }).readLevels([String(item)])).toEqual([{ sku: String(item), onHand: 5 }])
    await shop.register.db.query('UPDATE ospos_stock_locations SET deleted = 1 WHERE location_id = 1')
    expect(await shop.open().readLevels([String(item)])).toEqual([{ sku: String(item), onHand: 9 }])
  })

  test('tells a place only its own sales', async () => {
    await open({ location: 1 })
    const item = await shop.addItem({ price: '2.00', stock: 5 })
    await secondPlace()
    const memory = createMemory()
    const cellar = shop.open({ location: 2 }, memory)
    const [here, there] = [await shop.pos.currentCursor(), await cellar.currentCursor()]
    await shop.register.sell([{ item, quantity: 1 }])
    expect((await readOn(shop.pos, here)).sales).toHaveLength(1)
    expect((await cellar.readChanges(there)).sales).toEqual([])
  })

  test.each([['currency_code', '', /which currency/], ['timezone', 'Nowhere', /which time zone/], ['use_destination_based_tax', '1', /tax by destination/]])('that is not set up says what to set: %s', async (key, value, expected) => {
    await open()
    await shop.addItem({ stock: 1 })
    await setting(key, value)
    await expect(shop.pos.readLevels(['1'])).rejects.toThrow(expected)
  })
})
