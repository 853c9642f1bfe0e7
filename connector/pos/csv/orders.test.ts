import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { APPLES, ID, orderOf, OTHER_ID, readOn, TEA } from '../pos-under-test.ts'
import type { Pos } from '../port.ts'
import { openCsvPos } from './csv-pos.ts'
import { makePlaces } from './drop-folder.ts'
import { openOrderFiles } from './order-files.ts'
import { createTill, goodsRow, shopFloor, testConfig, type Till } from './test-csv-shop.ts'

let folder: string
let till: Till
let pos: Pos
const opened: Pos[] = []
const open = (change: Record<string, unknown> = {}): Pos => {
  pos = openCsvPos({ config: testConfig(folder, change), clock: () => till.now() })
  opened.push(pos)
  return pos
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'csv-orders-'))
  till = createTill(folder)
  open()
  await shopFloor(till, folder).addItem(TEA, 10)
  await shopFloor(till, folder).addItem(APPLES, 5_000)
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  rmSync(folder, { recursive: true, force: true })
})
const level = async () => (await pos.readLevels([TEA.sku]))[0]?.onHand
const count = (stock: number): void => till.dropRows(`goods-${till.next()}.csv`, [goodsRow(TEA, stock)])
const posTakes = (id = ID): void => rmSync(join(folder, 'orders', `${id}.csv`))

describe('an order', () => {
  test('is a file of its lines, with formulas made harmless', async () => {
    await pos.writeOrder({ ...orderOf([TEA, 3], [APPLES, 1_250]), customer: { name: '=HYPERLINK("http://evil")', email: 'customer@shop.example' }, note: 'a "quoted",\nnote\0' })
    expect(till.rows('orders', `${ID}.csv`)).toMatchObject([
      { order: ID, number: 'W-1001', sku: TEA.sku, quantity: '3', unit: 'each', price: '4.99', line_total: '14.97', currency: 'USD', method: 'pickup', customer: '\'=HYPERLINK("http://evil")', note: 'a "quoted",\nnote' },
      { sku: APPLES.sku, quantity: '1250', unit: 'g', price: '3.99', line_total: '4.99' },
    ])
  })

  test('is not refused for what lies there unread: it waits for it, and is tried again', async () => {
    let elapsed = 0
    await pos.close()
    pos = openCsvPos({ config: testConfig(folder), clock: () => till.now(), monotonic: () => (elapsed += 1_000) })
    opened.push(pos)
    await pos.readChanges(null)
    const filler = Array.from({ length: 5_000 }, (_, n) => `F${n},Filler,1.00,1`)
    till.drop('goods-8.csv', `sku,name,price,stock\n${filler.join('\n')}\n`)
    till.dropRows('goods-9.csv', [goodsRow(TEA, 50)])
    await expect(pos.writeOrder(orderOf([TEA, 40]))).rejects.toThrow(/waits for files/)
    let more = true
    while (more) more = (await pos.readChanges(null)).more === true && !till.has('processed', 'goods-9.csv')
    expect(await pos.writeOrder(orderOf([TEA, 40]))).toMatchObject({ ok: true })
  })

  test('that the POS has taken and deleted is known, and not given again', async () => {
    const first = await pos.writeOrder(orderOf([TEA, 3]))
    posTakes()
    expect(await pos.findOrder(ID)).toMatchObject({ state: 'open', stockFell: true })
    expect(await pos.writeOrder(orderOf([TEA, 3]))).toEqual(first)
    expect(till.list('orders')).toEqual([])
  })

  test('stays known, with its goods off the level, when the state file is lost; the catalogue comes back from processed/', async () => {
    till.dropRows('goods-full-1.csv', [goodsRow(TEA, 10), goodsRow(APPLES, 5_000)])
    await pos.writeOrder(orderOf([TEA, 3]))
    await pos.close()
    for (const name of ['state.sqlite', 'state.sqlite-journal']) rmSync(join(folder, '.tillbridge', name), { force: true })
    open()
    expect(await level()).toBe(7)
    expect(await pos.writeOrder(orderOf([TEA, 3]))).toMatchObject({ ok: true })
    expect(till.list('orders')).toEqual([`${ID}.csv`])
    expect((await pos.readSnapshot(null, 10)).items).toHaveLength(2)
  })

  test('for the last piece is refused to the second, unless the configuration lets it oversell', async () => {
    await pos.writeOrder(orderOf([TEA, 9]))
    const second = { ...orderOf([TEA, 2]), assignmentId: OTHER_ID }
    expect(await pos.writeOrder(second)).toMatchObject({ ok: false, reason: 'out_of_stock', detail: expect.stringContaining('1 left') as string })
    await pos.close()
    open({ orders: { oversell: 'allow' } })
    expect(await pos.writeOrder(second)).toMatchObject({ ok: true })
    expect(await level()).toBe(-1)
  })
})

