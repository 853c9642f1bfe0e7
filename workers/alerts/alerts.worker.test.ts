import { env } from 'cloudflare:workers'
import { beforeEach, expect, test } from 'vitest'
import type { AlertNotice, AlertView } from '../../contract/alert.ts'
import { systemClock, toInstant } from '../../contract/clock.ts'
import { app } from '../gateway/app.ts'
import { createPorts } from '../ports.ts'
import { FAILURES_IN_A_ROW } from '../stores/breaker.ts'
import type { AlertTarget } from './port.ts'
import { createAlertMemory, NOTICES_PER_RUN_MAX, raiseAlerts } from './raise-alerts.ts'

const MINUTE = 60_000
const ports = createPorts(env)
let now = systemClock()
let memory = createAlertMemory()
let isUp = true
let sent: { id: string; target: AlertTarget; notice: AlertNotice }[] = []
let stores = 0
let storeId = ''

const admin = async (method: string, path: string, body?: unknown) => app.request(`https://edge.example/admin/v1${path}`, {
  method, headers: { 'Authorization': `Bearer ${env.ADMIN_TOKEN}`, 'Content-Type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
}, env)
const raised = async () => ((await (await admin('GET', '/alerts')).json()) as { items: AlertView[] }).items.map(({ name, storeId: of, state }) => `${name} ${of ?? ''} ${state}`)
const told = () => sent.map(({ notice }) => `${notice.type.slice(6)} ${notice.data.name} ${notice.data.storeId ?? ''}`)

/** The cron, each minute, with a receiver that can be down. */
async function minutes(count: number, over: Partial<Parameters<typeof raiseAlerts>[0]> = {}): Promise<void> {
  for (let n = 0; n < count; n++) {
    now += MINUTE
    await raiseAlerts({
      ...ports, memory, clock: () => now, log: () => undefined,
      sendAlert: async (target, id, notice) => {
        if (!isUp) return { ok: false, status: 503, said: 'down' }
        sent.push({ id, target, notice })
        return { ok: true, status: 200, said: '' }
      },
      ...over,
    })
  }
}

const letter = (id: string) => ({ letterId: id, queue: 'orders', reason: 'failed' as const, storeId, body: {}, attempts: 6, lastError: 'x', filedAt: now })
const beat = () => ports.links.link(storeId).heartbeat({
  connectorId: 'till-1', epoch: 1, lastSeq: 0, posReachable: true, journal: { inbox: 0, outbox: 0 }, version: '1', clock: toInstant(now), tunnel: 'none',
}, now)

beforeEach(async () => {
  for (const table of ['alerts', 'dead_letters', 'feeds', 'ageing', 'stores']) await env.DB.prepare(`DELETE FROM ${table}`).run()
  storeId = `alerted-${++stores}`
  await admin('POST', '/stores', { storeId, name: 'Main', timeZone: 'UTC', transport: { kind: 'tunnel', url: 'https://store.example' } })
  await admin('PUT', '/alerts/webhook', { url: 'https://hooks.example.com/in' })
  ;[now, memory, isUp, sent] = [systemClock(), createAlertMemory(), true, []]
  await ports.links.link(storeId).takeEpoch('till-1', now)
  await beat()
})

test('dead letters that nobody has looked at for a quarter of an hour', async () => {
  await ports.deadLetters.file([letter('ltr_1'), letter('ltr_2')])
  await minutes(9)
  expect(told()).toEqual([])
  await beat()
  await minutes(9)
  expect(told()).toEqual(['raised dead_letters '])
  // Somebody corrects one and settles the other: it has been looked at.
  expect(await ports.deadLetters.correct('ltr_1', 1, { mended: true }, now)).toBe(true)
  expect(await ports.deadLetters.settle('ltr_2', 1, 'discarded', 'test', now)).toBe(true)
  await beat()
  await minutes(7)
  expect(told()).toEqual(['raised dead_letters ', 'resolved dead_letters '])
  await beat()
  await minutes(9)
  expect(told().slice(2)).toEqual(['raised dead_letters '])
})

test('a closed store may be silent; its silence counts from when it opens', async () => {
  // Closed from a minute from now until half an hour from now, every day.
  const clock = (ms: number) => toInstant(ms).slice(11, 16)
  const day = toInstant(now).slice(0, 10)
  now = Date.parse(`${day}T08:00:00Z`)
  await beat()
  const spans = [{ from: '00:00', to: clock(now + 60_000) }, { from: clock(now + 30 * 60_000), to: '24:00' }]
  await admin('PATCH', `/stores/${storeId}`, { openingHours: Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((each) => [each, spans])) })
  await minutes(39)
  expect(told()).toEqual([])
  await minutes(2)
  expect(told()).toEqual([`raised store_silent ${storeId}`])
})

