import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Pos, PosSale } from '../port.ts'
import { openCsvPos } from './csv-pos.ts'
import { lastFiles, logFiles, reportInWords, type FileReport } from './file-report.ts'
import { createTill, START, testConfig, type Till } from './test-csv-shop.ts'

let folder: string
let till: Till
let pos: Pos
let reports: FileReport[]
const opened: Pos[] = []
const open = (change: Record<string, unknown> = {}): void => {
  pos = openCsvPos({ config: testConfig(folder, change), clock: () => till.now(), onFile: (report) => reports.push(report) })
  opened.push(pos)
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'csv-taken-'))
  till = createTill(folder)
  reports = []
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  rmSync(folder, { recursive: true, force: true })
})

const goods = (...rows: string[]): string => `sku,name,price,stock\n${rows.join('\n')}\n`
const sales = (...rows: string[]): string => `invoice,sku,quantity,price,sold_at\n${rows.join('\n')}\n`
const dropped = (name: string, content: string, secondsAfterStart: number): void => {
  writeFileSync(join(folder, name), content)
  utimesSync(join(folder, name), START / 1000 + secondsAfterStart, START / 1000 + secondsAfterStart)
  till.tick()
}
/** The quarantine as the journal would have it, of all that was told so far. */
const quarantine = new Map<string, string>()
let cursor: string | null = null
beforeEach(() => {
  quarantine.clear()
  cursor = null
})
const read = async (): Promise<PosSale[]> => {
  const told: PosSale[] = []
  for (let more = true; more;) {
    const changes = await pos.readChanges(cursor)
    told.push(...changes.sales)
    for (const { key, reason } of changes.refused ?? []) {
      if (reason === null) quarantine.delete(key)
      else quarantine.set(key, reason)
    }
    more = changes.more ?? false
    cursor = changes.cursor
  }
  return told
}
const waits = (): string[] => [...quarantine.keys()].toSorted()
const skus = async (): Promise<string[]> => (await pos.readSnapshot(null, 100)).items.map(({ sku }) => sku)

describe('what a file brought', () => {
  test('is said once, in numbers', async () => {
    open({ sales: { notGoods: ['POST'] } })
    till.drop('goods-full.csv', goods('A,Tea,1.00,5', 'B,Jam,2.00,3', 'POST,Postage,3.00,'))
    await read()
    till.drop('goods-full.csv', goods('A,Tea,1.10,4', 'C,Cocoa,x,1'))
    till.drop('sales.csv', sales('I1,A,1,1.00,2026-05-01 10:00:00', 'I1,POST,1,3.00,2026-05-01 10:00:00', 'I2,A,-1,1.00,2026-05-01 10:01:00', 'I3,A,none,1.00,2026-05-01 10:02:00'))
    till.tick(7_200_000)
    await read()
    till.drop('sales.csv', sales('I1,A,1,1.00,2026-05-01 10:00:00'))
    till.drop('letters.csv', 'a,b\n1,2\n')
    await read()
    expect(reports.map((report) => [report.outcome, report.to, reportInWords(report)])).toEqual([
      ['taken', 'processed/goods-full.csv', '3 rows, 2 goods (2 new or changed, 0 gone), 2 levels changed; 1 of no goods, passed over'],
      ['taken', 'processed/goods-full.2.csv', '2 rows, 1 goods (1 new or changed, 1 gone), 1 levels changed; 1 line refused'],
      ['taken', 'processed/sales.csv', '4 rows, 2 sales; 1 of no goods, passed over; 1 line refused'],
      ['taken', 'processed/sales.2.csv', '1 row, 0 sales, 1 told before'],
      ['rejected', 'rejected/letters.csv', '0 rows'],
    ])
    expect(lastFiles(testConfig(folder))).toEqual(reports.toReversed())
  })

  test('is one event of the log, without what stands in the file', async () => {
    const lines: Record<string, unknown>[] = []
    const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) })
    pos = openCsvPos({ config: testConfig(folder), clock: () => till.now(), onFile: logFiles(log) })
    opened.push(pos)
    till.drop('goods.csv', goods('A,Tea,1.00,5'))
    till.drop('goods-2.csv', 'Jane Customer,sku\n1,2\n')
    dropped('goods-3.csv', goods('A,Old tea,1.00,5'), -3_600)
    await read()
    expect(lines.map(({ event, name, to }) => [event, name, to])).toEqual([
      ['csv.file-taken', 'goods-3.csv', 'processed/goods-3.csv'], ['csv.file-taken', 'goods.csv', 'processed/goods.csv'], ['csv.file-rejected', 'goods-2.csv', 'rejected/goods-2.csv'],
    ])
    expect(lines.at(-1)).toMatchObject({ why: 'the header has no column "name", "price"', hint: expect.stringContaining('reasons.csv') as string })
    dropped('goods-4.csv', goods('A,Old tea,1.00,5'), -3_600)
    await read()
    expect(lines.at(-1)).toMatchObject({ event: 'csv.file-older', why: expect.stringContaining('2026-05-01T08:00:00.000Z') as string })
    expect(JSON.stringify(lines)).not.toMatch(/Jane|tea/i)
  })
})

