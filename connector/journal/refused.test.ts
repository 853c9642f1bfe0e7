import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestJournal, testFolder } from '../test-shop.ts'
import type { Journal } from './journal.ts'
import { readRefusedAgain } from './read-refused-again.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
})
afterEach(() => {
  journal.close()
  folder.remove()
})
const note = (text: string, at: number, reason: string | null = 'no price') => journal.refused.note([{ key: 'items/1', reason, text }], at)

test('a dropped row stays off the list over every reading, until it changes', () => {
  expect(note('a', 1)).toEqual(['items/1'])
  expect(journal.refused.drop('items/1')).toBe(true)
  expect(journal.refused.drop('items/1')).toBe(false)
  expect(note('a', 2)).toEqual([])
  expect([journal.refused.count(), journal.refused.get('items/1'), journal.refused.list(null, 9)]).toEqual([0, null, []])
  expect(note('b', 3)).toEqual(['items/1'])
  expect(journal.refused.get('items/1')).toMatchObject({ text: 'b', firstAt: 3, lastAt: 3 })
})

test('a dropped row that is cut in the middle of a sign stays off the list too', () => {
  const long = `${'x'.repeat(1_999)}🍵`
  note(long, 1, `${'y'.repeat(499)}🍵`)
  journal.refused.drop('items/1')
  expect(note(long, 2, `${'y'.repeat(499)}🍵`)).toEqual([])
})

test('a row that is in order again is forgotten, dropped or not', () => {
  note('a', 1)
  journal.refused.drop('items/1')
  note('a', 2, null)
  expect(note('a', 3)).toEqual(['items/1'])
})

test('a row that shall be read again is forgotten, and a comparison is due', () => {
  expect(readRefusedAgain(journal, 'items/1')).toBe(false)
  expect(journal.meta.get('reconcileWanted')).toBeNull()
  note('a', 1)
  expect(readRefusedAgain(journal, 'items/1')).toBe(true)
  expect([journal.refused.count(), journal.meta.get('reconcileWanted')]).toEqual([0, '1'])
})
