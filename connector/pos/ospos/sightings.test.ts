import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advance, noHigherThan, parseCursor, writeCursor, type Sightings } from './sightings.ts'

const WINDOW = 20
const isUnseen = (seen: Sightings) => (id: number): boolean => id > seen.high || seen.gaps.includes(id)

test('whatever the order of the commits, each id is found once, in readings of any length', () => {
  fc.assert(fc.property(fc.array(fc.nat(WINDOW - 2), { minLength: 1, maxLength: 120 }), fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 10 }), (delays, limits) => {
    // Id n is begun at step n and committed up to a window later; a third of the ids is never written.
    const commits = delays.map((delay, index) => ({ id: index + 1, at: index + 1 + delay })).filter(({ id }) => id % 3 !== 0)
    let seen: Sightings = { high: 0, gaps: [] }
    const found: number[] = []
    for (let step = 1, reading = 0; step <= delays.length + WINDOW; step += 1) {
      const visible = commits.filter(({ at }) => at <= step).map(({ id }) => id)
      for (let cut = true; cut;) {
        const limit = limits[reading % limits.length] ?? 1
        const rows = visible.filter(isUnseen(seen)).slice(0, limit)
        reading += 1
        cut = rows.length === limit
        found.push(...rows)
        seen = advance(seen, rows, WINDOW)
      }
      expect(seen.gaps.length).toBeLessThan(WINDOW)
    }
    expect(found.sort((a, b) => a - b)).toEqual(commits.map(({ id }) => id))
  }))
})

test('a jump of the ids leaves no longer list of gaps than the window', () => {
  expect(advance({ high: 5, gaps: [3] }, [1_000_000], WINDOW).gaps).toHaveLength(WINDOW - 1)
})

test('ids that are given again, after the highest rows went or a backup came back, are found', () => {
  const seen = noHigherThan({ high: 100, gaps: [88, 95] }, 90)
  expect([88, 91, 95, 100].filter(isUnseen(seen))).toEqual([88, 91, 95, 100])
  expect(isUnseen(seen)(89)).toBe(false)
})

test('a cursor of somebody else begins anew', () => {
  const cursor = { sales: { high: 3, gaps: [2] }, log: { high: 9, gaps: [] }, orders: { high: 0, gaps: [] } }
  expect(parseCursor(writeCursor(cursor))).toEqual(cursor)
  for (const text of [null, '', '17', '{}', '{"sales":{"high":"x","gaps":[]}}']) expect(parseCursor(text)).toBeNull()
})
