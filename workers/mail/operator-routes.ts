import { Hono } from 'hono'
import type { Context } from 'hono'
import { toInstant } from '../../contract/clock.ts'
import { ChannelMail, MailSettings, PreviewMail, SendMailAgain, TestMail } from '../../contract/mail.ts'
import type { MailKind, MailTemplate, OrderMail } from '../../contract/mail.ts'
import { body } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { invalidField, problem } from '../gateway/problem.ts'
import { composeMail, askMail } from './deliver-mail.ts'
import { exampleSubject } from './example-order.ts'
import type { StoredMail } from './port.ts'
import { renderMail, templateFault, viewOf } from './render.ts'

const SETTINGS_BYTES_MAX = 800_000
const BODY_BYTES_MAX = 4_000
const NO_STORE = { 'Cache-Control': 'no-store' }

/** What a channel's shoppers are written, mounted at `/admin/v1/channels/:channelId/mail` behind the gateway's authentication. */
export const operatorMail = new Hono<AppEnv>()
/** What was written about one order, mounted at `/admin/v1/orders/:orderId/mails`. */
export const operatorOrderMails = new Hono<AppEnv>()

const channelOf = (c: Context<AppEnv>): string => c.req.param('channelId') ?? ''
const noChannel = (c: Context<AppEnv>): Response => problem(c, 'channel-not-found', 'There is no channel with this id. Register it first.')
const notSetUp = (c: Context<AppEnv>): Response => problem(c, 'mail-not-set-up', 'This channel sends no mails; PUT /admin/v1/channels/{id}/mail has it send them.')
const noOrder = (c: Context<AppEnv>): Response => problem(c, 'order-not-found', 'There is no such order.')
const toOrderMail = ({ kind, state, attempts, said, createdAt, nextTryAt, settledAt }: StoredMail): OrderMail =>
  ({ kind, state, attempts, said, createdAt: toInstant(createdAt), nextTryAt: nextTryAt === null ? null : toInstant(nextTryAt), settledAt: settledAt === null ? null : toInstant(settledAt) })

/** The first template that cannot be read, or that says nothing of an order as it stands. */
function whyNotTemplates(templates: Partial<Record<MailKind, MailTemplate>>): { path: string; why: string } | null {
  for (const [kind, template] of Object.entries(templates)) {
    for (const part of ['subject', 'text', 'html'] as const) {
      const why = template[part] === undefined ? null : templateFault(template[part])
      if (why !== null) return { path: `/templates/${kind}/${part}`, why }
    }
  }
  return null
}

operatorMail.get('/', async (c) => {
  const channelId = channelOf(c)
  if (!(await c.var.ports.channels.find(channelId))) return noChannel(c)
  const found = await c.var.ports.mail.settings(channelId)
  return found ? c.json(ChannelMail.parse({ channelId, ...found.settings, updatedAt: toInstant(found.updatedAt) }), 200, NO_STORE) : notSetUp(c)
})

operatorMail.put('/', body(MailSettings, SETTINGS_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const channelId = channelOf(c)
  const settings = c.req.valid('json').parsed
  if (!(await ports.channels.find(channelId))) return noChannel(c)
  const fault = whyNotTemplates(settings.templates)
  if (fault) return invalidField(c, fault.path, fault.why)
  if (!ports.sendMail) return invalidField(c, '', 'expected an edge that can send mail: bind Cloudflare Email Service, or give it the key of a provider first (docs/mail.md)')
  const now = ports.clock()
  await ports.mail.set(channelId, settings, now)
  await ports.audit.record({ actor, action: 'mail.set', subject: channelId, detail: `from ${settings.from.email}: ${settings.kinds.join(', ')}` })
  return c.json(ChannelMail.parse({ channelId, ...settings, updatedAt: toInstant(now) }), 200, NO_STORE)
})

operatorMail.delete('/', async (c) => {
  const { ports, actor } = c.var
  const channelId = channelOf(c)
  if (!(await ports.mail.remove(channelId))) return notSetUp(c)
  await ports.audit.record({ actor, action: 'mail.remove', subject: channelId })
  return c.body(null, 204)
})

operatorMail.post('/preview', body(PreviewMail, BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const { kind, orderId } = c.req.valid('json').parsed
  const found = await ports.mail.settings(channelOf(c))
  if (!found) return notSetUp(c)
  // It shows whose order it is.
  await ports.audit.record({ actor, action: 'mail.preview', subject: orderId ?? channelOf(c), detail: kind })
  if (orderId === undefined) return c.json(renderMail(kind, found.settings, viewOf(exampleSubject(channelOf(c)), found.settings)), 200, NO_STORE)
  const order = await ports.orders.find(orderId)
  const mail = order?.channel === channelOf(c) ? await composeMail(ports, order, { kind, createdAt: 0 }, found.settings) : null
  return mail ? c.json({ subject: mail.subject, text: mail.text, html: mail.html }, 200, NO_STORE) : noOrder(c)
})

operatorMail.post('/test', body(TestMail, BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const { to, kind } = c.req.valid('json').parsed
  const found = await ports.mail.settings(channelOf(c))
  if (!found || !ports.sendMail) return notSetUp(c)
  const words = renderMail(kind, found.settings, viewOf(exampleSubject(channelOf(c)), found.settings))
  const { from, replyTo = null } = found.settings
  const outcome = await ports.sendMail({ id: `test.${ports.newId()}`, from, to: { email: to, name: to }, replyTo, ...words })
  await ports.audit.record({ actor, action: 'mail.test', subject: channelOf(c), detail: outcome.kind })
  return c.json({ sent: outcome.kind === 'sent', said: outcome.said }, 200, NO_STORE)
})

operatorOrderMails.get('/', async (c) => {
  const { ports } = c.var
  const order = await ports.orders.find(c.req.param('orderId') ?? '')
  return order ? c.json({ items: (await ports.mail.ofOrder(order.orderId)).map(toOrderMail), nextCursor: null }, 200, NO_STORE) : noOrder(c)
})

operatorOrderMails.post('/', body(SendMailAgain, BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const { kind } = c.req.valid('json').parsed
  const order = await ports.orders.find(c.req.param('orderId') ?? '')
  if (!order) return noOrder(c)
  if (order.erasedAt !== null) return invalidField(c, '/kind', 'expected an order that still has a customer: this one was erased')
  if (!(await ports.mail.settings(order.channel))) return notSetUp(c)
  const key = { orderId: order.orderId, kind }
  await ports.mail.owe(key, order.channel, ports.clock())
  await ports.audit.record({ actor, action: 'mail.again', subject: order.orderId, detail: kind })
  await askMail(ports.queues, [key])
  const owed = await ports.mail.find(key)
  return owed ? c.json(toOrderMail(owed), 202, NO_STORE) : noOrder(c)
})
