import { mkdtempSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readOn } from '../pos-under-test.ts'
import type { Pos } from '../port.ts'
import { openCsvPos } from './csv-pos.ts'
import { makePlaces, openDropFolder, type DropFolder } from './drop-folder.ts'
import type { FileReport } from './file-report.ts'
import { createIngest } from './ingest.ts'
import { openShopState } from './shop-state.ts'
import { createTill, START, testConfig, type Till } from './test-csv-shop.ts'

let folder: string
let till: Till
let pos: Pos
let reports: FileReport[]
const opened: Pos[] = []
const open = (change: Record<string, unknown> = {}): void => {
  pos = openCsvPos({ config: testConfig(folder, change), clock: () => till.now(), monotonic: () => 0, onFile: (report) => reports.push(report) })
  opened.push(pos)
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'csv-attacks-'))
  till = createTill(folder)
  reports = []
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  rmSync(folder, { recursive: true, force: true })
})
const names = async () => (await readOn(pos, null)).items.map(({ sku, name, price }) => [sku, name, price.amountMinor])

describe('a file', () => {
  const ROWS = 'sku,name,price\nA,Tea,1.00\nB,Jam,2.00\nC,Cocoa,3.00\n'
  const ALL = [['A', 'Tea', 100], ['B', 'Jam', 200], ['C', 'Cocoa', 300]]
  test.each([
    ['ends its lines with CR alone', ROWS.replaceAll('\n', '\r')], ['ends its header otherwise than its lines', ROWS.replace('\n', '\r\n')], ['ends some lines with CR LF', ROWS.replace('Tea,1.00\n', 'Tea,1.00\r\n')],
    ['was put together of two, with their headers', ROWS.replace('B,Jam', '\uFEFFsku,name,price\r\nB,Jam')], ['is UTF-16 without a byte order mark', Buffer.from(ROWS, 'utf16le')],
    ['is UTF-16, big end first, without a byte order mark', Buffer.from(ROWS, 'utf16le').swap16()], ['has blank lines', ROWS.replaceAll('\n', '\n\n')],
  ])('that %s has all of its lines, each by itself', async (_what, content) => {
    open()
    till.drop('goods.csv', content)
    expect(await names()).toEqual(ALL)
    expect(reports).toMatchObject([{ goods: 3, refused: 0 }])
  })

  test.each([['windows-1252', 'latin1' as const], ['UTF-8', 'utf8' as const]])('in %s is read as that, wherever its first accent stands', async (_name, encoding) => {
    open()
    const plain = Array.from({ length: 5_000 }, (_, n) => `G${n},A plain article of everyday use,1.00`)
    till.drop('goods.csv', Buffer.from(`sku,name,price\n${plain.join('\n')}\nZ,Café,1.00\n`, encoding))
    await readOn(pos, null)
    expect((await pos.readSnapshot('G999', 10)).items.map(({ name }) => name)).toEqual(['Café'])
  })

  test('with a field of a megabyte ends there; what stands before it is read', async () => {
    open()
    till.drop('goods.csv', `sku,name,price\nA,Tea,1.00\nB,"${'x'.repeat(1_000_000)}",2.00\nC,Cocoa,3.00\n`)
    expect(await names()).toEqual([['A', 'Tea', 100]])
    expect(reports).toMatchObject([{ outcome: 'rejected', why: expect.stringContaining('longer than') as string }])
  })

  test('with points and commas mixed is read by the configuration, or refused: never by a guess', async () => {
    open({ decimal: 'comma' })
    till.drop('goods.csv', 'sku;name;price\nA;Tea;1.234,50\nB;Jam;1,234.50\nC;Cocoa;4.99\nD;Dill;1.23,4\nE;Egg;1,5\n')
    expect(await names()).toEqual([['A', 'Tea', 123_450], ['E', 'Egg', 150]])
    expect(reports).toMatchObject([{ refused: 3 }])
  })

  test('that is replaced while it is read, in place or by another, says nothing of half of each', async () => {
    open()
    const rows = (price: string): string => `sku,name,price,stock\n${Array.from({ length: 1_200 }, (_, n) => `G${n},Tea,${price},50`).join('\n')}\n`
    till.drop('goods-full.csv', rows('1.00'))
    const { cursor } = await pos.readChanges(null)
    // In place, and cut where a number goes on: ",50" has become ",5".
    writeFileSync(join(folder, 'goods-full.csv'), rows('2.00').slice(0, -2))
    utimesSync(join(folder, 'goods-full.csv'), START / 1000 + 30, START / 1000 + 30)
    till.tick(60_000)
    await pos.readChanges(cursor)
    writeFileSync(join(folder, 'goods-full.csv.tmp'), rows('3.00'))
    utimesSync(join(folder, 'goods-full.csv.tmp'), START / 1000 + 50, START / 1000 + 50)
    renameSync(join(folder, 'goods-full.csv.tmp'), join(folder, 'goods-full.csv'))
    await readOn(pos, cursor)
    const levels = await pos.readLevels(Array.from({ length: 1_200 }, (_, n) => `G${n}`))
    expect([levels.length, new Set(levels.map(({ onHand }) => onHand)), (await pos.readSnapshot('G9', 1)).items[0]?.price.amountMinor]).toEqual([1_200, new Set([50]), 300])
    expect(till.list('processed')).toEqual(['goods-full.csv'])
  })
})

