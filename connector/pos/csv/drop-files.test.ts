import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync, writeSync, appendFileSync, renameSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readOn } from '../pos-under-test.ts'
import type { Pos } from '../port.ts'
import { openCsvPos } from './csv-pos.ts'
import { createTill, START, testConfig, type Till } from './test-csv-shop.ts'

let folder: string
let till: Till
let pos: Pos
let elapsed: number
const opened: Pos[] = []
const open = (change: Record<string, unknown> = {}): Pos => {
  pos = openCsvPos({ config: testConfig(folder, change), clock: () => till.now(), monotonic: () => elapsed })
  opened.push(pos)
  return pos
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'csv-drop-'))
  till = createTill(folder)
  elapsed = 0
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  rmSync(folder, { recursive: true, force: true })
})

const goods = (...rows: string[]): string => `sku,name,price,stock\n${rows.join('\n')}\n`
const skus = async (): Promise<string[]> => (await pos.readSnapshot(null, 100)).items.map(({ sku }) => sku)
const level = async (sku: string) => (await pos.readLevels([sku]))[0]?.onHand
const refusals = async (from: string | null = null) => {
  const all: { key: string; reason: string | null }[] = []
  for (let cursor = from, more = true; more;) {
    const told = await pos.readChanges(cursor)
    all.push(...(told.refused ?? []))
    more = told.more ?? false
    cursor = told.cursor
  }
  return all.map(({ key, reason }) => [key, reason] as const)
}

