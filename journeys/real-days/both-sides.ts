import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { DailyTotals, Sale } from '../../contract/sales.ts'
import type { OrderStatus } from '../../contract/status.ts'
import { expectAnswer } from '../local/edge-api.ts'
import type { Stores } from '../local/stores.ts'
import type { Told } from './differences.ts'
import { dayOf } from './read-days.ts'

const Ticket = z.object({ ticket_id: z.int(), kind: z.enum(['sale', 'return', 'web']), state: z.string(), order_number: z.string().nullable(), total_minor: z.int(), opened_at: z.string() })
const Line = z.object({ ticket_id: z.int(), sku: z.string(), quantity: z.int(), unit_price_minor: z.int() })
const Level = z.object({ sku: z.string(), on_hand: z.int() })
const ASKED_AT_ONCE = 8
const TICKET_IS: Record<string, string> = { done: 'completed', void: 'cancelled', refused: 'cancelled' }
/** What of it came back stands in tickets of their own. */
const ORDER_IS: Partial<Record<OrderStatus, string>> = { partially_refunded: 'completed', refunded: 'completed' }
const lineText = (sku: string, quantity: number, priceMinor: number): string => `${quantity} × ${sku} at ${priceMinor}`
/** Web orders are of the day on which this runs, whatever day the shop's till is at. */
const key = (day: string, channel: string, kind: string): string => (channel === 'web' ? `web ${kind}` : `${day} ${channel} ${kind}`)

function add(totals: Map<string, { count: number; minor: number }>, at: string, count: number, minor: number): void {
  const before = totals.get(at) ?? { count: 0, minor: 0 }
  if (count > 0) totals.set(at, { count: before.count + count, minor: before.minor + minor })
}

/** What the till has in its own tables. */
export function tillTold(db: DatabaseSync, storeId: string): Told {
  const lines = Map.groupBy(z.array(Line).parse(db.prepare('SELECT ticket_id, sku, quantity, unit_price_minor FROM ticket_lines').all()), (line) => line.ticket_id)
  const [totals, tickets] = [new Map<string, { count: number; minor: number }>(), new Map<string, { kind: string; minor: number; lines: string[] }>()]
  const tillId = z.object({ till_id: z.string() }).parse(db.prepare('SELECT till_id FROM till').get()).till_id
  for (const ticket of z.array(Ticket).parse(db.prepare('SELECT ticket_id, kind, state, order_number, total_minor, opened_at FROM tickets').all())) {
    const isWeb = ticket.order_number !== null
    const of = (lines.get(ticket.ticket_id) ?? []).map((line) => lineText(line.sku, line.quantity, line.unit_price_minor))
    if (ticket.state === 'done') add(totals, key(dayOf(Date.parse(ticket.opened_at)), isWeb ? 'web' : 'till', ticket.kind === 'return' ? 'returns' : 'sales'), 1, ticket.total_minor)
    if (ticket.kind === 'web') tickets.set(`order ${ticket.order_number}`, { kind: TICKET_IS[ticket.state] ?? ticket.state, minor: ticket.total_minor, lines: of })
    else tickets.set(`${storeId}/${tillId}/T-${String(ticket.ticket_id).padStart(6, '0')}`, { kind: ticket.kind, minor: ticket.total_minor, lines: of })
  }
  const stock = new Map(z.array(Level).parse(db.prepare('SELECT sku, on_hand FROM stock JOIN items USING (sku) WHERE tracked = 1').all()).map((row) => [row.sku, row.on_hand]))
  return { totals, stock, tickets }
}

/** What the edge says over its public and operator APIs, and what of the list stands there twice. */
export async function webTold(house: Stores, days: readonly string[], today: string[], skus: readonly string[]): Promise<Told & { twice: string[] }> {
  const totals = new Map<string, { count: number; minor: number }>()
  for (const span of [days, today]) {
    const { items } = expectAnswer(await house.operator.send(`/sales/totals?from=${span[0]}&to=${span.at(-1)}`), 200, DailyTotals)
    for (const { day, channel, sales, returns } of items) {
      add(totals, key(day, channel, 'sales'), sales.count, sales.total.amountMinor)
      add(totals, key(day, channel, 'returns'), returns.count, returns.total.amountMinor)
    }
  }
  const tickets = new Map<string, { kind: string; minor: number; lines: string[] }>()
  const [twice, seen] = [[] as string[], new Set<string>()]
  for (const text of (await house.operator.send('/sales/export?format=ndjson')).text.split('\n').filter(Boolean)) {
    const sale = Sale.parse(JSON.parse(text))
    const id = sale.kind === 'order' ? `order ${sale.number}` : sale.id
    if (seen.has(id)) twice.push(id)
    seen.add(id)
    const lines = sale.lines.map(({ sku, quantity, unitPrice }) => lineText(sku, quantity, unitPrice.amountMinor))
    // A long receipt comes in parts.
    const first = sale.partOf === null ? undefined : tickets.get(sale.partOf)
    if (first) tickets.set(sale.partOf ?? '', { ...first, minor: first.minor + sale.total.amountMinor, lines: [...first.lines, ...lines] })
    else tickets.set(id, { kind: sale.status === null ? sale.kind : ORDER_IS[sale.status] ?? sale.status, minor: sale.total.amountMinor, lines })
  }
  return { totals, tickets, twice, stock: await levels(house, skus) }
}

/** On hand as the counters have it, and none of it promised to anybody. */
async function levels(house: Stores, skus: readonly string[]): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  const waiting = [...skus].values()
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, async () => {
    for (const sku of waiting) {
      const [store] = (await house.operator.explain(sku))?.stores ?? []
      const promised = store?.reservations.reduce((sum, { quantity }) => sum + quantity, 0) ?? 0
      if (store?.onHand !== undefined && store.onHand !== null) found.set(sku, store.onHand - promised)
    }
  }))
  return found
}
