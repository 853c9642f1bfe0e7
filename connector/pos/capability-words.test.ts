import { expect, test } from 'vitest'
import { inWords } from './capability-words.ts'
import type { PosCapabilities } from './port.ts'

const BEST: PosCapabilities = { name: 'a POS', takesOrders: true, stockFallsAt: 'accept', duplicates: 'never', seesDeletes: true, changes: 'cursor', seenAfterMs: 0 }
const WORST: PosCapabilities = { name: 'a POS', takesOrders: true, stockFallsAt: 'later', duplicates: 'possible', seesDeletes: false, changes: 'snapshot', seenAfterMs: 90_000 }

test('a POS that can do everything is told in four sentences', () => {
  expect(inWords(BEST)).toEqual([
    'Changes: read from where the last reading ended. The next poll sees each one.',
    'Deletes: an item that leaves the POS is told as removed.',
    'Stock: the POS takes the goods of a web order off as the order is written.',
    'Orders: each is looked up by its reference before it is written, so it is in the POS once, whatever fails.',
  ])
})

test('what a POS cannot do is told with what happens instead', () => {
  const [changes, deletes, stock, orders] = inWords(WORST)
  expect(changes).toBe('Changes: found by comparing everything with what was read before. The POS shows one 90 seconds late at the most; the next poll sees it then.')
  expect(deletes).toContain('next comparison with the edge')
  expect(stock).toContain('until then the edge keeps them reserved')
  expect(orders).toContain('waits for a person')
})

test('a POS that is only read claims nothing of orders', () => {
  const told = inWords({ ...BEST, takesOrders: false })
  expect(told.slice(0, 2)).toEqual(inWords(BEST).slice(0, 2))
  expect(told.slice(2)).toEqual([expect.stringMatching(/^Orders: none.*refused.*pause/)])
})

test.each([[1, '1 ms'], [999, '999 ms'], [1_000, '1 second'], [1_001, '2 seconds'], [119_999, '120 seconds'], [120_000, '2 minutes'], [5_400_001, '91 minutes'], [86_400_000, '24 hours']])(
  '%i ms is %s: never told as less than it is', (seenAfterMs, words) => {
    expect(inWords({ ...BEST, seenAfterMs })[0]).toContain(`shows one ${words} late`)
  })

test('what nobody has measured is not claimed', () => expect(inWords({ ...BEST, seenAfterMs: null })[0]).toMatch(/the running connector measures it/))

test('each word changes one sentence and no other', () => {
  const changes: Partial<PosCapabilities>[] = [{ changes: 'snapshot' }, { seesDeletes: false }, { stockFallsAt: 'later' }, { duplicates: 'possible' }]
  for (const [index, change] of changes.entries()) {
    const told = inWords({ ...BEST, ...change })
    expect(told.flatMap((sentence, at) => (sentence === inWords(BEST)[at] ? [] : [at]))).toEqual([index])
  }
})