describe('a file', () => {
  test('that its writer keeps open for longer than it had to rest is read again when it grows', async () => {
    open({ settleMs: 2_000 })
    const handle = openSync(join(folder, 'sales-1.csv'), 'w')
    writeSync(handle, 'invoice,sku,quantity,price,sold_at\nR1,A,1,1.00,2026-05-01T10:00:00Z\nR2,A,1,1.')
    const looks = async () => {
      await readOn(pos, null)
      elapsed += 3_000
      return (await readOn(pos, null)).sales.map(({ saleId }) => saleId)
    }
    expect(await looks()).toEqual(['R1'])
    expect(till.list('processed')).toEqual(['sales-1.csv'])
    writeSync(handle, '00,2026-05-01T10:00:00Z\nR3,A,1,1.00,2026-05-01T10:00:00Z\n')
    closeSync(handle)
    expect(await looks()).toEqual(['R1', 'R2', 'R3'])
    expect(till.list('processed')).toEqual(['sales-1.2.csv'])
  })

  test('with the number on the disk of an unfinished one that is gone waits like any other', async () => {
    open({ settleMs: 2_000 })
    const elsewhere = mkdtempSync(join(tmpdir(), 'csv-elsewhere-'))
    writeFileSync(join(folder, '~lock.tmp'), goods('A,Tea,1.00,5'))
    await readOn(pos, null)
    renameSync(join(folder, '~lock.tmp'), join(elsewhere, 'file'))
    await readOn(pos, null)
    renameSync(join(elsewhere, 'file'), join(folder, 'goods.csv'))
    expect((await readOn(pos, null)).items).toEqual([])
    elapsed = 3_000
    expect((await readOn(pos, null)).items).toMatchObject([{ sku: 'A' }])
    rmSync(elsewhere, { recursive: true })
  })

  test('is left alone until it stops growing', async () => {
    open({ settleMs: 2_000 })
    writeFileSync(join(folder, 'goods.csv'), goods('A,Tea,1.00,5'))
    expect((await readOn(pos, null)).items).toEqual([])
    elapsed = 1_900
    appendFileSync(join(folder, 'goods.csv'), 'B,Jam,2.00,3\n')
    expect((await readOn(pos, null)).items).toEqual([])
    elapsed = 3_800
    expect((await readOn(pos, null)).items).toEqual([])
    elapsed = 3_900
    expect((await readOn(pos, null)).items.map(({ sku }) => sku)).toEqual(['A', 'B'])
    expect(till.list('processed')).toEqual(['goods.csv'])
  })

  test('with an unfinished name is never read, and at once when it gets its own', async () => {
    open({ settleMs: 60_000 })
    writeFileSync(join(folder, 'goods.csv.part'), goods('A,Tea,1.00,5'))
    writeFileSync(join(folder, '.goods.csv'), goods('H,Hidden,1.00,5'))
    elapsed = 600_000
    expect((await readOn(pos, null)).items).toEqual([])
    renameSync(join(folder, 'goods.csv.part'), join(folder, 'goods.csv'))
    expect((await readOn(pos, null)).items.map(({ sku }) => sku)).toEqual(['A'])
  })

  test('that grows while it is read is read again from the beginning, and its last invoice is told whole', async () => {
    open()
    const lines = Array.from({ length: 1_200 }, (_, n) => `I${n},A,1,1.00,2026-05-01 09:00:00`)
    till.drop('sales.csv', `invoice,sku,quantity,price,sold_at\n${lines.join('\n')}\n`)
    // The adapter's monotonic clock stands still, so a reading ends with its 500 facts.
    const first = await pos.readChanges(null)
    expect(first.more).toBe(true)
    appendFileSync(join(folder, 'sales.csv'), 'I1199,B,2,1.00,2026-05-01 09:00:00\n')
    const rest = await readOn(pos, first.cursor)
    const told = [...first.sales, ...rest.sales]
    expect(told).toHaveLength(1_200)
    expect(told.find(({ saleId }) => saleId === 'I1199')?.lines.map(({ sku }) => sku)).toEqual(['A', 'B'])
  })

  test('dropped twice says nothing the second time, and both are kept', async () => {
    open()
    till.drop('goods-full.csv', goods('A,Tea,1.00,5'))
    till.drop('sales.csv', 'invoice,sku,quantity,price,sold_at\nI1,A,2,1.00,2026-05-01 09:00:30\n')
    const { cursor, sales } = await readOn(pos, null)
    expect(sales).toHaveLength(1)
    till.drop('goods-full.csv', goods('A,Tea,1.00,'))
    till.drop('sales.csv', 'invoice,sku,quantity,price,sold_at\nI1,A,2,1.00,2026-05-01 09:00:30\n')
    expect(await readOn(pos, cursor)).toMatchObject({ items: [], removed: [], sales: [] })
    expect(till.list('processed')).toEqual(['goods-full.2.csv', 'goods-full.csv', 'sales.2.csv', 'sales.csv'])
  })

  test('older than what is known changes nothing and takes nothing away, and that is said', async () => {
    open()
    till.drop('goods-full.csv', goods('A,Tea,1.00,5', 'B,Jam,2.00,3'))
    const { cursor } = await readOn(pos, null)
    writeFileSync(join(folder, 'goods-full.csv'), goods('A,Old tea,9.00,50'))
    utimesSync(join(folder, 'goods-full.csv'), START / 1000 - 3_600, START / 1000 - 3_600)
    expect(await refusals(cursor)).toEqual([])
    expect(await skus()).toEqual(['A', 'B'])
    expect(till.text('processed', 'goods-full.2.csv.not-used.txt')).toContain('older than what is known')
    expect(till.text('processed', 'goods-full.2.csv')).toContain('Old tea')
    expect(await level('A')).toBe(5)
  })

  test('and another at once are read in the order of their time, then of their names, or of the time in their names', async () => {
    open()
    for (const [name, price, seconds] of [['goods-b.csv', '1.00', 30], ['goods-a.csv', '2.00', 20], ['goods-c.csv', '3.00', 30], ['goods-20260501-100000.csv', '4.00', 0]] as const) {
      writeFileSync(join(folder, name), goods(`A,Tea,${price},5`))
      utimesSync(join(folder, name), START / 1000 + seconds, START / 1000 + seconds)
    }
    till.tick(7_200_000)
    expect((await readOn(pos, null)).items.map(({ price }) => price.amountMinor)).toEqual([400])
  })

  test('from the future does not shut out the files that come after it', async () => {
    open()
    writeFileSync(join(folder, 'goods.csv'), goods('A,Tea,1.00,5'))
    utimesSync(join(folder, 'goods.csv'), START / 1000 + 1e6, START / 1000 + 1e6)
    await readOn(pos, null)
    till.drop('goods.csv', goods('A,Tea,2.00,4'))
    expect(await level('A')).toBe(4)
  })

  test('that is a link is not followed, and one outside of every pattern is refused by name', async () => {
    open()
    writeFileSync(join(folder, '..', 'outside.csv'), goods('X,Secret,1.00,1'))
    symlinkSync(join(folder, '..', 'outside.csv'), join(folder, 'goods-link.csv'))
    till.drop('letters.csv', 'a,b\n1,2\n')
    till.drop('readme.md', 'stays')
    expect(await refusals()).toEqual([['files/letters.csv', expect.stringContaining('none of pos.goods.files') as string]])
    expect([till.has('goods-link.csv'), till.has('readme.md'), till.list('rejected')]).toEqual([true, true, ['letters.csv', 'letters.csv.reasons.csv']])
    rmSync(join(folder, '..', 'outside.csv'))
  })

  test('with a name made to lead astray ends in processed/ under a plain one', async () => {
    open()
    till.drop('goods..\\..\\evil\u001b[31m.csv', goods('A,Tea,1.00,5'))
    till.drop(`goods${'x'.repeat(240 - 10)}.csv`, goods('B,Jam,1.00,5', 'C,,1,1'))
    await readOn(pos, null)
    expect(await skus()).toEqual(['A', 'B'])
    expect(till.list('processed')).toEqual(['goods.._.._evil_[31m.csv', `goods${'x'.repeat(195)}.csv`])
    expect(till.list('rejected')).toHaveLength(2)
  })
})

