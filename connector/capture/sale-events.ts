import { Buffer } from 'node:buffer'
import { SALE_LINES_MAX } from '../../contract/events.ts'
import { EVENT_BYTES_MAX, eventBytes } from '../journal/event-size.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'
import type { PosSale } from '../pos/port.ts'

type SaleEvent = Extract<OutgoingEvent, { type: 'sale.recorded' }>
type Line = SaleEvent['data']['lines'][number]

/**
 * A sale as the edge is told of it: one event, or for a receipt too long for one several, of which the further ones name the first.
 * The totals of the parts add up to what was paid; what the lines do not say of it (tax on top, a rounding) is in the first.
 */
export function saleEvents(sale: PosSale): OutgoingEvent[] {
  const money = (amountMinor: number) => ({ amountMinor, currency: sale.currency })
  const event = (part: number, lines: Line[], totalMinor: number): SaleEvent => ({
    type: 'sale.recorded',
    occurredAt: sale.occurredAt,
    data: {
      saleId: part === 1 ? sale.saleId : `${sale.saleId}/${part}`,
      kind: sale.kind,
      lines,
      total: money(totalMinor),
      ...(sale.assignmentId ? { assignmentId: sale.assignmentId } : {}),
      ...(part === 1 ? (sale.partOf === undefined ? {} : { partOf: sale.partOf }) : { partOf: sale.partOf ?? sale.saleId }),
    },
  })
  const lines = sale.lines.map((line) => ({ sku: line.sku, quantity: line.quantity, unitPrice: money(line.unitPriceMinor), lineTotal: money(line.lineTotalMinor) }))
  const parts = partsOf(lines, eventBytes(event(Number.MAX_SAFE_INTEGER, [], Number.MAX_SAFE_INTEGER)))
  const totals = parts.map((part) => part.reduce((sum, { lineTotal }) => sum + lineTotal.amountMinor, 0))
  const unsaid = sale.totalMinor - totals.reduce((sum, total) => sum + total, 0)
  return parts.map((part, index) => event(index + 1, part, (totals[index] ?? 0) + (index === 0 ? unsaid : 0)))
}

/** As few as fit; one at least. `around`: bytes of an event without lines. */
function partsOf(lines: readonly Line[], around: number): Line[][] {
  let part: Line[] = []
  const parts = [part]
  let bytes = around
  for (const line of lines) {
    const more = Buffer.byteLength(JSON.stringify(line)) + 1
    if (part.length > 0 && (part.length === SALE_LINES_MAX || bytes + more > EVENT_BYTES_MAX)) {
      parts.push((part = []))
      bytes = around
    }
    part.push(line)
    bytes += more
  }
  return parts
}