describe('the folder', () => {
  test('may have processed/ on another disk, and somebody may clear its places away', async () => {
    const elsewhere = mkdtempSync(join('/dev/shm', 'csv-processed-'))
    try {
      symlinkSync(elsewhere, join(folder, 'processed'))
      open()
      till.drop('goods.csv', 'sku,name,price\nA,Tea,1.00\n')
      const { mtimeMs } = statSync(join(folder, 'goods.csv'))
      await readOn(pos, null)
      expect([till.list(), till.list('processed'), statSync(join(elsewhere, 'goods.csv')).mtimeMs]).toEqual([[], ['goods.csv'], mtimeMs])
      rmSync(join(folder, 'rejected'), { recursive: true })
      till.drop('goods.csv', 'sku,name,price\nA,Tea,none\n')
      await readOn(pos, null)
      expect(till.list('rejected')).toEqual(['goods.csv.lines.csv', 'goods.csv.reasons.csv'].map((name) => name.replace('goods', 'goods.2')))
    } finally {
      rmSync(elsewhere, { recursive: true })
    }
  })

  test('with orders/ on another disk than its ledger is no place to give orders from, and that is said', async () => {
    const elsewhere = mkdtempSync(join('/dev/shm', 'csv-orders-'))
    try {
      expect(statSync(elsewhere).dev).not.toBe(statSync(folder).dev)
      symlinkSync(elsewhere, join(folder, 'orders'))
      open()
      await expect(pos.mayHaveChanged()).rejects.toThrow(/another disk/)
    } finally {
      rmSync(elsewhere, { recursive: true })
    }
  })

  test('in which nothing can be written says so, and what to do', async () => {
    writeFileSync(join(folder, 'processed'), 'a file where a folder should be')
    open()
    await expect(pos.readChanges(null)).rejects.toMatchObject({ message: expect.stringContaining('Nothing can be written') as string, hint: expect.stringContaining('connector\'s user') as string })
  })

  test('with a file that another program holds open is read on: that file once, the others too, and it goes when it can', async () => {
    const config = testConfig(folder)
    makePlaces(folder)
    const file = join(folder, '.tillbridge', 'state.sqlite')
    till.drop('goods-1.csv', 'sku,name,price\nA,Tea,1.00\n')
    till.drop('goods-2.csv', 'sku,name,price\nB,Jam,2.00\n')
    let isHeld = true
    const run = async (): Promise<void> => {
      const state = openShopState(file)
      const drop = openDropFolder(config, till.now, () => 0)
      const held: DropFolder = { ...drop, move: (...args) => {
        if (isHeld && args[0] === 'goods-1.csv') throw Object.assign(new Error('busy'), { code: 'EBUSY' })
        drop.move(...args)
      } }
      const ingest = createIngest({ state, folder: held, config, now: till.now, onFile: (report) => reports.push(report) })
      while (await ingest.step());
      expect(ingest.pending()).toBe(false)
      await ingest.close()
      state.close()
    }
    await run()
    // As after a restart: it is not read again.
    await run()
    expect(reports.map(({ name, left }) => [name, left])).toEqual([['goods-1.csv', true], ['goods-2.csv', false]])
    expect([till.list(), till.list('processed')]).toEqual([['goods-1.csv'], ['goods-2.csv']])
    isHeld = false
    await run()
    expect([till.list(), till.list('processed'), reports.length]).toEqual([[], ['goods-1.csv', 'goods-2.csv'], 2])
  })
})
