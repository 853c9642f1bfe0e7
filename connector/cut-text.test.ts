import { expect, test } from 'vitest'
import { cutText } from './cut-text.ts'

test.each([
  ['as it is', 8, 'as it is'], ['one more', 7, 'one mor'], ['tea 🍵', 6, 'tea 🍵'], ['tea 🍵', 5, 'tea '], ['tea 🍵!', 6, 'tea 🍵'], ['🍵', 1, ''], ['tea', 0, ''],
])('"%s" in %i units is "%s"', (text, lengthMax, cut) => {
  expect(cutText(text, lengthMax)).toBe(cut)
})
