import { Command, CommanderError, Option } from 'commander'
import type { DatabaseSync } from 'node:sqlite'
import { systemClock } from '../../../contract/clock.ts'
import { RejectReason } from '../../../contract/events.ts'
import type { Result } from '../../../contract/result.ts'
import { DEMO_ITEMS, DEMO_ITEMS_MAX, seedDemoShop } from './demo-shop.ts'
import { findItem, listItems, type StockMove } from './items.ts'
import { openTillFile, TillFault } from './schema.ts'
import { readTicketLines, ticketNumber } from './tickets.ts'
import { parseAmount, parseQuantity, showItems, showMove, showMoney, showOrder, showOrders, showPrice } from './till-print.ts'
import { count, receive, rename, retireItem, sell, setPrice, takeOrderReturn, takeReturn, type Receipt, type TillRefusal } from './till.ts'
import { findWebOrder, handOver, listWebOrders, pick, ready, refuse, type OrderMoved } from './web-orders.ts'

/** Where `npm start` keeps the demo store's till. */
const DEFAULT_FILE = '.tillbridge/demo/demo/till.db'
/** A screen of items. */
const ITEMS_LISTED_DEFAULT = 25
const ITEMS_LISTED_MAX = 100_000

/** What one command found or did: for people, and for programs (`--json`). */
type Answer = { text: string; json: unknown }

