import { pino } from 'pino'
import { expect, test } from 'vitest'
import { warnSeldom } from './seldom.ts'

test('a thousand refusals of a kind are two lines, and say how many they were', () => {
  let ms = 0
  const lines: unknown[] = []
  const warn = warnSeldom(pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(JSON.parse(line)) }), () => ms)
  for (let n = 0; n < 1000; n += 1) warn({ event: 'access.refused', reason: 'no assertion' })
  warn({ event: 'access.refused', reason: 'another service token' })
  ms += 10_000
  warn({ event: 'access.refused', reason: 'no assertion' })
  ms += 10_000
  warn({ event: 'access.refused', reason: 'no assertion' })
  expect(lines).toEqual([
    { level: 40, event: 'access.refused', reason: 'no assertion' }, { level: 40, event: 'access.refused', reason: 'another service token' },
    { level: 40, event: 'access.refused', reason: 'no assertion', more: 999 }, { level: 40, event: 'access.refused', reason: 'no assertion' },
  ])
})
