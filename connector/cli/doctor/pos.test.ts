import { expect, test } from 'vitest'
import { inspectionFinding } from './pos.ts'

test('what a database must have fails, what it should have warns', () => {
  const of = (name: string, ok: boolean) => inspectionFinding({ name, ok, detail: 'd', fix: ok ? null : 'f' }).level
  expect([of('database', false), of('writing', false), of('database clock', false), of('database', true)]).toEqual(['fail', 'fail', 'warn', 'ok'])
})
