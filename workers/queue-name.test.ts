import { describe, expect, it } from 'vitest'
import { readQueueName } from './queue-name.ts'

describe('the name of a queue', () => {
  it.each([
    ['orders', { queue: 'orders', dead: false }],
    ['orders-dead', { queue: 'orders', dead: true }],
    ['tillbridge-staging-orders', { queue: 'orders', dead: false }],
    ['tillbridge-production-stock-dead', { queue: 'stock', dead: true }],
  ])('%s is the same queue in every environment', (name, read) => {
    expect(readQueueName(name)).toEqual(read)
  })
  it('keeps what it does not know, so that its letters name a queue that can be looked for', () => {
    expect(readQueueName('tillbridge-preview-orders')).toEqual({ queue: 'tillbridge-preview-orders', dead: false })
    expect(readQueueName('another-orders-dead')).toEqual({ queue: 'another-orders', dead: true })
    expect(readQueueName('-dead')).toEqual({ queue: '-dead', dead: false })
  })
})
