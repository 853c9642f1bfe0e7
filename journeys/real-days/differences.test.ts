import { expect, test } from 'vitest'
import { differencesOf, notBooked } from './differences.ts'
import type { Told } from './differences.ts'

type Side = { totals: Map<string, { count: number; minor: number }>; stock: Map<string, number>; tickets: Map<string, { kind: string; minor: number; lines: string[] }> }
const side = (): Side => ({
  totals: new Map([['2010-12-01 till sales', { count: 2, minor: 500 }]]), stock: new Map([['A', 3], ['B', 0]]),
  tickets: new Map([['T-1', { kind: 'sale', minor: 200, lines: ['2 × A at 100'] }], ['T-2', { kind: 'sale', minor: 300, lines: ['1 × A at 100', '1 × B at 200'] }]]),
})
const changed = (change: (web: Side) => void): Told => {
  const web = side()
  change(web)
  return web
}

test('two sides that say the same have none, also where their lines stand in another order', () => {
  expect(differencesOf(side(), changed((web) => void web.tickets.get('T-2')?.lines.reverse()))).toEqual([])
})

test.each<[string, (web: Side) => void, string]>([
  ['a penny', (web) => web.totals.set('2010-12-01 till sales', { count: 2, minor: 501 }), 'total of 2010-12-01 till sales: the till has 2 for 500, the web 2 for 501'],
  ['a sale more', (web) => web.totals.set('2010-12-01 till sales', { count: 3, minor: 500 }), 'total of 2010-12-01 till sales: the till has 2 for 500, the web 3 for 500'],
  ['a day', (web) => web.totals.set('2010-12-02 till sales', { count: 1, minor: 1 }), 'total of 2010-12-02 till sales: the till has nothing, the web 1 for 1'],
  ['a piece', (web) => web.stock.set('B', 1), 'stock of B: the till has 0, the web 1'],
  ['a shelf', (web) => web.stock.delete('B'), 'stock of B: the till has 0, the web nothing'],
  ['a ticket that is lost', (web) => web.tickets.delete('T-1'), 'ticket T-1: the till has sale 200: 2 × A at 100, the web nothing'],
  ['a line', (web) => void web.tickets.get('T-2')?.lines.pop(), 'ticket T-2: the till has sale 300: 1 × A at 100, 1 × B at 200, the web sale 300: 1 × A at 100'],
  ['an order that the till never had', (web) => web.tickets.set('order 1', { kind: 'completed', minor: 1, lines: [] }), 'ticket order 1: the till has nothing, the web completed 1: '],
])('%s is found', (_what, change, told) => expect(differencesOf(side(), changed(change))).toEqual([told]))

test('an order cancelled before its till had it is none; one that the till has, and not as cancelled, is', () => {
  const cancelled = { kind: 'cancelled', minor: 1, lines: [] }
  expect(differencesOf(side(), changed((web) => web.tickets.set('order 1', cancelled)))).toEqual([])
  const till = side()
  till.tickets.set('order 1', { ...cancelled, kind: 'completed' })
  expect(differencesOf(till, changed((web) => web.tickets.set('order 1', cancelled)))).toHaveLength(1)
})

test('a row that stands in the list twice is named', () => expect(differencesOf(side(), side(), ['T-1'])).toEqual(['ticket T-1 stands in the list twice']))

test("what the till did not book of the shop's own files is named", () => {
  expect(notBooked(new Map([['2010-12-01 till sales', 500]]), side())).toEqual([])
  expect(notBooked(new Map([['2010-12-01 till sales', 499], ['2010-12-01 till returns', -5]]), side())).toHaveLength(2)
})
