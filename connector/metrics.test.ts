import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { toInstant } from '../contract/clock.ts'
import { createFreshness } from './freshness.ts'
import { receiveOrder } from './delivery/receive-order.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import type { Journal } from './journal/journal.ts'
import { assignmentOf, memoryPos, NOW, openTestJournal, testFolder } from './test-shop.ts'
import { watchReachable } from './pos-reachable.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
let ms: number
let metrics: Metrics
const freshness = () => fresh
let fresh: ReturnType<typeof createFreshness>
/** What the rest of the connector says. */
let is: { posReachable: boolean; edgeAnswering: boolean; edgeAccepts: boolean; holdsStore: boolean; edgeSeenAgoMs: number | null }

beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  ms = 0
  fresh = createFreshness(() => ms)
  is = { posReachable: true, edgeAnswering: true, edgeAccepts: true, holdsStore: true, edgeSeenAgoMs: null }
  metrics = createMetrics({
    version: '1.2.3', pos: 'memory', journal, freshness: fresh, posReachable: () => is.posReachable, edgeSeenAgoMs: () => is.edgeSeenAgoMs, edgeAnswering: () => is.edgeAnswering, edgeAccepts: () => is.edgeAccepts, holdsStore: () => is.holdsStore,
    clockSkewMs: () => 61_000, now: () => NOW + 30_000, monotonic: () => ms,
  })
})
afterEach(() => {
  journal.close()
  folder.remove()
})
const valueOf = async (name: string): Promise<number | null> => {
  const line = (await metrics.text()).split('\n').find((each) => each.startsWith(`tillbridge_connector_${name} `) || each.startsWith(`tillbridge_connector_${name}{`))
  return line === undefined ? null : Number(line.split(' ').at(-1))
}

