import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { itemOf, NOW } from '../test-shop.ts'
import { toInstant } from '../../contract/clock.ts'
import { FEED_LIMITS, judgeFeed, suspicionOf, type Concerned, type Examined, type FeedLimits } from './judge-feed.ts'

const none: Concerned = { zeroed: 0, removed: 0, repriced: 0, drifted: 0, removedInStock: 0 }
const judged = (examined: Examined, change: Partial<Concerned>, limits: FeedLimits = FEED_LIMITS) => judgeFeed(examined, { ...none, ...change }, limits)
const shop: Examined = { inStock: 100, items: 200, skus: 200 }
const occurredAt = toInstant(NOW)

describe('a feed is held', () => {
  test.each<[string, Partial<Concerned>, string[]]>([
    ['when more than a fifth of what is in stock would fall to zero', { zeroed: 21 }, ['zeroed']],
    ['when zeroes and removals together empty more than a fifth', { zeroed: 11, removed: 10, removedInStock: 10 }, ['zeroed']],
    ['when more than a fifth of the items would go', { removed: 41 }, ['removed']],
    ['when more than a tenth of the prices would jump', { repriced: 21 }, ['repriced']],
    ['when more than half of it would be mended at once', { drifted: 101 }, ['drifted']],
    ['for each reason there is', { zeroed: 50, repriced: 50 }, ['zeroed', 'repriced']],
  ])('%s', (_, change, reasons) => {
    expect(judged(shop, change)).toMatchObject({ pass: false, reasons })
  })

  test('but not at the share itself, nor for what was without stock', () => {
    for (const change of [{ zeroed: 20 }, { removed: 40 }, { repriced: 20 }, { drifted: 100 }]) expect(judged(shop, change)).toEqual({ pass: true })
  })

  test('in what it is suspected of, and a feed that drifts in everything', () => {
    const held = (change: Partial<Concerned>) => {
      const verdict = judged(shop, change)
      return verdict.pass ? [] : [...verdict.held].sort()
    }
    expect(held({ repriced: 30, zeroed: 12 })).toEqual(['repriced'])
    expect(held({ zeroed: 30 })).toEqual(['removed', 'zeroed'])
    expect(held({ drifted: 150 })).toEqual(['drifted', 'removed', 'repriced', 'zeroed'])
  })
})

const count = fc.nat(2000)
const anyConcerned = fc.record({ zeroed: count, removed: count, repriced: count, drifted: count }).map((each) => ({ ...each, removedInStock: each.removed }))
const anyExamined = fc.record({ inStock: count, items: count, skus: count })
const anyLimits = fc.record({ zeroShare: fc.double({ min: 0, max: 1, noNaN: true }), repriceShare: fc.double({ min: 0, max: 1, noNaN: true }), healShare: fc.double({ min: 0, max: 1, noNaN: true }), minimum: fc.integer({ min: 1, max: 100 }) })

test('more of the same never makes a held feed pass', () => {
  fc.assert(fc.property(anyExamined, anyConcerned, anyConcerned, anyLimits, (examined, concerned, more, limits) => {
    const worse: Concerned = { zeroed: concerned.zeroed + more.zeroed, removed: concerned.removed + more.removed, repriced: concerned.repriced + more.repriced, drifted: concerned.drifted + more.drifted, removedInStock: concerned.removedInStock + more.removedInStock }
    if (!judgeFeed(examined, concerned, limits).pass) expect(judgeFeed(examined, worse, limits).pass).toBe(false)
  }))
})

test('fewer than the minimum of each kind always pass, and a share of 1 holds nothing', () => {
  fc.assert(fc.property(anyExamined, anyConcerned, anyLimits, (examined, concerned, limits) => {
    const few: Concerned = { zeroed: Math.floor((limits.minimum - 1) / 2), removed: 0, repriced: limits.minimum - 1, drifted: limits.minimum - 1, removedInStock: 0 }
    expect(judgeFeed(examined, few, limits).pass).toBe(true)
    const all = { inStock: concerned.zeroed + concerned.removedInStock, items: Math.max(concerned.removed, concerned.repriced), skus: concerned.drifted }
    expect(judgeFeed(all, concerned, { ...limits, zeroShare: 1, repriceShare: 1, healShare: 1 }).pass).toBe(true)
  }))
})

describe('a change is suspect', () => {
  const known = { onHand: 5, itemHash: 'h', priceMinor: 250 }
  const counted = (onHand: number) => ({ type: 'stock.counted', occurredAt, data: { sku: 'A', onHand, asOf: 1 } } as const)
  const priced = (amountMinor: number) => ({ type: 'catalog.item_upserted', occurredAt, data: { ...itemOf('A'), price: { amountMinor, currency: 'EUR' } } } as const)

  test('that takes stock to zero or below, not one that leaves some, nor one of what had none', () => {
    expect(suspicionOf(counted(0), known)).toEqual({ kind: 'zeroed', was: 5, becomes: 0 })
    expect(suspicionOf(counted(-2), known)?.kind).toBe('zeroed')
    expect(suspicionOf(counted(1), known)).toBeNull()
    expect(suspicionOf(counted(0), { ...known, onHand: 0 })).toBeNull()
    expect(suspicionOf(counted(0), undefined)).toBeNull()
  })

  test('that moves a price by more than half, in either direction', () => {
    expect([124, 376, 2].map((price) => suspicionOf(priced(price), known)?.kind)).toEqual(['repriced', 'repriced', 'repriced'])
    expect([125, 375, 250].map((price) => suspicionOf(priced(price), known))).toEqual([null, null, null])
    expect(suspicionOf(priced(1), undefined)).toBeNull()
  })
})
