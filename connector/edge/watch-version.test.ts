import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { ProblemType } from '../../contract/problem.ts'
import { ok, refused } from '../../contract/result.ts'
import type { Edge, EdgeRefusal } from './edge-client.ts'
import { TOO_OLD_ASK_EVERY_MS, watchVersion } from './watch-version.ts'

const no = (status: number, problem: ProblemType | null): EdgeRefusal => ({ status, problem, retryAfterMs: null, expectedSeq: null, holder: null, ...(problem === 'connector-too-old' ? { minVersion: '0.2.0' } : {}) })
const unused = (): never => {
  throw new Error('not asked here')
}

test('an edge that wants a newer connector is asked once in five minutes, by whichever part comes first, until it takes this one', async () => {
  const told: string[] = []
  let answer: EdgeRefusal | 'away' | null = null
  let asked = 0
  let at = 0
  const say = async <T>(value: T) => {
    asked += 1
    if (answer === 'away') throw new Error('no answer')
    return answer ? refused(answer) : ok(value)
  }
  const edge: Edge = { takeEpoch: unused, sendEvents: unused, heartbeat: unused, state: () => say({ items: [], nextCursor: null }), pending: () => say({ assignments: [], cancels: [] }) }
  const watched = watchVersion(edge, pino({ base: null }, { write: (line: string) => void told.push((JSON.parse(line) as { event: string }).event) }), '0.1.0', () => 7, () => at)
  const pull = async (next: typeof answer): Promise<[number, number | null]> => {
    answer = next
    await watched.edge.pending().catch(() => undefined)
    return [asked, watched.tooOld()?.since ?? null]
  }

  expect(await pull(null)).toEqual([1, null])
  expect(await pull(no(426, 'connector-too-old'))).toEqual([2, 7])
  expect(watched.tooOld()?.why).toContain('this connector is 0.1.0; the edge needs at least 0.2.0')
  for (let n = 0; n < 100; n += 1) await pull(null)
  const remembered = await watched.edge.state(null)
  expect([asked, remembered.ok ? null : remembered.refusal.problem]).toEqual([2, 'connector-too-old'])

  // Several parts are due at once: one goes out. An edge that is away, or a proxy in its place, says nothing of versions.
  at += TOO_OLD_ASK_EVERY_MS
  expect(await pull('away')).toEqual([3, 7])
  expect(await pull(null)).toEqual([3, 7])
  at += TOO_OLD_ASK_EVERY_MS
  expect(await pull(no(502, null))).toEqual([4, 7])
  at += TOO_OLD_ASK_EVERY_MS
  expect(await pull(no(426, 'connector-too-old'))).toEqual([5, 7])
  at += TOO_OLD_ASK_EVERY_MS
  expect(await pull(no(503, 'try-again'))).toEqual([6, null])
  expect(await pull(null)).toEqual([7, null])
  expect(told).toEqual(['edge.wants-newer', 'edge.takes-this-version'])
})
