import type { DatabaseSync } from 'node:sqlite'
import { toInstant } from '../../../contract/clock.ts'
import { lineTotalMinor } from '../../../contract/money.ts'
import { Item } from '../../../contract/product.ts'
import { ok, refused, type Result } from '../../../contract/result.ts'
import { AMOUNT_MINOR_MAX, ON_HAND_MAX, QUANTITY_MAX } from '../../../contract/values.ts'
import { findItem, moveStock, onHand, type ItemRow, type StockMove } from './items.ts'
import { writeTransaction } from './schema.ts'
import { bookTicket, readTicketLines, ticketNumber, type NewLine } from './tickets.ts'
import { findWebOrder } from './web-orders.ts'

/** What the till will not do: what happened and why, and what to do instead. */
export type TillRefusal = { message: string; hint: string }
export type Receipt = { ticket: string; totalMinor: number; currency: string; moves: StockMove[] }

/** The cashier's actions. Each is one transaction; `now` is epoch milliseconds; quantities are in the item's unit. */

/** Sells at the counter. What the customer holds in hand is sold even if the books say there is none: stock may go below zero. */
export function sell(db: DatabaseSync, basket: { sku: string; quantity: number }[], now: number): Result<Receipt, TillRefusal> {
  return ring(db, 'sale', basket, now)
}

/** Takes goods back for money, and puts them on the shelf again. */
export function takeReturn(db: DatabaseSync, basket: { sku: string; quantity: number }[], now: number): Result<Receipt, TillRefusal> {
  return ring(db, 'return', basket, now)
}

/** Takes back what a web order had, at the prices it was bought for; no more than it had. `order` is its ticket, number or assignment id. */
export function takeOrderReturn(db: DatabaseSync, order: string, basket: { sku: string; quantity: number }[], now: number): Result<Receipt, TillRefusal> {
  return writeTransaction(db, () => {
    const found = findWebOrder(db, order)
    if (!found.ok) return found
    const ticket = found.value
    if (ticket.state !== 'done' && ticket.state !== 'shipped') return refused({ message: `${ticketNumber(ticket.ticket_id)} has not left the shop: it is ${ticket.state}`, hint: 'Refuse it instead, or hand it over first.' })
    const bought = readTicketLines(db, ticket.ticket_id)
    const before = returnedOf(db, ticket.order_number)
    const lines: NewLine[] = []
    const moves: StockMove[] = []
    for (const { sku, quantity } of basket) {
      if (!isQuantity(quantity)) return badQuantity(quantity)
      const line = bought.find((each) => each.sku === sku)
      const most = bought.reduce((sum, each) => sum + (each.sku === sku ? each.quantity : 0), 0) + (before.get(sku) ?? 0)
      if (!line || quantity > most) return refused({ message: `${ticketNumber(ticket.ticket_id)} has ${Math.max(0, most)} of ${sku} to give back, not ${quantity}`, hint: 'See what was bought and what came back: `show` tells.' })
      lines.push({ lineId: line.line_id, sku, name: line.name, quantity: -quantity, unit: line.unit, unitPriceMinor: line.unit_price_minor, taxIncluded: line.tax_included === 1, taxRate: line.tax_rate })
      const item = findItem(db, sku)
      const move = item === undefined ? null : moveStock(db, item, quantity)
      if (move !== null) moves.push(move)
    }
    if (lines.length === 0) return refused({ message: 'Nothing comes back', hint: 'Name at least one item.' })
    const row = bookTicket(db, { ...COUNTER_TICKET, kind: 'return', currency: ticket.currency, lines, orderNumber: ticket.order_number }, toInstant(now))
    return ok({ ticket: ticketNumber(row.ticket_id), totalMinor: row.total_minor, currency: row.currency, moves })
  })
}

/** What came back of an order so far, by SKU, as its return tickets have it: negative. */
function returnedOf(db: DatabaseSync, orderNumber: string | null): Map<string, number> {
  const rows = db.prepare("SELECT sku, sum(quantity) AS quantity FROM ticket_lines JOIN tickets USING (ticket_id) WHERE kind = 'return' AND order_number = ? GROUP BY sku").all(orderNumber) as { sku: string; quantity: number }[]
  return new Map(rows.map(({ sku, quantity }) => [sku, quantity]))
}

