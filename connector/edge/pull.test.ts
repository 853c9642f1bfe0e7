import { afterEach, beforeEach, expect, test } from 'vitest'
import { ok } from '../../contract/result.ts'
import type { Journal } from '../journal/journal.ts'
import { JournalFull } from '../journal/room.ts'
import { assignmentId, assignmentOf, NOW, openTestJournal, silent, STORE_ID, testFolder } from '../test-shop.ts'
import type { Edge } from './edge-client.ts'
import { createPull } from './pull.ts'
import { createStanding, type Standing } from './standing.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
let standing: Standing
let pulls: number
let stop: AbortController
let running: Promise<void>

beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  standing = createStanding(journal, () => NOW)
  pulls = 0
  const none = () => Promise.reject(new Error('not asked for here'))
  const edge: Edge = {
    takeEpoch: none, sendEvents: none, heartbeat: none, state: none,
    pending: async () => {
      pulls += 1
      return ok({ assignments: [], cancels: [] })
    },
  }
  const pull = createPull({ edge, log: silent, everyMs: 2, storeId: STORE_ID, mayPull: standing.mayPull, receive: () => false, cancel: () => {}, told: async () => {} })
  stop = new AbortController()
  running = pull.run(stop.signal)
})
afterEach(async () => {
  stop.abort()
  await running
  journal.close()
  folder.remove()
})

test('while the journal has no room for more, what is cancelled of what it has is heard all the same', async () => {
  const [heard, cancelled]: [string[], string[]] = [[], []]
  const none = () => Promise.reject(new Error('not asked for here'))
  const edge: Edge = {
    takeEpoch: none, sendEvents: none, heartbeat: none, state: none,
    pending: async () => ok({ assignments: [1, 2, 3].map((n) => assignmentOf(n, { A: 1 })), cancels: [{ assignmentId: assignmentId(3) }] }),
  }
  const pull = createPull({
    edge, log: silent, everyMs: 2, storeId: STORE_ID, mayPull: () => true, told: async () => {}, cancel: (id) => void cancelled.push(id),
    receive({ assignmentId: id }) {
      heard.push(id)
      // The third is known, so it needs no room.
      if (id !== assignmentId(3)) throw new JournalFull('disk')
      return false
    },
  })
  await expect(pull.once(new AbortController().signal)).rejects.toBeInstanceOf(JournalFull)
  expect([heard, cancelled]).toEqual([[1, 2, 3].map(assignmentId), [assignmentId(3)]])
})

async function pulledIn(ms: number): Promise<boolean> {
  const before = pulls
  await new Promise((resolve) => setTimeout(resolve, ms))
  return pulls > before
}

test('nothing is fetched before the edge has taken this connector for the store\'s own', async () => {
  expect(await pulledIn(40)).toBe(false)
  journal.takeFirstEpoch(1)
  expect(await pulledIn(40)).toBe(false)
  standing.answered()
  expect(await pulledIn(200)).toBe(true)
})

test('nothing is fetched while a new epoch is wanted, nor once another connector holds the store', async () => {
  journal.takeFirstEpoch(1)
  standing.confirmed()
  journal.meta.set('epochWanted', '1')
  expect(await pulledIn(40)).toBe(false)
  journal.meta.delete('epochWanted')
  expect(await pulledIn(200)).toBe(true)
  standing.held('back-office')
  await pulledIn(10)
  expect(await pulledIn(40)).toBe(false)
})