describe('a file of all goods', () => {
  beforeEach(async () => {
    open()
    till.drop('goods-full.csv', goods('A,Tea,1.00,5', 'B,Jam,2.00,3', 'C,Bread,3.00,1'))
    await readOn(pos, null)
  })

  test('takes away what it does not name; a partial one does not', async () => {
    till.drop('goods-1.csv', goods('A,Tea,1.10,5'))
    expect(await skus()).toEqual(['A', 'B', 'C'])
    const start = await pos.currentCursor()
    till.drop('goods-full.csv', goods('A,Tea,1.10,5', 'C,Bread,3.00,1'))
    expect(await readOn(pos, start)).toMatchObject({ removed: ['B'], items: [] })
  })

  test('takes nothing away for a line that cannot be read, by its SKU or altogether', async () => {
    till.drop('goods-full.csv', goods('A,Tea,1.00,5', 'B,Jam,two pounds,3'))
    expect(await skus()).toEqual(['A', 'B'])
    till.drop('goods-full.csv', goods('A,Tea,1.00,5', 'to,o,ma,ny,cells'))
    expect(await skus()).toEqual(['A', 'B'])
  })

  test.each([['nothing but its header', goods().trimEnd()], ['nothing', ''], ['a quote that is never closed', goods('A,Tea,1.00,5', '"B,Jam,2.00,3', 'D,Dill,1.00,1')], ['no price column', 'sku,name\nA,Tea\n']])('with %s is no empty shop', async (_what, content) => {
    const start = await pos.currentCursor()
    till.drop('goods-full.csv', content)
    expect((await readOn(pos, start)).removed).toEqual([])
    expect(await skus()).toEqual(['A', 'B', 'C'])
    expect(till.list('rejected')).toEqual(['goods-full.2.csv', 'goods-full.2.csv.reasons.csv'])
  })

  test('the refused lines are listed with number and reason, lie there to be mended, and heal when they come in order', async () => {
    const start = await pos.currentCursor()
    till.drop('goods-1.csv', goods('D,Dill,-1.00,5', 'E E,Egg,1.00,1', 'F,Fig,1.00,1.5', 'G,"=cmd|\' /C calc\'!A0",1.00,2'))
    expect(await refusals(start)).toEqual([
      ['goods/D', 'goods-1.csv, line 2: price: a price below zero, "-1.00"'], ['lines/goods-1.csv/3', expect.stringContaining('sku: expected') as string], ['goods/F', expect.stringContaining('whole pieces') as string],
    ])
    expect(till.rows('rejected', 'goods-1.csv.reasons.csv').map(({ line }) => line)).toEqual(['2', '3', '4'])
    expect(till.text('rejected', 'goods-1.csv.lines.csv')).toBe('sku,name,price,stock\r\nD,Dill,-1.00,5\r\nE E,Egg,1.00,1\r\nF,Fig,1.00,1.5\r\n')
    // Formula text is only text here.
    expect((await pos.readSnapshot('F', 1)).items[0]?.name).toBe('=cmd|\' /C calc\'!A0')
    const mended = await pos.currentCursor()
    till.drop('goods-2.csv', goods('D,Dill,1.00,5'))
    expect(await refusals(mended)).toEqual([['goods/D', null]])
  })
})

test('before any file of goods the catalogue is unknown, not empty', async () => {
  open()
  await expect(pos.readSnapshot(null, 10)).rejects.toThrow(/unknown, not empty/)
  rmSync(folder, { recursive: true })
  await expect(pos.mayHaveChanged()).rejects.toThrow(/There is no folder/)
})

test('the first file of goods is read to its end by whoever needs it, however long that takes', async () => {
  // A slow machine: each look at its clock is a second later, so a call that catches up gets no further than a batch.
  pos = openCsvPos({ config: testConfig(folder), clock: () => till.now(), monotonic: () => (elapsed += 1_000) })
  opened.push(pos)
  till.drop('goods-full.csv', goods(...Array.from({ length: 5_000 }, (_, n) => `G${n},Tea,1.00,5`)))
  expect((await pos.readSnapshot(null, 10)).items).toHaveLength(10)
  expect(till.list('processed')).toEqual(['goods-full.csv'])
})

test('a drop is noticed by the system\'s word, long before the next scan', async () => {
  pos = openCsvPos({ config: testConfig(folder, { scanEveryMs: 3_600_000 }) })
  opened.push(pos)
  const { cursor } = await readOn(pos, null)
  await new Promise((resolve) => setTimeout(resolve, 200))
  await pos.mayHaveChanged()
  expect(await pos.mayHaveChanged()).toBe(false)
  till.drop('goods.csv', goods('A,Tea,1.00,5'))
  await expect.poll(() => pos.mayHaveChanged(), { timeout: 5_000 }).toBe(true)
  expect((await readOn(pos, cursor)).items).toHaveLength(1)
})
