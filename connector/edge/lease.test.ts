import { expect, test } from 'vitest'
import type { HeartbeatRequest } from '../../contract/connect.ts'
import type { Edge } from './edge-client.ts'
import { HELD_FOR_MS, watchLease } from './lease.ts'

const BEAT = {} as HeartbeatRequest
const answering = (answers: ('ok' | 'refused' | 'away')[], passes: () => void): Edge => ({
  heartbeat: async () => {
    const answer = answers.shift()
    passes()
    if (answer === 'away') throw new Error('the line is down')
    return answer === 'ok'
      ? { ok: true, value: { serverTime: '', ackedSeq: 0, pending: 0, askAgain: [], requests: [], pushConfirmed: true } }
      : { ok: false, refusal: { status: 409, problem: 'store-held-by', retryAfterMs: null, expectedSeq: null, holder: 'other' } }
  },
} as Partial<Edge> as Edge)

test('the store is ours for a while from the sending of a call that the edge took, and from nothing else', async () => {
  let now = 1000
  const { edge, isHeld } = watchLease(answering(['ok', 'refused', 'away', 'ok'], () => (now += 3000)), () => now, () => now)
  expect(isHeld()).toBe(false)
  await edge.heartbeat(BEAT)
  now = 1000 + HELD_FOR_MS - 1
  expect(isHeld()).toBe(true)
  await edge.heartbeat(BEAT)
  expect(isHeld()).toBe(false)
  await edge.heartbeat(BEAT).catch(() => undefined)
  expect(isHeld()).toBe(false)
  await edge.heartbeat(BEAT)
  expect(isHeld()).toBe(true)
})

test('a machine that slept asks first; a clock set back takes nothing', async () => {
  let slept = 0
  const { edge, isHeld } = watchLease(answering(['ok', 'ok'], () => undefined), () => 1000, () => 5000 + slept)
  await edge.heartbeat(BEAT)
  slept = -3_600_000
  expect(isHeld()).toBe(true)
  slept = HELD_FOR_MS
  expect(isHeld()).toBe(false)
  slept = 3_600_000
  await edge.heartbeat(BEAT)
  expect(isHeld()).toBe(true)
})
