import { expect, test } from 'vitest'
import { shareOf } from '../sql/decimal.ts'
import { toPercent, toRate, withoutTax } from './doubles.ts'
import { splitTax, taxOf, toTaxRow } from './taxes.ts'

const row = (id: string, rate: string, more: Record<string, string | null> = {}) => toTaxRow({ id, name: id, category: 'standard', custcategory: null, parentid: null, rate, cascade_flag: '0', rateorder: '0', ...more })

/** As a till's own decimals round, half a cent away from zero, where a float lies a hair below: 2 * 0.075 / 0.1 is 1.4999999999999998 in doubles. */
test.each<[number, string[], number[]]>([
  [2, ['0.075', '0.025'], [2, 0]], [2, ['0.009', '0.003'], [2, 0]], [2, ['0.102', '0.034'], [2, 0]], [-2, ['0.075', '0.025'], [-2, 0]],
  [89, ['0.02625', '0.0625'], [26, 63]], [1, ['0.02625', '0.0625'], [0, 1]], [100, ['0.1', '0.1', '0.1'], [33, 33, 34]], [95, ['0.19'], [95]], [5, ['0', '0'], [5, 0]],
  [900_000_000_000_001, ['0.045', '0.045'], [450_000_000_000_001, 450_000_000_000_000]],
])('%i of tax in parts of %j are %j', (taxMinor, rates, parts) => {
  const taxes = [row('all', '0.9'), ...rates.map((rate, index) => row(`part ${index}`, rate, { parentid: 'all', rateorder: String(index) }))]
  const tax = taxOf('standard', taxes)
  expect(tax && splitTax(taxMinor, tax).map(({ amountMinor }) => amountMinor)).toEqual(parts)
})

test.each([['0.1', '10'], ['0.07', '7'], ['0.1035', '10.35'], ['0.08875', '8.875'], ['0.29', '29'], ['0', '0'], ['1e-05', '0.001'], ['0.175', '17.5']])('a rate of %s is %s percent', (rate, percent) => {
  expect(toPercent(toRate(rate))).toBe(percent)
})

test('a tax on the price with another tax is the product, exactly', () => {
  const taxes = [row('all', '0'), row('a', '0.05', { parentid: 'all', rateorder: '1' }), row('b', '0.1', { parentid: 'all', rateorder: '2', cascade_flag: '1' })]
  expect(taxOf('standard', taxes)).toMatchObject({ rate: 155_000_000, parts: [{ id: 'a', rate: 50_000_000 }, { id: 'b', rate: 105_000_000 }] })
})

test.each(['NaN', 'Infinity', 'x'])('a rate of %s is none', (rate) => {
  const tax = taxOf('standard', [row('all', rate), row('a', rate, { parentid: 'all', cascade_flag: '1' })])
  expect(() => toPercent(tax?.rate ?? 0)).toThrow(RangeError)
})

test.each([[1190, '19', 2, '10.000000000000000000'], [499, '0', 2, '4.990000000000000000'], [100, '7', 2, '0.934579439252336449'], [1000, '10.35', 0, '906.207521522428636158'], [1, '20', 3, '0.000833333333333333']] as const)('%i with %s percent in it is %s without', (minor, percent, digits, net) => {
  expect(withoutTax(minor, percent, digits)).toBe(net)
})

test.each([[3, 1, 2, 2], [-3, 1, 2, -2], [3, -1, 2, -2], [1, 1, 3, 0], [2, 1, 3, 1], [0, 1, 3, 0], [4_503_599_627_370_497, 1, 2, 2_251_799_813_685_249]])('%i · %i/%i is %i', (amount, part, whole, share) => {
  expect(shareOf(amount, part, whole)).toBe(share)
})
