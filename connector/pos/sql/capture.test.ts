import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Item } from '../../../contract/product.ts'
import type { Pos, PosChanges } from '../port.ts'
import { readOn } from '../pos-under-test.ts'
import { committing, createMemory, type TestMemory } from '../test-memory.ts'
import { openConnection } from './connection.ts'
import { createDatabasePos } from './database-pos.ts'
import type { Activity } from './ports.ts'
import { sqlGoods } from './sql-goods.ts'
import { SqlConfig } from './sql-config.ts'

let folder: string
let files = 0
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'capture-')) })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the edge would have: what was told and committed. */
type Told = Map<string, { item: Item; onHand: number | null }>

type Bench = { db: DatabaseSync; memory: TestMemory; told: Told; refused: Map<string, string>; touched: string[]; pos(): Pos; restart(): Promise<void>; look(commit: boolean): Promise<PosChanges>; quiet(): Promise<void>; close(): Promise<void> }

function bench(keyIs: 'text' | 'number'): Bench {
  const file = join(folder, `${files += 1}.sqlite`)
  const db = new DatabaseSync(file)
  db.exec("CREATE TABLE goods (k INTEGER PRIMARY KEY, sku TEXT, name TEXT, price TEXT, qty TEXT, gone INTEGER DEFAULT 0, counts INTEGER DEFAULT 1)")
  const config = SqlConfig.parse({
    type: 'sql', dialect: 'sqlite', currency: 'USD', connection: { file },
    goods: { query: 'SELECT * FROM goods', keyIs, columns: { key: 'k', sku: 'sku', name: 'name', price: 'price', onHand: 'qty', deleted: 'gone', tracked: 'counts' } },
  })
  const memory = createMemory()
  const told: Told = new Map()
  const refused = new Map<string, string>()
  const touched: string[] = []
  // A fast lane that sees some of what moves, late or not at all.
  const activity: Activity = {
    signal: async () => '', head: async () => 'h',
    read: async () => ({ cursor: 'h', sales: [], orders: [], touched: touched.splice(0), remember: [], refused: [], more: false }),
  }
  const open = (): Pos => createDatabasePos({
    connection: openConnection({ dialect: 'sqlite', file, lockTimeoutMs: 5_000 }), goods: sqlGoods(config.goods, 'sqlite', 'USD'), activity, orders: null, memory, clock: () => 0,
    capabilities: { name: 'a bench', stockFallsAt: 'accept', duplicates: 'never' }, scan: { everyMs: 0 },
  })
  let pos = open()
  let cursor: string | null = 'at:h'
  const look = async (commit: boolean): Promise<PosChanges> => {
    const read = await pos.readChanges(cursor)
    if (!commit) return read
    cursor = read.cursor
    memory.remember(read.remember ?? [])
    for (const sku of read.removed) told.delete(sku)
    const itemsNow = new Set(read.items.map(({ sku }) => sku))
    for (const item of read.items) {
      expect(told.get(item.sku)?.item, 'nothing is told twice without a change').not.toEqual(item)
      told.set(item.sku, { item, onHand: told.get(item.sku)?.onHand ?? null })
    }
    for (const { sku, onHand } of read.levels) {
      const row = told.get(sku)
      if (!row) throw new Error(`a level of ${sku}, which was never told`)
      if (!itemsNow.has(sku)) expect(row.onHand, 'no level is told twice without a change').not.toBe(onHand)
      row.onHand = onHand
    }
    for (const { key, reason } of read.refused ?? []) {
      if (reason === null) refused.delete(key)
      else refused.set(key, reason)
    }
    return read
  }
  return {
    db, memory, told, refused, touched, look,
    pos: () => pos,
    async restart() {
      await pos.close()
      pos = open()
    },
    async quiet() {
      for (let rounds = 0; (await look(true)).more || await pos.mayHaveChanged(); rounds += 1) if (rounds > 200) throw new Error('it never comes to rest')
    },
    async close() {
      await pos.close()
      db.close()
    },
  }
}

