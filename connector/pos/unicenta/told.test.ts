import { expect, test } from 'vitest'
import { createMemory } from '../test-memory.ts'
import { createRecall, DIARY, RECEIPTS } from './told.ts'

const move = (n: number) => ({ key: `${DIARY}${n}`, value: '2026-05-01 10:00:00' })
const receipt = (n: number) => ({ key: `${RECEIPTS}${n}`, value: JSON.stringify({ at: '2026-05-01 10:00:00', sale: null }) })

test('what is remembered is listed once, and then follows what was committed', () => {
  const memory = createMemory()
  let listed = 0
  const counted = { get: memory.get, list: (...of: Parameters<typeof memory.list>) => { listed += 1; return memory.list(...of) } }
  memory.remember([...Array.from({ length: 1_500 }, (_, n) => move(n)), receipt(1), receipt(2)])
  const recall = createRecall()
  const now = (goesOn = true) => {
    const { told, moved } = recall.from(counted, goesOn)
    return [told.size, moved.size]
  }
  expect(now()).toEqual([2, 1_500])
  expect(listed).toBe(3)

  const committed = [receipt(3), { key: `${RECEIPTS}1`, value: null }, move(9_999)]
  recall.reading(committed)
  memory.remember(committed)
  expect(now()).toEqual([2, 1_501])
  expect(now()).toEqual([2, 1_501])
  expect(listed).toBe(3)

  recall.reading([receipt(4), move(10_000)])
  expect(now()).toEqual([2, 1_501])
  expect(listed).toBe(6)

  memory.remember(Array.from({ length: 1_500 }, (_, n) => ({ key: `${DIARY}${n}`, value: null })))
  expect(now(false)).toEqual([2, 1])
})