test('a store without a sign of life, unless it is paused', async () => {
  await minutes(9)
  expect(told()).toEqual([])
  await minutes(2)
  expect(told()).toEqual([`raised store_silent ${storeId}`])
  await admin('POST', `/stores/${storeId}/pause`)
  await minutes(7)
  expect(told()).toEqual([`raised store_silent ${storeId}`, `resolved store_silent ${storeId}`])
  await admin('POST', `/stores/${storeId}/resume`)
  await minutes(1)
  expect(told()).toHaveLength(3)
  await beat()
  await minutes(7)
  expect(told()[3]).toBe(`resolved store_silent ${storeId}`)
})

test('a feed in quarantine, drift that comes back, and orders that wait: as the store reports them, and until it reports otherwise', async () => {
  const since = toInstant(now)
  const quarantined = { state: 'quarantined' as const, id: 'q1', since, reasons: ['zeroed' as const], zeroed: 9, removed: 0, repriced: 0, drifted: 0, inStock: 10, items: 10, refused: false, sample: [] }
  const drift = { at: since, compared: 9, skus: 1, units: 1, causes: {}, sample: [], unhealed: { since, skus: 1, sample: [] } }
  await ports.feeds.report(storeId, { feed: quarantined, drift }, now)
  await ports.ageing.report(storeId, since, { count: 2, afterMinutes: 30, oldest: [] }, now)
  await minutes(2)
  expect(told().sort()).toEqual([`raised drift ${storeId}`, `raised feed_quarantined ${storeId}`, `raised orders_ageing ${storeId}`])
  expect(await raised()).toHaveLength(3)
  await ports.feeds.report(storeId, { feed: { ...quarantined, refused: true }, drift: { ...drift, unhealed: null } }, now)
  await env.DB.prepare('DELETE FROM ageing').run()
  await minutes(7)
  expect(told().slice(3).sort()).toEqual([`resolved drift ${storeId}`, `resolved feed_quarantined ${storeId}`, `resolved orders_ageing ${storeId}`])
})

test('a breaker that stays open for five minutes', async () => {
  for (let n = 0; n < FAILURES_IN_A_ROW; n++) await ports.links.breaker(storeId).record('failed', now)
  await minutes(4)
  expect([told(), await raised()]).toEqual([[], [`breaker_open ${storeId} pending`]])
  await minutes(3)
  expect(told()).toEqual([`raised breaker_open ${storeId}`])
  await ports.links.breaker(storeId).allow(now)
  await ports.links.breaker(storeId).record('ok', now)
  await beat()
  await minutes(7)
  expect(told()).toEqual([`raised breaker_open ${storeId}`, `resolved breaker_open ${storeId}`])
})

test('D1 that is away is told from memory, once, and its return too', async () => {
  await minutes(1)
  const alerts = { ...ports.alerts, facts: () => Promise.reject(new Error('D1_ERROR: secret words')) }
  await minutes(2, { alerts })
  expect(told()).toEqual([])
  await minutes(5, { alerts })
  expect(told()).toEqual(['raised d1_away '])
  await beat()
  await minutes(3)
  expect(told()).toEqual(['raised d1_away ', 'resolved d1_away '])
  expect(await raised()).toEqual(['d1_away  resolved'])
  expect(JSON.stringify(sent)).not.toContain('secret words')
  // A fresh isolate knows the address of the variable alone; a short outage is nobody's business.
  ;[memory, sent] = [createAlertMemory(), []]
  await minutes(1, { alerts, fallbackTarget: { url: 'https://chat.example.com/in', secret: null } })
  await minutes(1)
  expect(told()).toEqual([])
  await minutes(4, { alerts, fallbackTarget: { url: 'https://chat.example.com/in', secret: null } })
  expect(told()).toEqual(['raised d1_away '])
})

