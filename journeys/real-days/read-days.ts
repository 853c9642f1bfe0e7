import { parse } from 'csv-parse/sync'
import { DateTime } from 'luxon'
import { z } from 'zod'

const Row = z.object({ InvoiceNo: z.string(), StockCode: z.string(), Description: z.string().default(''), Quantity: z.string(), InvoiceDate: z.string(), UnitPrice: z.string() })

export const ZONE = 'Europe/London'
export const CURRENCY = 'GBP'
/** What the shop books and nobody carries home: postage, fees, discounts. */
const SERVICES = /^(?:POST|DOT|D|M|C2|S|B|CRUK|PADS|AMAZONFEE|BANK CHARGES)$/i

export type TicketLine = { sku: string; quantity: number; priceMinor: number }
/** What a cashier did: rang up a ticket, took one back, or found that some were broken or more than the books had (`moved`, no ticket). `at`: epoch ms. */
export type Deed = { at: number; invoice: string } & ({ kind: 'sale' | 'return'; lines: TicketLine[] } | { kind: 'moved'; sku: string; quantity: number })
/** `booked`: what the files themselves come to by day and kind, in pence. */
export type Days = { days: string[]; booked: Map<string, number>; items: Map<string, { name: string; priceMinor: number; tracked: boolean }>; deeds: Deed[]; lines: number; leftOut: { line: number; why: string }[] }

/**
 * Days of a shop's till, one line a position, as the shop kept them. Invoices that begin with C take goods back. A position of nothing, or one that no till could ring up, is left out and named.
 * One SKU at two prices on one ticket is two tickets: a till has one price for an item at a time.
 */
export function readDays(files: readonly string[]): Days {
  const rows = files.flatMap((text) => (parse(text, { columns: true, bom: true, skip_empty_lines: true, relax_column_count: true }) as unknown[]).map((row) => Row.safeParse(row)))
  const leftOut: Days['leftOut'] = []
  const items: Days['items'] = new Map()
  const invoices = new Map<string, { line: TicketLine; at: number }[]>()
  const deeds: Deed[] = []
  const booked: Days['booked'] = new Map()
  for (const [index, read] of rows.entries()) {
    const line = index + 1
    if (!read.success) {
      leftOut.push({ line, why: `no ${read.error.issues.map(({ path }) => path.join('.')).join(', ')}` })
      continue
    }
    const row = read.data
    const sku = row.StockCode.trim().toUpperCase().replaceAll(/\s+/g, '-')
    const priceMinor = minorOf(row.UnitPrice)
    const at = DateTime.fromSQL(row.InvoiceDate, { zone: ZONE }).toMillis()
    const quantity = /^-?[1-9]\d{0,6}$/.test(row.Quantity.trim()) ? Number(row.Quantity) : null
    if (sku === '' || Number.isNaN(at) || quantity === null || priceMinor === null) {
      leftOut.push({ line, why: sku === '' ? 'no stock code' : quantity === null ? `a quantity of ${row.Quantity}` : priceMinor === null ? `a price of ${row.UnitPrice}` : 'no time' })
      continue
    }
    const name = row.Description.trim()
    const known = items.get(sku)
    if (!known) items.set(sku, { name: name || sku, priceMinor, tracked: !SERVICES.test(row.StockCode.trim()) })
    else if (known.name === sku && name !== '') known.name = name
    const isBack = /^C/i.test(row.InvoiceNo)
    // Fewer than before and nobody's money: counted, broken, found.
    if (!isBack && quantity < 0) {
      deeds.push({ kind: 'moved', at, invoice: row.InvoiceNo, sku, quantity })
      continue
    }
    const key = `${dayOf(at)} till ${isBack ? 'returns' : 'sales'}`
    booked.set(key, (booked.get(key) ?? 0) + (isBack ? -1 : 1) * Math.abs(quantity) * priceMinor)
    invoices.set(row.InvoiceNo, [...(invoices.get(row.InvoiceNo) ?? []), { at, line: { sku, quantity: Math.abs(quantity), priceMinor } }])
  }
  for (const [invoice, positions] of invoices) {
    const kind = /^C/i.test(invoice) ? 'return' as const : 'sale' as const
    for (const lines of ticketsOf(positions.map(({ line }) => line))) deeds.push({ kind, at: Math.min(...positions.map(({ at }) => at)), invoice, lines })
  }
  const days = [...new Set(deeds.map(({ at }) => dayOf(at)))].sort((a, b) => (a < b ? -1 : 1))
  return { days, booked, items, deeds: deeds.toSorted((a, b) => a.at - b.at), lines: rows.length, leftOut }
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
