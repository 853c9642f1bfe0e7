import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { StateRow } from '../../contract/connect.ts'
import type { DriftedSku } from '../../contract/feed.ts'
import { NOW } from '../test-shop.ts'
import type { EdgeRow } from './difference.ts'
import { driftedList, driftReport, mended } from './drift.ts'
import { NoRoomToCompare, openEdgeState, type EdgeState } from './edge-state.ts'

let state: EdgeState
afterEach(() => state.close())

const row = (sku: string, rest: Partial<StateRow> = {}): StateRow => ({ sku, itemHash: null, priceMinor: null, onHand: null, epoch: null, seq: null, asOf: null, ...rest })
/** The last two are in one order by their UTF-16 and in the other by their UTF-8. */
const sku = fc.constantFrom('A', 'B', 'a', 'É', '10', '9', '😀', '\uFFFD')
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null })
const stateRow: fc.Arbitrary<StateRow> = fc.record({
  sku, itemHash: maybe(fc.constantFrom('x', 'y')), priceMinor: fc.option(maybe(fc.nat(3)), { nil: undefined }), onHand: maybe(fc.integer({ min: -3, max: 3 })), epoch: maybe(fc.nat(3)), seq: maybe(fc.nat(9)), asOf: maybe(fc.nat(9)),
})
const drifted: fc.Arbitrary<DriftedSku> = fc.record({ sku, cause: fc.constantFrom('never_told', 'lost', 'not_in_pos'), pos: maybe(fc.nat(9)), edge: maybe(fc.nat(9)) })

/** What a map would hold: the model of the table. */
function modelOf(rows: readonly StateRow[]): Map<string, EdgeRow> {
  const model = new Map<string, EdgeRow>()
  for (const { sku: id, itemHash, priceMinor, onHand, epoch, asOf } of rows) {
    const known = model.get(id)
    const level = onHand === null ? { onHand: known?.onHand ?? null, epoch: known?.epoch ?? null, asOf: known?.asOf ?? null } : { onHand, epoch, asOf }
    model.set(id, { itemHash: itemHash ?? known?.itemHash ?? null, priceMinor: priceMinor ?? known?.priceMinor ?? null, ...level })
  }
  return model
}

describe('what the edge has, on disk', () => {
  test('is what a map would hold, whatever pages it comes in and whatever the POS has of it', () => {
    fc.assert(fc.property(fc.array(fc.array(stateRow, { maxLength: 6 }), { maxLength: 6 }), fc.array(sku), fc.integer({ min: 1, max: 4 }), (pages, seen, pageSize) => {
      state = openEdgeState()
      try {
        for (const page of pages) state.put(page)
        state.see(seen)
        const model = modelOf(pages.flat())
        expect(state.count()).toBe(model.size)
        expect(state.of([...model.keys(), 'not there'])).toEqual(model)
        const unseen = new Map<string, EdgeRow>()
        for (let page = state.unseen(null, pageSize); page.size > 0; page = state.unseen([...page.keys()].at(-1) ?? null, pageSize)) for (const [id, each] of page) unseen.set(id, each)
        expect(unseen).toEqual(new Map([...model].filter(([id]) => !new Set<string>(seen).has(id))))
      } finally {
        state.close()
        state = openEdgeState()
      }
    }))
  })

  test('tells of what differs each SKU once, by its level where that differs, in the order it was found', () => {
    fc.assert(fc.property(fc.array(drifted, { maxLength: 30 }), (found) => {
      state = openEdgeState()
      try {
        for (const each of found) state.note([each])
        const model = new Map<string, DriftedSku>()
        for (const each of found) if (!model.has(each.sku) || each.pos !== null) model.set(each.sku, each)
        expect([...state.drifted()]).toEqual([...model.values()])
      } finally {
        state.close()
        state = openEdgeState()
      }
    }))
  })

  test('of more rows than one page is still all of it', () => {
    state = openEdgeState()
    const skus = Array.from({ length: 1_201 }, (_, n) => `S${String(n).padStart(5, '0')}`)
    state.note(skus.map((id) => ({ sku: id, cause: 'lost', pos: 3, edge: 1 })))
    const report = driftReport(state.drifted(), (id) => id < 'S00002', null, 2_000, NOW)
    expect(report).toMatchObject({ skus: 1_201, units: 2_402, causes: { lost: 1_201 }, unhealed: { skus: 2 } })
    expect([driftedList(state.drifted()).map((each) => each.sku), driftedList(state.drifted(), 7).length]).toEqual([skus, 7])
    expect([report.sample.length, report.unhealed?.sample.map((each) => each.sku), [...mended(state.drifted())]]).toEqual([5, ['S00000', 'S00001'], skus])
  })

  test('costs a hundred thousand SKUs no memory to speak of', () => {
    state = openEdgeState()
    const before = process.memoryUsage.rss()
    for (let page = 0; page < 200; page += 1) state.put(Array.from({ length: 500 }, (_, n) => row(`S${page * 500 + n}`, { itemHash: 'f'.repeat(64), priceMinor: 250, onHand: 3, epoch: 1, seq: 1, asOf: 1 })))
    globalThis.gc?.()
    expect(state.count()).toBe(100_000)
    // In a map, forty.
    expect((process.memoryUsage.rss() - before) / 2 ** 20).toBeLessThan(25)
  })

  test('that finds no room says so, and what to do', () => {
    state = openEdgeState({ bytesMax: 100_000 })
    const fill = (): void => {
      for (let n = 0; n < 10_000; n += 1) state.put([row(`S${n}`, { itemHash: 'f'.repeat(64) })])
    }
    expect(fill).toThrow(NoRoomToCompare)
    expect(fill).toThrow(expect.objectContaining({ hint: expect.stringContaining('TMPDIR') as string }))
  })
})
