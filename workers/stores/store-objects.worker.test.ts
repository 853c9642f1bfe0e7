import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { toInstant } from '../../contract/clock.ts'
import { EMPTY_DIGEST } from '../../contract/digest.ts'
import { createSecret } from '../../contract/signing.ts'
import { FAILURES_IN_A_ROW, PROBE_AFTER_MS } from './breaker.ts'
import { createStoreBook } from './d1-stores.ts'
import { createStoreLinks } from './durable-links.ts'
import { ACCEPT_WITHIN_MS, ASK_AGAIN_MS } from './link.ts'
import type { Store } from './port.ts'
import { SELL_STALE_FOR_MS } from './store.ts'

const NOW = 4_000_000_000_000
const links = createStoreLinks(env)
const id = (n: number) => `ord_${String(n).padStart(26, '0')}.1`

describe('a store link', () => {
  const beat = (epoch: number, connectorId = 'till-1') =>
    ({ connectorId, epoch, lastSeq: 9, posReachable: true, journal: { inbox: 1, outbox: 2 }, version: '1', clock: toInstant(NOW), tunnel: 'up' as const })

  test('keeps epoch, mark and work in its rows, and a refusal comes over as data', async () => {
    const link = links.link('whole')
    expect(await link.heartbeat(beat(1), NOW)).toEqual({ ok: false, refusal: { reason: 'epoch-forked', epoch: 0 } })
    expect(await link.takeEpoch('till-1', NOW)).toEqual({ ok: true, value: { epoch: 1, dispatch: [] } })
    expect(await link.takeEpoch('till-2', NOW)).toEqual({ ok: false, refusal: { reason: 'store-held-by', connectorId: 'till-1' } })
    await link.request('reconcile')
    expect(await link.heartbeat(beat(1), NOW)).toEqual({ ok: true, value: { ackedSeq: 0, pending: 0, askAgain: [], requests: ['reconcile'], pushConfirmed: true, dispatch: [] } })

    expect(await link.erase([id(8), id(9)])).toBe(2)
    expect(await link.heartbeat({ ...beat(1), erasedUpTo: 1 }, NOW)).toMatchObject({ value: { erase: { upTo: 2, assignmentIds: [id(9)] } } })
    expect(await link.offer(id(1), true, NOW)).toEqual({ kind: 'go', acceptBy: NOW + ACCEPT_WITHIN_MS, maybeWritten: false })
    await link.pushed(id(1), 'failed', NOW)
    expect(await link.offer(id(2), false, NOW)).toEqual({ kind: 'parked' })
    expect(await link.takeBack(id(1), NOW)).toBe('requested')
    expect(await link.takeBack(id(2), NOW)).toBe('struck')
    expect(await link.pull(10, NOW)).toEqual({ assignments: [], cancels: [id(1)] })
    expect([await link.assignmentState(id(1)), await link.assignmentState(id(2)), await link.assignmentState(id(3))]).toEqual(['parked', 'struck', 'unknown'])

    await link.undo(id(2), NOW)
    expect(await link.pull(10, NOW)).toEqual({ assignments: [], cancels: [id(2)] })
    expect(await link.offer(id(2), true, NOW)).toEqual({ kind: 'handed-over' })
    expect(await link.giveUp(id(2), true, NOW)).toBe('given-away')
    expect(await link.giveUp(id(1), true, NOW + ACCEPT_WITHIN_MS)).toBe('kept')
    await link.progress(id(2), 'cancel-answered', NOW)

    const to = { seq: 5, digest: 'five' }
    expect(await link.markDurable(1, { seq: 0, digest: EMPTY_DIGEST }, to, { assignmentIds: [id(1), id(3)], at: NOW })).toEqual({ ok: true, value: to })
    expect(await link.heartbeat(beat(1), NOW + ASK_AGAIN_MS)).toMatchObject({ value: { askAgain: [id(1)] } })
    expect(await link.markDurable(1, { seq: 0, digest: EMPTY_DIGEST }, { seq: 9, digest: 'nine' })).toEqual({ ok: true, value: to })
    expect(await link.admitEvents({ connectorId: 'till-1', epoch: 1, afterSeq: 6 }, NOW)).toEqual({ ok: false, refusal: { reason: 'sequence-gap', expectedSeq: 6 } })
    for (const n of [1, 2]) await link.progress(id(n), 'final', NOW)
    expect(await link.facts(NOW)).toMatchObject({ lastHeartbeatAt: NOW + ASK_AGAIN_MS, connectorId: 'till-1', epoch: 1, ackedSeq: 5, lastSeq: 9, parked: 0, handedOver: 0 })
  })

  test('is one per store', async () => {
    await links.link('left').takeEpoch('till-1', NOW)
    expect(await links.link('right').facts(NOW)).toMatchObject({ epoch: 0, connectorId: null, lastHeartbeatAt: null })
  })
})