/** Something the person at the till can put right: exit code 1. */
class Refused extends Error {
  readonly refusal: TillRefusal
  constructor(refusal: TillRefusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

function must<T>(result: Result<T, TillRefusal>): T {
  if (!result.ok) throw new Refused(result.refusal)
  return result.value
}

/** Whoever reads it may have gone (`| head`), which is no fault. */
process.stdout.on('error', (error: Error) => {
  if (!('code' in error && error.code === 'EPIPE')) throw error
})

const till = new Command('till')
  .description('The embedded till: play cashier and staff of a shop. SKU may also be a barcode.')
  .addOption(new Option('--file <file>', 'the till\'s database').env('TILL_FILE').default(DEFAULT_FILE))
  .option('--json', 'print one JSON line instead of text')
  .showHelpAfterError('(add --help for examples)')
  .exitOverride()
  .addHelpText('after', `
At the counter:
  npm run till -- items --search "green tea"     what is on sale, with prices and stock
  npm run till -- sell GRO-00123 2               two pieces leave the shop, the web sees it
  npm run till -- sell PRO-00004 0.75kg          goods by weight: grams, or with kg
  npm run till -- price GRO-00123 4.99           a new price
  npm run till -- return GRO-00123 1 --order T-000042   of a web order, at what it cost there
Web orders (by ticket, order number or assignment id):
  npm run till -- orders                         what is to do
  npm run till -- pick T-000042                  somebody collects the goods
  npm run till -- ready T-000042                 they stand at the counter
  npm run till -- hand-over T-000042             the shopper has them
  npm run till -- refuse T-000042 --reason out_of_stock`)

command('items', 'list what is on sale')
  .option('--search <text>', 'words in SKU, name, brand, category, or a barcode')
  .option('--limit <n>', 'how many', wholeNumber(1, ITEMS_LISTED_MAX), ITEMS_LISTED_DEFAULT)
  .action((options: { search?: string; limit: number }) => run((db) => {
    const found = listItems(db, { search: options.search, limit: options.limit + 1 })
    const items = found.slice(0, options.limit)
    const more = found.length > items.length ? `\n… and more: --limit ${options.limit * 4}, or --search WORD` : ''
    return {
      text: items.length === 0 ? 'Nothing on sale matches.' : showItems(items) + more,
      json: { items: items.map((item) => ({ sku: item.sku, name: item.name, category: item.category, unit: item.unit, priceMinor: item.price_minor, currency: item.currency, tracked: item.tracked === 1, onHand: item.on_hand })) },
    }
  }))

command('sell', 'sell at the counter').argument('<sku>').argument('<quantity>', 'pieces; grams or e.g. 0.5kg by weight')
  .action((sku: string, quantity: string) => run((db) => receipt('sold', must(sell(db, [{ sku, quantity: quantityOf(db, sku, quantity) }], systemClock())))))

command('return', 'take goods back for money').argument('<sku>').argument('<quantity>')
  .option('--order <order>', 'of this web order (ticket, number or assignment id), at the price it was bought for')
  .action((sku: string, quantity: string, { order }: { order?: string }) => run((db) => {
    const basket = [{ sku, quantity: quantityOf(db, sku, quantity) }]
    return receipt('returned', must(order === undefined ? takeReturn(db, basket, systemClock()) : takeOrderReturn(db, order, basket, systemClock())))
  }))

command('receive', 'book a delivery in').argument('<sku>').argument('<quantity>')
  .action((sku: string, quantity: string) => run((db) => moved([must(receive(db, sku, quantityOf(db, sku, quantity)))])))

command('count', 'set the stock to what stands on the shelf').argument('<sku>').argument('<quantity>')
  .action((sku: string, quantity: string) => run((db) => moved([must(count(db, sku, quantityOf(db, sku, quantity)))])))

command('price', 'change a price').argument('<sku>').argument('<amount>', 'such as 4.99; per kg, l or m for goods sold by measure')
  .action((sku: string, amount: string) => run((db) => {
    const currency = findItem(db, sku)?.currency ?? 'USD'
    const minor = parseAmount(amount, currency)
    if (minor === null) throw new Refused({ message: `"${amount}" is not an amount in ${currency}`, hint: 'Write it like 4.99, without thousands separators.' })
    const { item, from, to } = must(setPrice(db, sku, minor))
    const show = (price: number) => showPrice(price, item.currency, item.unit)
    return { text: `price of ${item.sku}: ${show(from)} -> ${show(to)}`, json: { sku: item.sku, priceMinor: { from, to }, currency: item.currency } }
  }))

command('rename', 'give an item another name').argument('<sku>').argument('<name...>')
  .action((sku: string, name: string[]) => run((db) => {
    const { item, from, to } = must(rename(db, sku, name.join(' ')))
    return { text: `name of ${item.sku}: ${from} -> ${to}`, json: { sku: item.sku, name: { from, to } } }
  }))

command('retire', 'take an item off sale').argument('<sku>')
  .action((sku: string) => run((db) => {
    const item = must(retireItem(db, sku))
    return { text: `${item.sku} (${item.name}) is no longer on sale`, json: { sku: item.sku, retired: true } }
  }))

command('orders', 'list the web orders to do').option('--all', 'also those that are finished')
  .action((options: { all?: boolean }) => run((db) => {
    const orders = listWebOrders(db, options.all === true ? 'all' : 'open')
      .map((order) => ({ ...order, goods: readTicketLines(db, order.ticket_id).map((line) => `${line.quantity} x ${line.name}`).join('; ') }))
    return {
      text: orders.length === 0 ? `No web orders${options.all === true ? '' : ' to do'}.` : showOrders(orders),
      json: { orders: orders.map((order) => ({ ticket: ticketNumber(order.ticket_id), orderNumber: order.order_number, assignmentId: order.reference, state: order.state, method: order.method, totalMinor: order.total_minor, currency: order.currency, openedAt: order.opened_at })) },
    }
  }))

command('show', 'show one web order').argument('<order>')
  .action((name: string) => run((db) => {
    const order = must(findWebOrder(db, name))
    const lines = readTicketLines(db, order.ticket_id)
    return {
      text: showOrder(order, lines),
      json: { ticket: ticketNumber(order.ticket_id), orderNumber: order.order_number, assignmentId: order.reference, state: order.state, method: order.method, refuseReason: order.refuse_reason, totalMinor: order.total_minor, currency: order.currency, lines: lines.map((line) => ({ lineId: line.line_id, sku: line.sku, name: line.name, quantity: line.quantity, unit: line.unit, unitPriceMinor: line.unit_price_minor, lineTotalMinor: line.line_total_minor })) },
    }
  }))

command('pick', 'begin to collect a web order').argument('<order>').action((name: string) => run((db) => stepped(must(pick(db, name, systemClock())))))
command('ready', 'a web order stands ready').argument('<order>').action((name: string) => run((db) => stepped(must(ready(db, name, systemClock())))))
command('hand-over', 'the shopper or the carrier has the goods; again when a shipped order has arrived').argument('<order>')
  .action((name: string) => run((db) => stepped(must(handOver(db, name, systemClock())))))
command('refuse', 'tell the web that the shop cannot serve an order').argument('<order>')
  .addOption(new Option('--reason <reason>', 'why').choices(RejectReason.options).default('out_of_stock'))
  .action((name: string, options: { reason: RejectReason }) => run((db) => stepped(must(refuse(db, name, options.reason, systemClock())))))

command('seed', 'fill an empty till with the demo shop').option('--items <n>', 'how many items', wholeNumber(1, DEMO_ITEMS_MAX), DEMO_ITEMS)
  .action((options: { items: number }) => {
    const items = seedDemoShop(fileOf(), { items: options.items })
    print({ text: items === 0 ? `${fileOf()} has items already and was left as it is` : `${fileOf()}: a shop with ${items} items`, json: { file: fileOf(), items } })
  })

function command(name: string, description: string): Command {
  return till.command(name).description(description).exitOverride()
}

function fileOf(): string {
  return till.opts<{ file: string }>().file
}

function run(work: (db: DatabaseSync) => Answer): void {
  const db = openTillFile(fileOf(), 'existing')
  try {
    print(work(db))
  } finally {
    db.close()
  }
}

function print(answer: Answer): void {
  process.stdout.write(`${till.opts<{ json?: boolean }>().json === true ? JSON.stringify(answer.json) : answer.text}\n`)
}

function receipt(word: string, value: Receipt): Answer {
  return {
    text: [`${value.ticket}: ${word} for ${showMoney(Math.abs(value.totalMinor), value.currency)} with tax`, ...value.moves.map(showMove)].join('\n'),
    json: { ticket: value.ticket, totalMinor: value.totalMinor, currency: value.currency, stock: value.moves.map(moveJson) },
  }
}

function moved(moves: StockMove[]): Answer {
  return { text: moves.map(showMove).join('\n'), json: { stock: moves.map(moveJson) } }
}

function stepped({ order, from, to, moves }: OrderMoved): Answer {
  const ticket = ticketNumber(order.ticket_id)
  const recount = to === 'refused' && order.refuse_reason === 'out_of_stock' ? ['if the shelf is empty, say so: npm run till -- count SKU 0'] : []
  return {
    text: [`order ${order.order_number ?? ticket} (${ticket}): ${from} -> ${to}`, ...moves.map(showMove), ...recount].join('\n'),
    json: { ticket, orderNumber: order.order_number, assignmentId: order.reference, state: { from, to }, stock: moves.map(moveJson) },
  }
}

const moveJson = ({ sku, from, to }: StockMove) => ({ sku, from, to })

function quantityOf(db: DatabaseSync, sku: string, text: string): number {
  const unit = findItem(db, sku)?.unit ?? 'each'
  const quantity = parseQuantity(text, unit)
  if (quantity !== null) return quantity
  throw new Refused({
    message: `"${text}" is not a quantity of ${sku}`,
    hint: unit === 'each' ? 'It is sold by the piece: give a whole number.' : `It is sold by measure: give whole ${unit}, or a number with its unit such as 0.5${unit === 'g' ? 'kg' : unit === 'ml' ? 'l' : 'm'}.`,
  })
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (number >= least && number <= most) return number
    throw new Refused({ message: `"${text}" is not a whole number from ${least} to ${most}`, hint: 'Correct it and try again.' })
  }
}

/** 1: the till said no. 2: the command or the till itself is not right. */
function fail(message: string, hint: string, exitCode: 1 | 2): void {
  process.stderr.write(till.opts<{ json?: boolean }>().json === true ? `${JSON.stringify({ error: { message, hint } })}\n` : `${message}.\n${hint}\n`)
  process.exitCode = exitCode
}

try {
  till.parse()
} catch (error) {
  if (error instanceof Refused) fail(error.refusal.message, error.refusal.hint, 1)
  else if (error instanceof TillFault) fail(error.message.slice(0, -error.hint.length - 2), `${error.hint}.`, 2)
  // commander has said what was wrong already.
  else if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else throw error
}
