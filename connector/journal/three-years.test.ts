import { statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { assignmentId, assignmentOf, openTestJournal, testFolder } from '../test-shop.ts'
import { roomLimits } from './room.ts'
import { JournalConfig } from './journal-config.ts'

const WEEKS_A_YEAR = 52
const WEEKS = 3 * WEEKS_A_YEAR
const ORDERS_A_DAY = 200
/** One order in ten is played, which is enough to measure what each takes: all of them came to 64, 102 and 142 MB. */
const PLAYED = 10
const LINES = ['COFFEE-250', 'TEA-GREEN-20', 'HONEY-500', 'CUP-BLUE']
const KEEP_DAYS = 90
const DAY_MS = 86_400_000
const MEGABYTE = 1_048_576
const START = Date.UTC(2026, 0, 1)

test(`three years of ${ORDERS_A_DAY} orders a day leave a journal that has room for ten`, () => {
  const folder = testFolder()
  const file = folder.file('journal.sqlite')
  const journal = openTestJournal(file)
  // The shape of each; what differs between orders is its ids and its moment.
  const body = assignmentOf(1, Object.fromEntries(LINES.map((sku, n) => [sku, n + 1])), {
    note: 'Please ring twice, the bell is hard to hear.',
    fulfillment: { method: 'ship', address: { name: 'Ann Shopper', line1: '1 Quiet Lane', city: 'Town', postalCode: '12345', country: 'IE' } },
  })
  let placed = 0
  const atTheEndOf: number[] = []
  for (let week = 1; week <= WEEKS; week += 1) {
    const now = START + week * 7 * DAY_MS
    journal.transaction(() => {
      for (let n = 0; n < (7 * ORDERS_A_DAY) / PLAYED; n += 1) {
        placed += 1
        const id = assignmentId(placed)
        journal.inbox.insert({ assignmentId: id, bodyHash: placed.toString(16).padStart(64, '0'), assignment: { ...body, assignmentId: id, orderId: id.slice(0, -2), number: `W-${placed}` }, state: 'done', cancel: 'none' }, now)
        journal.inbox.change(id, { posReference: `POS ${placed}`, progress: 'completed' }, now)
      }
    })
    // In one commit, for the test's sake.
    journal.transaction(() => {
      while (journal.forget.finished(now - KEEP_DAYS * DAY_MS, now - KEEP_DAYS * DAY_MS) > 0);
    })
    if (week % WEEKS_A_YEAR === 0) atTheEndOf.push(PLAYED * journal.room.use().journalBytes)
  }
  const [first = 0, , third = 0] = atTheEndOf
  // What a year adds once the first is over: the forgotten ones, and nothing else.
  const aYear = (third - first) / 2
  const forgotten = aYear / WEEKS_A_YEAR / 7 / ORDERS_A_DAY
  console.info(`${PLAYED * placed} orders: ${atTheEndOf.map((bytes) => `${Math.round(bytes / MEGABYTE)} MB`).join(', ')} at the end of each year; a forgotten one takes ${Math.round(forgotten)} bytes`)
  expect(forgotten).toBeLessThan(700)
  expect(third + 7 * aYear).toBeLessThan(roomLimits(JournalConfig.parse({ file })).maxBytes * 0.5)
  journal.close()
  expect(statSync(file).size).toBeLessThan((1.3 * third) / PLAYED)
  folder.remove()
}, 120_000)