describe('metrics', () => {
  test('tell the depth and age of what waits, leave out what is not known, and hold nothing of customers or goods', async () => {
    receiveOrder(journal, assignmentOf(1, { 'SKU-7': 1 }), NOW)
    journal.append([{ type: 'order.journaled', occurredAt: toInstant(NOW), data: { assignmentId: assignmentOf(1, { A: 1 }).assignmentId } }])
    expect([await valueOf('outbox_events'), await valueOf('lag_seconds'), await valueOf('inbox_unfinished'), await valueOf('inbox_oldest_seconds')]).toEqual([2, 30, 1, 30])
    expect([await valueOf('clock_skew_seconds'), await valueOf('edge_seen_seconds'), await valueOf('drift_skus')]).toEqual([61, null, null])
    expect(await valueOf('process_resident_memory_bytes')).toBeGreaterThan(1_000_000)
    expect(await valueOf('journal_bytes')).toBeGreaterThan(10_000)
    const text = await metrics.text()
    expect(text).toContain('tillbridge_connector_build_info{version="1.2.3",pos="memory"')
    for (const secret of ['SKU-7', 'shopper', 'Shopper', 'ord_']) expect(text).not.toContain(secret)
    journal.outbox.markAcked(2)
    expect(await valueOf('lag_seconds')).toBe(0)
  })

  test('tell each bad state by itself', async () => {
    const all = async () => [await valueOf('pos_reachable'), await valueOf('edge_answering'), await valueOf('edge_unauthorized'), await valueOf('holds_store'), await valueOf('edge_seen_seconds')]
    expect(await all()).toEqual([1, 1, 0, 1, null])
    is.posReachable = false
    expect(await all()).toEqual([0, 1, 0, 1, null])
    is.edgeAnswering = false
    expect(await all()).toEqual([0, 0, 0, 1, null])
    is.edgeAccepts = false
    expect(await all()).toEqual([0, 0, 1, 1, null])
    is.holdsStore = false
    expect(await all()).toEqual([0, 0, 1, 0, null])
    is.edgeSeenAgoMs = 3_000
    expect(await all()).toEqual([0, 0, 1, 0, 3])
  })

  test('say how much of the journal\'s ceiling is used, where there is one, and how far the edge has confirmed', async () => {
    expect(await valueOf('journal_bytes_max')).toBeNull()
    vi.spyOn(journal.room, 'use').mockReturnValue({ ...journal.room.use(), journalBytes: 10_000_000, maxBytes: 40_000_000, freeBytes: 7_000_000 })
    expect([await valueOf('journal_bytes'), await valueOf('journal_bytes_max'), await valueOf('journal_disk_free_bytes')]).toEqual([10_000_000, 40_000_000, 7_000_000])
    for (const n of [1, 2]) receiveOrder(journal, assignmentOf(n, { A: 1 }), NOW)
    journal.outbox.markAcked(1)
    expect([await valueOf('last_seq'), await valueOf('acked_seq')]).toEqual([2, 1])
  })

  test('say how long a call to the POS took, and that it failed', async () => {
    const { pos } = watchReachable(memoryPos({ A: 1 }, {}, async () => {
      ms += 700
      throw new Error('the POS is away')
    }), metrics.hearPos)
    await expect(pos.readLevels(['A'])).rejects.toThrow('away')
    const text = await metrics.text()
    expect(text).toContain('tillbridge_connector_pos_call_seconds_sum{operation="readLevels"} 0.7')
    expect(text).not.toMatch(/pos_calls_total\{operation="readLevels",outcome="ok"\} [1-9]/)
    expect(text).toMatch(/pos_calls_total\{operation="readLevels",outcome="(?!ok)\w+"\} 1/)
  })

  test('measure calls to the POS by operation, the one that hangs too', async () => {
    const gate = Promise.withResolvers<void>()
    let hangs = false
    const { pos } = watchReachable(memoryPos({ A: 1 }, {}, () => (hangs ? gate.promise : Promise.resolve())), metrics.hearPos)
    await pos.readLevels(['A'])
    hangs = true
    const hanging = pos.mayHaveChanged()
    ms += 90_000
    expect(await valueOf('pos_call_open_seconds')).toBe(90)
    expect(await valueOf('pos_call_seconds_count{operation="readLevels"}'.split('{')[0]!)).toBe(1)
    gate.resolve()
    await hanging
    expect(await valueOf('pos_call_open_seconds')).toBe(0)
    expect(await metrics.text()).toContain('tillbridge_connector_pos_calls_total{operation="mayHaveChanged",outcome="ok"} 1')
  })
})

describe('the fresh figures', () => {
  test('stay near nothing in a quiet shop, and grow when the POS hangs', async () => {
    for (let n = 0; n < 100; n += 1) {
      ms += 1000
      freshness().posCaughtUp(ms)
      freshness().edgeConfirmed(0, 0)
    }
    expect([await valueOf('pos_fresh_seconds'), await valueOf('edge_fresh_seconds')]).toEqual([0, 0])
    ms += 45_000
    expect(await valueOf('pos_fresh_seconds')).toBe(45)
  })

  test('grow when the outbox is stuck although the edge answers heartbeats', () => {
    freshness().edgeConfirmed(10, 10)
    for (let n = 0; n < 60; n += 1) {
      ms += 1000
      freshness().edgeConfirmed(10, 11 + n)
    }
    expect(freshness().edgeFreshMs()).toBe(60_000)
  })

  test('of a busy shop tell how old the first event on its way is, not that there is always one', () => {
    for (let n = 0; n < 60; n += 1) {
      ms += 1000
      freshness().edgeConfirmed(n, n + 2)
    }
    expect(freshness().edgeFreshMs()).toBeLessThanOrEqual(2000)
  })

  test('forget the old numbering', () => {
    freshness().edgeConfirmed(5, 9)
    freshness().renumbered()
    ms = 8000
    freshness().edgeConfirmed(9, 12)
    expect(freshness().edgeFreshMs()).toBe(8000)
  })
})
