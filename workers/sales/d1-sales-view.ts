import { z } from 'zod'
import { toInstant } from '../../contract/clock.ts'
import { TILL_CHANNEL } from '../../contract/sales.ts'
import type { Sale } from '../../contract/sales.ts'
import { OrderStatus } from '../../contract/status.ts'
import type { DayTotal, FoundSale, SalesView } from './port.ts'

const ORDER_OF = "substr(assignment_id, 1, instr(assignment_id, '.') - 1)"
/** ?1 store, ?2 channel, ?3 SKU, ?4 kind, ?5 from, ?6 to, ?7 and ?8 the place after which it goes on, ?9 how many. */
const LIST = (newest: boolean): string => {
  const [beyond, turn] = newest ? ['<', 'DESC'] : ['>', 'ASC']
  // Bounds that the index on the time can use: each branch reads no further than the page needs.
  const [low, high] = newest ? ['coalesce(?5, 0)', 'min(coalesce(?6 - 1, 9e15), coalesce(?7, 9e15))'] : ['max(coalesce(?5, 0), coalesce(?7, 0))', 'coalesce(?6 - 1, 9e15)']
  const page = (at: string, id: string): string => `${at} BETWEEN ${low} AND ${high} AND (?7 IS NULL OR ${at} ${beyond} ?7 OR ${id} ${beyond} ?8)`
  const first = (at: string, id: string): string => `ORDER BY ${at} ${turn}, ${id} ${turn} LIMIT ?9`
  const saleId = "store_id || '/' || sale_id"
  return `
  -- An item that was renamed was sold under its former SKUs, until then.
  WITH RECURSIVE names (name, until) AS (SELECT ?3, 9e15 UNION SELECT former_sku, at FROM sku_renames JOIN names ON sku_renames.sku = name)
  SELECT * FROM (
    SELECT * FROM (
      SELECT 'order' AS kind, order_id AS id, placed_at AS at, channel, number, status, purchase AS body, assignments, NULL AS storeId, NULL AS assignmentId, NULL AS totalMinor, NULL AS currency, NULL AS partOf FROM orders
      WHERE status <> 'abandoned' AND ${page('placed_at', 'order_id')} AND (?4 IS NULL OR ?4 = 'order') AND (?2 IS NULL OR channel = ?2)
        AND (?1 IS NULL OR EXISTS (SELECT 1 FROM json_each(orders.assignments) WHERE value ->> 'storeId' = ?1))
        AND (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(orders.purchase, '$.lines') line JOIN names ON name = line.value ->> 'sku' AND placed_at <= until))
      ${first('placed_at', 'order_id')})
    UNION ALL
    SELECT * FROM (
      SELECT sales.kind, ${saleId} AS id, occurred_at, coalesce(origin.channel, '${TILL_CHANNEL}'), NULL, NULL, lines, NULL, store_id, assignment_id, total_minor, currency, part_of FROM sales
      LEFT JOIN orders origin ON origin.order_id = ${ORDER_OF} AND origin.status <> 'abandoned'
      WHERE ${page('occurred_at', saleId)} AND (?4 IS NULL OR ?4 = sales.kind) AND (?2 IS NULL OR coalesce(origin.channel, '${TILL_CHANNEL}') = ?2) AND (?1 IS NULL OR store_id = ?1)
        -- A web order at the till is that order, not a second sale (rules.md 3). What came back of it is news.
        AND (sales.kind = 'return' OR origin.order_id IS NULL)
        AND (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(sales.lines) line JOIN names ON name = line.value ->> 'sku' AND occurred_at <= until))
      ${first('occurred_at', saleId)})
  )
  ${first('at', 'id')}`
}

/** ?1 days, ?2 stores, ?3 channel. Each sale is looked at once, whatever the number of stores. */
const TOTALS = `
  SELECT store_id AS storeId, day, channel, currency, sum(kind = 'sale' AND part_of IS NULL) AS sales, sum(CASE kind WHEN 'sale' THEN total_minor ELSE 0 END) AS salesMinor,
    sum(kind = 'return' AND part_of IS NULL) AS returns, sum(CASE kind WHEN 'return' THEN total_minor ELSE 0 END) AS returnsMinor
  FROM (
    SELECT sales.store_id, days.value ->> 'day' AS day, coalesce(origin.channel, '${TILL_CHANNEL}') AS channel, sales.currency, sales.kind, sales.total_minor, sales.part_of
    FROM json_each(?1) days JOIN sales ON sales.occurred_at >= (days.value ->> 'from') AND sales.occurred_at < (days.value ->> 'to')
    LEFT JOIN orders origin ON origin.order_id = ${ORDER_OF} AND origin.status <> 'abandoned'
    WHERE sales.store_id IN (SELECT value FROM json_each(?2))
  ) WHERE ?3 IS NULL OR channel = ?3
  GROUP BY store_id, day, channel, currency ORDER BY day, store_id, channel, currency`

const Money = z.object({ amountMinor: z.int(), currency: z.string() })
const TillLines = z.array(z.object({ sku: z.string(), quantity: z.int(), unitPrice: Money, lineTotal: Money }))
const Bought = z.object({ lines: z.array(z.object({ sku: z.string(), name: z.string(), quantity: z.int(), unitPrice: Money, lineTotal: Money })), totals: z.object({ total: Money }) })
const Parts = z.array(z.object({ storeId: z.string() }))
const Row = z.object({
  kind: z.enum(['order', 'sale', 'return']), id: z.string(), at: z.int(), channel: z.string(), number: z.string().nullable(), status: OrderStatus.nullable(), body: z.string(), assignments: z.string().nullable(),
  storeId: z.string().nullable(), assignmentId: z.string().nullable(), totalMinor: z.int().nullable(), currency: z.string().nullable(), partOf: z.string().nullable(),
})
type Row = z.infer<typeof Row>

/** Tills and web orders together, in D1. */
export const createSalesView = (database: D1Database): SalesView => ({
  async list({ storeId, channel, sku, kind, from, to }, order, after, limit) {
    const { results } = await database.prepare(LIST(order === 'newest')).bind(storeId ?? null, channel ?? null, sku ?? null, kind ?? null, from ?? null, to ?? null, after?.at ?? null, after?.id ?? null, limit).all()
    return results.map((row): FoundSale => {
      const read = Row.parse(row)
      return { place: { at: read.at, id: read.id }, sale: toSale(read) }
    })
  },
  async totals(storeIds, days, channel) {
    return (await database.prepare(TOTALS).bind(JSON.stringify(days), JSON.stringify(storeIds), channel).all<DayTotal>()).results
  },
})

function toSale({ kind, id, at, channel, number, status, body, assignments, storeId, assignmentId, totalMinor, currency, partOf }: Row): Sale {
  const about = { kind, id, channel, at: toInstant(at), number, status, assignmentId, orderId: assignmentId?.split('.')[0] ?? null, partOf: partOf === null ? null : `${storeId}/${partOf}` }
  if (kind === 'order') {
    const { lines, totals } = Bought.parse(JSON.parse(body))
    const stores = Parts.parse(JSON.parse(assignments ?? '[]')).map((part) => part.storeId)
    return { ...about, orderId: id, storeIds: [...new Set(stores)], total: totals.total, lines: lines.map(({ sku, name, quantity, unitPrice, lineTotal }) => ({ sku, name, quantity, unitPrice, lineTotal })) }
  }
  return { ...about, storeIds: storeId === null ? [] : [storeId], total: { amountMinor: totalMinor ?? 0, currency: currency ?? '' }, lines: TillLines.parse(JSON.parse(body)).map((line) => ({ ...line, name: null })) }
}
