import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lineTaxMinor, lineTotalMinor, sumLines, taxesOf } from './money.ts'
import type { Rounding } from './money.ts'

describe('tax of a line, rounded half up', () => {
  it.each([
    // total, rate, included, tax
    [1000, '8.875', false, 89],
    [1000, '8.875', true, 82],
    [1999, '20', true, 333],
    [1999, '20', false, 400],
    [50, '1', false, 1],
    [49, '1', false, 0],
    [100, '0', false, 0],
    [100, '0', true, 0],
    [1, '100', true, 1],
    [-50, '1', false, -1],
    [333, '7.7', true, 24],
    [10_000_000_000, '8.875', false, 887_500_000],
  ])('%i at %s%% (included: %s) holds %i', (total, rate, included, tax) => {
    expect(lineTaxMinor(total, rate, included)).toBe(tax)
  })

  it('never differs from the exact value by more than half a minor unit', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 10 ** 9 }), fc.integer({ min: 0, max: 50_000 }), fc.boolean(), (total, rateThousandths, included) => {
      const tax = lineTaxMinor(total, (rateThousandths / 1000).toFixed(3), included)
      const exact = included ? total - total / (1 + rateThousandths / 100_000) : (total * rateThousandths) / 100_000
      expect(Math.abs(tax - exact)).toBeLessThanOrEqual(0.5 + 1e-4)
    }))
  })
})

describe('line totals', () => {
  it.each([
    [199, 3, 'each', 597],
    [1299, 750, 'g', 974],
    [1299, 1, 'g', 1],
    [100, 5, 'ml', 1],
    [99, 5, 'mm', 0],
  ] as const)('%i for %i %s is %i', (price, quantity, unit, total) => {
    expect(lineTotalMinor(price, quantity, unit)).toBe(total)
  })

  it('a return is exactly the negative of its sale', () => {
    fc.assert(fc.property(fc.nat(10 ** 6), fc.integer({ min: 1, max: 10 ** 5 }), (price, quantity) => {
      expect(lineTotalMinor(price, -quantity, 'g')).toBe(-lineTotalMinor(price, quantity, 'g') || 0)
    }))
  })
})

it('adds tax on top only where prices do not hold it', () => {
  const lines = [{ lineTotalMinor: 1000, taxRate: '10', taxIncluded: true }, { lineTotalMinor: 1000, taxRate: '10', taxIncluded: false }]
  expect(sumLines(lines, 500)).toEqual({ subtotal: 2000, tax: 191, shipping: 500, total: 2600, taxes: [91, 100] })
})

describe('where halves go', () => {
  it.each([
    // total, rate, included: half up, half even, down
    [50, '1', false, 1, 0, 0],
    [150, '1', false, 2, 2, 1],
    [250, '1', false, 3, 2, 2],
    [-250, '1', false, -3, -2, -2],
    [1999, '8.875', false, 177, 177, 177],
    [105, '5', true, 5, 5, 5],
  ])('%i at %s%% (included: %s): %i, %i, %i', (total, rate, included, up, even, down) => {
    expect((['half_up', 'half_even', 'down'] as const).map((mode) => lineTaxMinor(total, rate, included, mode))).toEqual([up, even, down])
  })
})

describe('tax of a whole receipt', () => {
  const ORDER: Rounding = { tax: 'order', mode: 'half_up' }
  const line = (total: number, taxRate = '8.875', taxIncluded = false) => ({ lineTotalMinor: total, taxRate, taxIncluded })
  it.each([
    // Three lines that each round down, or up, and together do not; two rates, which are not added up; a currency without cents, and one with three decimals.
    [[line(105, '5'), line(105, '5'), line(105, '5')], [5, 5, 6], [5, 5, 5]],
    [[line(110, '5'), line(110, '5'), line(110, '5')], [6, 6, 5], [6, 6, 6]],
    [[line(199, '7.7', true), line(301, '7.7', true), line(499, '2.5', true)], [14, 22, 12], [14, 22, 12]],
    [[line(1, '8'), line(7, '8'), line(5, '10')], [0, 1, 1], [0, 1, 1]],
    [[line(12_345, '15'), line(1_005, '15')], [1_852, 151], [1_852, 151]],
  ])('%j', (lines, together, apart) => {
    const taxes = taxesOf(lines, ORDER)
    expect(taxes.reduce((sum, tax) => sum + tax, 0)).toBe(together.reduce((sum, tax) => sum + tax, 0))
    expect(taxes.toSorted((a, b) => a - b)).toEqual(together.toSorted((a, b) => a - b))
    expect(taxesOf(lines)).toEqual(apart)
  })

  it('is what one line of all of them would be taxed, and no line is off by a whole unit', () => {
    const lines = fc.array(fc.record({ lineTotalMinor: fc.integer({ min: 0, max: 10 ** 7 }), taxRate: fc.constantFrom('0', '7.7', '8.875', '19', '20'), taxIncluded: fc.boolean() }), { minLength: 1, maxLength: 20 })
    fc.assert(fc.property(lines, fc.constantFrom('half_up' as const, 'half_even' as const, 'down' as const), (all, mode) => {
      const taxes = taxesOf(all, { tax: 'order', mode })
      for (const rate of new Set(all.map((each) => `${each.taxRate} ${each.taxIncluded}`))) {
        const places = [...all.keys()].filter((place) => `${all[place]?.taxRate} ${all[place]?.taxIncluded}` === rate)
        const [taxRate = '0', included] = rate.split(' ')
        const total = places.reduce((sum, place) => sum + (all[place]?.lineTotalMinor ?? 0), 0)
        expect(places.reduce((sum, place) => sum + (taxes[place] ?? 0), 0)).toBe(lineTaxMinor(total, taxRate, included === 'true', mode))
        for (const place of places) expect(Math.abs((taxes[place] ?? 0) - lineTaxMinor(all[place]?.lineTotalMinor ?? 0, taxRate, included === 'true', 'down'))).toBeLessThanOrEqual(1)
      }
    }))
  })
})