describe('a count', () => {
  test('does not know of an order that the POS has not taken, or has not had the time to book', async () => {
    await pos.writeOrder(orderOf([TEA, 3]))
    count(10)
    expect(await level()).toBe(7)
    posTakes()
    expect(await level()).toBe(7)
    till.tick(30_000)
    count(10)
    expect(await level()).toBe(7)
    till.tick(60_000)
    count(7)
    expect(await level()).toBe(7)
  })

  test('knows of one that the POS says it has booked before', async () => {
    await pos.writeOrder(orderOf([TEA, 3]))
    till.dropRows('order-status-1.csv', [{ order: ID, status: 'stock fell' }])
    expect(await level()).toBe(7)
    count(7)
    expect(await level()).toBe(7)
  })

  test('ends what sales took since the last one; a sale from before it takes nothing', async () => {
    const floor = shopFloor(till, folder)
    await floor.sell([{ sku: TEA.sku, quantity: 2 }])
    expect(await level()).toBe(8)
    count(20)
    expect(await level()).toBe(20)
    till.drop('sales-late.csv', `invoice,sku,quantity,price,sold_at\nL1,${TEA.sku},5,4.99,2026-05-01 09:00:01\n`)
    expect(await level()).toBe(20)
  })
})

describe('a cancel', () => {
  test('of an order that the POS has taken is refused, or becomes a file when the POS reads such', async () => {
    await pos.writeOrder(orderOf([TEA, 3]))
    posTakes()
    expect(await pos.voidOrder(ID)).toBe('refused')
    await pos.close()
    open({ orders: { cancel: 'file' } })
    expect(await pos.voidOrder(ID)).toBe('voided')
    expect(till.rows('orders', `${ID}.cancel.csv`)).toEqual([{ order: ID, action: 'cancel' }])
    expect(await pos.findOrder(ID)).toMatchObject({ state: 'void' })
    expect(await pos.voidOrder(ID)).toBe('voided')
  })

  test('by the staff takes the file back and is told; after the POS has it they are sent there', async () => {
    await pos.writeOrder(orderOf([TEA, 3]))
    const { cursor } = await readOn(pos, await pos.currentCursor())
    expect(await pos.staffStep(ID, { kind: 'picked' })).toBe('desk-only')
    expect(await pos.staffStep(ID, { kind: 'refuse', reason: 'store_closed' })).toBe('in-pos')
    expect(await readOn(pos, cursor)).toMatchObject({ orders: [{ kind: 'refused', reason: 'store_closed', assignmentId: ID }], levels: [{ sku: TEA.sku, onHand: 10 }] })
    await pos.writeOrder({ ...orderOf([TEA, 1]), assignmentId: OTHER_ID })
    posTakes(OTHER_ID)
    expect(await pos.staffStep(OTHER_ID, { kind: 'refuse', reason: 'store_closed' })).toEqual({ refused: expect.stringContaining('refuse it there') as string })
  })
})

test('a status of an order that was never written, or that cannot follow, is refused with its reason', async () => {
  await pos.writeOrder(orderOf([TEA, 1]))
  till.dropRows('order-status-1.csv', [{ order: OTHER_ID, status: 'picking' }, { order: ID, status: 'eaten' }, { order: ID, status: 'completed' }, { order: ID, status: 'refused' }, { order: ID, status: 'picking' }])
  await readOn(pos, null)
  expect(till.rows('rejected', 'order-status-1.csv.reasons.csv').map(({ line, reason }) => [line, reason?.split(':')[0]])).toEqual([['2', 'order'], ['3', 'status'], ['5', 'status']])
  expect(await pos.findOrder(ID)).toMatchObject({ state: 'done' })
})

describe('the files of an order, broken off', () => {
  test('anywhere are given once, and never look given before they are', () => {
    makePlaces(folder)
    const files = openOrderFiles(folder)
    const own = (place: string, end: string): string => join(folder, '.tillbridge', place, `${ID}${end}`)
    files.give(ID, 'a,b\r\n', '{}')
    expect(files.state(ID)).toBe('waiting')
    // As after a crash before the last rename; before the ledger; before anything.
    renameSync(join(folder, 'orders', `${ID}.csv`), own('staged', '.csv'))
    expect(files.state(ID)).toBe('staged')
    rmSync(own('ledger', '.json'))
    expect(files.state(ID)).toBe('absent')
    files.give(ID, 'a,b\r\n', '{}')
    expect([files.state(ID), till.list('orders')]).toEqual(['waiting', [`${ID}.csv`]])
    posTakes()
    expect([files.state(ID), files.withdraw(ID)]).toEqual(['taken', false])
    // A cancel that broke off before it was given is none.
    files.cancel(ID, 'x')
    renameSync(join(folder, 'orders', `${ID}.cancel.csv`), own('staged', '.cancel.csv'))
    expect(files.state(ID)).toBe('taken')
    files.cancel(ID, 'x')
    expect(files.state(ID)).toBe('void')
  })

  test('between state and files are settled by the files', async () => {
    await pos.writeOrder(orderOf([TEA, 3]))
    await pos.close()
    renameSync(join(folder, 'orders', `${ID}.csv`), join(folder, '.tillbridge', 'staged', `${ID}.csv`))
    open()
    expect(await pos.findOrder(ID)).toBeNull()
    expect(await pos.writeOrder(orderOf([TEA, 10]))).toMatchObject({ ok: true })
    expect(till.rows('orders', `${ID}.csv`)).toMatchObject([{ quantity: '10' }])
    expect(await level()).toBe(0)
  })

  test('a reference that would lead out of the folder is none', () => {
    expect(() => openOrderFiles(folder).give('../../etc/passwd', '', '')).toThrow(/no assignment id/)
  })
})