test('a receiver that was down gets each notice once it is up, and a row is written only when something changes', async () => {
  isUp = false
  await ports.ageing.report(storeId, toInstant(now), { count: 2, afterMinutes: 30, oldest: [] }, now)
  await minutes(4)
  await beat()
  isUp = true
  await minutes(8)
  expect(told()).toEqual([`raised orders_ageing ${storeId}`])
  const [id] = sent.map((each) => each.id)
  expect(id).toMatch(/^alrt_[0-9a-f]{32}$/)
  await beat()
  let written = 0
  await minutes(5, { alerts: { ...ports.alerts, write: async (alerts) => { written += alerts.length } } })
  expect([written, told()]).toEqual([0, [`raised orders_ageing ${storeId}`]])
})

test('a storm is told over some minutes', async () => {
  const since = toInstant(now)
  for (let n = 0; n < NOTICES_PER_RUN_MAX + 5; n++) await ports.ageing.report(`other-${n}`, since, { count: 1, afterMinutes: 30, oldest: [] }, now)
  await minutes(1)
  expect(sent).toHaveLength(NOTICES_PER_RUN_MAX)
  await minutes(1)
  expect(sent).toHaveLength(NOTICES_PER_RUN_MAX + 5)
  expect(new Set(sent.map(({ id }) => id)).size).toBe(NOTICES_PER_RUN_MAX + 5)
})

test('the webhook\'s secret is shown once and its address never; both are sealed', async () => {
  const set = await admin('PUT', '/alerts/webhook', { url: 'https://hooks.example.com/services/T0/secret-path' })
  const { secret } = (await set.json()) as { secret: string }
  expect(secret).toMatch(/^whsec_.{44}$/)
  const listed = await (await admin('GET', '/alerts')).text()
  expect(listed).toContain('"host":"hooks.example.com"')
  const stored = JSON.stringify(await env.DB.prepare('SELECT * FROM alert_webhook').all()) + JSON.stringify(await env.DB.prepare("SELECT * FROM audit_log WHERE action LIKE 'alerts%'").all())
  for (const hidden of [secret, 'secret-path']) for (const text of [listed, stored]) expect(text).not.toContain(hidden)
  expect(await ports.alerts.target()).toEqual({ url: 'https://hooks.example.com/services/T0/secret-path', secret })
  // Given by the operator, it is not shown at all.
  expect(await (await admin('PUT', '/alerts/webhook', { url: 'https://hooks.example.com/in', secret })).json()).toEqual({ host: 'hooks.example.com' })
  expect((await admin('PUT', '/alerts/webhook', { url: 'https://hooks.example.com/in', secret: 'short' })).status).toBe(422)
  expect((await admin('DELETE', '/alerts/webhook')).status).toBe(204)
  expect((await admin('POST', '/alerts/test')).status).toBe(404)
})

test('outside of development no private address is taken', async () => {
  const production = createPorts({ ...env, ENVIRONMENT: 'production' })
  expect(await production.sendAlert({ url: 'http://127.0.0.1:1/', secret: null }, 'alrt_1', {
    type: 'alert.test', timestamp: toInstant(now), text: 't', data: { name: null, storeId: null, since: toInstant(now), endedAt: null, detail: '', runbook: '' },
  })).toMatchObject({ ok: false, status: null, said: expect.stringContaining('not sent') })
})

test('the test says what the receiver said', async () => {
  // Nobody listens there.
  await admin('PUT', '/alerts/webhook', { url: 'http://127.0.0.1:9/in' })
  expect(await (await admin('POST', '/alerts/test')).json()).toMatchObject({ delivered: false, status: null, said: expect.stringContaining('could not be reached') })
})
