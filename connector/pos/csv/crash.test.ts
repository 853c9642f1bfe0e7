import fc from 'fast-check'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDropFolder, makePlaces, type DropFolder } from './drop-folder.ts'
import { readLevels } from './goods-book.ts'
import { createIngest } from './ingest.ts'
import { readLog } from './read-log.ts'
import { openShopState } from './shop-state.ts'
import { createTill, testConfig } from './test-csv-shop.ts'

/** Numbers of invoices around a batch's end, of one to three lines each, so that a crash falls into the middle of one. */
const DAY = fc.record({ invoices: fc.integer({ min: 1, max: 700 }), goods: fc.integer({ min: 1, max: 700 }), gone: fc.integer({ min: 0, max: 50 }) })
/** After how many steps the process dies, again and again, and whether it dies before or after it has moved a file. */
const CRASHES = fc.array(fc.record({ steps: fc.integer({ min: 0, max: 4 }), move: fc.constantFrom('before' as const, 'after' as const, null) }), { maxLength: 6 })

class Killed extends Error {}

const FACTS_MAX = 100
/** Each run opens files and a database many times. */
const BUSY_MACHINE_MS = 120_000

test('wherever the process dies, everything a file says is told, once, and the file is moved', async () => {
  await fc.assert(fc.asyncProperty(DAY, CRASHES, async ({ invoices, goods, gone }, crashes) => {
    const folder = mkdtempSync(join(tmpdir(), 'csv-crash-'))
    try {
      const config = testConfig(folder)
      const till = createTill(folder)
      makePlaces(folder)
      const row = (n: number): string => `G${n},Thing ${n},1.00,1000`
      till.drop('goods-full-1.csv', `sku,name,price,stock\n${Array.from({ length: goods + gone }, (_, n) => row(n)).join('\n')}\n`)
      till.drop('goods-full-2.csv', `sku,name,price,stock\n${Array.from({ length: goods }, (_, n) => row(n)).join('\n')}\n`)
      const lines = Array.from({ length: invoices }, (_, n) => Array.from({ length: (n % 3) + 1 }, () => `I${n},G0,1,1.00,2026-05-01 10:00:00`)).flat()
      till.drop('sales.csv', `invoice,sku,quantity,price,sold_at\n${lines.join('\n')}\nX,G0,many,1.00,2026-05-01 10:00:00\n`)
      till.tick(7_200_000)

      const sold = new Map<string, number>()
      const removed: string[] = []
      let cursor: string | null = null
      /** One life of the process: some steps, then its end. What was read is committed with the cursor, or both are lost. */
      const live = async (steps: number, move: 'before' | 'after' | null): Promise<boolean> => {
        const state = openShopState(join(folder, '.tillbridge', 'state.sqlite'))
        const drop = openDropFolder(config, till.now, () => 0)
        const mortal: DropFolder = {
          ...drop,
          move(...args) {
            if (move === 'before') throw new Killed()
            drop.move(...args)
            if (move === 'after') throw new Killed()
          },
        }
        const ingest = createIngest({ state, folder: mortal, config, now: till.now })
        try {
          for (let n = 0; n < steps; n += 1) if (!(await ingest.step())) return false
          return true
        } catch (error) {
          if (error instanceof Killed) return true
          throw error
        } finally {
          for (let reads = 0; reads < FACTS_MAX; reads += 1) {
            const told = readLog(state, cursor)
            for (const sale of told.sales) sold.set(sale.saleId, (sold.get(sale.saleId) ?? 0) + 1)
            removed.push(...told.removed)
            cursor = told.cursor
            if (!told.full) break
          }
          expect(readLevels(state, ['G0'])[0]?.onHand ?? 1_000).toBeGreaterThanOrEqual(1_000 - lines.length)
          await ingest.close()
          state.close()
        }
      }
      for (const { steps, move } of crashes) await live(steps, move)
      while (await live(1_000, null));
      const state = openShopState(join(folder, '.tillbridge', 'state.sqlite'))
      expect(readLevels(state, ['G0'])).toEqual([{ sku: 'G0', onHand: 1_000 - lines.length }])
      state.close()
      expect([sold.size, Math.max(...sold.values())]).toEqual([invoices, 1])
      expect(removed.sort()).toEqual(Array.from({ length: gone }, (_, n) => `G${goods + n}`).sort())
      expect([till.list(), till.list('processed'), till.list('rejected')]).toEqual([[], ['goods-full-1.csv', 'goods-full-2.csv', 'sales.csv'], ['sales.csv.lines.csv', 'sales.csv.reasons.csv']])
      expect(till.rows('rejected', 'sales.csv.reasons.csv')).toHaveLength(1)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }), { numRuns: 25 })
}, BUSY_MACHINE_MS)

test('however a file is written in pieces, nothing of it is told before it stands still, and all of it after', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 1_999 }), { minLength: 8, maxLength: 8 }), fc.boolean(), async (cuts, waits, renamed) => {
    const folder = mkdtempSync(join(tmpdir(), 'csv-half-'))
    const config = testConfig(folder, { settleMs: 2_000 })
    makePlaces(folder)
    const state = openShopState(join(folder, '.tillbridge', 'state.sqlite'))
    let elapsed = 0
    const ingest = createIngest({ state, folder: openDropFolder(config, () => Date.now(), () => elapsed), config, now: () => Date.now() })
    try {
      const text = `sku,name,price\n${Array.from({ length: 20 }, (_, n) => `G${n},Thing,1.00`).join('\n')}\n`
      const name = renamed ? 'goods.csv.tmp' : 'goods.csv'
      let written = 0
      for (const [index, cut] of cuts.entries()) {
        written += cut
        // Written over in place, as a copy over a network is: each time larger, or at least later.
        writeFileSync(join(folder, name), text.slice(0, written))
        expect(await ingest.step()).toBe(false)
        elapsed += waits[index] ?? 1
        expect(await ingest.step()).toBe(false)
      }
      writeFileSync(join(folder, name), text)
      if (renamed) renameSync(join(folder, name), join(folder, 'goods.csv'))
      else {
        expect(await ingest.step()).toBe(false)
        elapsed += 2_000
      }
      while (await ingest.step());
      expect(readLog(state, null).items).toHaveLength(20)
    } finally {
      await ingest.close()
      state.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }), { numRuns: 40 })
}, BUSY_MACHINE_MS)
