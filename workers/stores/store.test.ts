import { describe, expect, test } from 'vitest'
import type { Store } from './port.ts'
import { createPairingCode, hashPairingCode } from './pairing-code.ts'
import { OpeningHours } from '../../contract/store.ts'
import { isStale, pageOfStores, SELL_STALE_FOR_MS, STALE_AFTER_MS, takesOrders, toPublicStore } from './store.ts'

const NOW = 1_800_000_000_000
const store: Store = {
  storeId: 'main', name: 'Main Street', timeZone: 'Europe/London', transport: { kind: 'tunnel', url: 'https://till.example', accessClientSecret: 'hush' }, secrets: ['tbsec_AA=='],
  safetyStock: 0, catalogSource: true, paused: false, priority: 100, openingHours: null, sellStaleForMs: SELL_STALE_FOR_MS, rounding: { tax: 'line', mode: 'half_up' }, specialDays: [], pickupLeadMinutes: null, createdAt: NOW,
}

test.each<[string, Partial<Store>, number | null, boolean]>([
  ['heard just now', {}, NOW, true],
  ['never heard', {}, null, false],
  ['silent for a day', {}, NOW - SELL_STALE_FOR_MS, true],
  ['silent for longer', {}, NOW - SELL_STALE_FOR_MS - 1, false],
  ['silent for longer than it allows', { sellStaleForMs: 1_000 }, NOW - 1_001, false],
  ['paused', { paused: true }, NOW, false],
])('a store %s: %o, heard at %s, takes orders: %s', (_, change, lastHeartbeatAt, expected) => {
  expect(takesOrders({ ...store, ...change }, { lastHeartbeatAt }, NOW)).toBe(expected)
})

test('a store whose link cannot be asked takes none', () => {
  expect(takesOrders(store, null, NOW)).toBe(false)
})

test('a store is stale after a minute of silence, and before it was ever heard', () => {
  expect([NOW, NOW - STALE_AFTER_MS, NOW - STALE_AFTER_MS - 1, null].map((at) => isStale(at, NOW))).toEqual([false, false, true, true])
})

test('the public sees no secret', () => {
  expect(toPublicStore(store, { lastHeartbeatAt: NOW }, NOW)).toEqual({ storeId: 'main', name: 'Main Street', timeZone: 'Europe/London', openingHours: null, takingOrders: true, specialDays: [], pickupReadyAt: null })
})

test('pages follow one another and end', () => {
  const stores = ['a', 'b', 'c'].map((storeId) => ({ ...store, storeId }))
  expect(pageOfStores(stores, null, 2)).toMatchObject({ stores: [{ storeId: 'a' }, { storeId: 'b' }], nextCursor: 'b' })
  expect(pageOfStores(stores, 'b', 2)).toMatchObject({ stores: [{ storeId: 'c' }], nextCursor: null })
  expect(pageOfStores(stores, 'gone', 2)).toBe(null)
})

describe('a pairing code', () => {
  test('is ten characters that nobody confuses', () => {
    for (let n = 0; n < 50; n++) expect(createPairingCode()).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/)
  })
  test('is read however it is typed, for its own store', async () => {
    const hash = await hashPairingCode('main', '01ABC-DEFGH')
    expect(await hashPairingCode('main', ' olabc defgh')).toBe(hash)
    expect(await hashPairingCode('other', '01ABC-DEFGH')).not.toBe(hash)
  })
})

test.each([
  ['one day, the others closed', { mon: [{ from: '09:00', to: '17:30' }] }, true],
  ['lunch', { tue: [{ from: '09:00', to: '12:00' }, { from: '13:00', to: '24:00' }] }, true],
  ['past midnight in one span', { wed: [{ from: '18:00', to: '02:00' }] }, false],
  ['spans that overlap', { thu: [{ from: '09:00', to: '12:00' }, { from: '11:00', to: '13:00' }] }, false],
  ['spans out of order', { fri: [{ from: '13:00', to: '14:00' }, { from: '09:00', to: '12:00' }] }, false],
  ['an hour that is none', { sat: [{ from: '9:00', to: '25:00' }] }, false],
])('opening hours: %s', (_, hours, isValid) => {
  expect(OpeningHours.safeParse(hours).success).toBe(isValid)
})
