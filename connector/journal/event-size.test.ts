import { afterEach, beforeEach, expect, test } from 'vitest'
import { toInstant } from '../../contract/clock.ts'
import { EMPTY_DIGEST, nextDigest } from '../../contract/digest.ts'
import { StoreEvent } from '../../contract/events.ts'
import { reconcileDifference } from '../capture/difference.ts'
import { itemOf, NOW, openTestJournal, testFolder, waitingEvents } from '../test-shop.ts'
import { EVENT_BYTES_MAX, type TooLarge } from './event-size.ts'
import type { Journal } from './journal.ts'
import type { OutgoingEvent } from './outgoing-event.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
let tooLarge: TooLarge[]

beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  tooLarge = []
  journal.onTooLarge((event) => tooLarge.push(event))
})
afterEach(() => {
  journal.close()
  folder.remove()
})

const occurredAt = toInstant(NOW)
const itemEvent = (nameLength: number): OutgoingEvent => ({ type: 'catalog.item_upserted', occurredAt, data: { ...itemOf('A'), name: 'é'.repeat(nameLength) } })
const sale = (saleId: string): OutgoingEvent => ({
  type: 'sale.recorded', occurredAt,
  data: {
    saleId, kind: 'sale', total: { amountMinor: 1, currency: 'EUR' },
    lines: Array.from({ length: 2000 }, () => ({ sku: 'A', quantity: 1, unitPrice: { amountMinor: 1, currency: 'EUR' }, lineTotal: { amountMinor: 1, currency: 'EUR' } })),
  },
})

test('an event too large for the edge goes as a stub that the edge files, and the line goes on', async () => {
  journal.append([itemEvent(60_000), sale('S1'), sale('S'.repeat(200_000)), itemEvent(10)])
  const events = waitingEvents(journal)
  expect(events.slice(0, 2)).toMatchObject([{ seq: 1, type: 'catalog.item_upserted', data: { sku: 'A', tooLarge: true } }, { seq: 2, type: 'sale.recorded', data: { saleId: 'S1' } }])
  expect(events.map((event) => StoreEvent.safeParse(event).success)).toEqual([false, false, false, true])
  expect(journal.outbox.next(500, 1e6).events.map((text) => Buffer.byteLength(text) <= EVENT_BYTES_MAX)).toEqual([true, true, true, true])
  expect(tooLarge).toMatchObject([{ seq: 1, type: 'catalog.item_upserted', id: 'A' }, { seq: 2, id: 'S1' }, { seq: 3 }])
  let digest = EMPTY_DIGEST
  for (const event of events) digest = await nextDigest(digest, event)
  journal.outbox.markAcked(4)
  expect(journal.outbox.acked().digest).toBe(digest)
})

test('an item too large is not told again with every reconcile', () => {
  const event = itemEvent(60_000)
  if (event.type !== 'catalog.item_upserted') throw new Error('an item')
  const reading = { items: [event.data as ReturnType<typeof itemOf>], removed: [], levels: [], asOf: 0, now: NOW }
  expect(reconcileDifference(reading, new Map(), new Map()).events).toHaveLength(1)
  journal.append([event])
  expect(reconcileDifference(reading, journal.baseline.of(['A']), new Map()).events).toEqual([])
})
