import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { DailyTotals, Sale } from '../../contract/sales.ts'
import { app } from '../gateway/app.ts'
import { createOrderBook } from '../orders/d1-orders.ts'
import { placedOrder } from '../orders/test-orders.ts'
import { createSales } from '../status/d1-sales.ts'
import { createSalesView } from './d1-sales-view.ts'
import { exportSales } from './export-sales.ts'

const HOUR = 3_600_000
const NOON = Date.UTC(2026, 10, 24, 12)
const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' })
const orders = createOrderBook(env.DB)
const sales = createSales(env.DB)
const view = createSalesView(env.DB)
let seq = 0
const ring = (storeId: string, saleId: string, at: number, lines: Record<string, number>, more: { assignmentId?: string; partOf?: string } = {}) => {
  const told = Object.entries(lines).map(([sku, quantity]) => ({ sku, quantity, unitPrice: usd(100), lineTotal: usd(100 * quantity) }))
  const total = told.reduce((sum, { quantity }) => sum + 100 * quantity, 0)
  return sales.record(storeId, { saleId, kind: total < 0 ? 'return' : 'sale', lines: told, total: usd(total), ...more }, at, { epoch: 1, seq: ++seq })
}
const get = async (path: string) => app.request(`https://edge.example/admin/v1/sales${path}`, { headers: { Authorization: `Bearer ${env.ADMIN_TOKEN}` } }, env)
const list = async (path = ''): Promise<Sale[]> => Sale.array().parse(((await (await get(path)).json()) as { items: unknown }).items)
const ids = async (path = '') => (await list(path)).map(({ kind, id }) => `${kind} ${id}`)
const order = placedOrder({ placedAt: NOON, updatedAt: NOON })

beforeEach(async () => {
  for (const table of ['sales', 'orders', 'stores', 'webhook_endpoints']) await env.DB.prepare(`DELETE FROM ${table}`).run()
  for (const [storeId, zone] of [['main', 'America/New_York'], ['other', 'Asia/Tokyo']]) await env.DB.prepare("INSERT INTO stores (store_id, name, time_zone, transport, secrets, created_at) VALUES (?, 's', ?, '{\"kind\":\"pull\"}', '[]', 0)").bind(storeId, zone).run()
  await orders.insert(order)
  await ring('main', 'T-1', NOON - HOUR, { A: 1, C: 2 })
  await ring('other', 'T-1', NOON - HOUR, { A: 5 })
  // The order as the till has it, and a piece of it that came back.
  await ring('main', 'T-2', NOON + HOUR, { A: 2, B: 1 }, { assignmentId: `${order.orderId}.1` })
  await ring('main', 'T-3', NOON + 2 * HOUR, { A: -1 }, { assignmentId: `${order.orderId}.1` })
  await ring('main', 'T-4', NOON + 3 * HOUR, { C: -1 })
})

describe('one list', () => {
  it('of web orders, sales and returns, newest first; a web order at the till is no second sale', async () => {
    expect(await ids()).toEqual(['return main/T-4', 'return main/T-3', `order ${order.orderId}`, 'sale other/T-1', 'sale main/T-1'])
    const [, back, bought] = await list()
    expect(back).toMatchObject({ channel: 'web', orderId: order.orderId, total: usd(-100), storeIds: ['main'] })
    expect(bought).toMatchObject({ channel: 'web', number: order.number, status: 'placed', total: usd(400), storeIds: ['main'], lines: [{ sku: 'A', quantity: 2 }, { sku: 'B' }, { sku: 'WRAP' }] })
  })

  it.each([
    ['?storeId=other', ['sale other/T-1']],
    ['?channel=till', ['return main/T-4', 'sale other/T-1', 'sale main/T-1']],
    ['?channel=web', ['return main/T-3', `order ${order.orderId}`]],
    ['?kind=return', ['return main/T-4', 'return main/T-3']],
    ['?sku=B&from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z', [`order ${order.orderId}`]],
    ['?sku=C&storeId=main&from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z', ['return main/T-4', 'sale main/T-1']],
    ['?from=2026-11-24T12:00:00Z&to=2026-11-24T14:00:00Z', [`order ${order.orderId}`]],
  ])('is searched by %s', async (query, found) => expect(await ids(query)).toEqual(found))

  it('pages meet every row once, also those of one moment', async () => {
    const seen: string[] = []
    for (let cursor = ''; ;) {
      const page = (await (await get(`?limit=2&cursor=${cursor}`)).json()) as { items: Sale[]; nextCursor: string | null }
      seen.push(...page.items.map(({ id }) => id))
      if (page.nextCursor === null) break
      cursor = page.nextCursor
    }
    expect(seen).toEqual((await list()).map(({ id }) => id))
  })

  it('says what it wants where it is asked for too much', async () => {
    for (const query of ['?sku=A', '?sku=A&from=2026-01-01T00:00:00Z&to=2026-12-01T00:00:00Z', '?from=yesterday', '?kind=gift']) expect((await get(query)).status).toBe(422)
    for (const query of ['?from=2026-11-30&to=2026-11-01', '?from=2026-02-30&to=2026-03-01', '?from=2020-01-01&to=2026-01-01', '']) expect((await get(`/totals${query}`)).status).toBe(422)
  })
})

