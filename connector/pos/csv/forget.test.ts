import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ID, orderOf, OTHER_ID, readOn, TEA } from '../pos-under-test.ts'
import type { Pos } from '../port.ts'
import { openCsvPos } from './csv-pos.ts'
import type { FileReport } from './file-report.ts'
import { createTill, goodsRow, testConfig, type Till } from './test-csv-shop.ts'

const DAY_MS = 86_400_000
let folder: string
let till: Till
let pos: Pos
let elapsed: number
let reports: FileReport[]
const open = (): void => {
  pos = openCsvPos({ config: testConfig(folder, { keepDays: 30 }), clock: () => till.now(), monotonic: () => elapsed, onFile: (report) => reports.push(report) })
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'csv-forget-'))
  till = createTill(folder)
  elapsed = 0
  reports = []
  open()
})
afterEach(async () => {
  await pos.close()
  rmSync(folder, { recursive: true, force: true })
})

const sale = (invoice: string, quantity: number, at: number): string => `${invoice},${TEA.sku},${quantity},1.00,${new Date(at).toISOString()}\n`
const HEADER = 'invoice,sku,quantity,price,sold_at\n'
const later = (days: number): void => {
  till.tick(days * DAY_MS)
  elapsed += days * DAY_MS
}
const rows = (table: string): number => {
  const db = new DatabaseSync(join(folder, '.tillbridge', 'state.sqlite'), { readOnly: true })
  try {
    return Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'])
  } finally {
    db.close()
  }
}
const level = async () => (await pos.readLevels([TEA.sku]))[0]?.onHand

test('sales are forgotten after a while, and an old file dropped again under any name still books nothing twice', async () => {
  const soldAt = till.now() + 10_000
  till.dropRows('goods.csv', [goodsRow(TEA, 100)])
  till.tick(60_000)
  till.drop('sales.csv', HEADER + sale('I1', 3, soldAt) + sale('I2', 4, soldAt + 1_000))
  expect((await readOn(pos, null)).sales).toHaveLength(2)
  expect(await level()).toBe(93)

  later(29)
  await readOn(pos, null)
  expect(rows('sales')).toBe(2)
  later(2)
  let { cursor } = await readOn(pos, null)
  expect([rows('sales'), rows(`changes WHERE kind = 'sale'`), rows('moves')]).toEqual([0, 0, 1])
  expect(await level()).toBe(93)

  copyFileSync(join(folder, 'processed', 'sales.csv'), join(folder, 'sales-again.csv'))
  const again = await readOn(pos, cursor)
  expect([again.sales, await level()]).toEqual([[], 93])
  expect(reports.at(-1)).toMatchObject({ name: 'sales-again.csv', outcome: 'older', sales: 0, tooOld: 2, to: 'processed/sales-again.csv' })
  cursor = again.cursor
  // What is new is told as ever, also when the till was offline for a while.
  till.drop('sales.csv', HEADER + sale('I3', 1, till.now() - 20 * DAY_MS))
  expect((await readOn(pos, cursor)).sales.map(({ saleId }) => saleId)).toEqual(['I3'])
})

test('a history that is read today is known for as long as today\'s sales, so its next file is told too', async () => {
  till.drop('sales-a.csv', HEADER + sale('H1', 1, till.now() - 900 * DAY_MS))
  await readOn(pos, null)
  later(20)
  till.drop('sales-b.csv', HEADER + sale('H0', 1, till.now() - 1_000 * DAY_MS))
  till.drop('sales-c.csv', HEADER + sale('H1', 1, till.now() - 920 * DAY_MS - 2_000))
  const { sales } = await readOn(pos, null)
  expect(sales.map(({ saleId }) => saleId).toSorted()).toEqual(['H0', 'H1'])
  expect(rows('sales')).toBe(2)
})

test('an order is forgotten with its ledger and what was withdrawn, but not while a level counts on it or the POS has not taken it', async () => {
  const own = (): string[] => ['ledger', 'withdrawn'].flatMap((place) => readdirSync(join(folder, '.tillbridge', place)).map((name) => `${place}/${name}`)).toSorted()
  till.dropRows('goods.csv', [goodsRow(TEA, 100)])
  await readOn(pos, null)
  await pos.writeOrder(orderOf([TEA, 3]))
  await pos.writeOrder({ ...orderOf([TEA, 5]), assignmentId: OTHER_ID })
  expect(await pos.voidOrder(OTHER_ID)).toBe('voided')
  expect(own()).toEqual([`ledger/${ID}.json`, `ledger/${OTHER_ID}.json`, `withdrawn/${OTHER_ID}.csv`])
  later(31)
  await readOn(pos, null)
  expect([own(), await level()]).toEqual([[`ledger/${ID}.json`], 97])

  rmSync(join(folder, 'orders', `${ID}.csv`))
  await readOn(pos, null)
  later(31)
  await readOn(pos, null)
  // Nobody has counted since: the level still counts on it.
  expect([own(), await level()]).toEqual([[`ledger/${ID}.json`], 97])
  till.dropRows('goods.csv', [goodsRow(TEA, 90)])
  await readOn(pos, null)
  later(1)
  await readOn(pos, null)
  expect([own(), rows('orders'), rows('order_lines'), await level()]).toEqual([[], 0, 0, 90])
})

test('a state of the version before is brought forward', async () => {
  till.drop('sales.csv', HEADER + sale('I1', 3, till.now()))
  await readOn(pos, null)
  await pos.close()
  const db = new DatabaseSync(join(folder, '.tillbridge', 'state.sqlite'))
  db.exec(`DROP INDEX sales_held; DROP TABLE ailing; DROP TABLE files; DROP TABLE named_lines; ALTER TABLE goods DROP COLUMN listed_in; ALTER TABLE sales DROP COLUMN sold_at; ALTER TABLE sales DROP COLUMN held_from;
    ALTER TABLE orders DROP COLUMN written_at; UPDATE meta SET value = '1' WHERE key = 'version'`)
  db.close()
  open()
  copyFileSync(join(folder, 'processed', 'sales.csv'), join(folder, 'sales-again.csv'))
  await readOn(pos, await pos.currentCursor())
  expect(reports.at(-1)).toMatchObject({ sales: 0, known: 1 })
  later(31)
  await readOn(pos, null)
  expect(rows('sales')).toBe(0)
})
