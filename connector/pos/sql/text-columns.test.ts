import { expect, test } from 'vitest'
import { cutTo } from './text-columns.ts'

test.each([
  ['short enough', 12, 'short enough'], ['one too many', 11, 'one too...'], ['a long way to go', 10, 'a long...'], ['🍵🍵🍵🍵🍵', 5, '🍵🍵🍵🍵🍵'], ['🍵🍵🍵🍵🍵🍵', 5, '🍵🍵...'], ['words', 3, 'wor'], ['', 0, ''], ['a', 0, ''],
])('"%s" in %i signs is "%s"', (text, length, cut) => {
  expect(cutTo(text, length)).toBe(cut)
})

test('where a column holds any text, nothing is cut', () => {
  expect(cutTo('a'.repeat(10_000))).toHaveLength(10_000)
})
