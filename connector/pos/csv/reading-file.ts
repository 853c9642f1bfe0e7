import { toInstant } from '../../../contract/clock.ts'
import type { PosSale } from '../port.ts'
import type { CsvConfig, FileKind } from './csv-config.ts'
import { putGoods, putSale, putUnreadableGoods, tellRefusal, knownGoods } from './goods-book.ts'
import { putStatus } from './order-book.ts'
import { readLine } from './columns.ts'
import { readGoodsLine, readSalesLine, readStatusLine, type SalesLine } from './read-lines.ts'
import type { FileRecord } from './open-records.ts'
import type { ShopState } from './shop-state.ts'

/** How far the file that is being read has come. Kept in the state with every batch, so that a crash costs one batch at the most. */
export type Reading = {
  name: string
  identity: string
  /** The name it gets in processed/ or rejected/. */
  target: string
  kind: FileKind | null
  whole: boolean
  moment: number
  phase: 'lines' | 'sweep' | 'end'
  /** Records after the header whose facts are in the state; of an invoice that may go on, none. */
  done: number
  /** Where the sweep goes on. */
  after: string
  /** The invoice that goes on, and which part of it. */
  invoice: { number: string; part: number } | null
  accepted: number
  used: number
  refused: number
  /** A line of the file could not even be told apart: what it would have named cannot be known, so nothing is gone. */
  blind: boolean
  broken: string | null
}

/** A receipt of the contract; a longer invoice is told in parts. */
const SALE_LINES_MAX = 500
/** Beyond it the list of reasons is the place to look: the quarantine is for a person's eye. */
export const REFUSALS_TOLD_MAX = 1_000

type OpenInvoice = { lines: SalesLine[]; records: FileRecord[]; number: string; part: number; consumed: number }
type Header<C extends string> = { width: number; at: Map<C, number> }

/** Takes batches of one file into the state. `consumed` counts records after the header. */
export function createIntake(state: ShopState, config: CsvConfig, reading: Reading, columns: Header<string>) {
  let open: OpenInvoice | null = null
  let consumed = reading.done

  const refuse = (record: FileRecord, reason: string, sku: string | null): void => {
    const fresh = state.run('INSERT OR IGNORE INTO refused_lines (line, reason, text) VALUES (?, ?, ?)', record.line, reason, record.text) > 0
    if (!fresh) return
    reading.refused += 1
    if (reading.refused <= REFUSALS_TOLD_MAX) tellRefusal(state, sku === null ? `lines/${reading.name}/${record.line}` : `goods/${sku}`, `${reading.name}, line ${record.line}: ${reason}`, record.text)
  }

  const takeGoods = (record: FileRecord): void => {
    const line = readLine(record.cells, columns)
    if (!line.ok) {
      reading.blind = true
      return refuse(record, line.refusal, null)
    }
    const read = readGoodsLine(line.value, config)
    if (read.ok) {
      reading.accepted += 1
      if (putGoods(state, read.value, reading.moment)) reading.used += 1
      return
    }
    const { sku, reason } = read.refusal
    if (sku === null) reading.blind = true
    else putUnreadableGoods(state, sku, reading.moment)
    refuse(record, reason, sku)
  }

  const closeInvoice = (goesOn: boolean): void => {
    if (!open) return
    const { lines, records, number, part } = open
    const [first] = lines
    if (first) {
      const told = putSale(state, saleOf(number, part, lines, config.currency), first.soldAt, config.sales.moveStock)
      if (told === 'other') for (const record of records) refuse(record, `invoice: ${number} was told before, with other lines; an invoice must stand in one piece`, null)
      else reading.accepted += lines.length
      if (told === 'new') reading.used += lines.length
    }
    open = goesOn ? { number, part: part + 1, lines: [], records: [], consumed } : null
  }

  const takeSale = (record: FileRecord): void => {
    const line = readLine(record.cells, columns)
    if (!line.ok) return refuse(record, line.refusal, null)
    const read = readSalesLine(line.value, config, (sku) => knownGoods(state, sku))
    if (!read.ok) return refuse(record, read.refusal.reason, null)
    const sale = read.value
    if (open && (open.number !== sale.invoice || open.lines.some((other) => other.assignmentId !== sale.assignmentId))) closeInvoice(false)
    else if (open && open.lines.length >= SALE_LINES_MAX) closeInvoice(true)
    open ??= { number: sale.invoice, part: reading.invoice?.number === sale.invoice ? reading.invoice.part : 1, lines: [], records: [], consumed }
    reading.invoice = null
    open.lines.push(sale)
    open.records.push(record)
  }

  const takeStatus = (record: FileRecord): void => {
    const line = readLine(record.cells, columns)
    if (!line.ok) return refuse(record, line.refusal, null)
    const read = readStatusLine(line.value, config)
    const reason = read.ok ? putStatus(state, read.value, reading.moment) : read.refusal.reason
    if (reason !== null) return refuse(record, reason, null)
    reading.accepted += 1
    reading.used += 1
  }

  const take = reading.kind === 'sales' ? takeSale : reading.kind === 'status' ? takeStatus : takeGoods
  return {
    /** One batch, inside a transaction. */
    take(records: readonly FileRecord[]): void {
      for (const record of records) {
        take(record)
        consumed += 1
      }
      reading.done = open?.consumed ?? consumed
      reading.invoice = open ? { number: open.number, part: open.part } : null
    },
    /** The file has ended, and is as it was when it was begun: the last invoice is whole. */
    end(): void {
      closeInvoice(false)
      reading.done = consumed
      reading.invoice = null
    },
  }
}

/** A return is what brings goods back and takes none; an exchange is a sale. */
function saleOf(number: string, part: number, lines: readonly SalesLine[], currency: string): PosSale {
  const [first] = lines
  return {
    saleId: part === 1 ? number : `${number}/${part}`,
    kind: lines.every(({ quantity }) => quantity < 0) ? 'return' : 'sale',
    lines: lines.map(({ sku, quantity, unitPriceMinor, lineTotalMinor }) => ({ sku, quantity, unitPriceMinor, lineTotalMinor })),
    totalMinor: lines.reduce((sum, line) => sum + line.lineTotalMinor + line.taxOnTopMinor, 0),
    currency,
    assignmentId: first?.assignmentId ?? null,
    occurredAt: toInstant(first?.soldAt ?? 0),
  }
}
