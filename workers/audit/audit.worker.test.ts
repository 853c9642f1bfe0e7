import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { systemClock } from '../../contract/clock.ts'
import { app } from '../gateway/app.ts'
import { createPorts } from '../ports.ts'

const admin = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => app.request(`https://edge.example/admin/v1${path}`, {
  method, headers: { 'Authorization': `Bearer ${env.ADMIN_TOKEN}`, 'Content-Type': 'application/json', ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
}, env)
const STORE = { storeId: 'audited', name: 'Audited', timeZone: 'UTC', transport: { kind: 'pull' } }

it('a change leaves who, what, to what, when and in which request; what was refused leaves nothing', async () => {
  const before = systemClock()
  await admin('POST', '/stores', STORE, { 'X-Request-Id': 'req-1' })
  await createPorts(env).deadLetters.file([{ letterId: 'ltr_1', queue: 'events', reason: 'failed', storeId: null, body: {}, attempts: 1, lastError: 'x', filedAt: before }])
  await admin('POST', '/dead-letters/ltr_1/discard', { why: 'counted again' }, { 'X-Request-Id': 'req-2' })
  const told = async () => (await (await admin('GET', '/audit-log')).json<{ items: { id: number; at: string }[] }>()).items
  const items = await told()
  expect(items).toMatchObject([
    { actor: 'admin-token', action: 'dead_letter.discard', target: 'ltr_1', requestId: 'req-2', detail: 'counted again' }, { actor: 'admin-token', action: 'store.register', target: 'audited', requestId: 'req-1', detail: null },
  ])
  for (const { at } of items) expect(Date.parse(at)).toBeGreaterThanOrEqual(before)

  const refused = [
    await admin('POST', '/stores', STORE), await admin('POST', '/stores/nowhere/pause'), await admin('POST', '/dead-letters/ltr_1/discard', { why: 'again' }), await admin('PATCH', '/stores/audited', {}),
    await admin('POST', '/stores/audited/pause', undefined, { Origin: 'https://elsewhere.example' }), await admin('POST', '/stores/audited/pause', undefined, { Authorization: 'Bearer wrong' }),
    await admin('POST', '/channels/none/keys', { kind: 'secret' }), await admin('POST', '/erasures', { orderId: `ord_${'0'.repeat(26)}`, why: 'x' }), await admin('POST', '/alerts/test'), await admin('POST', '/stores/audited/feed/approve', { id: 'q' }),
  ]
  expect(refused.map(({ status }) => status)).toEqual([409, 404, 409, 422, 403, 401, 404, 404, 404, 409])
  expect(await told()).toEqual(items)
})
