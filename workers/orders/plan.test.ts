import fc from 'fast-check'
import { ROUNDING_DEFAULT } from '../../contract/money.ts'
import { describe, expect, it } from 'vitest'
import { demandOf, plan, STORES_PER_ORDER_MAX } from './plan.ts'
import type { PlanLine, StoreOffer } from './plan.ts'

const SKUS = ['A', 'B', 'C']
const linesOf = fc.array(fc.record({ sku: fc.constantFrom(...SKUS), quantity: fc.integer({ min: 1, max: 6 }) }), { minLength: 1, maxLength: 6 })
  .map((lines) => lines.map((line, index): PlanLine => ({ lineId: String(index + 1), ...line })))
const available = fc.dictionary(fc.constantFrom(...SKUS), fc.option(fc.nat(8), { nil: null })).map((record) => new Map(Object.entries(record)))
const offersOf = fc.uniqueArray(fc.record({ storeId: fc.stringMatching(/^s[0-9]$/), priority: fc.integer({ min: 1, max: 3 }), rounding: fc.constant(ROUNDING_DEFAULT), available }), { selector: ({ storeId }) => storeId, maxLength: 7 })
const sum = (lines: readonly { quantity: number }[]): number => lines.reduce((total, { quantity }) => total + quantity, 0)
const has = (offer: StoreOffer | undefined, sku: string): number => offer?.available.get(sku) ?? 0

describe('a plan', () => {
  it('never asks a store for more than it offers, nor twice, nor too many stores', () => {
    fc.assert(fc.property(linesOf, offersOf, (lines, offers) => {
      const { parts } = plan(lines, offers)
      expect(parts.length).toBeLessThanOrEqual(STORES_PER_ORDER_MAX)
      expect(new Set(parts.map(({ storeId }) => storeId)).size).toBe(parts.length)
      for (const part of parts) {
        const offer = offers.find(({ storeId }) => storeId === part.storeId)
        const asked = part.lines.map(({ lineId, quantity }) => ({ lineId, quantity, sku: lines.find((line) => line.lineId === lineId)?.sku ?? '' }))
        for (const [sku, quantity] of demandOf(asked)) expect(quantity).toBeLessThanOrEqual(has(offer, sku))
        for (const { quantity } of asked) expect(quantity).toBeGreaterThan(0)
      }
    }))
  })

  it('brings each line whole, or says what is short of it', () => {
    fc.assert(fc.property(linesOf, offersOf, (lines, offers) => {
      const { parts, shortages } = plan(lines, offers)
      for (const [sku, quantity] of demandOf(lines)) {
        const ids = new Set(lines.filter((line) => line.sku === sku).map(({ lineId }) => lineId))
        const planned = sum(parts.flatMap((part) => part.lines.filter(({ lineId }) => ids.has(lineId))))
        const short = shortages.find((each) => each.sku === sku)
        expect(planned).toBe(short ? (short.available ?? 0) : quantity)
        if (short) expect(planned).toBeLessThan(quantity)
      }
      for (const { lineId, quantity } of lines) expect(sum(parts.flatMap((part) => part.lines.filter((line) => line.lineId === lineId)))).toBeLessThanOrEqual(quantity)
    }))
  })

  it('is one store whenever one has everything: the first in turn', () => {
    fc.assert(fc.property(linesOf, offersOf, (lines, offers) => {
      const whole = offers.filter((offer) => [...demandOf(lines)].every(([sku, quantity]) => has(offer, sku) >= quantity))
      fc.pre(whole.length > 0)
      const [best] = whole.sort((a, b) => a.priority - b.priority || (a.storeId < b.storeId ? -1 : 1))
      expect(plan(lines, offers)).toMatchObject({ parts: [{ storeId: best?.storeId }], shortages: [] })
    }))
  })

  it('is the same whatever order the stores were read in', () => {
    fc.assert(fc.property(linesOf, offersOf, (lines, offers) => {
      expect(plan(lines, [...offers].reverse())).toEqual(plan(lines, offers))
    }))
  })

  it('takes from the first in turn, and the rest from one store that has all of it', () => {
    const offer = (storeId: string, priority: number, stock: Record<string, number>): StoreOffer => ({ storeId, priority, rounding: { tax: 'line' as const, mode: 'half_up' as const }, available: new Map(Object.entries(stock)) })
    const lines = [{ lineId: '1', sku: 'A', quantity: 3 }, { lineId: '2', sku: 'B', quantity: 2 }]
    const { parts } = plan(lines, [offer('near', 1, { A: 1 }), offer('middle', 2, { A: 1, B: 1 }), offer('far', 3, { A: 2, B: 2 })])
    expect(parts).toEqual([{ storeId: 'near', lines: [{ lineId: '1', quantity: 1 }] }, { storeId: 'far', lines: [{ lineId: '1', quantity: 2 }, { lineId: '2', quantity: 2 }] }])
  })
})
