import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { systemClock } from '../../contract/clock.ts'
import { openTillFile } from '../../connector/pos/embedded/schema.ts'
import { sell } from '../../connector/pos/embedded/till.ts'
import { handOver } from '../../connector/pos/embedded/web-orders.ts'

const TILL_COMMAND = path.resolve(import.meta.dirname, '../../connector/pos/embedded/till-cli.ts')

const TillItem = z.object({
  sku: z.string(), name: z.string(), brand: z.string().nullable(), category: z.string().nullable(), unit: z.string(),
  price_minor: z.int(), currency: z.string(), tax_included: z.int(), tax_rate: z.string(), tracked: z.int(),
})
export type TillItem = z.infer<typeof TillItem>
const Ticket = z.object({ ticket_id: z.int(), kind: z.string(), state: z.string(), reference: z.string().nullable(), order_number: z.string().nullable(), total_minor: z.int(), tax_minor: z.int() })
export type Ticket = z.infer<typeof Ticket>
const TicketLine = z.object({ ticket_id: z.int(), sku: z.string(), quantity: z.int(), unit_price_minor: z.int(), line_total_minor: z.int(), tax_minor: z.int() })
const Stock = z.object({ sku: z.string(), on_hand: z.int() })
const Moved = z.object({ sku: z.string(), moved: z.int() })

/** The till's own tables, read as they are, and the hands of its cashier. What a journey believes of the shop, it has read here. */
export function openTill(file: string) {
  const db = openTillFile(file, 'existing')
  const rows = <T>(schema: z.ZodType<T>, sql: string, ...values: (string | number)[]): T[] => schema.array().parse(db.prepare(sql).all(...values))
  return {
    file,
    items: () => rows(TillItem, 'SELECT * FROM items WHERE deleted = 0 ORDER BY sku'),
    barcodes: (sku: string) => rows(z.object({ barcode: z.string() }), 'SELECT barcode FROM barcodes WHERE sku = ? ORDER BY barcode', sku).map((row) => row.barcode),
    /** Every level the till has counted. */
    stock: () => new Map(rows(Stock, 'SELECT stock.* FROM stock JOIN items USING (sku) WHERE tracked = 1 AND deleted = 0').map((row) => [row.sku, row.on_hand])),
    onHand: (sku: string) => rows(Stock, 'SELECT * FROM stock WHERE sku = ?', sku)[0]?.on_hand ?? null,
    webTickets: () => rows(Ticket, "SELECT * FROM tickets WHERE kind = 'web' ORDER BY ticket_id"),
    ticketOf: (reference: string) => rows(Ticket, 'SELECT * FROM tickets WHERE reference = ?', reference)[0] ?? null,
    ticketsOfOrder: (orderNumber: string) => rows(Ticket, 'SELECT * FROM tickets WHERE order_number = ?', orderNumber),
    lines: (ticketId: number) => rows(TicketLine, 'SELECT * FROM ticket_lines WHERE ticket_id = ? ORDER BY line_no', ticketId),
    /** What every ticket that counts took off the shelf, by SKU; what came back is negative. */
    movedStock: () => new Map(rows(Moved, `SELECT sku, sum(quantity) AS moved FROM ticket_lines JOIN tickets USING (ticket_id)
      WHERE state NOT IN ('void', 'refused') GROUP BY sku`).map((row) => [row.sku, row.moved])),
    salesCount: () => rows(z.object({ n: z.int() }), "SELECT count(*) AS n FROM tickets WHERE kind = 'sale'")[0]?.n ?? 0,
    /** Sells at the counter and answers once the till has committed. */
    sell: (sku: string, quantity: number) => {
      const sold = sell(db, [{ sku, quantity }], systemClock())
      if (!sold.ok) throw new Error(`the till did not sell ${quantity} of ${sku}: ${sold.refusal.message}`)
      return sold.value
    },
    /** The shopper takes a web order home; `order` is its ticket, number or assignment id. */
    handOver: (order: string) => {
      const moved = handOver(db, order, systemClock())
      if (!moved.ok) throw new Error(`the till did not hand over ${order}: ${moved.refusal.message}`)
    },
    /** What staff type: `npm run till -- …`, as a process of its own. */
    command: async (...args: string[]) => {
      const { stdout } = await promisify(execFile)(process.execPath, [TILL_COMMAND, '--file', file, '--json', ...args])
      return stdout
    },
    close: () => db.close(),
  }
}
export type Till = ReturnType<typeof openTill>
