import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { MailSettings } from '../../contract/mail.ts'
import { createOrderBook } from '../orders/d1-orders.ts'
import type { OrderRecord } from '../orders/port.ts'
import { placedOrder } from '../orders/test-orders.ts'
import { createPorts } from '../ports.ts'
import { deliverMail, sweepMails } from './deliver-mail.ts'
import type { Mail, MailKey, MailOutcome } from './port.ts'

const settings = MailSettings.parse({ from: { email: 'orders@shop.example', name: 'The Shop' } })
const real = createPorts(env)
let now = 0
let sent: Mail[] = []
let asked: MailKey[] = []
let answer: MailOutcome = { kind: 'sent', said: 'm-1' }
const lines: string[] = []
const ports = {
  ...real,
  clock: () => now,
  sendMail: async (mail: Mail) => {
    sent.push(mail)
    return answer
  },
  queues: { webhooks: async (messages: { kind: string }[]) => void asked.push(...(messages as unknown as { orderId: string; mail: MailKey['kind'] }[]).map(({ orderId, mail }) => ({ orderId, kind: mail }))) },
  log: (event: string) => void lines.push(event),
}
const orders = createOrderBook(env.DB, async (_, mails) => void asked.push(...mails))
const order = placedOrder({ placedAt: 1000, updatedAt: 1000 })
const key = { orderId: order.orderId, kind: 'placed' as const }
/** The same order, a step further. */
const further = (before: OrderRecord, status: OrderRecord['status']): OrderRecord => ({ ...before, status, updatedAt: before.updatedAt + 1, version: before.version + 1, timeline: [...before.timeline, { type: `order.${status}`, occurredAt: before.updatedAt + 1, seenAt: before.updatedAt + 1, status }] })
const letters = async () => (await real.deadLetters.list({}, null, 10)).items.filter(({ queue }) => queue === 'mails')

beforeEach(async () => {
  for (const table of ['orders', 'mails', 'channel_mail', 'dead_letters']) await env.DB.prepare(`DELETE FROM ${table}`).run()
  now = 2_000
  sent = []
  asked = []
  answer = { kind: 'sent', said: 'm-1' }
})

it('is owed with the status that calls for it, once, and nothing is where the channel sends none', async () => {
  await orders.insert(order)
  expect(asked).toEqual([])
  await real.mail.set('web', { ...settings, kinds: ['placed', 'ready_for_pickup'] }, 1)
  const second = placedOrder({ orderId: order.orderId.replace(/.$/, 'z'), placedAt: 1000, updatedAt: 1000 })
  await orders.insert(second)
  const accepted = further(second, 'accepted')
  await orders.update(accepted, second.version)
  // Somebody was faster: the status is not the order's.
  expect(await orders.update(further(second, 'ready_for_pickup'), second.version)).toBe(false)
  await orders.update(further(accepted, 'ready_for_pickup'), accepted.version)
  expect(asked).toEqual([{ orderId: second.orderId, kind: 'placed' }, { orderId: second.orderId, kind: 'ready_for_pickup' }])
})

it('is sent once, however often its message comes', async () => {
  await real.mail.set('web', settings, 1)
  await orders.insert(order)
  await Promise.all([deliverMail(ports, key), deliverMail(ports, key)])
  await deliverMail(ports, key)
  // Two at once may both send: they are one mail to the carrier.
  expect(new Set(sent.map(({ id }) => id)).size).toBe(1)
  expect(sent[0]).toMatchObject({ to: { email: 'test@shop.example' }, subject: 'Your order 01234-56789' })
  expect(await real.mail.ofOrder(order.orderId)).toMatchObject([{ state: 'sent', attempts: 1, said: 'm-1' }])
})

it('that is not taken is asked for again when its time has come, by the sweep where its message is lost', async () => {
  await real.mail.set('web', settings, 1)
  await orders.insert(order)
  asked = []
  answer = { kind: 'later', said: '503' }
  await deliverMail(ports, key)
  expect(asked).toEqual([key])
  expect(await deliverMail(ports, key)).toBe('superseded')
  now += 200_000
  asked = []
  await sweepMails(ports)
  expect(asked).toEqual([key])
  answer = { kind: 'sent', said: 'm-2' }
  await deliverMail(ports, key)
  expect(await real.mail.ofOrder(order.orderId)).toMatchObject([{ state: 'sent', attempts: 2 }])
})

it('is written to nobody whose order was erased, nor when its moment is over', async () => {
  await real.mail.set('web', settings, 1)
  await orders.insert(order)
  await env.DB.prepare('UPDATE orders SET erased_at = 5').run()
  await deliverMail(ports, key)
  expect(await real.mail.ofOrder(order.orderId)).toMatchObject([{ state: 'skipped' }])
  await env.DB.prepare("UPDATE orders SET erased_at = NULL, status = 'completed'").run()
  await real.mail.owe({ ...key, kind: 'ready_for_pickup' }, 'web', now)
  await deliverMail(ports, { ...key, kind: 'ready_for_pickup' })
  expect(sent).toEqual([])
})

it('that the carrier refuses for how it is set up is one letter for a channel, not one for an order', async () => {
  await real.mail.set('web', settings, 1)
  answer = { kind: 'never', said: '403 the domain is not verified', fault: 'setup' }
  for (const last of ['y', 'z']) {
    const one = placedOrder({ orderId: order.orderId.replace(/.$/, last), placedAt: 1000, updatedAt: 1000 })
    await orders.insert(one)
    await deliverMail(ports, { ...key, orderId: one.orderId })
  }
  expect(await letters()).toMatchObject([{ reason: 'needs_person', lastError: expect.stringContaining('not verified') }])
  answer = { kind: 'never', said: '422 no such address', fault: 'recipient' }
  await orders.insert(order)
  await deliverMail(ports, key)
  expect(await letters()).toHaveLength(2)
  expect(JSON.stringify(await letters())).not.toContain('test@shop.example')
})
