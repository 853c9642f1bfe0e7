import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { afterTry, DISABLE_AFTER_MS, filtersFor, messageIdOf, readMessageId, RETRY_AFTER_MS } from './message.ts'
import type { Delivered, Endpoint, StoredMessage } from './port.ts'

const HOUR = 3_600_000
const endpoint: Endpoint = { endpointId: 'whe_1', channelId: 'web', url: 'https://hooks.example/in', events: ['*'], state: 'enabled', whyDisabled: null, failingSince: null, createdAt: 0, updatedAt: 0 }
const message: StoredMessage = { endpointId: 'whe_1', resource: 'ord_1', sequence: 3, type: 'order.placed', body: '{}', state: 'pending', attempts: 0, tries: [], nextTryAt: 0, createdAt: 0, settledAt: null }
const no: Delivered = { ok: false, status: 500, said: 'oops' }

/** Attempts until the message rests, with a receiver that always says `sent`; the times at which they were made. */
function live(sent: Delivered, chance: number): { at: number[]; message: StoredMessage; endpoint: Endpoint } {
  let [standing, told] = [message, endpoint]
  const at: number[] = []
  for (let now = 0; standing.state === 'pending' && at.length < 100; now = standing.nextTryAt ?? now) {
    at.push(now)
    const after = afterTry(standing, told, sent, { began: now, ended: now + 100 }, chance)
    standing = after.message
    told = { ...told, ...after.endpoint }
  }
  return { at, message: standing, endpoint: told }
}

describe('an attempt', () => {
  it('that was taken is the last one, and ends a failing', () => {
    const after = afterTry({ ...message, attempts: 3 }, { ...endpoint, failingSince: 5 }, { ok: true, status: 204, said: '' }, { began: 10, ended: 30 }, 0.5)
    expect(after).toEqual({ message: { ...message, attempts: 4, state: 'delivered', nextTryAt: null, settledAt: 30, tries: [{ at: 10, status: 204, said: '', ms: 20 }] }, endpoint: { failingSince: null } })
  })

  it('that was not is made again, sooner at first and later at last, over two days', () => {
    const { at, message: last } = live(no, 0.5)
    expect(at.slice(0, 4).map((ms) => Math.round(ms / 1000))).toEqual([0, 5, 35, 155])
    expect(at.at(-1)).toBeGreaterThan(46 * HOUR)
    expect(at.at(-1)).toBeLessThan(52 * HOUR)
    expect(last.state).toBe('failed')
    expect(last.tries).toHaveLength(5)
  })

  it.each([0, 0.5, 1])('is jittered by a fifth (%d), and never waits longer than a queue can', (chance) => {
    for (const [attempts, wait] of RETRY_AFTER_MS.entries()) {
      const { message: next } = afterTry({ ...message, attempts }, endpoint, no, { began: 0, ended: 0 }, chance)
      expect(next.nextTryAt).toBe(Math.min(11 * HOUR, Math.round(wait * (0.8 + 0.4 * chance))))
      expect(next.nextTryAt).toBeLessThan(12 * HOUR)
    }
  })

  it('waits as long as its receiver asks it to', () => {
    expect(afterTry(message, endpoint, { ...no, retryAfterMs: 90_000 }, { began: 0, ended: 0 }, 0.5).message.nextTryAt).toBe(90_000)
    expect(afterTry(message, endpoint, { ...no, retryAfterMs: 99 * HOUR }, { began: 0, ended: 0 }, 0.5).message.nextTryAt).toBe(11 * HOUR)
  })
})

describe('an endpoint', () => {
  it('that has taken nothing for two days is switched off, and says why', () => {
    const since = 1_000
    const at = { began: since + DISABLE_AFTER_MS, ended: since + DISABLE_AFTER_MS }
    expect(afterTry(message, { ...endpoint, failingSince: since }, no, at, 0.5)).toMatchObject({ message: { state: 'failed' }, endpoint: { state: 'disabled', whyDisabled: 'nothing was taken since 1970-01-01T00:00:01.000Z: 500, oops' } })
    expect(afterTry(message, { ...endpoint, failingSince: since + 1 }, no, at, 0.5).endpoint).toBeNull()
  })
  it('that is gone is switched off at once', () => {
    expect(afterTry(message, endpoint, { ...no, status: 410 }, { began: 0, ended: 0 }, 0.5)).toMatchObject({ message: { state: 'failed' }, endpoint: { state: 'disabled' } })
  })
})

test('the id of a message names it, whatever its resource is called', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), fc.maxSafeNat(), (endpointId, resource, sequence) => {
    const key = { endpointId, resource, sequence }
    const id = messageIdOf(key)
    expect(id).toMatch(/^[\x21-\x7e]+$/)
    expect(readMessageId(id)).toEqual(key)
  }))
  for (const id of ['', 'msg_', 'msg_%', 'msg_eyJ9', 'msg_W10', 'whe_1', 'msg_WyIxIiwyLDNd']) expect(readMessageId(id)).toBeNull()
})

test('which filters let a type through', () => {
  expect(filtersFor('order.placed')).toEqual(['*', 'order.*', 'order.placed'])
  expect(filtersFor('price.changed')).toEqual(['*', 'price.changed'])
})
