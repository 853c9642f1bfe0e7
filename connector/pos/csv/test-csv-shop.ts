import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import { toInstant } from '../../../contract/clock.ts'
import type { Item } from '../../../contract/product.ts'
import type { ShopFloor } from '../pos-under-test.ts'
import { CsvConfig } from './csv-config.ts'

/** A till that speaks in files: it drops what it sells and knows, and reads the orders it is given. Each thing it does is a second later. */

export const START = Date.parse('2026-05-01T09:00:00Z')

export const testConfig = (folder: string, change: Record<string, unknown> = {}): CsvConfig =>
  CsvConfig.parse({ type: 'csv', folder, currency: 'USD', timeZone: 'UTC', settleMs: 0, scanEveryMs: 0, goods: { taxIncluded: false }, ...change })

export type Till = ReturnType<typeof createTill>

export function createTill(folder: string) {
  let at = START
  let count = 0
  mkdirSync(folder, { recursive: true })
  const till = {
    now: () => at,
    tick: (ms = 1_000) => (at += ms),
    /** Under its own name at once, as of the till's clock. */
    drop(name: string, content: string | Buffer) {
      count += 1
      at += 1_000
      writeFileSync(join(folder, `${name}.part`), content)
      utimesSync(join(folder, `${name}.part`), at / 1000, at / 1000)
      renameSync(join(folder, `${name}.part`), join(folder, name))
    },
    dropRows(name: string, rows: Record<string, string | number>[]) {
      till.drop(name, stringify(rows, { header: true }))
    },
    next: () => String(count + 1).padStart(5, '0'),
    has: (...path: string[]) => existsSync(join(folder, ...path)),
    list: (place = '') => readdirSync(join(folder, place)).filter((name) => /\.(csv|txt)$/.test(name)).sort(),
    text: (...path: string[]) => readFileSync(join(folder, ...path), 'utf8'),
    rows: (...path: string[]): Record<string, string>[] => parse(till.text(...path), { columns: true }),
  }
  return till
}

export function goodsRow(item: Item, stock?: number): Record<string, string | number> {
  return {
    SKU: item.sku, Name: item.name, Description: item.description ?? '', Brand: item.brand ?? '', Category: item.category ?? '', Barcode: item.identifiers.map(({ value }) => value).join('|'),
    Unit: item.unit, Price: (item.price.amountMinor / 100).toFixed(2), Tax_Rate: item.taxRate, Stock: stock ?? '', Tracked: item.tracked ? 'yes' : 'no',
  }
}

export function shopFloor(till: Till, folder: string): ShopFloor {
  const items = new Map<string, Item>()
  const sale = (basket: { sku: string; quantity: number; priceMinor?: number }[], order = ''): void => till.dropRows(`sales-${till.next()}.csv`, basket.map(({ sku, quantity, priceMinor }) => ({
    invoice: `R${till.next()}`, sku, quantity, unit: items.get(sku)?.unit ?? '', price: ((priceMinor ?? items.get(sku)?.price.amountMinor ?? 0) / 100).toFixed(2),
    sold_at: toInstant(till.now() + 1_000), order,
  })))
  const status = (order: string, word: string, reason = ''): void => till.dropRows(`order-status-${till.next()}.csv`, [{ order, status: word, at: toInstant(till.now() + 1_000), reason }])
  const tell = (item: Item, stock?: number): Item => {
    items.set(item.sku, item)
    till.dropRows(`goods-${till.next()}.csv`, [goodsRow(item, stock)])
    return item
  }
  const change = (sku: string, changed: Partial<Item>): void => {
    const item = items.get(sku)
    if (item) tell({ ...item, ...changed })
  }
  const left = new Set<string>()
  return {
    addItem: async (item, stock) => tell(item, stock),
    sell: async (basket) => sale(basket),
    takeReturn: async (basket) => sale(basket.map(({ sku, quantity }) => ({ sku, quantity: -quantity }))),
    setPrice: async (sku, amountMinor) => change(sku, { price: { amountMinor, currency: 'USD' } }),
    rename: async (sku, name) => change(sku, { name }),
    retire: async (sku) => {
      items.delete(sku)
      till.dropRows(`goods-full-${till.next()}.csv`, [...items.values()].map((item) => goodsRow(item)))
    },
    pick: async (id) => status(id, 'picking'),
    ready: async (id) => status(id, 'ready'),
    handOver: async (id) => {
      const lines = till.rows('orders', `${id}.csv`)
      const ships = lines[0]?.['method'] === 'ship' && !left.has(id)
      if (!left.has(id)) sale(lines.map((line) => ({ sku: line['sku'] ?? '', quantity: Number(line['quantity']), priceMinor: Math.round(Number(line['price']) * 100) })), id)
      left.add(id)
      status(id, ships ? 'shipped' : 'completed')
    },
    refuse: async (id, reason) => status(id, 'refused', reason),
    countOrders: async (id) => till.list('orders').filter((name) => name.startsWith(id)).length,
    keepSelling: async (basket, times) => {
      till.tick(60_000)
      const child = spawn(process.execPath, [join(import.meta.dirname, 'test-busy-till.ts'), folder, String(times), String(till.now()), ...basket.map(({ sku, quantity }) => `${sku}=${quantity}`)], { stdio: 'inherit' })
      const [exitCode] = await once(child, 'exit')
      if (exitCode !== 0) throw new Error(`the busy till ended with ${String(exitCode)}`)
      // A till whose files nobody took has not been heard yet: however slow the machine, its last sale is in the last reading.
      while (till.list().some((name) => name.startsWith('sales-busy'))) await pause(20)
    },
  }
}