test('codes that are no goods fill neither the quarantine nor rejected/, in files of sales and of goods', async () => {
  open({ sales: { notGoods: ['POST', 'BANK CHARGES'] } })
  till.drop('goods-full.csv', goods('A,Tea,1.00,5', 'POST,Postage,3.00,1', 'BANK CHARGES,Bank charges,x,'))
  // Before, within and behind an invoice.
  till.drop('sales.csv', sales('I0,POST,1,3.00,2026-05-01 10:00:00', 'I1,A,1,1.00,2026-05-01 10:00:00', 'I1,BANK CHARGES,1,3.00,2026-05-01 10:00:00', 'I1,A,2,1.00,2026-05-01 10:00:00', 'I2,POST,1,3.00,2026-05-01 10:00:00'))
  expect((await read()).map(({ saleId, lines }) => [saleId, lines.length])).toEqual([['I1', 2]])
  expect([waits(), till.list('rejected'), await skus()]).toEqual([[], [], ['A']])
  expect(reports.map(({ notGoods, refused }) => [notGoods, refused])).toEqual([[2, 0], [3, 0]])
})

describe('files of one moment', () => {
  test('are read by name: of two whole ones the later name is the whole shop, a partial one takes nothing and loses nothing', async () => {
    open()
    dropped('goods-full-b.csv', goods('A,Tea,2.00,5', 'C,Cocoa,1.00,1'), 60)
    dropped('goods-full-a.csv', goods('A,Tea,1.00,5', 'B,Jam,1.00,1'), 60)
    dropped('goods-a.csv', goods('D,Dill,1.00,1'), 60)
    dropped('goods-z.csv', goods('E,Egg,1.00,1'), 60)
    till.tick(600_000)
    await read()
    expect(reports.map(({ name }) => name)).toEqual(['goods-a.csv', 'goods-full-a.csv', 'goods-full-b.csv', 'goods-z.csv'])
    expect(await skus()).toEqual(['A', 'C', 'D', 'E'])
    expect((await pos.readSnapshot(null, 1)).items[0]?.price.amountMinor).toBe(200)
  })

  test('by the date in the name go before their own: a file copied late is of its day', async () => {
    open()
    dropped('goods-full-2026-05-01_08-30.csv', goods('A,Tea,2.00,5'), -60)
    dropped('goods-full-20260501-0810.csv', goods('A,Tea,1.00,5', 'B,Jam,1.00,1'), 3_600)
    till.tick(7_200_000)
    await read()
    expect(reports.map(({ name, asOf }) => [name, asOf])).toEqual([['goods-full-20260501-0810.csv', '2026-05-01T08:10:00.000Z'], ['goods-full-2026-05-01_08-30.csv', '2026-05-01T08:30:00.000Z']])
    expect(await skus()).toEqual(['A'])
  })
})

