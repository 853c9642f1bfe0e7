import { toInstant, type Clock } from '../../../contract/clock.ts'
import { SALE_LINES_MAX } from '../../../contract/events.ts'
import type { PosSale } from '../port.ts'
import { settle, tellRefusal } from './ailing.ts'
import type { CsvConfig, FileKind } from './csv-config.ts'
import type { FileReport } from './file-report.ts'
import { namedBefore, putGoods, putSale, putUnreadableGoods, knownGoods } from './goods-book.ts'
import { putStatus } from './order-book.ts'
import { readLine } from './columns.ts'
import { isNoGoods, readGoodsLine, readSalesLine, readStatusLine, type SalesLine } from './read-lines.ts'
import type { FileRecord } from './open-records.ts'
import type { ShopState } from './shop-state.ts'

/** What the file brought so far, as its report tells it. */
export type Counts = Pick<FileReport, 'rows' | 'goods' | 'items' | 'removed' | 'levels' | 'sales' | 'known' | 'tooOld' | 'statuses' | 'refused' | 'notGoods'>
export const NO_COUNTS: Counts = { rows: 0, goods: 0, items: 0, removed: 0, levels: 0, sales: 0, known: 0, tooOld: 0, statuses: 0, refused: 0, notGoods: 0 }

/** How far the file that is being read has come. Kept in the state with every batch, so that a crash costs one batch at the most. */
export type Reading = {
  /** Its number among the files that were taken in. */
  file: number
  name: string
  /** The file whose lines they are: another name than its own when some of them come back mended. */
  origin: string
  identity: string
  /** The name it gets in processed/ or rejected/. */
  target: string
  kind: FileKind | null
  whole: boolean
  moment: number
  beganAt: number
  phase: 'lines' | 'sweep' | 'end'
  /** Records after the header whose facts are in the state; of an invoice that may go on, none. */
  done: number
  /** Where the sweep goes on. */
  after: string
  /** The invoice that goes on, and which part of it; `partOf`: the same sale as the part of this id. */
  invoice: { number: string; part: number; partOf?: string | null } | null
  counts: Counts
  used: number
  /** The newest moment of what is known and newer than this file; 0: nothing is. */
  newer: number
  /** A line of the file could not even be told apart: what it would have named cannot be known, so nothing is gone. */
  blind: boolean
  broken: string | null
}

/** Beyond it the list of reasons is the place to look: the quarantine is for a person's eye. */
export const REFUSALS_TOLD_MAX = 1_000
/** What a line calls itself, in the key of its refusal. */
const KEY_PART_MAX = 100

type OpenInvoice = { lines: SalesLine[]; records: FileRecord[]; number: string; part: number; partOf: string | null; consumed: number; notGoods: number }
type Header<C extends string> = { width: number; at: Map<C, number>; cells: readonly string[] }

