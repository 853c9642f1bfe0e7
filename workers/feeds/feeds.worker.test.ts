import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, test } from 'vitest'
import { systemClock, toInstant } from '../../contract/clock.ts'
import type { DriftReport, FeedReport, Quarantine } from '../../contract/feed.ts'
import { signedHeaders } from '../../contract/signing.ts'
import { app } from '../gateway/app.ts'
import { createPorts } from '../ports.ts'

const SINCE = toInstant(Date.UTC(2026, 0, 2, 12))
const held = (change: Partial<Quarantine> = {}): Quarantine => ({
  state: 'quarantined', id: 'q1', since: SINCE, reasons: ['zeroed'], zeroed: 40, removed: 0, repriced: 0, drifted: 0, inStock: 40, items: 40, refused: false,
  sample: [{ sku: 'A', kind: 'zeroed', was: 5, becomes: 0 }], ...change,
})
const drift = (change: Partial<DriftReport> = {}): DriftReport => ({ at: SINCE, compared: 40, skus: 1, units: 2, causes: { lost: 1 }, sample: [{ sku: 'A', cause: 'lost', pos: 3, edge: 5 }], unhealed: null, ...change })
const unhealed = { since: SINCE, skus: 1, sample: [{ sku: 'A', cause: 'lost' as const, pos: 3, edge: 5 }] }

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

/** What the connector hears when it says this. */
async function beat(feed?: FeedReport, drifted?: DriftReport): Promise<string[]> {
  const answer = await call('/heartbeat', {
    connectorId: 'till-1', epoch: 1, lastSeq: 0, posReachable: true, journal: { inbox: 0, outbox: 0 }, version: '1', clock: toInstant(systemClock()), tunnel: 'none',
    ...(feed ? { feed } : {}), ...(drifted ? { drift: drifted } : {}),
  })
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { requests: string[] }).requests
}

const feedOf = async () => ((await (await admin('GET', '/feeds?limit=100')).json()) as { items: { storeId: string }[] }).items.find((each) => each.storeId === storeId)
const letters = async () => {
  const { items } = (await (await admin('GET', '/dead-letters?queue=feeds&limit=100')).json()) as { items: { id: string; storeId: string; state: string; lastError: string }[] }
  return Promise.all(items.filter((each) => each.storeId === storeId).map(async (each) => ({ ...each, ...(await (await admin('GET', `/dead-letters/${each.id}`)).json()) as { outcome: string | null } })))
}

beforeEach(async () => {
  storeId = `feed-${++stores}`
  const registered = await admin('POST', '/stores', { storeId, name: 'Main', timeZone: 'UTC', transport: { kind: 'pull' } })
  secret = ((await registered.json()) as { secret: string }).secret
  await call('/epochs', { connectorId: 'till-1' })
})

