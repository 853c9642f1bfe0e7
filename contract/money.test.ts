import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lineTaxMinor, lineTotalMinor, sumLines } from './money.ts'

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
  expect(sumLines(lines, 500)).toEqual({ subtotal: 2000, tax: 191, shipping: 500, total: 2600 })
})
