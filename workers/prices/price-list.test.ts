import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listPriceAt, turnsAfter } from './price-list.ts'
import type { ListedPrice } from './port.ts'

const entry = (amountMinor: number, validFrom: number, validTo: number | null = null, storeId: string | null = null): ListedPrice => ({ sku: 'A', storeId, amountMinor, currency: 'USD', validFrom, validTo })

describe('the price that counts', () => {
  it.each([
    ['none before it begins', [entry(1, 100)], 99, null],
    ['from its first moment', [entry(1, 100)], 100, 1],
    ['until before its end', [entry(1, 100, 200)], 199, 1],
    ['the POS\'s own again from its end on', [entry(1, 100, 200)], 200, null],
    ['the one that began last', [entry(1, 100), entry(2, 150, 180)], 160, 2],
    ['the one before it, once that is over', [entry(1, 100), entry(2, 150, 180)], 180, 1],
    ['the store\'s own before one for all, though that began later', [entry(1, 150), entry(2, 100, null, 'main')], 160, 2],
    ['not another store\'s', [entry(2, 100, null, 'other')], 160, null],
  ])('is %s', (_, entries, now, amountMinor) => expect(listPriceAt(entries, 'main', now)?.amountMinor ?? null).toBe(amountMinor))

  it('does not depend on the order in which prices were written, and changes only where one turns', () => {
    const entries = fc.array(fc.record({ amountMinor: fc.integer({ min: 1, max: 9 }), from: fc.integer({ min: 0, max: 20 }), days: fc.option(fc.integer({ min: 1, max: 9 })), own: fc.boolean() }), { maxLength: 6 })
    fc.assert(fc.property(entries, fc.integer({ min: 0, max: 30 }), (made, now) => {
      const all = made.map(({ amountMinor, from, days, own }) => entry(amountMinor, from, days === null ? null : from + days, own ? 'main' : null)).filter((each, place, list) => list.findIndex((other) => other.validFrom === each.validFrom && other.storeId === each.storeId) === place)
      expect(listPriceAt(all, 'main', now)).toEqual(listPriceAt(all.toReversed(), 'main', now))
      const turns = all.map((each) => turnsAfter(each, now)).filter((at) => at !== null)
      if (turns.every((at) => at > now + 1)) expect(listPriceAt(all, 'main', now + 1)).toEqual(listPriceAt(all, 'main', now))
    }))
  })
})