/** Takes batches of one file into the state. `consumed` counts records after the header. */
export function createIntake(state: ShopState, config: CsvConfig, reading: Reading, header: Header<string>, now: Clock) {
  const { counts } = reading
  let open: OpenInvoice | null = null
  let consumed = reading.done

  const refuse = (record: FileRecord, reason: string, key: string | null): void => {
    const fresh = state.run('INSERT OR IGNORE INTO refused_lines (line, reason, text) VALUES (?, ?, ?)', record.line, reason, record.text) > 0
    if (!fresh) return
    counts.refused += 1
    if (counts.refused > REFUSALS_TOLD_MAX) return
    const { origin, name, kind, target, file, moment } = reading
    tellRefusal(state, { key: key ?? `lines/${origin}/${record.line}`, name: origin, kind, target, file, moment, reason: `${name}, line ${record.line}: ${reason}`, text: record.text })
  }

  const takeGoods = (record: FileRecord): void => {
    const line = readLine(record.cells, header)
    if (!line.ok) {
      reading.blind = true
      return refuse(record, line.refusal, null)
    }
    if (isNoGoods(line.value, config)) {
      counts.notGoods += 1
      return
    }
    const read = readGoodsLine(line.value, config, header.at.has('taxRate'))
    if (read.ok) {
      const named = reading.whole ? namedBefore(state, read.value, record.line) : null
      if (named?.isSame) return
      if (named && named.line > 0) return refuse(record, `sku: line ${named.line} of this file has said something else of ${read.value.sku}; that line was used`, `goods/${read.value.sku}`)
      counts.goods += 1
      const put = putGoods(state, read.value, reading.moment, reading.whole ? reading.file : 0)
      if (put.newer === 0) settle(state, `goods/${read.value.sku}`, reading.file)
      if (put.used) reading.used += 1
      if (put.item) counts.items += 1
      if (put.level) counts.levels += 1
      reading.newer = Math.max(reading.newer, put.newer)
      return
    }
    const { sku, reason } = read.refusal
    if (sku === null) reading.blind = true
    else putUnreadableGoods(state, sku, reading.moment, reading.whole ? reading.file : 0)
    refuse(record, reason, sku === null ? null : `goods/${sku}`)
  }

  /** `goes`: what of it follows is the same sale, or another on the same receipt. */
  const closeInvoice = (goes: 'on' | 'elsewhere' | 'no'): void => {
    if (!open) return
    const { lines, records, number, part, partOf, notGoods } = open
    const sale = saleOf(open, config.currency)
    const [first] = lines
    if (first) {
      const told = putSale(state, sale, first.soldBy, { moveStock: config.sales.moveStock, now: now() })
      if (told === 'other') lines.forEach(({ sku }, index) => {
        const record = records[index]
        if (record) refuse(record, `invoice: ${number} was told before, with other lines; an invoice must stand in one piece`, saleKey(number, sku))
      })
      else for (const { sku } of lines) settle(state, saleKey(number, sku), reading.file)
      if (told === 'new') {
        reading.used += lines.length
        counts.sales += 1
      } else if (told === 'forgotten') counts.tooOld += 1
      else counts.known += 1
    }
    counts.notGoods += notGoods
    open = goes === 'no' ? null : { number, part: part + 1, partOf: goes === 'on' ? partOf ?? sale.saleId : null, lines: [], records: [], consumed, notGoods: 0 }
  }

  const takeSale = (record: FileRecord): void => {
    const line = readLine(record.cells, header)
    if (!line.ok) return refuse(record, line.refusal, null)
    if (isNoGoods(line.value, config)) {
      // Of an invoice that goes on, this line is read again after a crash, and counted with it.
      if (open) open.notGoods += 1
      else counts.notGoods += 1
      return
    }
    const read = readSalesLine(line.value, config, header.at.has('name'), (sku) => knownGoods(state, sku))
    if (!read.ok) {
      const [invoice, sku] = [line.value('invoice'), line.value('sku')]
      return refuse(record, read.refusal.reason, invoice === '' || sku === '' ? null : saleKey(invoice, sku))
    }
    const sale = read.value
    if (open && open.number !== sale.invoice) closeInvoice('no')
    // A web order that is fetched, and what its customer buys besides, are two sales on one receipt.
    else if (open?.lines.some((other) => other.assignmentId !== sale.assignmentId)) closeInvoice('elsewhere')
    else if (open && open.lines.length >= SALE_LINES_MAX) closeInvoice('on')
    const before = reading.invoice?.number === sale.invoice ? reading.invoice : null
    open ??= { number: sale.invoice, part: before?.part ?? 1, partOf: before?.partOf ?? null, lines: [], records: [], consumed, notGoods: 0 }
    reading.invoice = null
    open.lines.push(sale)
    open.records.push(record)
  }

  const takeStatus = (record: FileRecord): void => {
    const line = readLine(record.cells, header)
    if (!line.ok) return refuse(record, line.refusal, null)
    const key = line.value('order') === '' ? null : `status/${line.value('order').slice(0, KEY_PART_MAX)}`
    const read = readStatusLine(line.value, config)
    const reason = read.ok ? putStatus(state, read.value, reading.moment) : read.refusal.reason
    if (reason !== null) return refuse(record, reason, key)
    if (key !== null) settle(state, key, reading.file)
    counts.statuses += 1
    reading.used += 1
  }

  /** Files that were put one behind the other bring their header again. */
  const isHeader = ({ cells }: FileRecord): boolean =>
    cells.length === header.cells.length && cells.every((cell, index) => plain(cell) === plain(header.cells[index] ?? ''))

  const take = reading.kind === 'sales' ? takeSale : reading.kind === 'status' ? takeStatus : takeGoods
  return {
    /** One batch, inside a transaction. */
    take(records: readonly FileRecord[]): void {
      for (const record of records) {
        if (!isHeader(record)) take(record)
        consumed += 1
      }
      reading.done = open?.consumed ?? consumed
      counts.rows = consumed
      reading.invoice = open ? { number: open.number, part: open.part, partOf: open.partOf } : null
    },
    /** The file has ended, and is as it was when it was begun: the last invoice is whole. */
    end(): void {
      closeInvoice('no')
      reading.done = consumed
      reading.invoice = null
    },
  }
}

const plain = (cell: string): string => cell.replace(/^\uFEFF/, '').trim()
const saleKey = (invoice: string, sku: string): string => `sales/${invoice.slice(0, KEY_PART_MAX)}/${sku.slice(0, KEY_PART_MAX)}`

/** A return is what brings goods back and takes none; an exchange is a sale. */
function saleOf({ number, part, partOf, lines }: OpenInvoice, currency: string): PosSale {
  const [first] = lines
  return {
    saleId: part === 1 ? number : `${number}/${part}`,
    kind: lines.every(({ quantity }) => quantity < 0) ? 'return' : 'sale',
    lines: lines.map(({ sku, quantity, unitPriceMinor, lineTotalMinor }) => ({ sku, quantity, unitPriceMinor, lineTotalMinor })),
    totalMinor: lines.reduce((sum, line) => sum + line.lineTotalMinor + line.taxOnTopMinor, 0),
    currency,
    assignmentId: first?.assignmentId ?? null,
    occurredAt: toInstant(first?.soldAt ?? 0),
    ...(partOf === null ? {} : { partOf }),
  }
}
