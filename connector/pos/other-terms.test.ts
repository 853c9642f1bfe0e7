import { describe, expect, test } from 'vitest'
import { otherTerms, termsOf } from './other-terms.ts'
import { orderOf, TEA } from './pos-under-test.ts'

const lineOf = (change: Partial<typeof TEA> = {}) => orderOf([{ ...TEA, ...change }, 1]).lines[0]!

describe('a line of an order', () => {
  test('that is as the shop sells its goods is booked, whatever the price', () => {
    expect(otherTerms(lineOf(), termsOf(TEA))).toBeNull()
    expect(otherTerms(lineOf({ price: { amountMinor: 1, currency: 'USD' } }), termsOf(TEA))).toBeNull()
  })

  test.each([
    ['another currency', { price: { amountMinor: 499, currency: 'EUR' } }, 'price_mismatch', 'TEA-1 is priced in USD, the order in EUR'],
    ['another unit', { unit: 'g' }, 'invalid', 'TEA-1 is sold by each, the order counts g'],
    ['a price with tax where the shop\'s are without', { taxIncluded: true }, 'price_mismatch', 'prices here do not hold tax, the order\'s price of TEA-1 does'],
  ] as const)('in %s is refused, and both are named', (_, change, reason, detail) => {
    expect(otherTerms(lineOf(change), termsOf(TEA))).toEqual({ ok: false, reason, detail })
  })

  test('in either kind of price is booked where the POS takes both', () => {
    expect(otherTerms(lineOf({ taxIncluded: true }), { ...termsOf(TEA), taxIncluded: null })).toBeNull()
  })
})
