import { describe, expect, test } from 'vitest'
import { hashOfItem, type BaselineRow } from '../journal/baseline.ts'
import { itemOf, NOW } from '../test-shop.ts'
import { differenceOf, reconcileDifference, removalsOf, type EdgeRow, type Reading } from './difference.ts'

const tea = itemOf('TEA')
const reading = (change: Partial<Reading>): Reading => ({ items: [], removed: [], levels: [], asOf: 7, now: NOW, ...change })
const told = (sku: string, itemHash: string | null, onHand: number | null, seq = 1): [string, BaselineRow] => [sku, { sku, itemHash, priceMinor: itemHash === null ? null : 250, onHand, asOf: 1, levelSeq: 1, seq }]
const atEdge = (rows: Record<string, EdgeRow>): Map<string, EdgeRow> => new Map(Object.entries(rows))
const kinds = (events: readonly { type: string }[]): string[] => events.map(({ type }) => type)

describe('a difference from the baseline', () => {
  test('is nothing when nothing differs', () => {
    const same = reading({ items: [tea], levels: [{ sku: 'TEA', onHand: 4 }] })
    expect(differenceOf(same, new Map([told('TEA', hashOfItem(tea), 4)]))).toEqual([])
  })

  test('is an item and its level, in this order, for a SKU never told', () => {
    expect(differenceOf(reading({ items: [tea], levels: [{ sku: 'TEA', onHand: 4 }] }), new Map())).toMatchObject([
      { type: 'catalog.item_upserted', data: { sku: 'TEA' } },
      { type: 'stock.counted', data: { sku: 'TEA', onHand: 4, asOf: 7 } },
    ])
  })

  test('is none to sell for goods that were gone and are back without a count; what was never counted stays unknown', () => {
    const back = reading({ items: [tea] })
    const gone = told('TEA', null, null)
    expect(differenceOf(back, new Map([gone]))).toMatchObject([{ type: 'catalog.item_upserted' }, { type: 'stock.counted', data: { sku: 'TEA', onHand: 0, asOf: 7 } }])
    expect(kinds(differenceOf(back, new Map([['TEA', { ...gone[1], levelSeq: 0 }]])))).toEqual(['catalog.item_upserted'])
    expect(kinds(differenceOf(reading({ items: [{ ...tea, tracked: false }] }), new Map([gone])))).toEqual(['catalog.item_upserted'])
    // Told with an order alone, and not gone.
    expect(kinds(differenceOf(back, new Map([told('TEA', null, 4, 0)])))).toEqual(['catalog.item_upserted'])
    expect(differenceOf({ ...back, levels: [{ sku: 'TEA', onHand: 3 }] }, new Map([gone])).at(-1)).toMatchObject({ data: { onHand: 3 } })
  })

  test('is a level even when it is the same, if its sale is told', () => {
    const same = reading({ levels: [{ sku: 'TEA', onHand: 4 }] })
    expect(kinds(differenceOf(same, new Map([told('TEA', null, 4)]), new Set(['TEA'])))).toEqual(['stock.counted'])
  })

  test('is a level of zero: zero is not unknown', () => {
    expect(kinds(differenceOf(reading({ levels: [{ sku: 'TEA', onHand: 0 }] }), new Map()))).toEqual(['stock.counted'])
  })

  test('is a removal once, and no level of what was removed', () => {
    const gone = reading({ removed: ['TEA'], levels: [{ sku: 'TEA', onHand: 3 }] })
    expect(kinds(differenceOf(gone, new Map([told('TEA', 'hash', 4)])))).toEqual(['catalog.item_removed'])
    expect(differenceOf(gone, new Map([told('TEA', null, null)]))).toEqual([])
  })
})

describe('a comparison with the edge', () => {
  const now = reading({ items: [tea], levels: [{ sku: 'TEA', onHand: 4 }] })
  const hash = hashOfItem(tea)

  test('a new journal sends only what the edge has otherwise, and adopts what it has just so', () => {
    const { events, adopt } = reconcileDifference(now, new Map(), atEdge({ TEA: { itemHash: hash, onHand: 4 } }))
    expect(events).toEqual([])
    expect(adopt).toEqual([{ sku: 'TEA', itemHash: hash, priceMinor: null, onHand: 4 }])
    expect(kinds(reconcileDifference(now, new Map(), atEdge({ TEA: { itemHash: hash, onHand: 5 } })).events)).toEqual(['stock.counted'])
    expect(kinds(reconcileDifference(now, new Map(), atEdge({})).events)).toEqual(['catalog.item_upserted', 'stock.counted'])
  })

  test('what differs from the edge is sent although it was told before', () => {
    expect(kinds(reconcileDifference(now, new Map([told('TEA', hash, 4)]), atEdge({ TEA: { itemHash: 'other', onHand: null } })).events))
      .toEqual(['catalog.item_upserted', 'stock.counted'])
  })

  test('what was told otherwise meanwhile is sent although the edge still has it so', () => {
    expect(kinds(reconcileDifference(now, new Map([told('TEA', hash, 3)]), atEdge({ TEA: { itemHash: hash, onHand: 4 } })).events)).toEqual(['stock.counted'])
  })

  test('what the edge has a number of and the POS counts no more is none to sell, once; what nobody ever counted stays unknown', () => {
    const uncounted = reading({ items: [tea] })
    const counted = atEdge({ TEA: { itemHash: hash, onHand: 4 } })
    const none = { type: 'stock.counted', data: { sku: 'TEA', onHand: 0 } }
    expect(reconcileDifference(uncounted, new Map(), counted).events).toMatchObject([none])
    expect(reconcileDifference(uncounted, new Map([told('TEA', hash, 4)]), counted).events).toMatchObject([none])
    expect(reconcileDifference(uncounted, new Map([told('TEA', hash, 0)]), atEdge({ TEA: { itemHash: hash, onHand: 0 } })).events).toEqual([])
    expect(reconcileDifference(uncounted, new Map([told('TEA', hash, null)]), atEdge({ TEA: { itemHash: hash, onHand: null } })).events).toEqual([])
    const service = { ...tea, tracked: false }
    expect(kinds(reconcileDifference(reading({ items: [service] }), new Map(), counted).events)).toEqual(['catalog.item_upserted'])
  })

  test('a level that only an order told is no word about the item', () => {
    const afterOrder = new Map([told('TEA', null, 4, 0)])
    expect(reconcileDifference(now, afterOrder, atEdge({ TEA: { itemHash: hash, onHand: 4 } })).events).toEqual([])
  })

  test('an item that the contract refuses is sent once, not at every reconcile', () => {
    const bad = { ...tea, name: '' }
    expect(kinds(reconcileDifference(reading({ items: [bad] }), new Map(), atEdge({})).events)).toEqual(['catalog.item_upserted'])
    expect(reconcileDifference(reading({ items: [bad] }), new Map([told('TEA', hashOfItem(bad), null)]), atEdge({})).events).toEqual([])
  })
})

describe('a removal', () => {
  test('is what the edge has and the POS has not; a level without an item is none', () => {
    const unseen = atEdge({ OLD: { itemHash: 'b', onHand: 1 }, BARE: { itemHash: null, onHand: 2 } })
    expect(removalsOf(unseen, new Map(), 0, NOW)).toMatchObject([{ type: 'catalog.item_removed', data: { sku: 'OLD' } }])
  })

  test('is not what came back while the POS was read', () => {
    expect(removalsOf(atEdge({ OLD: { itemHash: 'b', onHand: 1 } }), new Map([told('OLD', 'b', 1, 9)]), 8, NOW)).toEqual([])
  })
})
