import { parse } from 'csv-parse/sync'
import { DateTime } from 'luxon'
import { z } from 'zod'

const Row = z.object({ InvoiceNo: z.string(), StockCode: z.string(), Description: z.string(), Quantity: z.coerce.number().int(), InvoiceDate: z.string(), UnitPrice: z.string() })
type Row = z.infer<typeof Row>

export const ZONE = 'Europe/London'
export const CURRENCY = 'GBP'
/** What the shop books and nobody carries home: postage, fees, discounts. */
const SERVICES = /^(?:POST|DOT|D|M|C2|S|B|CRUK|PADS|AMAZONFEE|BANK CHARGES)$/i

export type TicketLine = { sku: string; quantity: number; priceMinor: number }
/** What a cashier did: rang up a ticket, took one back, or found that some were broken or more than the books had (`moved`, no ticket). `at`: epoch ms. */
export type Deed = { at: number; invoice: string } & ({ kind: 'sale' | 'return'; lines: TicketLine[] } | { kind: 'moved'; sku: string; quantity: number })
export type Days = { days: string[]; items: Map<string, { name: string; priceMinor: number; tracked: boolean }>; deeds: Deed[]; lines: number; leftOut: { line: number; why: string }[] }

/**
 * Days of a shop's till, one line a position, as the shop kept them. Invoices that begin with C take goods back. A position of nothing, or one that no till could ring up, is left out and named.
 * One SKU at two prices on one ticket is two tickets: a till has one price for an item at a time.
 */
export function readDays(files: readonly string[]): Days {
  const rows = files.flatMap((text) => z.array(Row).parse(parse(text, { columns: true, bom: true, skip_empty_lines: true, relax_column_count: true })))
  const leftOut: Days['leftOut'] = []
  const items: Days['items'] = new Map()
  const invoices = new Map<string, { row: Row; line: TicketLine; at: number }[]>()
  const deeds: Deed[] = []
  for (const [index, row] of rows.entries()) {
    const sku = row.StockCode.trim().toUpperCase().replaceAll(/\s+/g, '-')
    const priceMinor = minorOf(row.UnitPrice)
    const at = DateTime.fromSQL(row.InvoiceDate, { zone: ZONE }).toMillis()
    if (sku === '' || Number.isNaN(at) || row.Quantity === 0 || priceMinor === null) {
      leftOut.push({ line: index + 1, why: sku === '' ? 'no stock code' : row.Quantity === 0 ? 'a quantity of 0' : priceMinor === null ? `a price of ${row.UnitPrice}` : 'no time' })
      continue
    }
    const name = row.Description.trim()
    const known = items.get(sku)
    if (!known) items.set(sku, { name: name || sku, priceMinor, tracked: !SERVICES.test(row.StockCode.trim()) })
    else if (known.name === sku && name !== '') known.name = name
    const isBack = /^C/i.test(row.InvoiceNo)
    // Fewer than before and nobody's money: counted, broken, found.
    if (!isBack && row.Quantity < 0) deeds.push({ kind: 'moved', at, invoice: row.InvoiceNo, sku, quantity: row.Quantity })
    else invoices.set(row.InvoiceNo, [...(invoices.get(row.InvoiceNo) ?? []), { row, at, line: { sku, quantity: Math.abs(row.Quantity), priceMinor } }])
  }
  for (const [invoice, positions] of invoices) {
    const kind = /^C/i.test(invoice) ? 'return' as const : 'sale' as const
    for (const lines of ticketsOf(positions.map(({ line }) => line))) deeds.push({ kind, at: Math.min(...positions.map(({ at }) => at)), invoice, lines })
  }
  const days = [...new Set(deeds.map(({ at }) => dayOf(at)))].sort((a, b) => (a < b ? -1 : 1))
  return { days, items, deeds: deeds.toSorted((a, b) => a.at - b.at), lines: rows.length, leftOut }
}

export const dayOf = (at: number): string => DateTime.fromMillis(at, { zone: ZONE }).toISODate() ?? ''

/** Each with one price for a SKU. */
function ticketsOf(lines: readonly TicketLine[]): TicketLine[][] {
  const tickets: TicketLine[][] = []
  for (const line of lines) {
    const fits = tickets.find((ticket) => ticket.every(({ sku, priceMinor }) => sku !== line.sku || priceMinor === line.priceMinor))
    if (fits) fits.push(line)
    else tickets.push([line])
  }
  return tickets
}

/** Pence; null below zero, and for parts of a penny. */
function minorOf(text: string): number | null {
  const [, pounds, pence = ''] = /^(\d+)(?:\.(\d{1,2}))?0*$/.exec(text.trim()) ?? []
  return pounds === undefined ? null : Number(pounds) * 100 + Number(pence.padEnd(2, '0'))
}