function ring(db: DatabaseSync, kind: 'sale' | 'return', basket: { sku: string; quantity: number }[], now: number): Result<Receipt, TillRefusal> {
  const sign = kind === 'sale' ? 1 : -1
  return writeTransaction(db, () => {
    const lines: NewLine[] = []
    const items: ItemRow[] = []
    for (const { sku, quantity } of basket) {
      const item = onSale(db, sku)
      if (!item.ok) return item
      if (!isQuantity(quantity)) return badQuantity(quantity)
      items.push(item.value)
      lines.push(lineOf(item.value, sign * quantity))
    }
    const currency = items[0]?.currency
    if (currency === undefined) return refused({ message: 'The basket is empty', hint: 'Name at least one item.' })
    const other = items.find((item) => item.currency !== currency)
    if (other !== undefined) return refused({ message: `${other.sku} is priced in ${other.currency}, the rest in ${currency}`, hint: 'Ring it up on a ticket of its own.' })
    if (lines.reduce((sum, line) => sum + Math.abs(lineTotalMinor(line.unitPriceMinor, line.quantity, line.unit)), 0) > TICKET_TOTAL_MINOR_MAX) {
      return refused({ message: 'The ticket is dearer than anything a shop sells', hint: 'Check the quantity: goods sold by weight are counted in grams.' })
    }
    const ticket = bookTicket(db, { ...COUNTER_TICKET, kind, currency, lines }, toInstant(now))
    const moves = items.map((item, index) => moveStock(db, item, -(lines[index]?.quantity ?? 0))).filter((move) => move !== null)
    return ok({ ticket: ticketNumber(ticket.ticket_id), totalMinor: ticket.total_minor, currency, moves })
  })
}

/** Tax comes on top of it, and the whole must still be an amount that the web can be told of. */
const TICKET_TOTAL_MINOR_MAX = AMOUNT_MINOR_MAX / 10

/** Paid and gone at once: nobody's order. */
const COUNTER_TICKET = { state: 'done', shippingMinor: 0, reference: null, orderNumber: null, method: null, customer: null, address: null, note: null } as const

/** Books a delivery in. The first one of an item begins its count. */
export function receive(db: DatabaseSync, sku: string, quantity: number): Result<StockMove, TillRefusal> {
  return writeTransaction(db, () => {
    const item = counted(db, sku)
    if (!item.ok) return item
    if (!isQuantity(quantity)) return badQuantity(quantity)
    return ok(putOnShelf(db, item.value, (onHand(db, item.value.sku) ?? 0) + quantity))
  })
}

/** Sets the level to what somebody counted on the shelf. */
export function count(db: DatabaseSync, sku: string, units: number): Result<StockMove, TillRefusal> {
  return writeTransaction(db, () => {
    const item = counted(db, sku)
    if (!item.ok) return item
    if (!Number.isSafeInteger(units) || units < 0 || units > ON_HAND_MAX) {
      return refused({ message: `${units} is not something one can count`, hint: 'Give a whole number, 0 or more, in the item\'s unit.' })
    }
    return ok(putOnShelf(db, item.value, units))
  })
}

/** Changes the price of one piece (or of 1000 g, ml, mm), in minor units of the item's currency. */
export function setPrice(db: DatabaseSync, sku: string, priceMinor: number): Result<{ item: ItemRow; from: number; to: number }, TillRefusal> {
  return writeTransaction(db, () => {
    const item = onSale(db, sku)
    if (!item.ok) return item
    if (!Number.isSafeInteger(priceMinor) || priceMinor < 0 || priceMinor > AMOUNT_MINOR_MAX) {
      return refused({ message: 'That is not a price', hint: 'Give an amount of 0 or more, such as 4.99.' })
    }
    db.prepare('UPDATE items SET price_minor = ? WHERE sku = ?').run(priceMinor, item.value.sku)
    return ok({ item: item.value, from: item.value.price_minor, to: priceMinor })
  })
}

export function rename(db: DatabaseSync, sku: string, name: string): Result<{ item: ItemRow; from: string; to: string }, TillRefusal> {
  return writeTransaction(db, () => {
    const item = onSale(db, sku)
    if (!item.ok) return item
    const trimmed = name.trim()
    if (!Item.shape.name.safeParse(trimmed).success) return refused({ message: 'That is not a name', hint: 'Give 1 to 200 characters.' })
    db.prepare('UPDATE items SET name = ? WHERE sku = ?').run(trimmed, item.value.sku)
    return ok({ item: item.value, from: item.value.name, to: trimmed })
  })
}

