import { expect, test } from 'vitest'
import { createMemory } from '../test-memory.ts'
import { forgetOrders, ORDERS, readSteps, rememberState, stateIn, tellUnnamed } from './order-steps.ts'

const ID = 'ord_00000000000000000000000001.1'
const DAY_MS = 86_400_000
const orders = { states: { 0: 'open', 9: 'void' }, stockFallsAt: 'accept', reasons: { leer: 'out_of_stock', zu: 'store_closed' }, refusedAs: 'invalid' } as const
const refusal = (reason: string | null | undefined, more: object = {}) =>
  readSteps([{ assignmentId: ID, state: '9', ...(reason === undefined ? {} : { reason }) }], () => 'open', { orders: { ...orders, ...more }, now: () => '2026-05-01T10:00:00.000Z' }).changes

test.each([['leer', 'out_of_stock'], [' zu ', 'store_closed'], ['weiß nicht', 'invalid'], ['', 'invalid'], [null, 'invalid'], [undefined, 'invalid']])('a refusal for "%s" at the till is told as %s', (word, reason) => {
  expect(refusal(word)).toMatchObject([{ kind: 'refused', reason }])
})

test('what no word says is what the configuration says', () => {
  expect(refusal(null, { refusedAs: 'out_of_stock' })).toMatchObject([{ kind: 'refused', reason: 'out_of_stock' }])
})

test('an order is remembered while it is listed, and a month longer', () => {
  const memory = createMemory()
  const listed = Object.fromEntries([1, 2].map((n) => [`old-${n}`, 'done']))
  memory.remember([...Object.keys(listed).map((id) => rememberState(id, 'done', 0)), ...Array.from({ length: 2_500 }, (_, n) => rememberState(`gone-${n}`, 'done', n < 2_400 ? 0 : DAY_MS)), { key: `${ORDERS}before-times`, value: 'void' }])
  const round = (now: number): void => memory.remember(forgetOrders(memory, listed, now))
  round(30 * DAY_MS)
  expect(memory.size()).toBe(2_503)
  expect(stateIn(memory.get(`${ORDERS}before-times`))).toBe('void')
  round(30 * DAY_MS + 1)
  expect(memory.size()).toBe(103)
  round(61 * DAY_MS)
  expect(memory.size()).toBe(2)
  expect(stateIn(memory.get(`${ORDERS}old-1`))).toBe('done')
})

test('a state without a name is told with every reading, stays told when the order is listed no longer, and is forgotten after a month', () => {
  const memory = createMemory()
  const read = (state: string | null, now: number) => {
    const told = tellUnnamed(memory, readSteps(state === 'not listed' ? [] : [{ assignmentId: ID, state }], () => 'open', { orders, now: () => '2026-05-01T10:00:00.000Z' }), now)
    memory.remember(told.remember)
    return told.refused.map(({ key, reason }) => [key, reason?.includes('orders.states does not have') ?? null])
  }
  const told = [[`orders/${ID}`, true]]
  // A word that every object has is no state either.
  expect([read('toString', 0), read(null, 1), read('not listed', 2)]).toEqual([told, told, []])
  expect(read('9', 3)).toEqual([[`orders/${ID}`, null]])
  expect(read('9', 4)).toEqual([])
  read('5', 5)
  read('not listed', 6 + 30 * DAY_MS)
  expect(memory.size()).toBe(0)
})