describe('a quarantine', () => {
  test('is shown, is one letter however often it is told, and asks for a person', async () => {
    expect(await feedOf()).toMatchObject({ feed: null, drift: null, decision: null, lag: { events: 0 } })
    for (let n = 0; n < 3; n += 1) expect(await beat(held())).toEqual([])
    await beat(held({ id: 'q2', zeroed: 41 }))
    expect(await feedOf()).toMatchObject({ feed: { id: 'q2', zeroed: 41 }, decision: null, lag: { posReachable: true } })
    expect(await letters()).toMatchObject([{ state: 'waiting', reason: 'needs_person', lastError: expect.stringContaining('40 of 40') }])
  })

  test('approved, says so on every heartbeat until it is heard; then its letter is settled', async () => {
    await beat(held())
    expect((await admin('POST', `/stores/${storeId}/feed/approve`, { id: 'q1' })).status).toBe(202)
    for (let n = 0; n < 3; n += 1) expect(await beat(held())).toEqual(['feed-approve:q1'])
    expect(await feedOf()).toMatchObject({ decision: 'approve' })
    expect(await beat({ state: 'flowing' })).toEqual([])
    expect(await feedOf()).toMatchObject({ feed: { state: 'flowing' }, decision: null })
    expect(await letters()).toMatchObject([{ state: 'replayed', outcome: expect.stringContaining('approved') }])
    expect(await beat(held({ id: 'q9', since: toInstant(Date.UTC(2026, 0, 3)) }))).toEqual([])
    expect(await letters()).toHaveLength(2)
  })

  test('that has changed meanwhile is not decided by what was said of it before', async () => {
    await beat(held())
    await admin('POST', `/stores/${storeId}/feed/approve`, { id: 'q1' })
    expect(await beat(held({ id: 'q2' }))).toEqual([])
    expect((await admin('POST', `/stores/${storeId}/feed/approve`, { id: 'q1' })).status).toBe(409)
    expect(await feedOf()).toMatchObject({ decision: null })
  })

  test('refused, is told until the connector shows it, and its letter is settled while it stays held', async () => {
    await beat(held())
    await admin('POST', `/stores/${storeId}/feed/refuse`, { id: 'q1' })
    expect(await beat(held())).toEqual(['feed-refuse:q1'])
    expect(await beat(held({ refused: true }))).toEqual([])
    expect(await letters()).toMatchObject([{ state: 'discarded', outcome: expect.stringContaining('refused') }])
    // The operator may think better of it.
    await admin('POST', `/stores/${storeId}/feed/approve`, { id: 'q1' })
    expect(await beat(held({ refused: true }))).toEqual(['feed-approve:q1'])
  })

  test('that ends by itself settles its letter', async () => {
    await beat(held())
    await beat({ state: 'flowing' })
    expect(await letters()).toMatchObject([{ state: 'discarded', outcome: expect.stringContaining('by itself') }])
  })
})

test('drift is shown; what mending did not help is one letter until both sides agree', async () => {
  const flowing = { state: 'flowing' } as const
  await beat(flowing, drift())
  expect(await feedOf()).toMatchObject({ drift: { skus: 1, units: 2, causes: { lost: 1 } } })
  expect(await letters()).toEqual([])
  for (let n = 0; n < 2; n += 1) await beat(flowing, drift({ at: toInstant(Date.UTC(2026, 0, 2, 13 + n)), unhealed }))
  expect(await letters()).toMatchObject([{ state: 'waiting', lastError: expect.stringContaining('A: lost') }])
  await beat(flowing, drift({ skus: 0, units: 0, causes: {}, sample: [] }))
  expect(await letters()).toMatchObject([{ state: 'discarded' }])
})

test('only what is there can be decided, and every decision is in the audit log', async () => {
  const decide = async (path: string, body: unknown) => (await admin('POST', path, body)).status
  expect(await decide('/stores/nobody/feed/approve', { id: 'q1' })).toBe(404)
  expect(await decide(`/stores/${storeId}/feed/approve`, { id: 'q1' })).toBe(409)
  expect(await decide(`/stores/${storeId}/feed/refuse`, {})).toBe(422)
  await beat(held())
  expect(await decide(`/stores/${storeId}/feed/refuse`, { id: 'q1' })).toBe(202)
  const { results } = await env.DB.prepare('SELECT action, detail FROM audit_log WHERE subject = ?').bind(storeId).all()
  expect(results).toContainEqual({ action: 'feed.refuse', detail: 'q1' })
})

test('a row that cannot be read is written anew', async () => {
  await beat(held())
  await env.DB.prepare('UPDATE feeds SET feed = ? WHERE store_id = ?').bind('{"state":"odd"}', storeId).run()
  expect(await feedOf()).toMatchObject({ feed: null })
  await beat(held())
  expect(await feedOf()).toMatchObject({ feed: { id: 'q1' } })
})

// Last: the table is gone after it.
test('a heartbeat without a feed leaves no row, and one whose feed cannot be noted counts all the same', async () => {
  expect(await beat()).toEqual([])
  expect(await createPorts(env).feeds.find(storeId)).toBeNull()
  await env.DB.prepare('DROP TABLE feeds').run()
  expect(await beat(held())).toEqual([])
})