describe('a store breaker', () => {
  test('opens, probes and closes, over its own storage', async () => {
    const breaker = links.breaker('flaky')
    expect([await breaker.allow(NOW), await breaker.state(NOW)]).toEqual([true, 'closed'])
    for (let n = 0; n < FAILURES_IN_A_ROW; n++) await breaker.record('failed', NOW)
    expect([await breaker.allow(NOW), await breaker.state(NOW)]).toEqual([false, 'open'])
    expect(await links.breaker('other').state(NOW)).toBe('closed')
    const later = NOW + PROBE_AFTER_MS
    expect(await Promise.all([breaker.allow(later), breaker.allow(later), breaker.allow(later)])).toEqual([true, false, false])
    expect(await breaker.state(later)).toBe('half-open')
    await breaker.record('ok', later)
    expect([await breaker.allow(later), await breaker.state(later)]).toEqual([true, 'closed'])
  })

  test('persists three scalars when they change, and nothing when they do not', async () => {
    const stub = env.STORE_BREAKER.get(env.STORE_BREAKER.idFromName('rows'))
    const breaker = links.breaker('rows')
    const stored = () => runInDurableObject(stub, (_, state) => state.storage.get('data'))
    await breaker.allow(NOW)
    expect(await stored()).toBeUndefined()
    await breaker.record('slow', NOW)
    expect(await stored()).toEqual({ recent: 's', openedAt: null, probedAt: null })
    for (let n = 0; n < FAILURES_IN_A_ROW; n++) await breaker.record('failed', NOW)
    await evictDurableObject(stub)
    expect(await breaker.state(NOW)).toBe('open')
  })
})

describe('stores in D1', () => {
  const book = createStoreBook(env.DB, env.MASTER_KEY)
  const secrets = [createSecret(), createSecret(), createSecret()]
  const store = (storeId: string, change: Partial<Store> = {}): Store => ({
    storeId, name: 'Main', timeZone: 'Europe/London', secrets: secrets.slice(0, 1), safetyStock: 1, catalogSource: true, paused: false, priority: 100, openingHours: null,
    sellStaleForMs: SELL_STALE_FOR_MS, rounding: { tax: 'line', mode: 'half_up' }, specialDays: [], pickupLeadMinutes: null, createdAt: NOW, transport: { kind: 'tunnel', url: 'https://till.example', accessClientId: 'id', accessClientSecret: 'hush-'.repeat(80) }, ...change,
  })

  test('come back as they were, and no secret lies in clear', async () => {
    expect([await book.insert(store('d1-a')), await book.insert(store('d1-a', { name: 'Other' }))]).toEqual([true, false])
    expect(await book.find('d1-a')).toEqual(store('d1-a'))
    expect(await book.find('nobody')).toBe(null)
    const row = await env.DB.prepare('SELECT * FROM stores WHERE store_id = ?').bind('d1-a').first()
    expect(JSON.stringify(row)).not.toMatch(/hush|tbsec_/)
  })

  test('are listed by priority, then id', async () => {
    await book.insert(store('d1-z', { priority: 1, transport: { kind: 'pull' } }))
    await book.insert(store('d1-b'))
    expect((await book.list()).map(({ storeId }) => storeId)).toEqual(['d1-z', 'd1-a', 'd1-b'])
  })

  test('keep two secrets, newest first, and what the operator sets', async () => {
    const rotated = await Promise.all(['tbsec_BBBB', 'tbsec_CCCC'].map((secret) => book.rotateSecret('d1-a', secret)))
    expect(rotated.filter(Boolean)).toHaveLength(1)
    await book.setPaused('d1-a', true)
    await book.setSafetyStock('d1-a', 7)
    await book.setPriority('d1-a', 3)
    const winner = rotated[0] ? 'tbsec_BBBB' : 'tbsec_CCCC'
    expect(await book.find('d1-a')).toMatchObject({ secrets: [winner, secrets[0]], paused: true, safetyStock: 7, priority: 3 })
  })

  test('spend a pairing code once, only this one, only in time', async () => {
    await book.setPairingCode('d1-a', 'hash', NOW)
    expect(await book.spendPairingCode('d1-a', 'hash', NOW)).toBe(false)
    expect(await book.spendPairingCode('d1-a', 'other', NOW - 1)).toBe(false)
    expect(await Promise.all([book.spendPairingCode('d1-a', 'hash', NOW - 1), book.spendPairingCode('d1-a', 'hash', NOW - 1)])).toEqual([true, false])
  })

  test('cannot be read with another master key, and the fault says what to do', async () => {
    await expect(createStoreBook(env.DB, btoa('another key of thirty-two bytes.')).find('d1-a')).rejects.toMatchObject({ name: 'Fault', hint: expect.stringContaining('MASTER_KEY') })
  })
})
