import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemory } from '../test-memory.ts'
import { compareGoods } from './compare-goods.ts'
import type { BucketSum, Goods, GoodsRow, Tx } from './ports.ts'
import { createScan, SCAN_SHARE } from './scan.ts'

/** What all scans of a test have taken: a scan measures itself by this clock. */
let working = 0
beforeEach(() => vi.spyOn(performance, 'now').mockImplementation(() => working))
afterEach(() => vi.restoreAllMocks())

const EVERY_MS = 1_000
const SCAN_MS = 40
/** What follows from the share: a scan in its turn each two seconds. */
const TURN_MS = SCAN_MS / SCAN_SHARE
/** No scan ever touches the database here: its goods are in this process. */
const TX = {} as Tx

const itemOf = (sku: string) => ({ sku, name: sku, description: null, brand: null, category: null, imageUrl: null, identifiers: [], unit: 'each' as const, price: { amountMinor: 100, currency: 'USD' }, taxIncluded: false, taxRate: '0', tracked: true })

/** A shelf of rows in buckets of 100 and parts of 10, a scan of it that takes `SCAN_MS`, and a connector that looks when told to. */
function floor() {
  let now = 0
  let hint: string | null = null
  let timesOut = false
  const shelf = new Map<number, number>()
  const told = new Map<string, number>()
  const [scans, rowsRead] = [[] as number[], [] as number[]]
  const rowOf = (key: number): GoodsRow => ({ key: String(key), bucket: String(Math.floor(key / 100)), sku: `S${key}`, item: itemOf(`S${key}`), onHand: shelf.get(key) ?? 0 })
  const rowsWhere = async (isWanted: (key: number) => boolean): Promise<GoodsRow[]> => {
    const rows = [...shelf.keys()].filter(isWanted).map(rowOf)
    rowsRead.push(rows.length)
    return rows
  }
  const goods: Pick<Goods, 'checksums' | 'rowsOf' | 'parts'> = {
    async checksums(_tx, buckets) {
      if (!buckets) {
        scans.push(now)
        working += SCAN_MS
        if (timesOut) throw new Error('statement timeout')
      }
      const sums = new Map<string, BucketSum>()
      for (const [bucket, keys] of Map.groupBy([...shelf.keys()].sort((a, b) => a - b), (key) => String(Math.floor(key / 100)))) {
        if (buckets && !buckets.includes(bucket)) continue
        const parts = Map.groupBy(keys, (key) => String(Math.floor(key / 10)))
        const text = (of: readonly number[]) => of.map((key) => `${key}=${shelf.get(key)}`).join()
        sums.set(bucket, { whole: text(keys), parts: new Map([...parts].map(([part, of]) => [part, text(of)])) })
      }
      return sums
    },
    rowsOf: async (_tx, buckets) => rowsWhere((key) => buckets.includes(String(Math.floor(key / 100)))),
    parts: { size: 1, of: (key) => String(Math.floor(Number(key) / 10)), rows: async (_tx, parts) => rowsWhere((key) => parts.includes(String(Math.floor(key / 10)))) },
  }
  const memory = createMemory()
  const absent = async (): Promise<never> => { throw new Error('a scan asks for no single rows') }
  const scan = createScan({ goods: { ...goods, rowsByKey: absent, rowsBySku: absent, page: absent }, memory, connection: {}, everyMs: EVERY_MS, clock: () => now })
  const take = (comparison: ReturnType<typeof compareGoods>): void => {
    const { levels, removed, remember } = comparison.result()
    for (const sku of removed) told.delete(sku)
    for (const { sku, onHand } of levels) told.set(sku, onHand)
    memory.remember(remember)
  }
  return {
    shelf, told, scans, rowsRead,
    later: (ms: number) => { now += ms },
    hints: (text: string | null) => { hint = text },
    timesOut: (is: boolean) => { timesOut = is },
    async look() {
      if (!await scan.differs(TX, hint)) return
      for (let left = true; left;) {
        const comparison = compareGoods(memory)
        left = await scan.read(TX, comparison, 500, hint)
        take(comparison)
      }
    },
    /** The fast lane has read one row. */
    touch(key: number) {
      const comparison = compareGoods(memory)
      comparison.row(rowOf(key))
      take(comparison)
    },
    truth: () => new Map([...shelf].map(([key, onHand]) => [`S${key}`, onHand])),
  }
}
async function stocked(items: number) {
  const shop = floor()
  for (let key = 0; key < items; key += 1) shop.shelf.set(key, 5)
  await shop.look()
  shop.later(EVERY_MS)
  shop.rowsRead.length = 0
  return shop
}