const edit = fc.oneof(
  fc.record({ do: fc.constant('put' as const), k: fc.nat(30), sku: fc.nat(12), name: fc.nat(3), price: fc.nat(5), qty: fc.option(fc.nat(5)) }),
  fc.record({ do: fc.constantFrom('sell' as const, 'uncount' as const, 'delete' as const, 'retire' as const, 'revive' as const, 'break' as const, 'mend' as const), k: fc.nat(30) }),
  fc.record({ do: fc.constant('swap' as const), k: fc.nat(30), with: fc.nat(30) }),
)
const step = fc.oneof({ weight: 5, arbitrary: edit }, { weight: 3, arbitrary: fc.constantFrom('read' as const, 'crash' as const, 'restart' as const) })
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

function apply({ db, touched }: Bench, change: Edit): void {
  const run = (sql: string, ...values: (string | number | null)[]) => db.prepare(sql).run(...values)
  if (change.k % 3 === 0) touched.push(String(change.k))
  switch (change.do) {
    // The name tells whose it is: two rows with one SKU are never the same item.
    case 'put': return void run('INSERT INTO goods (k, sku, name, price, qty) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET sku = ?2, name = ?3, price = ?4, qty = ?5',
      change.k, `S${change.sku}`, `${change.k} ${change.name}`, `${change.price}.50`, change.qty === null ? null : String(change.qty))
    case 'sell': return void run('UPDATE goods SET qty = qty - 1 WHERE k = ?', change.k)
    case 'uncount': return void run('UPDATE goods SET qty = NULL WHERE k = ?', change.k)
    case 'delete': return void run('DELETE FROM goods WHERE k = ?', change.k)
    case 'retire': return void run('UPDATE goods SET gone = 1 WHERE k = ?', change.k)
    case 'revive': return void run('UPDATE goods SET gone = 0 WHERE k = ?', change.k)
    case 'break': return void run("UPDATE goods SET price = 'a pound' WHERE k = ?", change.k)
    case 'mend': return void run("UPDATE goods SET price = '1.50' WHERE k = ? AND price = 'a pound'", change.k)
    case 'swap': {
      const skuOf = (k: number) => db.prepare('SELECT sku FROM goods WHERE k = ?').get(k)?.['sku']
      const [a, b] = [skuOf(change.k), skuOf(change.with)]
      if (typeof a !== 'string' || typeof b !== 'string') return
      run('UPDATE goods SET sku = ? WHERE k = ?', b, change.k)
      run('UPDATE goods SET sku = ? WHERE k = ?', a, change.with)
    }
  }
}

/** The table is the model: what was told is what stands there, of two rows with one SKU one. */
function expectTold({ db, told, refused }: Bench): void {
  const rows = db.prepare("SELECT k, sku, name, price, CAST(qty AS REAL) AS qty FROM goods WHERE gone = 0").all()
  expect([...told.keys()].sort()).toEqual([...new Set(rows.map((row) => String(row['sku'])))].sort())
  const owners = new Set<number>()
  for (const [sku, { item, onHand }] of told) {
    const row = rows.find((each) => each['sku'] === sku && each['name'] === item.name)
    expect(row, sku).toMatchObject({ price: (item.price.amountMinor / 100).toFixed(2) })
    // What is not counted was never told, or is none to sell: never its last number.
    if (row?.['qty'] === null) expect([null, 0], sku).toContain(onHand)
    else expect(onHand, sku).toBe(row?.['qty'])
    owners.add(Number(row?.['k']))
  }
  const others = rows.filter((row) => !owners.has(Number(row['k']))).map((row) => `goods/${row['k']}`)
  expect([...refused.keys()].sort()).toEqual(others.sort())
}

describe('what was told, once it is quiet, is what stands in the POS', () => {
  test.each(['number', 'text'] as const)('whatever is edited between readings, crashes and restarts (keys are %ss)', { timeout: 60_000 }, async (keyIs) => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const shop = bench(keyIs)
      try {
        for (const each of steps) {
          if (each === 'read') await shop.look(true)
          else if (each === 'crash') await shop.look(false)
          else if (each === 'restart') await shop.restart()
          else apply(shop, each)
        }
        shop.db.exec("UPDATE goods SET price = '1.50' WHERE price = 'a pound'")
        await shop.quiet()
        expectTold(shop)
        expect(await shop.pos().mayHaveChanged()).toBe(false)
        expect(await shop.look(true)).toMatchObject({ items: [], removed: [], levels: [], remember: [], refused: [], more: false })
      } finally {
        await shop.close()
      }
    }), { numRuns: 60 })
  })
})

