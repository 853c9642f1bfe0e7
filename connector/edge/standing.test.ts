import { afterEach, beforeEach, expect, test } from 'vitest'
import { JournalCannotWrite } from '../journal/database.ts'
import type { Journal } from '../journal/journal.ts'
import { NOW, openTestJournal, testFolder } from '../test-shop.ts'
import { createStanding } from './standing.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
let isFull: boolean

beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  journal.takeFirstEpoch(1)
  isFull = false
})
afterEach(() => {
  journal.close()
  folder.remove()
})

/** The journal, on a disk that fills up and has room again. */
const onDisk = (): Pick<Journal, 'meta' | 'transaction'> => ({
  meta: journal.meta,
  transaction(work) {
    if (isFull) throw new JournalCannotWrite('no room')
    return journal.transaction(work)
  },
})

test('who held the store is kept until the edge takes this connector again', () => {
  createStanding(onDisk(), () => NOW).held('back-office')
  expect(JSON.parse(journal.meta.get('heldBy') ?? '')).toMatchObject({ holder: 'back-office' })
  const standing = createStanding(onDisk(), () => NOW)
  expect(journal.meta.get('heldBy')).not.toBeNull()
  standing.answered()
  expect([standing.hasStore(), journal.meta.get('heldBy')]).toEqual([true, null])
})

test('a full disk hinders neither the end of a connector that was sent away, nor one that the edge takes, and is caught up on', () => {
  createStanding(onDisk(), () => NOW).held('back-office')
  const standing = createStanding(onDisk(), () => NOW)
  isFull = true
  standing.confirmed()
  expect([standing.hasStore(), standing.mayPull(), journal.meta.get('heldBy') === null]).toEqual([true, true, false])
  isFull = false
  standing.answered()
  expect(journal.meta.get('heldBy')).toBeNull()
  isFull = true
  standing.held('back-office')
  expect([standing.hasStore(), standing.mayPull(), journal.meta.get('heldBy')]).toEqual([false, false, null])
})

test('anything but the disk is not hidden', () => {
  const broken = createStanding({ meta: journal.meta, transaction: () => { throw new TypeError('a mistake') } }, () => NOW)
  expect(() => broken.held(null)).toThrow('a mistake')
})
