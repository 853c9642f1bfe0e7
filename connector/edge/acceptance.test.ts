import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { ProblemType } from '../../contract/problem.ts'
import { ok, refused } from '../../contract/result.ts'
import { watchAcceptance, whyUnauthorized } from './acceptance.ts'
import type { Edge, EdgeRefusal } from './edge-client.ts'
import { refusalHint } from './refusal-words.ts'

const no = (status: number, problem: ProblemType | null): EdgeRefusal => ({ status, problem, retryAfterMs: null, expectedSeq: null, holder: null })
const unused = (): never => {
  throw new Error('not asked here')
}

test('tells once when the edge begins to refuse the signature, and believes only whom it speaks to that it is accepted again', async () => {
  const told: string[] = []
  let answer: EdgeRefusal | null = null
  const edge: Edge = { takeEpoch: unused, sendEvents: unused, heartbeat: unused, state: unused, pending: async () => (answer ? refused(answer) : ok({ assignments: [], cancels: [] })) }
  const watched = watchAcceptance(edge, pino({ base: null }, { write: (line: string) => void told.push((JSON.parse(line) as { event: string }).event) }), () => 5, () => null)
  const after = async (next: EdgeRefusal | null): Promise<number | null> => {
    answer = next
    await watched.edge.pending()
    return watched.refusedSince()
  }
  expect(await after(null)).toBeNull()
  // A proxy that wants a login is not the edge.
  expect(await after(no(401, null))).toBeNull()
  for (const next of [no(401, 'bad-signature'), no(401, 'bad-signature'), no(503, 'try-again'), no(502, null)]) expect(await after(next)).toBe(5)
  expect(await after(no(409, 'store-held-by'))).toBeNull()
  await after(no(401, 'bad-signature'))
  expect(await after(null)).toBeNull()
  expect(told).toEqual(['edge.unauthorized', 'edge.authorized', 'edge.unauthorized', 'edge.authorized'])
})

test('says of the clock what it knows', () => {
  expect(whyUnauthorized(null)).toContain('clock is off by more than 5 minutes, which cannot be told')
  expect(whyUnauthorized(-1_200_000)).toContain('the clock is not it: it is off by 1200 s')
})

test('each "no" of the edge has something to do', () => {
  expect([no(401, 'bad-signature'), no(401, null), no(429, 'rate-limited'), no(503, 'try-again'), no(404, 'not-found'), no(422, 'invalid-request')].map((each) => refusalHint(each).split(/[ ,:]/)[0])).toEqual(['ask', 'something', 'the', 'the', 'the', 'it'])
  expect(refusalHint(no(401, null))).toContain('proxy')
})
