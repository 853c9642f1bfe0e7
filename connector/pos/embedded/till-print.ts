import type { Unit } from '../../../contract/values.ts'
import { cutText } from '../../cut-text.ts'
import type { ListedItem, StockMove } from './items.ts'
import { ticketNumber, type TicketLineRow, type TicketRow } from './tickets.ts'

/** How the till's command shows things to a person. Texts in, texts out. */

/** Where a name is cut, so that a row fits a common terminal. */
const NAME_COLUMNS_MAX = 44

/** "$4.99", "¥500": minor units as the currency has them. */
export function showMoney(amountMinor: number, currency: string): string {
  const format = new Intl.NumberFormat('en-US', { style: 'currency', currency })
  return format.format(amountMinor / 10 ** minorDigits(currency))
}

/** Minor units of "4.99"; `null` when it is no amount of this currency. Read as text, so no cent is lost to a float. */
export function parseAmount(text: string, currency: string): number | null {
  const digits = minorDigits(currency)
  const match = /^(\d{1,12})(?:\.(\d+))?$/.exec(text.trim().replace(/^\$/, ''))
  const [, whole = '', fraction = ''] = match ?? []
  if (match === null || fraction.length > digits) return null
  return Number(whole + fraction.padEnd(digits, '0'))
}

function minorDigits(currency: string): number {
  return new Intl.NumberFormat('en-US', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
}

/** Units of "3", and for goods sold by measure also "0.5kg", "250g", "1.5l"; `null` when it is no quantity. */
export function parseQuantity(text: string, unit: Unit): number | null {
  const [, number = '', measure = ''] = /^(\d{1,9}(?:\.\d{1,3})?)\s*(kg|g|l|ml|m|mm)?$/i.exec(text.trim()) ?? []
  if (number === '') return null
  const factor = measure === '' ? 1 : { kg: 'g', l: 'ml', m: 'mm' }[measure.toLowerCase()] === unit ? 1_000 : measure.toLowerCase() === unit ? 1 : null
  if (factor === null) return null
  const [whole = '', fraction = ''] = number.split('.')
  const thousandths = Number(whole) * 1_000 + Number(fraction.padEnd(3, '0'))
  const units = (thousandths * factor) / 1_000
  return Number.isSafeInteger(units) ? units : null
}

export function showQuantity(units: number, unit: Unit): string {
  return unit === 'each' ? String(units) : `${units} ${unit}`
}

const PRICE_FOR: Record<Unit, string> = { each: '', g: '/kg', ml: '/l', mm: '/m' }

export function showPrice(priceMinor: number, currency: string, unit: Unit): string {
  return `${showMoney(priceMinor, currency)}${PRICE_FOR[unit]}`
}

export function showMove(move: StockMove): string {
  return `stock of ${move.sku}: ${move.from} -> ${showQuantity(move.to, move.unit)}`
}

export function showItems(items: ListedItem[]): string {
  return table(
    [['SKU'], ['NAME'], ['CATEGORY'], ['PRICE', 'right'], ['STOCK', 'right']],
    items.map((item) => [
      item.sku, short(item.name), item.category ?? '', showPrice(item.price_minor, item.currency, item.unit), showStock(item),
    ]),
  )
}

function showStock(item: ListedItem): string {
  if (item.tracked === 0) return 'service'
  return item.on_hand === null ? 'uncounted' : showQuantity(item.on_hand, item.unit)
}

export function showOrders(orders: (TicketRow & { goods: string })[]): string {
  return table(
    [['TICKET'], ['ORDER'], ['STATE'], ['HOW'], ['TOTAL', 'right'], ['OPENED'], ['GOODS']],
    orders.map((order) => [
      ticketNumber(order.ticket_id), order.order_number ?? '', order.state, order.method ?? '', showMoney(order.total_minor, order.currency),
      order.opened_at.slice(0, 16).replace('T', ' '), short(order.goods),
    ]),
  )
}

export function showOrder(order: TicketRow, lines: TicketLineRow[]): string {
  const reason = order.refuse_reason === null ? '' : ` (${order.refuse_reason})`
  const head = [
    `${ticketNumber(order.ticket_id)}  order ${order.order_number ?? '-'}  ${order.state}${reason}`,
    `  reference  ${order.reference ?? '-'}`,
    `  how        ${order.method ?? '-'}${addressOf(order)}`,
    `  customer   ${customerOf(order)}`,
    ...(order.note === null ? [] : [`  note       ${printable(order.note)}`]),
    `  opened     ${order.opened_at}   changed ${order.updated_at}`,
  ]
  const goods = table(
    [['SKU'], ['NAME'], ['QUANTITY', 'right'], ['PRICE', 'right'], ['AMOUNT', 'right']],
    lines.map((line) => [
      line.sku, short(line.name), showQuantity(line.quantity, line.unit), showPrice(line.unit_price_minor, order.currency, line.unit),
      showMoney(line.line_total_minor, order.currency),
    ]),
  )
  const money = (minor: number) => showMoney(minor, order.currency)
  return [...head, '', goods, '', `  goods ${money(order.subtotal_minor)}   tax ${money(order.tax_minor)}   shipping ${money(order.shipping_minor)}   total ${money(order.total_minor)}`].join('\n')
}

function customerOf(order: TicketRow): string {
  const customer = textsOf(order.customer)
  return ['name', 'phone', 'email'].map((key) => customer[key]).filter(Boolean).join(', ') || '-'
}

function addressOf(order: TicketRow): string {
  const address = textsOf(order.address)
  const words = ['name', 'line1', 'line2', 'postalCode', 'city', 'region', 'country'].map((key) => address[key]).filter(Boolean)
  return words.length === 0 ? '' : ` to ${words.join(', ')}`
}

function textsOf(json: string | null): Record<string, string> {
  const value: unknown = json === null ? {} : JSON.parse(json)
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return Object.fromEntries(entries.map(([key, text]) => [key, printable(String(text))]))
}

/** What shoppers typed must not steer the terminal. */
const printable = (text: string): string => text.replace(/\p{Cc}+/gu, ' ')

const short = (text: string): string => {
  const clean = printable(text)
  return clean.length > NAME_COLUMNS_MAX ? `${cutText(clean, NAME_COLUMNS_MAX - 1)}…` : clean
}

/** Columns as wide as their widest cell, two spaces apart, nothing trailing. */
export function table(columns: [title: string, align?: 'right'][], rows: string[][]): string {
  const widths = columns.map(([title], index) => Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)))
  const line = (cells: string[]) => cells.map((cell, index) => (columns[index]?.[1] === 'right' ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0))).join('  ').trimEnd()
  return [line(columns.map(([title]) => title)), ...rows.map(line)].join('\n')
}
