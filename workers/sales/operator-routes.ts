import { Hono } from 'hono'
import { z } from 'zod'
import { fromInstant } from '../../contract/clock.ts'
import { isSearchable, NOT_SEARCHABLE, SALES_FILTERS, TotalsQuery } from '../../contract/sales.ts'
import type { SalesFilter } from '../../contract/sales.ts'
import type { AppEnv } from '../gateway/context.ts'
import { encodeCursor, PageQuery, TimeCursor } from '../gateway/paging.ts'
import { query } from '../gateway/query.ts'
import { daysBetween } from './days.ts'
import { exportSales } from './export-sales.ts'
import type { DayTotal, SalesQuery } from './port.ts'

const NO_STORE = { 'Cache-Control': 'no-store' }
const ListQuery = z.object({ ...SALES_FILTERS, ...PageQuery.shape, cursor: TimeCursor }).refine(isSearchable, NOT_SEARCHABLE)
const ExportQuery = z.object({ ...SALES_FILTERS, format: z.enum(['csv', 'ndjson']).default('csv') }).refine(isSearchable, NOT_SEARCHABLE)
const TYPES = { csv: 'text/csv; charset=utf-8; header=present', ndjson: 'application/x-ndjson' } as const

/** Tills and web orders in one list, mounted at `/admin/v1/sales` behind the gateway's authentication. */
export const operatorSales = new Hono<AppEnv>()

function toQuery({ storeId, channel, sku, kind, from, to }: SalesFilter): SalesQuery {
  return { ...(storeId ? { storeId } : {}), ...(channel ? { channel } : {}), ...(sku ? { sku } : {}), ...(kind ? { kind } : {}), ...(from ? { from: fromInstant(from) } : {}), ...(to ? { to: fromInstant(to) } : {}) }
}

operatorSales.get('/', query(ListQuery), async (c) => {
  const { cursor, limit, ...filter } = c.req.valid('query')
  const found = await c.var.ports.salesView.list(toQuery(filter), 'newest', cursor, limit + 1)
  const last = found.length > limit ? found[limit - 1]?.place : undefined
  return c.json({ items: found.slice(0, limit).map(({ sale }) => sale), nextCursor: last ? encodeCursor(`${last.at} ${last.id}`) : null }, 200, NO_STORE)
})

operatorSales.get('/totals', query(TotalsQuery), async (c) => {
  const { from, to, storeId, channel } = c.req.valid('query')
  const { stores, salesView } = c.var.ports
  // A day is a store's own; those that share a clock are asked about together.
  const zones = Map.groupBy((await stores.list()).filter((store) => storeId === undefined || store.storeId === storeId), ({ timeZone }) => timeZone)
  const found = await Promise.all([...zones].map(([zone, of]) => salesView.totals(of.map((store) => store.storeId), daysBetween(from, to, zone), channel ?? null)))
  return c.json({ items: found.flat().toSorted((a, b) => compare(a, b)).map(toTotal), nextCursor: null }, 200, NO_STORE)
})

operatorSales.get('/export', query(ExportQuery), (c) => {
  const { format, ...filter } = c.req.valid('query')
  return c.body(exportSales(c.var.ports.salesView, toQuery(filter), format), 200, { ...NO_STORE, 'Content-Type': TYPES[format], 'Content-Disposition': `attachment; filename="sales.${format}"` })
})

const nameOf = ({ day, storeId, channel, currency }: DayTotal): string => `${day} ${storeId} ${channel} ${currency}`
const compare = (a: DayTotal, b: DayTotal): number => (nameOf(a) < nameOf(b) ? -1 : 1)

function toTotal({ storeId, day, channel, currency, sales, salesMinor, returns, returnsMinor }: DayTotal) {
  const money = (amountMinor: number) => ({ amountMinor, currency })
  return { storeId, day, channel, sales: { count: sales, total: money(salesMinor) }, returns: { count: returns, total: money(returnsMinor) }, total: money(salesMinor + returnsMinor) }
}
