import { env } from 'cloudflare:workers'
import { beforeEach, expect, test } from 'vitest'
import type { AgeingReport } from '../../contract/ageing.ts'
import { systemClock, toInstant } from '../../contract/clock.ts'
import { signedHeaders } from '../../contract/signing.ts'
import { app } from '../gateway/app.ts'

const idOf = (n: number): string => `ord_${String(n).padStart(26, '0')}.1`
const SINCE = Date.UTC(2026, 0, 2, 12)
const waiting = (...orders: number[]): AgeingReport => ({
  count: orders.length, afterMinutes: 30, oldest: orders.slice(0, 5).map((n) => ({ assignmentId: idOf(n), state: 'untouched' as const, since: toInstant(SINCE + n * 60_000) })),
})

let storeId = ''
let secret = ''
let stores = 0

const admin = (method: string, path: string, body?: unknown) => app.request(`https://edge.example/admin/v1${path}`, {
  method, headers: { 'Authorization': `Bearer ${env.ADMIN_TOKEN}`, 'Content-Type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
}, env)

async function call(path: string, body: unknown): Promise<Response> {
  const target = `/connect/v1/stores/${storeId}${path}`
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  const signed = await signedHeaders([secret], { id: crypto.randomUUID(), timestampS: Math.floor(systemClock() / 1000), method: 'POST', target, body: bytes })
  return app.request(`https://edge.example${target}`, { method: 'POST', headers: { ...signed, 'Content-Type': 'application/json' }, body: bytes }, env)
}

async function beat(ageing?: unknown): Promise<number> {
  const answer = await call('/heartbeat', {
    connectorId: 'till-1', epoch: 1, lastSeq: 0, posReachable: true, journal: { inbox: 0, outbox: 0 }, version: '1', clock: toInstant(systemClock()), tunnel: 'none', ...(ageing === undefined ? {} : { ageing }),
  })
  return answer.status
}

type Letter = { id: string; storeId: string; state: string; reason: string; lastError: string; outcome: string | null; body: { report: AgeingReport } }
async function letters(): Promise<Letter[]> {
  const { items } = (await (await admin('GET', '/dead-letters?queue=ageing&limit=100')).json()) as { items: Letter[] }
  return Promise.all(items.filter((each) => each.storeId === storeId).map(async (each) => ({ ...each, ...(await (await admin('GET', `/dead-letters/${each.id}`)).json()) as Letter })))
}
const seen = async () => ((await (await admin('GET', `/stores/${storeId}`)).json()) as { ageing: unknown }).ageing

beforeEach(async () => {
  storeId = `ageing-${++stores}`
  const registered = await admin('POST', '/stores', { storeId, name: 'Main', timeZone: 'UTC', transport: { kind: 'pull' } })
  secret = ((await registered.json()) as { secret: string }).secret
  await call('/epochs', { connectorId: 'till-1' })
})

test('orders that wait too long are one letter, which follows them and ends with them', async () => {
  await beat(null)
  expect([await seen(), await letters()]).toEqual([null, []])
  for (let n = 0; n < 3; n += 1) expect(await beat(waiting(1, 2))).toBe(200)
  expect(await letters()).toMatchObject([{ state: 'waiting', reason: 'needs_person', lastError: expect.stringContaining('2 web orders wait') }])
  expect(await seen()).toMatchObject({ count: 2, since: toInstant(SINCE + 60_000), oldest: [{ assignmentId: idOf(1), state: 'untouched' }, { assignmentId: idOf(2) }] })

  // The oldest was served, others came: it is still the same letter.
  await beat(waiting(2, 3, 4))
  expect(await letters()).toMatchObject([{ state: 'waiting', body: { report: { count: 3, oldest: [{ assignmentId: idOf(2) }, {}, {}] } } }])
  await beat(null)
  expect(await letters()).toMatchObject([{ state: 'discarded', outcome: expect.stringContaining('by itself') }])
  expect(await seen()).toBeNull()

  await beat(waiting(7))
  expect((await letters()).map(({ state }) => state).sort()).toEqual(['discarded', 'waiting'])
})

test('what was over and begins again with the same order is a letter of its own', async () => {
  for (let n = 1; n <= 3; n += 1) {
    await beat(waiting(1))
    await beat(waiting(1, 2))
    expect((await letters()).map(({ state }) => state).sort()).toEqual([...Array.from({ length: n - 1 }, () => 'discarded'), 'waiting'])
    await beat(null)
    expect((await letters()).map(({ state }) => state)).toEqual(Array.from({ length: n }, () => 'discarded'))
  }
})

test('a letter that the operator discarded stays so while it lasts', async () => {
  await beat(waiting(1))
  const [letter] = await letters()
  expect((await admin('POST', `/dead-letters/${letter?.id}/discard`, { why: 'called them' })).status).toBeLessThan(300)
  await beat(waiting(1, 2))
  await beat(null)
  expect(await letters()).toMatchObject([{ state: 'discarded', outcome: expect.stringContaining('called them') }])
})

test('replaying it serves no order, and says who can', async () => {
  await beat(waiting(1))
  const [letter] = await letters()
  const answer = await admin('POST', `/dead-letters/${letter?.id}/replay`)
  expect(await answer.text()).toContain('call it')
  expect(await letters()).toMatchObject([{ state: 'waiting' }])
})

test('a connector that does not watch it changes nothing, and a report that cannot be noted stops no heartbeat', async () => {
  await beat(waiting(1))
  expect(await beat()).toBe(200)
  expect(await seen()).toMatchObject({ count: 1 })
  expect(await beat({ count: 0, afterMinutes: 30, oldest: [] })).toBe(422)
  await env.DB.prepare('DROP TABLE ageing').run()
  expect(await beat(waiting(1, 2))).toBe(200)
})