describe('a hint that something was written', () => {
  test('brings the scan at once that would have come in its turn', async () => {
    const shop = await stocked(50)
    shop.shelf.set(7, 4)
    await shop.look()
    expect(shop.told.get('S7')).toBe(5)
    shop.hints('a')
    await shop.look()
    expect([shop.told.get('S7'), shop.scans]).toEqual([4, [0, EVERY_MS]])
  })

  test('that stays the same, or is silent, leaves the scans their turn', async () => {
    const shop = await stocked(50)
    for (const text of ['a', 'a', null, 'a', null, null]) {
      shop.hints(text)
      await shop.look()
      shop.later(100)
    }
    expect(shop.scans).toEqual([0, EVERY_MS])
  })

  test('that never rests costs as much again as the scans in their turn, and no more', async () => {
    const shop = await stocked(50)
    const hours = 2
    for (let n = 0; n < hours * 3600; n += 1) {
      shop.hints(String(n))
      await shop.look()
      shop.later(1_000)
    }
    const share = (shop.scans.length * SCAN_MS) / (hours * 3_600_000)
    expect(share).toBeGreaterThan(SCAN_SHARE)
    expect(share).toBeLessThan(2 * SCAN_SHARE + 0.001)
  })

  test('costs no more where no scan comes to its end, and the first that does brings all', async () => {
    const shop = await stocked(50)
    shop.shelf.set(7, 4)
    shop.timesOut(true)
    let failed = 0
    for (let n = 0; n < 36_000; n += 1) {
      shop.hints(String(n))
      await shop.look().catch(() => { failed += 1 })
      shop.later(100)
    }
    expect(failed).toBe(shop.scans.length - 1)
    expect((shop.scans.length * SCAN_MS) / 3_600_000).toBeLessThan(2 * SCAN_SHARE + 0.002)
    shop.timesOut(false)
    shop.later(TURN_MS)
    await shop.look()
    expect(shop.told.get('S7')).toBe(4)
  })

  const beat = fc.record({ hint: fc.constantFrom('as before', 'moves', 'is gone', 'is what it was first'), key: fc.nat(40), is: fc.constantFrom('changed', 'added', 'gone', 'touched', 'left'), ms: fc.constantFrom(0, 100, 1_000, 2_500) })
  test('may lie in any way: every change is told no later than without it', async () => {
    await fc.assert(fc.asyncProperty(fc.array(beat, { maxLength: 40 }), async (beats) => {
      const [plain, hinted] = [await stocked(30), await stocked(30)]
      let [moved, counted] = [0, 5]
      let hint: string | null = '0'
      for (const { hint: does, key, is, ms } of beats) {
        hint = { 'as before': hint, 'moves': String(moved += 1), 'is gone': null, 'is what it was first': '0' }[does]
        hinted.hints(hint)
        // Each count is another one: nobody is right because a change was undone before it was seen.
        counted += 1
        for (const shop of [plain, hinted]) {
          if (is === 'changed' && shop.shelf.has(key)) shop.shelf.set(key, counted)
          if (is === 'added') shop.shelf.set(key, counted)
          if (is === 'gone') shop.shelf.delete(key)
          if (is === 'touched' && shop.shelf.has(key)) shop.touch(key)
          await shop.look()
          shop.later(ms)
        }
        // What the one without hints has right, the other has right.
        for (const [sku, onHand] of plain.truth()) if (plain.told.get(sku) === onHand) expect(hinted.told.get(sku), sku).toBe(onHand)
        expect(hinted.scans).toEqual(expect.arrayContaining(plain.scans))
      }
      for (const shop of [plain, hinted]) {
        shop.later(TURN_MS)
        await shop.look()
        expect(shop.told).toEqual(shop.truth())
      }
    }), { numRuns: 150 })
  })
})

describe('of a bucket that differs', () => {
  test('only the part that does is read, once it is known what the others were', async () => {
    const shop = await stocked(200)
    shop.shelf.set(42, 1)
    shop.shelf.delete(43)
    shop.later(TURN_MS)
    await shop.look()
    expect([shop.told.get('S42'), shop.told.has('S43'), shop.rowsRead.reduce((sum, rows) => sum + rows, 0)]).toEqual([1, false, 9])
  })

  test('a row that was told by itself and is back to what the checksum was of is read again', async () => {
    const shop = await stocked(200)
    shop.shelf.set(42, 1)
    shop.touch(42)
    shop.shelf.set(42, 5)
    shop.later(TURN_MS)
    await shop.look()
    expect([shop.told.get('S42'), shop.rowsRead.reduce((sum, rows) => sum + rows, 0)]).toEqual([5, 10])
  })
})
