import { expect, test } from 'vitest'
import { afterCall, closedBreaker, decideCall, FAILURES_IN_A_ROW, phaseOf, PROBE_AFTER_MS } from './breaker.ts'
import type { BreakerState, CallOutcome } from './breaker.ts'

const NOW = 1_800_000_000_000
const after = (outcomes: CallOutcome[], breaker: BreakerState = closedBreaker) => outcomes.reduce((state, outcome) => afterCall(state, outcome, NOW), breaker)
const repeated = (times: number, ...outcomes: CallOutcome[]) => Array.from({ length: times }, () => outcomes).flat()
const opened = after(repeated(FAILURES_IN_A_ROW, 'failed'))

test.each<[string, CallOutcome[], 'closed' | 'open']>([
  ['nothing yet', [], 'closed'],
  ['four failures in a row', repeated(4, 'failed'), 'closed'],
  ['five failures in a row', repeated(5, 'failed'), 'open'],
  ['four failures, one success, four failures', [...repeated(4, 'failed'), 'ok', ...repeated(4, 'failed')], 'closed'],
  ['nine slow calls among twenty', [...repeated(9, 'slow'), ...repeated(11, 'ok')], 'closed'],
  ['every second of twenty slow or failed', repeated(5, 'ok', 'slow', 'ok', 'failed'), 'open'],
  ['ten bad calls, but nine of them long ago', [...repeated(9, 'slow'), ...repeated(20, 'ok'), 'slow'], 'closed'],
])('%s: %s is %s', (_, outcomes, phase) => {
  expect(phaseOf(after(outcomes), NOW)).toBe(phase)
})

test('while open nothing is let through; after a while one probe, and only one', () => {
  expect(decideCall(opened, NOW + PROBE_AFTER_MS - 1).allowed).toBe(false)
  const probing = decideCall(opened, NOW + PROBE_AFTER_MS)
  expect(probing.allowed).toBe(true)
  expect(phaseOf(probing.next, NOW + PROBE_AFTER_MS)).toBe('half-open')
  expect(decideCall(probing.next, NOW + PROBE_AFTER_MS + 1).allowed).toBe(false)
  expect(decideCall(probing.next, NOW + 2 * PROBE_AFTER_MS).allowed).toBe(true)
})

test('the probe decides: fine closes and forgets, slow or failed opens again', () => {
  const at = NOW + PROBE_AFTER_MS
  const { next } = decideCall(opened, at)
  expect(afterCall(next, 'ok', at)).toEqual(closedBreaker)
  for (const outcome of ['slow', 'failed'] as const) expect(phaseOf(afterCall(next, outcome, at), at + PROBE_AFTER_MS - 1)).toBe('open')
})

test('a straggler from before it opened changes nothing', () => {
  for (const outcome of ['ok', 'failed'] as const) expect(afterCall(opened, outcome, NOW + 1)).toEqual(opened)
})