/** Takes an item off sale. Its row stays, for the tickets that name it. */
export function retireItem(db: DatabaseSync, sku: string): Result<ItemRow, TillRefusal> {
  return writeTransaction(db, () => {
    const item = onSale(db, sku)
    if (!item.ok) return item
    db.prepare('UPDATE items SET deleted = 1 WHERE sku = ?').run(item.value.sku)
    return ok(item.value)
  })
}

/** Puts a new item on sale, or a retired one back. `stock` is its first count; left out, it was never counted. */
export function addItem(db: DatabaseSync, item: Item, stock?: number): Result<Item, TillRefusal> {
  const parsed = Item.safeParse(item)
  if (!parsed.success) return refused({ message: `The item is not complete: ${parsed.error.issues[0]?.message ?? 'unknown'}`, hint: 'Correct it and add it again.' })
  return writeTransaction(db, () => {
    if (findItem(db, item.sku)?.deleted === 0) return refused({ message: `There is an item ${item.sku} already`, hint: 'Choose another SKU.' })
    insertItem(db, parsed.data, stock)
    return ok(parsed.data)
  })
}

/** Inside a write transaction, without asking: `addItem` asks, a seed knows. */
export function insertItem(db: DatabaseSync, item: Item, stock: number | undefined): void {
  db.prepare(`INSERT INTO items (sku, name, description, brand, category, unit, price_minor, currency, tax_included, tax_rate, tracked, deleted)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
    ON CONFLICT (sku) DO UPDATE SET name = excluded.name, description = excluded.description, brand = excluded.brand, category = excluded.category,
      unit = excluded.unit, price_minor = excluded.price_minor, currency = excluded.currency, tax_included = excluded.tax_included,
      tax_rate = excluded.tax_rate, tracked = excluded.tracked, deleted = 0`).run(
    item.sku, item.name, item.description, item.brand, item.category, item.unit, item.price.amountMinor, item.price.currency,
    item.taxIncluded ? 1 : 0, item.taxRate, item.tracked ? 1 : 0,
  )
  for (const { value } of item.identifiers) {
    db.prepare('INSERT INTO barcodes (barcode, sku) VALUES (?, ?) ON CONFLICT (barcode) DO UPDATE SET sku = excluded.sku').run(value, item.sku)
  }
  if (item.tracked && stock !== undefined) db.prepare(SET_STOCK).run(item.sku, stock)
}

const SET_STOCK = 'INSERT INTO stock (sku, on_hand) VALUES (?, ?) ON CONFLICT (sku) DO UPDATE SET on_hand = excluded.on_hand'

function putOnShelf(db: DatabaseSync, item: ItemRow, to: number): StockMove {
  const from = onHand(db, item.sku) ?? 0
  db.prepare(SET_STOCK).run(item.sku, to)
  return { sku: item.sku, name: item.name, unit: item.unit, from, to }
}

function onSale(db: DatabaseSync, sku: string): Result<ItemRow, TillRefusal> {
  const item = findItem(db, sku)
  if (item === undefined) return refused({ message: `There is no item ${sku}`, hint: 'Look it up: npm run till -- items --search WORD' })
  if (item.deleted === 1) return refused({ message: `${item.sku} (${item.name}) is no longer on sale`, hint: 'Look for what took its place: npm run till -- items --search WORD' })
  return ok(item)
}

function counted(db: DatabaseSync, sku: string): Result<ItemRow, TillRefusal> {
  const item = onSale(db, sku)
  if (!item.ok || item.value.tracked === 1) return item
  return refused({ message: `${item.value.sku} (${item.value.name}) is a service and has no stock`, hint: 'Services are sold without being counted.' })
}

function lineOf(item: ItemRow, quantity: number): NewLine {
  return {
    lineId: null, sku: item.sku, name: item.name, quantity, unit: item.unit,
    unitPriceMinor: item.price_minor, taxIncluded: item.tax_included === 1, taxRate: item.tax_rate,
  }
}

const isQuantity = (quantity: number): boolean => Number.isSafeInteger(quantity) && quantity >= 1 && quantity <= QUANTITY_MAX

function badQuantity(quantity: number): { ok: false; refusal: TillRefusal } {
  return refused({ message: `${quantity} is not a quantity`, hint: `Give a whole number from 1 to ${QUANTITY_MAX.toLocaleString('en-US')} (grams for goods sold by weight).` })
}
