import { expect, test } from 'vitest'
import { createMetrics, POINTS_PER_INVOCATION_MAX } from './analytics-engine.ts'
import { measuredLetters, measuredLog } from './measure.ts'
import type { DeadLetters } from '../dead-letters/port.ts'

type Point = { indexes?: unknown[]; blobs?: unknown[]; doubles?: number[] }
const dataset = () => {
  const points: Point[] = []
  return { points, writeDataPoint: (point?: Point) => void points.push(point ?? {}) }
}

test('a point has its name, its labels and its numbers in their columns', () => {
  const METRICS = dataset()
  const metrics = createMetrics({ METRICS })
  metrics.timing('web_to_till', 812, { store: 'harbour', outcome: 'accepted' })
  metrics.count('dead_letter', { queue: 'orders', reason: 'failed' }, 2)
  // A clock that runs back is no time, and a label has an end.
  metrics.timing('request', -5, { route: 'x'.repeat(500) })
  expect(METRICS.points).toEqual([
    { indexes: ['web_to_till'], blobs: ['web_to_till', 'harbour', '', '', 'accepted', '', ''], doubles: [1, 812] },
    { indexes: ['dead_letter'], blobs: ['dead_letter', '', '', '', '', 'failed', 'orders'], doubles: [2, 0] },
    { indexes: ['request'], blobs: ['request', '', 'x'.repeat(96), '', '', '', ''], doubles: [1, 0] },
  ])
})

test('no more points than an invocation may write, and none without the binding', () => {
  const METRICS = dataset()
  const metrics = createMetrics({ METRICS })
  for (let n = 0; n < POINTS_PER_INVOCATION_MAX + 10; n++) metrics.count('order', {})
  expect(METRICS.points).toHaveLength(250)
  expect(() => createMetrics({}).count('order', {})).not.toThrow()
})

test('a dataset that fails takes nothing with it', () => {
  const metrics = createMetrics({ METRICS: { writeDataPoint: () => { throw new Error('no') } } })
  expect(() => metrics.timing('request', 1, {})).not.toThrow()
})

test('what is told of an order is measured on the way, once', () => {
  const METRICS = dataset()
  const lines: string[] = []
  const log = measuredLog((event) => void lines.push(event), createMetrics({ METRICS }))
  log('order.event', { storeId: 'harbour', type: 'order.accepted', webToTillMs: 700 })
  log('order.event', { storeId: 'harbour', type: 'order.accepted' })
  log('order.pushed', { storeId: 'harbour', outcome: 'journaled', ms: 20 })
  log('order.parked', { storeId: 'harbour' })
  expect(lines).toEqual(['order.event', 'order.event', 'order.pushed', 'order.parked'])
  expect(METRICS.points.map(({ blobs, doubles }) => [blobs?.[0], blobs?.[1], blobs?.[4], doubles?.[1]])).toEqual([['web_to_till', 'harbour', 'accepted', 700], ['delivery', 'harbour', 'journaled', 20]])
})

test('a letter is counted once it is filed', async () => {
  const METRICS = dataset()
  const letter = { letterId: 'ltr_1', queue: 'orders', reason: 'failed' as const, storeId: 'harbour', body: {}, attempts: 6, lastError: 'x', filedAt: 0 }
  const unused = () => Promise.reject(new Error('not asked here'))
  const book = (file: DeadLetters['file']): DeadLetters => measuredLetters({ file, find: unused, list: unused, correct: unused, settle: unused, erase: unused, deleteExpired: unused }, createMetrics({ METRICS }))
  await expect(book(() => Promise.reject(new Error('away'))).file([letter])).rejects.toThrow('away')
  expect(METRICS.points).toEqual([])
  await book(() => Promise.resolve()).file([letter])
  expect(METRICS.points.map(({ blobs }) => blobs)).toEqual([['dead_letter', 'harbour', '', '', '', 'failed', 'orders']])
})
