import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Result } from '../../../contract/result.ts'
import { posSuite } from '../pos-suite.ts'
import { createMemory } from '../test-memory.ts'
import type { ShopFloor } from '../pos-under-test.ts'
import type { Pos } from '../port.ts'
import { openPos } from '../open-pos.ts'
import { PosConfig } from '../pos-config.ts'
import { openEmbeddedTill } from './embedded-pos.ts'
import { openTillFile, TillFault } from './schema.ts'
import { addItem, rename, retireItem, sell, setPrice, takeReturn, type TillRefusal } from './till.ts'
import { handOver, pick, ready, refuse } from './web-orders.ts'

const NOW = Date.parse('2026-05-01T10:00:00Z')
let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'till-'))
  file = join(folder, 'till.sqlite')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

posSuite('the embedded till', async () => {
  const db = openTillFile(file, 'create')
  const reopen = () => openEmbeddedTill({ file, clock: () => NOW })
  const pos = reopen()
  const floor: ShopFloor = {
    addItem: async (item, stock) => {
      must(addItem(db, item, stock))
      return item
    },
    sell: async (basket) => must(sell(db, basket, NOW)),
    takeReturn: async (basket) => must(takeReturn(db, basket, NOW)),
    setPrice: async (sku, priceMinor) => must(setPrice(db, sku, priceMinor)),
    rename: async (sku, name) => must(rename(db, sku, name)),
    retire: async (sku) => must(retireItem(db, sku)),
    pick: async (id) => must(pick(db, id, NOW)),
    ready: async (id) => must(ready(db, id, NOW)),
    handOver: async (id) => must(handOver(db, id, NOW)),
    refuse: async (id, reason) => must(refuse(db, id, reason, NOW)),
    countOrders: async (id) => db.prepare('SELECT 1 FROM tickets WHERE reference = ?').all(id).length,
    keepSelling: async (basket, times) => {
      const script = join(import.meta.dirname, 'busy-cashier.ts')
      const child = spawn(process.execPath, [script, file, String(times), ...basket.map((line) => `${line.sku}=${line.quantity}`)], { stdio: 'inherit' })
      const [exitCode] = await once(child, 'exit')
      expect(exitCode).toBe(0)
    },
  }
  return {
    pos,
    reopen,
    memory: createMemory(),
    floor,
    close: async () => {
      await pos.close()
      db.close()
    },
  }
}, { counted: 'its stock only moves' })

function must(result: Result<unknown, TillRefusal>): void {
  if (!result.ok) throw new Error(result.refusal.message)
}

describe('the embedded till as a file', () => {
  let pos: Pos
  beforeEach(() => {
    pos = openEmbeddedTill({ file })
  })
  afterEach(() => pos.close())

  const item = (sku: string) => ({
    sku, name: sku, description: null, brand: null, category: null, identifiers: [], unit: 'each' as const, price: { amountMinor: 100, currency: 'USD' },
    taxIncluded: false, taxRate: '0', imageUrl: null, tracked: true,
  })
  const makeTill = (path: string, ...skus: string[]) => {
    const db = openTillFile(path, 'create')
    for (const sku of skus) must(addItem(db, item(sku), 5))
    db.close()
  }

  test('that is missing is a fault with a hint, not an empty shop, and is found once it is there', async () => {
    await expect(pos.currentCursor()).rejects.toThrow(/no till at .*npm run till -- .*seed/)
    makeTill(file, 'A')
    expect(await pos.readLevels(['A'])).toEqual([{ sku: 'A', onHand: 5 }])
  })

  test('that is something else is a fault', async () => {
    writeFileSync(file, 'a shopping list, not a database, but long enough to be taken for one '.repeat(20))
    await expect(pos.mayHaveChanged()).rejects.toThrow(TillFault)
  })

  test('that is locked for long is a fault, and works when the lock is gone', { timeout: 15_000 }, async () => {
    makeTill(file, 'A')
    const other = openTillFile(file, 'existing')
    other.exec('BEGIN IMMEDIATE')
    await expect(pos.voidOrder('ord_00000000000000000000000001.1')).rejects.toThrow(/locked.*tried again/)
    other.exec('ROLLBACK')
    other.close()
    expect(await pos.voidOrder('ord_00000000000000000000000001.1')).toBe('absent')
  })

  test('that was replaced by another is read anew, from the beginning', async () => {
    makeTill(file, 'A')
    const { cursor } = await pos.readChanges(null)
    const other = join(folder, 'other.sqlite')
    makeTill(other, 'B')
    renameSync(other, file)
    expect(await pos.mayHaveChanged()).toBe(true)
    expect((await pos.readChanges(cursor)).items.map((one) => one.sku)).toEqual(['B'])
  })

  test('that came back from a backup is read from the beginning when the cursor is ahead of it', async () => {
    makeTill(file, 'A')
    const backup = join(folder, 'backup.sqlite')
    copyFileSync(file, backup)
    makeTill(file, 'B')
    const { cursor } = await pos.readChanges(null)
    renameSync(backup, file)
    const told = await pos.readChanges(cursor)
    expect(told.items.map((one) => one.sku)).toEqual(['A'])
    expect(told.levels).toEqual([{ sku: 'A', onHand: 5 }])
    expect(told.wentBack).toContain(`was read as ${cursor}`)
    expect((await pos.readChanges(told.cursor)).wentBack).toBeUndefined()
  })

  test('tells a program that knows nothing of the log what another program wrote past it', async () => {
    makeTill(file, 'A', 'B')
    const start = await pos.currentCursor()
    const other = openTillFile(file, 'existing')
    other.exec("UPDATE stock SET on_hand = 3 WHERE sku = 'A'; INSERT INTO barcodes VALUES ('2000000000015', 'A'); DELETE FROM stock WHERE sku = 'B'; DELETE FROM items WHERE sku = 'B'")
    other.close()
    expect(await pos.readChanges(start)).toMatchObject({
      items: [{ sku: 'A', identifiers: [{ type: 'gtin', value: '2000000000015' }] }], removed: ['B'], levels: [{ sku: 'A', onHand: 3 }],
    })
  })

  test('keeps one entry an item and level in its log, however often they change', async () => {
    makeTill(file, 'A')
    const db = openTillFile(file, 'existing')
    for (let price = 1; price <= 50; price++) must(setPrice(db, 'A', price))
    expect(db.prepare('SELECT kind, key FROM changes').all().map((row) => ({ ...row }))).toEqual([{ kind: 'stock', key: 'A' }, { kind: 'item', key: 'A' }])
    db.close()
  })

  test('reads a long log in pages of at most 500, none missed', async () => {
    makeTill(file, ...Array.from({ length: 700 }, (_, index) => `SKU-${index}`))
    const skus = new Set<string>()
    const sizes: number[] = []
    for (let cursor: string | null = null; ;) {
      const told = await pos.readChanges(cursor)
      sizes.push(told.items.length + told.levels.length)
      for (const one of told.items) skus.add(one.sku)
      if (told.cursor === cursor) break
      cursor = told.cursor
    }
    expect(sizes).toEqual([500, 500, 400, 0])
    expect(skus.size).toBe(700)
  })

  test('is opened from a configuration', async () => {
    makeTill(file, 'A')
    const opened = await openPos(PosConfig.parse({ type: 'embedded', file }), createMemory())
    expect(await opened.readSnapshot(null, 10)).toMatchObject({ items: [{ sku: 'A' }], done: true })
    await opened.close()
    expect(PosConfig.safeParse({ type: 'embedded', file: '' }).success).toBe(false)
    expect(PosConfig.safeParse({ type: 'abacus', file }).success).toBe(false)
  })
})
