import { expect, test } from 'vitest'
import { AlertNotice } from '../../contract/alert.ts'
import { verifyWebhook } from '../../contract/standard-webhooks.ts'
import { noticeOf } from './alert.ts'
import type { Alert } from './alert.ts'
import type { AlertTarget } from './port.ts'
import { createWebhookSender } from '../webhooks/webhook-transport.ts'
import { createAlertSender } from './webhook-transport.ts'

const NOW = Date.UTC(2026, 10, 26, 12)
const SECRET = `whsec_${btoa('thirty-two bytes for the webhook')}`
const ALERT: Alert = { name: 'store_silent', subject: 'harbour', state: 'open', since: NOW - 600_000, detail: 'Its connector has given no sign of life.', clearAt: null, endedAt: null, owed: 'raised', notices: 1, attempts: 0, nextTryAt: NOW, notifiedAt: null }
const target: AlertTarget = { url: 'https://hooks.example.com/in', secret: SECRET }

const sending = (answer: () => Response | Promise<Response>) => {
  const calls: { url: string; init: RequestInit }[] = []
  const send = createAlertSender(createWebhookSender({ isDevelopment: false, clock: () => NOW, fetch: async (url, init) => (calls.push({ url, init }), answer()) }))
  return { calls, send: (to = target) => send(to, 'alrt_1', noticeOf(ALERT, 'raised')) }
}

test('a notice is signed as Standard Webhooks, and a chat finds its text', async () => {
  const { calls, send } = sending(() => new Response('ok'))
  expect(await send()).toEqual({ ok: true, status: 200, said: 'ok' })
  const { url, init } = calls[0] ?? { url: '', init: {} }
  const body = typeof init.body === 'string' ? init.body : ''
  expect(url).toBe(target.url)
  expect(init.redirect).toBe('manual')
  expect(await verifyWebhook(SECRET, new Headers(init.headers), body, NOW)).toBe(true)
  expect(await verifyWebhook(SECRET, new Headers(init.headers), body.replace('harbour', 'airport'), NOW)).toBe(false)
  const notice = AlertNotice.parse(JSON.parse(body))
  expect(notice).toMatchObject({ type: 'alert.raised', data: { name: 'store_silent', storeId: 'harbour', runbook: 'docs/runbook.md#store_silent' } })
  expect(notice.text).toContain('store_silent (harbour)')
  expect(notice.text).toContain('docs/runbook.md#store_silent')
})

test('an address without a secret is sent to unsigned', async () => {
  const { calls, send } = sending(() => new Response(null, { status: 204 }))
  expect(await send({ url: target.url, secret: null })).toEqual({ ok: true, status: 204, said: '' })
  expect(new Headers(calls.at(-1)?.init.headers).get('webhook-signature')).toBeNull()
})

test.each([301, 302, 307, 308])('a redirect (%d) is followed nowhere', async (status) => {
  const { calls, send } = sending(() => new Response(null, { status, headers: { Location: 'https://127.0.0.1/' } }))
  expect(await send()).toMatchObject({ ok: false, status })
  expect(calls).toHaveLength(1)
})

test('what may not be sent to is not called, whoever set it', async () => {
  const { calls, send } = sending(() => new Response('ok'))
  for (const url of ['http://hooks.example.com/', 'https://169.254.169.254/', 'https://localhost/']) expect(await send({ ...target, url })).toMatchObject({ ok: false, status: null })
  expect(calls).toEqual([])
})

test('a receiver that is down, or talks without end, is a no and nothing worse', async () => {
  expect(await sending(() => Promise.reject(new TypeError('refused'))).send()).toMatchObject({ ok: false, status: null })
  expect(await sending(() => new Response('x'.repeat(100_000), { status: 500 })).send()).toEqual({ ok: false, status: 500, said: 'x'.repeat(500) })
})
