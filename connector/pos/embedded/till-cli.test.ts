import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seedDemoShop } from './demo-shop.ts'
import { openTillFile } from './schema.ts'
import { bookWebOrder } from './web-orders.ts'

const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' })
const ID = 'ord_00000000000000000000000001.1'
let folder: string
let file: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'till-'))
  file = join(folder, 'till.sqlite')
  seedDemoShop(file, { items: 100 })
  const db = openTillFile(file, 'existing')
  db.exec("UPDATE stock SET on_hand = 14 WHERE sku = 'GRO-00001'; UPDATE items SET price_minor = 500 WHERE sku = 'GRO-00001'")
  bookWebOrder(db, {
    assignmentId: ID, orderId: ID.slice(0, -2), number: 'W-7', placedAt: '2026-05-01T10:00:00Z', acceptBy: '2026-05-02T10:00:00Z',
    lines: [{ lineId: '1', sku: 'GRO-00001', name: 'Oats', quantity: 2, unit: 'each', unitPrice: usd(500), taxIncluded: false, taxRate: '0' }],
    totals: { subtotal: usd(1_000), tax: usd(0), shipping: usd(0), total: usd(1_000) }, fulfillment: { method: 'pickup', storeId: 'demo' },
    customer: { name: 'Test Customer', email: 'customer@shop.example' }, note: null,
  }, 0)
  db.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

function till(...args: string[]): { code: number | null; out: string; err: string } {
  const run = spawnSync(process.execPath, [join(import.meta.dirname, 'till-cli.ts'), ...args], { encoding: 'utf8', env: { ...process.env, TILL_FILE: file } })
  return { code: run.status, out: run.stdout, err: run.stderr }
}

test('a sale prints what changed, by weight too', () => {
  expect(till('sell', 'GRO-00001', '2')).toEqual({ code: 0, out: 'T-000002: sold for $10.00 with tax\nstock of GRO-00001: 12 -> 10\n', err: '' })
  expect(till('sell', 'PRO-00001', '0.5kg').out).toMatch(/^T-000003: sold for .*\nstock of PRO-00001: \d+ -> \d+ g\n$/)
})

test('--json prints one line for programs, wherever it stands', () => {
  expect(JSON.parse(till('--json', 'receive', 'GRO-00002', '5').out)).toMatchObject({ stock: [{ sku: 'GRO-00002' }] })
  expect(JSON.parse(till('items', '--limit', '2', '--json').out)).toMatchObject({ items: [{ sku: 'CLO-00001' }, { sku: 'CLO-00002' }] })
})

test('a web order goes its way from the list to the hand-over', () => {
  expect(till('orders').out).toMatch(/T-000001 +W-7 +open +pickup +\$10\.00/)
  expect(till('show', 'W-7').out).toContain(ID)
  expect(till('pick', '1').out).toBe('order W-7 (T-000001): open -> picking\n')
  expect(till('ready', 'W-7').out).toBe('order W-7 (T-000001): picking -> ready\n')
  expect(till('hand-over', ID).out).toBe('order W-7 (T-000001): ready -> done\n')
  expect(till('refuse', 'W-7')).toMatchObject({ code: 1, err: 'Order W-7 is done and cannot be refused.\nIt is finished; goods that come back are a return.\n' })
  expect(till('orders').out).toBe('No web orders to do.\n')
})

test('a refusal says what happened and what to do, and ends with 1', () => {
  expect(till('price', 'GRO-00001', '4.999')).toEqual({ code: 1, out: '', err: '"4.999" is not an amount in USD.\nWrite it like 4.99, without thousands separators.\n' })
  const { code, err } = till('sell', 'NOPE', '1', '--json')
  expect([code, JSON.parse(err)]).toEqual([1, { error: { message: 'There is no item NOPE', hint: 'Look it up: npm run till -- items --search WORD' } }])
})

test('a wrong command or a missing till ends with 2', () => {
  expect(till('sell', 'GRO-00001').code).toBe(2)
  expect(till('dance').err).toContain("unknown command 'dance'")
  expect(till('items', '--file', join(folder, 'nowhere'))).toMatchObject({ code: 2, err: expect.stringMatching(/There is no till at .*nowhere\.\nLook at its path \(pos\.file.*"npm start" in the repository/) })
})

test('--help teaches with examples', () => {
  const { code, out } = till('--help')
  expect(code).toBe(0)
  expect(out).toContain('npm run till -- sell GRO-00123 2')
  expect(out).toContain('npm run till -- hand-over T-000042')
})
