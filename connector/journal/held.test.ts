import { afterEach, beforeEach, expect, test } from 'vitest'
import { NOW, openTestJournal, testFolder } from '../test-shop.ts'
import { toInstant } from '../../contract/clock.ts'
import type { HeldEvent } from './held.ts'
import type { Journal } from './journal.ts'

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

const emptied = (onHand: number): HeldEvent =>
  ({ sku: 'TEA', kind: 'zeroed', was: 5, becomes: onHand, event: { type: 'stock.counted', occurredAt: toInstant(NOW), data: { sku: 'TEA', onHand, asOf: 1 } } })

test.each([['before', ['capture', 'reconcile']], ['after', ['reconcile', 'capture']]] as const)(
  'what a capture parked %s a comparison did is kept when that breaks off: its cursor has gone on', (_when, order) => {
    for (const by of order) journal.held.park([emptied(0)], by)
    journal.held.dropUnjudged('reconcile')
    expect(journal.held.count()).toBe(1)
  })

test('what only a broken comparison parked is dropped', () => {
  journal.held.park([emptied(0)], 'reconcile')
  journal.held.dropUnjudged('reconcile')
  expect(journal.held.count()).toBe(0)
})
