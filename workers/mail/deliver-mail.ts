import { isFinal } from '../../contract/status.ts'
import type { DeadLetters } from '../dead-letters/port.ts'
import { letterId } from '../dead-letters/letter.ts'
import type { CommandOutcome } from '../inventory/port.ts'
import { accessTokenFor } from '../orders/ids.ts'
import { toOrder } from '../orders/order.ts'
import type { OrderBook, OrderRecord } from '../orders/port.ts'
import type { Queues } from '../queues.ts'
import type { Store } from '../stores/port.ts'
import type { Mail, MailBook, MailKey, MailOutcome, SendMail, StoredMail } from './port.ts'
import { renderMail, viewOf } from './render.ts'
import type { MailSettings } from '../../contract/mail.ts'

export type MailPorts = {
  mail: MailBook
  /** `null`: nobody carries mails here. */
  sendMail: SendMail | null
  orders: Pick<OrderBook, 'find'>
  stores: { find(storeId: string): Promise<Store | null> }
  queues: Pick<Queues, 'webhooks'>
  deadLetters: Pick<DeadLetters, 'file'>
  secrets: { masterKey: string }
  clock: () => number
  log: (event: string, fields: Record<string, string | number | null>) => void
}

/** A queue's clock and ours differ by less. */
const EARLY_MS = 1_000
const FIRST_RETRY_MS = 30_000
const RETRY_MAX_MS = 2 * 60 * 60_000
/** A provider knows a mail by its id for a day; later it might be sent twice, and nobody wants yesterday's news. */
const GIVE_UP_AFTER_MS = 23 * 60 * 60_000
const SWEPT_MAX = 100
const LOST_AFTER_MS = 60_000

/** What is to be said of an order, to whom. `null`: nothing any more. */
export async function composeMail({ stores, secrets }: Pick<MailPorts, 'stores' | 'secrets'>, order: OrderRecord, { kind, createdAt }: Pick<StoredMail, 'kind' | 'createdAt'>, settings: MailSettings): Promise<Mail | null> {
  const { fulfillment, customer } = order.purchase
  // It was fetched, or given back, while the mail was on its way.
  const isOver = isFinal(order.status) && (kind === 'ready_for_pickup' || kind === 'awaiting_payment' || kind === 'backordered')
  if (order.erasedAt !== null || isOver) return null
  const storeId = fulfillment.method === 'pickup' ? fulfillment.storeId : order.assignments[0]?.storeId
  const [store, token] = await Promise.all([storeId === undefined ? null : stores.find(storeId), accessTokenFor(secrets.masterKey, order.orderId)])
  const { subject, text, html } = renderMail(kind, settings, viewOf({ order: toOrder(order), store, token }, settings))
  // One that a person sends once more is another mail.
  return { id: `${order.orderId}.${kind}.${createdAt}`, from: settings.from, to: { email: customer.email, name: customer.name }, replyTo: settings.replyTo ?? null, subject, text, html }
}

/** Queue `webhooks`: one try of a mail, if its time has come. What came of it stands in D1 before the next is asked for. */
export async function deliverMail(ports: MailPorts, key: MailKey): Promise<CommandOutcome> {
  const stored = await ports.mail.find(key)
  const now = ports.clock()
  if (!stored || stored.state !== 'pending' || (stored.nextTryAt ?? 0) > now + EARLY_MS) return 'superseded'
  const [order, found] = await Promise.all([ports.orders.find(key.orderId), ports.mail.settings(stored.channelId)])
  const mail = order && found ? await composeMail(ports, order, stored, found.settings) : null
  if (!mail) return (await ports.mail.settle({ ...stored, state: 'skipped', nextTryAt: null, settledAt: now }, stored.attempts)) ? 'applied' : 'superseded'
  const outcome: MailOutcome = ports.sendMail ? await ports.sendMail(mail) : { kind: 'never', said: 'no mail is set up here: see docs/mail.md', fault: 'setup' }
  const after = afterMail(stored, outcome, now, Math.random())
  const fields = { orderId: key.orderId, channel: stored.channelId, kind: key.kind, attempts: after.attempts }
  if (outcome.kind === 'sent') ports.log('mail.sent', fields)
  else ports.log('mail.not_sent', { ...fields, said: outcome.said })
  if (!(await ports.mail.settle(after, stored.attempts))) return 'superseded'
  if (after.nextTryAt !== null) await askMail(ports.queues, [key], after.nextTryAt - now)
  // Once for a channel and an answer: it is one thing that a person has to mend, not as many as there are orders.
  if (outcome.kind === 'never' && outcome.fault === 'setup') await fileLetter(ports, stored, `setup.${stored.channelId}.${outcome.said}`, `Mails of the channel ${stored.channelId} are not taken: ${outcome.said}. Mend it (docs/mail.md), then send what failed again: POST /admin/v1/orders/{id}/mails.`)
  else if (after.state === 'failed') await fileLetter(ports, stored, `failed.${key.orderId}.${key.kind}`, `The mail "${key.kind}" of order ${key.orderId} did not go: ${outcome.said}. Tell the shopper in another way, or POST /admin/v1/orders/${key.orderId}/mails.`)
  return 'applied'
}

/** What stands of a mail after a try. `chance`: from 0 to 1, so that not all of them come back at once. */
export function afterMail(mail: StoredMail, outcome: MailOutcome, now: number, chance: number): StoredMail {
  const tried = { ...mail, attempts: mail.attempts + 1, said: outcome.said }
  if (outcome.kind === 'sent') return { ...tried, state: 'sent', nextTryAt: null, settledAt: now }
  const wait = Math.max(outcome.kind === 'later' ? Math.min(outcome.retryAfterMs ?? 0, RETRY_MAX_MS) : 0, Math.min(RETRY_MAX_MS, FIRST_RETRY_MS * 2 ** mail.attempts) * (0.75 + chance / 2))
  if (outcome.kind === 'never' || now + wait > mail.createdAt + GIVE_UP_AFTER_MS) return { ...tried, state: 'failed', nextTryAt: null, settledAt: now }
  return { ...tried, nextTryAt: Math.round(now + wait) }
}

async function fileLetter({ deadLetters, clock }: MailPorts, { orderId, kind, attempts }: StoredMail, name: string, lastError: string): Promise<void> {
  await deadLetters.file([{ letterId: await letterId('mails', name), queue: 'mails', reason: 'needs_person', storeId: null, body: { orderId, kind }, attempts: attempts + 1, lastError, filedAt: clock() }])
}

/** Has these mails sent. What the queue does not take stands in D1, and the sweep finds it. */
export async function askMail(queues: Pick<Queues, 'webhooks'>, keys: readonly MailKey[], waitMs = 0): Promise<void> {
  if (keys.length > 0) await queues.webhooks(keys.map(({ orderId, kind }) => ({ kind: 'mail', orderId, mail: kind })), Math.ceil(Math.max(0, waitMs) / 1000)).catch(() => undefined)
}

/** Each minute: what is long due goes to the queue once more. */
export async function sweepMails(ports: Pick<MailPorts, 'mail' | 'queues' | 'clock'>): Promise<void> {
  await askMail(ports.queues, await ports.mail.due(ports.clock() - LOST_AFTER_MS, SWEPT_MAX))
}