describe('goods that are no longer counted', () => {
  test('are none to sell also where the SKU moves to a row that nobody counts', async () => {
    const shop = bench('number')
    shop.db.exec("INSERT INTO goods (k, sku, name, price, qty, gone) VALUES (1, 'A', '1 a', '1.00', '5', 0), (2, 'B', '2 b', '1.00', NULL, 0)")
    await shop.quiet()
    shop.db.exec("UPDATE goods SET sku = CASE sku WHEN 'A' THEN 'B' ELSE 'A' END")
    await shop.quiet()
    expect(['A', 'B'].map((sku) => shop.told.get(sku)?.onHand)).toEqual([0, 5])
    await shop.close()
  })

  test('and were a service in between are none to sell; as a service they have no number', async () => {
    const shop = bench('number')
    shop.db.exec("INSERT INTO goods (k, sku, name, price, qty) VALUES (1, 'A', '1 a', '1.00', '5')")
    await shop.quiet()
    shop.db.exec('UPDATE goods SET counts = 0, qty = NULL')
    expect(await shop.look(true)).toMatchObject({ items: [{ sku: 'A', tracked: false }], levels: [] })
    expect(await shop.look(true)).toMatchObject({ items: [], levels: [], remember: [] })
    shop.db.exec('UPDATE goods SET counts = 1')
    expect(await shop.look(true)).toMatchObject({ items: [{ sku: 'A', tracked: true }], levels: [{ sku: 'A', onHand: 0 }] })
    await shop.close()
  })
})

describe('a reading', () => {
  test('brings at most about 500 facts, goes on after a restart, and misses none of 1,500 rows', async () => {
    const shop = bench('number')
    shop.db.exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) INSERT INTO goods (k, sku, name, price, qty, gone) SELECT i, 'S' || i, i || ' x', '2.50', '7', 0 FROM n")
    const sizes: number[] = []
    for (let more: boolean | undefined = true; more;) {
      const read = await shop.look(true)
      sizes.push(read.items.length + read.levels.length)
      more = read.more
      await shop.restart()
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_100)
    expect(shop.told.size).toBe(1_500)
    expectTold(shop)
    await shop.close()
  })

  test('from the beginning forgets first, and tells everything again', async () => {
    const shop = bench('text')
    shop.db.exec("INSERT INTO goods (k, sku, name, price, qty, gone) VALUES (1, 'A', '1 a', '1.00', '3', 0), (2, 'B', '2 b', '1.00', NULL, 0)")
    await shop.quiet()
    const again = await readOn(committing(shop.pos(), shop.memory), null)
    expect(again.items.map(({ sku }) => sku).sort()).toEqual(['A', 'B'])
    expect(again.levels).toEqual([{ sku: 'A', onHand: 3 }])
    await shop.close()
  })

  test('a row that cannot be read is refused with its reason, keeps what was told, and heals when it is mended', async () => {
    const shop = bench('number')
    shop.db.exec("INSERT INTO goods (k, sku, name, price, qty, gone) VALUES (1, 'A', '1 a', '1.00', '3', 0)")
    await shop.quiet()
    shop.db.exec("UPDATE goods SET price = 'a pound'")
    await shop.quiet()
    expect(shop.refused).toEqual(new Map([['goods/1', expect.stringContaining('price')]]))
    expect(shop.told.has('A')).toBe(true)
    expect(await shop.pos().readSnapshot(null, 10)).toMatchObject({ items: [], unreadable: ['A'], done: true })
    shop.db.exec("UPDATE goods SET price = '2.00'")
    await shop.quiet()
    expect(shop.refused.size).toBe(0)
    expect(shop.told.get('A')?.item.price.amountMinor).toBe(200)
    await shop.close()
  })
})