describe('daily totals', () => {
  const totals = async (query: string) => DailyTotals.parse(await (await get(`/totals?${query}`)).json()).items.map(({ storeId, day, channel, sales: sold, returns, total }) => `${day} ${storeId} ${channel} ${sold.count}/${sold.total.amountMinor} ${returns.count}/${returns.total.amountMinor} ${total.amountMinor}`)
  it('are what each till booked, by the channel that brought it, on its own days', async () => {
    // Half past midnight in New York is still the day before, and in Tokyo noon in UTC is evening.
    await ring('main', 'T-5', Date.UTC(2026, 10, 25, 4, 30), { A: 1 })
    await ring('other', 'T-6', Date.UTC(2026, 10, 24, 15, 30), { A: 1 })
    expect(await totals('from=2026-11-24&to=2026-11-25')).toEqual([
      '2026-11-24 main till 2/400 1/-100 300', '2026-11-24 main web 1/300 1/-100 200', '2026-11-24 other till 1/500 0/0 500', '2026-11-25 other till 1/100 0/0 100',
    ])
    // A receipt too long for one row is one sale.
    await ring('main', 'T-1/2', NOON - HOUR, { D: 4 }, { partOf: 'T-1' })
    expect((await totals('from=2026-11-24&to=2026-11-24&storeId=main'))[0]).toBe('2026-11-24 main till 2/800 1/-100 700')
    expect((await list('?sku=D&from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z'))[0]).toMatchObject({ id: 'main/T-1/2', partOf: 'main/T-1' })
    expect(await totals('from=2026-11-25&to=2026-11-25&storeId=main')).toEqual([])
    expect(await totals('from=2026-11-24&to=2026-11-24&channel=web')).toEqual(['2026-11-24 main web 1/300 1/-100 200'])
  })
})

describe('the export', () => {
  it('is a row for each line in CSV, in whole units, and nothing in it is a formula', async () => {
    await ring('main', '=HYPERLINK("http://x")', NOON + 4 * HOUR, { '=A1': 1 })
    const answer = await get('/export?storeId=main')
    expect(answer.headers.get('Content-Type')).toContain('text/csv')
    const rows = (await answer.text()).trimEnd().split('\n')
    expect(rows[0]).toBe('kind,id,number,order_id,channel,stores,at,status,line,sku,name,quantity,unit_price,line_total,total,currency,part_of')
    expect(rows[1]).toBe('sale,main/T-1,,,till,main,2026-11-24T11:00:00.000Z,,1,A,,1,1.00,1.00,3.00,USD,')
    expect(rows.at(-1)).toContain(",'=A1,")
    expect(rows).toContain(`return,main/T-4,,,till,main,2026-11-24T15:00:00.000Z,,1,C,,-1,1.00,-1.00,-1.00,USD,`)
    expect((await (await get('/export?kind=return')).text()).split('\n')).toHaveLength(4)
  })

  it('of 100,000 rows is read page by page, as fast as it is taken', async () => {
    await env.DB.exec("DELETE FROM sales")
    await env.DB.prepare(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
      INSERT INTO sales (store_id, sale_id, kind, lines, total_minor, currency, assignment_id, occurred_at, epoch, seq)
      SELECT 'main', 'S-' || i, 'sale', '[{"sku":"A","quantity":1,"unitPrice":{"amountMinor":100,"currency":"USD"},"lineTotal":{"amountMinor":100,"currency":"USD"}}]', 100, 'USD', NULL, i, 1, i FROM n`).run()
    let pages = 0
    const reader = exportSales({ list: (...asked) => (pages++, view.list(...asked)) }, { kind: 'sale' }, 'ndjson').getReader()
    let [rows, most] = [0, 0]
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      // What was not asked for is not read: never more than the page in hand.
      expect(pages).toBeLessThanOrEqual(Math.floor(rows / 500) + 1)
      rows += new TextDecoder().decode(read.value).split('\n').length - 1
      most = Math.max(most, read.value.length)
    }
    expect([rows, pages]).toEqual([100_000, 201])
    expect(most).toBeLessThan(400_000)
  }, 60_000)
})
