import { stringify } from 'csv-stringify/browser/esm/sync'
import type { Sale } from '../../contract/sales.ts'
import type { Money } from '../../contract/values.ts'
import { decimalAmount } from './decimal-amount.ts'
import type { Place, SalesQuery, SalesView } from './port.ts'

/** One query's answer, a third of a megabyte; whoever reads slowly has us hold one of them. */
const PAGE = 500
const encoder = new TextEncoder()

export type ExportFormat = 'csv' | 'ndjson'
const COLUMNS = ['kind', 'id', 'number', 'order_id', 'channel', 'stores', 'at', 'status', 'line', 'sku', 'name', 'quantity', 'unit_price', 'line_total', 'total', 'currency', 'part_of'] as const

/** All that is found, oldest first, as it is read: a page is asked for when the one before it has been taken. */
export function exportSales(view: Pick<SalesView, 'list'>, query: SalesQuery, format: ExportFormat): ReadableStream<Uint8Array> {
  let after: Place | null = null
  let isFirst = true
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const found = await view.list(query, 'oldest', after, PAGE)
      const sales = found.map(({ sale }) => sale)
      const text = format === 'csv' ? csvOf(sales, isFirst) : sales.map((sale) => `${JSON.stringify(sale)}\n`).join('')
      isFirst = false
      after = found.at(-1)?.place ?? null
      if (text !== '') controller.enqueue(encoder.encode(text))
      if (found.length < PAGE) controller.close()
    },
  }, { highWaterMark: 0 })
}

/** A row a line, amounts in whole units of the currency. A cell that a spreadsheet would take for a formula is made text; what is below zero is a number. */
function csvOf(sales: readonly Sale[], withHeader: boolean): string {
  const rows = sales.flatMap((sale) => sale.lines.map((line, index) => [
    sale.kind, sale.id, sale.number ?? '', sale.orderId ?? '', sale.channel, sale.storeIds.join(' '), sale.at, sale.status ?? '', index + 1, line.sku, line.name ?? '', line.quantity,
    line.unitPrice, line.lineTotal, sale.total, sale.total.currency, sale.partOf ?? '',
  ]))
  return stringify(withHeader ? [[...COLUMNS], ...rows] : rows, { escape_formulas: true, cast: { object: (money) => ({ value: decimalAmount(money as Money), escape_formulas: false }) } })
}
