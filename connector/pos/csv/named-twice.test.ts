import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makePlaces, openDropFolder } from './drop-folder.ts'
import type { FileReport } from './file-report.ts'
import { readItems, readLevels } from './goods-book.ts'
import { createIngest } from './ingest.ts'
import { readLog } from './read-log.ts'
import { openShopState, type ShopState } from './shop-state.ts'
import { createTill, testConfig, type Till } from './test-csv-shop.ts'
import { tryFiles } from './try-files.ts'

/** One SKU in two lines of a file of all goods. */
let folder: string
let till: Till
let state: ShopState
let reports: FileReport[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'csv-twice-'))
  till = createTill(folder)
  makePlaces(folder)
  state = openShopState(join(folder, '.tillbridge', 'state.sqlite'))
  reports = []
})
afterEach(() => {
  state.close()
  rmSync(folder, { recursive: true, force: true })
})
const begin = () => createIngest({ state, folder: openDropFolder(testConfig(folder), till.now, () => 0), config: testConfig(folder), now: till.now, onFile: (report) => reports.push(report) })
const readAll = async () => {
  const ingest = begin()
  while (await ingest.step());
  await ingest.close()
}
const goods = (...rows: string[]): string => `sku,name,price,stock\n${rows.join('\n')}\n`
const priceOf = (sku: string) => readItems(state, [sku]).map(({ price }) => price.amountMinor)
const stockOf = (sku: string) => readLevels(state, [sku]).map(({ onHand }) => onHand)
const refusals = () => (readLog(state, null).refused ?? []).filter(({ reason }) => reason !== null).map(({ key, reason }) => `${key}: ${reason ?? ''}`)

test('a line that says something else is refused and names the first, which is used; the next file in order settles it', async () => {
  till.drop('goods-full.csv', goods('A,Tea,1.00,5', 'B,Jam,2.00,1', 'A,Tea,1.00,7'))
  await readAll()
  expect([priceOf('A'), stockOf('A')]).toEqual([[100], [5]])
  expect(reports).toMatchObject([{ outcome: 'taken', rows: 3, goods: 2, refused: 1 }])
  expect(till.rows('rejected', 'goods-full.csv.reasons.csv')).toMatchObject([{ line: '4', reason: 'sku: line 2 of this file has said something else of A; that line was used' }])
  expect(refusals()).toEqual([expect.stringMatching(/^goods\/A: goods-full\.csv, line 4: sku: line 2 /)])
  till.drop('goods-full.csv', goods('A,Tea,1.00,7', 'B,Jam,2.00,1'))
  await readAll()
  expect([stockOf('A'), refusals()]).toEqual([[7], []])
})

test('a line that says the same again is one line, and settles no other', async () => {
  till.drop('goods-full.csv', goods('A,Tea,1.00,5', 'A,Tea,1.00,5', 'A,Tea,1.10,5', 'A,Tea,1.00,5'))
  await readAll()
  expect(reports).toMatchObject([{ rows: 4, goods: 1, refused: 1 }])
  expect(refusals()).toHaveLength(1)
})

test('a file of some goods may name one again, as a till that writes each change on: the later line counts', async () => {
  till.drop('goods.csv', goods('A,Tea,1.00,5', 'A,Tea,1.10,4'))
  await readAll()
  expect([priceOf('A'), stockOf('A'), refusals()]).toEqual([[110], [4], []])
})

test('csv try counts them as the connector does', async () => {
  till.drop('goods-full.csv', goods('A,Tea,1.00,5', 'B,Jam,2.00,1', 'A,Tea,1.20,5'))
  expect(await tryFiles(testConfig(folder), [], till.now)).toMatchObject([{ goods: 2, refused: 1, refusedLines: [{ line: 4 }] }])
})

describe('however far apart they stand', () => {
  test('also when the process ends between them', async () => {
    const rows = Array.from({ length: 1_700 }, (_, n) => `G${n},Thing,1.00,1`)
    till.drop('goods-full.csv', goods(...rows, 'G3,Thing,9.00,1'))
    for (let more = true; more;) {
      const ingest = begin()
      more = await ingest.step()
      await ingest.close()
      state.close()
      state = openShopState(join(folder, '.tillbridge', 'state.sqlite'))
    }
    expect(reports).toMatchObject([{ goods: 1_700, refused: 1, removed: 0 }])
    expect(till.rows('rejected', 'goods-full.csv.reasons.csv')).toMatchObject([{ line: '1702', reason: expect.stringMatching(/^sku: line 5 /) }])
  })

  test('a file that is read anew from its beginning does not meet itself', async () => {
    const rows = Array.from({ length: 700 }, (_, n) => `G${n},Thing,1.00,1`)
    till.drop('goods-full.csv', goods(...rows))
    const ingest = begin()
    await ingest.step()
    till.drop('goods-full.csv', goods(...rows.map((row) => row.replace('1.00', '2.00'))))
    while (await ingest.step());
    await ingest.close()
    expect(reports).toMatchObject([{ goods: 700, refused: 0 }])
    expect(priceOf('G1')).toEqual([200])
  })
})
