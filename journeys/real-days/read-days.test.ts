import { expect, test } from 'vitest'
import { ODD_DAYS } from './odd-days.ts'
import { readDays } from './read-days.ts'

const days = readDays(ODD_DAYS)
const deeds = days.deeds.map((deed) => (deed.kind === 'moved' ? `${deed.kind} ${deed.quantity} ${deed.sku}` : `${deed.kind} ${deed.invoice}: ${deed.lines.length > 9 ? `${deed.lines.length} lines` : deed.lines.map(({ sku, quantity, priceMinor }) => `${quantity} ${sku} ${priceMinor}`).join(', ')}`))

test('are what a cashier did, in the order of the day; an item at two prices is two tickets', () => {
  expect(deeds).toEqual([
    'sale 536365: 6 85123A 255, 2 85123A 255, 1 POST 1800',
    'sale 536366: 3 22086 210, 1 GIFT-0001 2000', 'sale 536366: 1 22086 190',
    'return C536367: 2 85123A 255',
    'moved -1 22086',
    'sale 536592: 620 lines', 'sale 536593: 4 22086 190', 'return C536594: 1 S1 211',
  ])
  expect([days.days, days.lines]).toEqual([['2010-12-01', '2010-12-02'], 637])
})

test('what no till could ring up is left out, and named', () => {
  expect(days.leftOut.map(({ why }) => why)).toEqual(['no stock code', 'a quantity of 0', 'a quantity of many', 'a price of -11062.06', 'a price of 0.005', 'no time', 'no Quantity, InvoiceDate, UnitPrice'])
})

test('goods and services are told apart, and keep the name of their first line', () => {
  expect([days.items.get('POST')?.tracked, days.items.get('85123A')]).toEqual([false, { name: 'THING 85123A', priceMinor: 255, tracked: true }])
})

test('what the files come to is known without any till', () => {
  expect([days.booked.get('2010-12-01 till sales'), days.booked.get('2010-12-01 till returns')]).toEqual([8 * 255 + 1800 + 3 * 210 + 190 + 2000, -510])
})
