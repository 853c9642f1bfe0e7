import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { RejectReason } from '../../../contract/events.ts'
import { lineTaxMinor, lineTotalMinor } from '../../../contract/money.ts'
import type { Item } from '../../../contract/product.ts'
import type { TillOrder, TillRow, TillSale } from './rest-pos.ts'

/** The other side of the example: a till with a REST API such as a vendor offers, in memory, for the test. What the shop's staff do are its methods. */
export type RestTill = {
  url: string
  put(item: Item, stock?: number): void
  change(sku: string, change: Partial<Item>): void
  retire(sku: string): void
  sell(basket: { sku: string; quantity: number; priceMinor?: number }[], order?: string): void
  step(order: string, status: TillOrder['status'], reason?: RejectReason): void
  order(id: string): TillOrder | undefined
  /** The next call fails with this status, before or after its effect. */
  fail(status: number, when: 'before' | 'after'): void
  close(): Promise<void>
}

export async function startRestTill(key: string): Promise<RestTill> {
  const rows = new Map<string, TillRow>()
  const sales = new Map<string, TillSale>()
  const orders = new Map<string, TillOrder>()
  let revision = 0
  let failure: { status: number; when: 'before' | 'after' } | null = null

  const touch = (sku: string, change: Partial<TillRow>): void => {
    const row = rows.get(sku)
    if (!row) return
    revision += 1
    rows.set(sku, { ...row, ...change, revision, ...('onHand' in change ? { stockRevision: revision } : { itemRevision: revision }) })
  }
  const move = (lines: readonly { sku: string; quantity: number }[], sign: 1 | -1): void => {
    for (const { sku, quantity } of lines) {
      const row = rows.get(sku)
      if (row?.onHand !== null && row?.onHand !== undefined) touch(sku, { onHand: row.onHand + sign * quantity })
    }
  }
  const ended = (order: TillOrder): boolean => order.status === 'void' || order.status === 'refused'

  const app = new Hono()
  app.use(async (c, next) => {
    if (c.req.header('authorization') !== `Bearer ${key}`) return c.json({ error: 'who are you?' }, 401)
    const now = failure
    failure = null
    if (now?.when === 'before') return c.body(null, now.status as 503)
    await next()
    if (now) c.res = new Response(null, { status: now.status })
  })
  app.get('/revision', (c) => c.json({ revision }))
  app.get('/changes', (c) => {
    const after = Number(c.req.query('after') ?? 0)
    const limit = Number(c.req.query('limit') ?? 100)
    const newer = <T extends { revision: number }>(of: Iterable<T>): T[] => [...of].filter((one) => one.revision > after)
    const steps = [...orders.values()].flatMap((order) => order.steps.map((step) => ({ ...step, order: order.reference, method: order.method })))
    const all = [...newer(rows.values()).map((row) => ({ row, revision: row.revision })), ...newer(sales.values()).map((sale) => ({ sale, revision: sale.revision })), ...newer(steps).map((step) => ({ step, revision: step.revision }))]
    const page = all.sort((a, b) => a.revision - b.revision).slice(0, limit)
    return c.json({ changes: page, revision: page.at(-1)?.revision ?? revision, more: page.length < all.length })
  })
  app.get('/goods', (c) => {
    const skus = c.req.queries('sku')
    const after = c.req.query('after') ?? ''
    const found = skus ? skus.flatMap((sku) => rows.get(sku) ?? []) : [...rows.values()].filter((row) => !row.retired && row.item.sku > after).sort((a, b) => (a.item.sku < b.item.sku ? -1 : 1))
    return c.json(skus ? found : found.slice(0, Number(c.req.query('limit') ?? 100)))
  })
  app.get('/orders/:reference', (c) => {
    const order = orders.get(c.req.param('reference'))
    return order ? c.json(order) : c.body(null, 404)
  })
  // Under its reference: the same call again finds the order and changes nothing.
  app.put('/orders/:reference', async (c) => {
    const reference = c.req.param('reference')
    const known = orders.get(reference)
    if (known) return ended(known) ? c.json({ reason: 'invalid', detail: `this order is ${known.status}` }, 409) : c.json(known)
    const { method, lines } = await c.req.json<{ method: TillOrder['method']; lines: (TillOrder['lines'][number] & { currency: string })[] }>()
    for (const { sku, currency } of lines) {
      const price = rows.get(sku)?.item.price
      if (price && price.currency !== currency) return c.json({ reason: 'price_mismatch', detail: `${sku} is priced in ${price.currency}, the order in ${currency}` }, 409)
    }
    const demand = new Map<string, number>()
    for (const { sku, quantity } of lines) demand.set(sku, (demand.get(sku) ?? 0) + quantity)
    for (const [sku, quantity] of demand) {
      const row = rows.get(sku)
      if (!row || row.retired) return c.json({ reason: 'unknown_sku', detail: `no ${sku} here` }, 409)
      if (row.item.tracked && (row.onHand ?? 0) < quantity) return c.json({ reason: 'out_of_stock', detail: `${sku}: ${row.onHand ?? 0} left` }, 409)
    }
    const order: TillOrder = { reference, receipt: `W-${orders.size + 1}`, status: 'open', method, lines, steps: [] }
    orders.set(reference, order)
    move(lines, -1)
    return c.json(order, 201)
  })
  app.post('/orders/:reference/void', (c) => {
    const order = orders.get(c.req.param('reference'))
    if (!order) return c.body(null, 404)
    if (order.status === 'shipped' || order.status === 'completed') return c.json(order, 409)
    if (!ended(order)) move(order.lines, 1)
    if (!ended(order)) order.status = 'void'
    return c.json(order)
  })

  const listening = Promise.withResolvers<number>()
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => listening.resolve(port))
  const port = await listening.promise
  return {
    url: `http://127.0.0.1:${port}`,
    put(item, stock) {
      revision += 1
      rows.set(item.sku, { item, onHand: stock ?? null, retired: false, revision, itemRevision: revision, stockRevision: revision })
    },
    change: (sku, change) => {
      const row = rows.get(sku)
      if (row) touch(sku, { item: { ...row.item, ...change } })
    },
    retire: (sku) => touch(sku, { retired: true }),
    sell(basket, order) {
      const lines = basket.flatMap(({ sku, quantity, priceMinor }) => {
        const item = rows.get(sku)?.item
        const unitPriceMinor = priceMinor ?? item?.price.amountMinor ?? 0
        return item ? [{ sku, quantity, unitPriceMinor, lineTotalMinor: lineTotalMinor(unitPriceMinor, quantity, item.unit), tax: item }] : []
      })
      const total = lines.reduce((sum, line) => sum + line.lineTotalMinor + (line.tax.taxIncluded ? 0 : lineTaxMinor(line.lineTotalMinor, line.tax.taxRate, false)), 0)
      if (order === undefined) move(basket, -1)
      sales.set(`R-${sales.size + 1}`, {
        id: `R-${sales.size + 1}`, revision: (revision += 1), at: '2026-05-01T10:00:00.000Z', currency: 'USD', totalMinor: total, order: order ?? null, lines: lines.map(({ tax: _tax, ...line }) => line),
      })
    },
    step(reference, status, reason) {
      const order = orders.get(reference)
      if (!order) return
      if (status === 'refused') move(order.lines, 1)
      order.status = status
      order.steps.push({ revision: (revision += 1), status, reason: reason ?? null, at: '2026-05-01T10:00:00.000Z' })
    },
    order: (id) => orders.get(id),
    fail: (status, when) => { failure = { status, when } },
    close: () => new Promise((resolve, reject) => { server.close((error) => (error ? reject(error) : resolve())) }),
  }
}