describe('what was refused', () => {
  test('of goods leaves the list with the next export, whether by SKU, by a line of its file, or as a file', async () => {
    open()
    till.drop('goods-full-20260501-0901.csv', goods('A,Tea,1.00,5', 'B,Jam,two,3', 'too,few'))
    till.drop('goods-full-20260501-0902.csv', 'sku,name\nA,Tea\n')
    await read()
    expect(waits()).toEqual(['files/goods-full-20260501-0902.csv', 'goods/B', 'lines/goods-full-20260501-0901.csv/4'])
    till.tick(600_000)
    till.drop('goods-full-20260501-0905.csv', goods('A,Tea,1.00,5', 'B,Jam,2.00,3'))
    await read()
    expect(waits()).toEqual([])
  })

  test('of goods that a file of all goods no longer names is over', async () => {
    open()
    till.drop('goods-full.csv', goods('A,Tea,1.00,5', 'B,Jam,two,3'))
    await read()
    expect(waits()).toEqual(['goods/B'])
    expect(await pos.readSnapshot(null, 10)).toMatchObject({ unreadable: ['B'], refused: [{ key: 'goods/B', text: 'B,Jam,two,3' }] })
    till.drop('goods-full.csv', goods('A,Tea,1.00,5'))
    await read()
    expect([waits(), (await pos.readSnapshot(null, 10)).unreadable]).toEqual([[], []])
  })

  test('of sales leaves it with the same invoice in order, and not with the next day under the same name', async () => {
    open()
    till.drop('sales.csv', sales('I1,A,1,1.00,2026-05-01 09:00:00', 'I2,A,many,1.00,2026-05-01 09:00:00', 'I3;broken'))
    await read()
    expect(waits()).toEqual(['lines/sales.csv/4', 'sales/I2/A'])
    till.drop('sales.csv', sales('I5,A,1,1.00,2026-05-01 10:00:00'))
    await read()
    expect(waits()).toEqual(['lines/sales.csv/4', 'sales/I2/A'])
    till.drop('sales.csv', sales('I1,A,1,1.00,2026-05-01 09:00:00', 'I2,A,2,1.00,2026-05-01 09:00:00', 'I3,A,1,1.00,2026-05-01 09:00:00'))
    expect((await read()).map(({ saleId }) => saleId)).toEqual(['I2', 'I3'])
    expect(waits()).toEqual([])
  })

  test('is read again when a person sends it back: some lines of a file of all goods take nothing away, and are of its moment', async () => {
    open()
    till.drop('goods-full.csv', goods('A,Tea,1.00,5', 'B,Jam,two,3', 'C,Cocoa,three,1'))
    await read()
    till.drop('goods-1.csv', goods('B,Jam,9.00,9'))
    await read()
    expect(waits()).toEqual(['goods/C'])
    const lines = join(folder, 'rejected', 'goods-full.csv.lines.csv')
    writeFileSync(lines, readFileSync(lines, 'utf8').replace('two', '2.00').replace('three', '3.00'))
    expect(await pos.readAgain?.('goods/C')).toMatchObject({ again: true, what: expect.stringContaining('rejected/goods-full.csv.lines.csv') as string })
    till.tick()
    await read()
    expect([waits(), await skus(), till.list('rejected')]).toEqual([[], ['A', 'B', 'C'], []])
    // Jam has been told since: the older line says nothing.
    expect((await pos.readSnapshot('A', 1)).items[0]?.price.amountMinor).toBe(900)
    expect(await pos.readAgain?.('goods/C')).toMatchObject({ again: false })
  })

  test('as a whole file comes back under its own name; what is gone or waits already is said', async () => {
    open()
    till.drop('goods-full.csv', 'sku,name,VK\nA,Tea,1.00\n')
    await read()
    till.drop('goods-full.csv', 'sku,name,VK\nB,Jam,1.00\n')
    expect(await pos.readAgain?.('files/goods-full.csv')).toMatchObject({ again: false, why: expect.stringContaining('waits') as string })
    rmSync(join(folder, 'goods-full.csv'))
    writeFileSync(join(folder, 'rejected', 'goods-full.csv'), 'sku,name,price\nA,Tea,1.00\n')
    expect(await pos.readAgain?.('files/goods-full.csv')).toMatchObject({ again: true })
    await read()
    expect([waits(), await skus(), till.list('rejected')]).toEqual([[], ['A'], []])
    till.drop('goods-1.csv', 'sku,name,price\nB,Jam,much\n')
    await read()
    rmSync(join(folder, 'rejected', 'goods-1.csv.lines.csv'))
    expect(await pos.readAgain?.('goods/B')).toMatchObject({ again: false, why: expect.stringContaining('not there') as string })
    expect(waits()).toEqual(['goods/B'])
  })
})
