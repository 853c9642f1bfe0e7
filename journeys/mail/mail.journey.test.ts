import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ChannelMail, MailPreview, MailTested, OrderMail } from '../../contract/mail.ts'
import { page } from '../../contract/values.ts'
import { expectAnswer, placed } from '../local/edge-api.ts'
import { mailFolderOf } from '../local/house.ts'
import { openStores } from '../local/stores.ts'
import type { Stores } from '../local/stores.ts'
import { until } from '../local/until.ts'

const SETTLED_WITHIN_MS = 20_000
const SETTINGS = { from: { email: 'orders@shop.example', name: 'Tea & Cups' }, replyTo: 'help@shop.example', locale: 'en-GB', orderUrl: 'https://shop.example/orders/{id}?token={token}', templates: { ready_for_pickup: { subject: 'Come and get {{number}}' } } }
let dir: string
let house: Stores

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-mail-'))
  house = await openStores(dir, 'mail-admin-token', { main: [{ sku: 'TEA', pieces: 30, priceMinor: 1250, item: { name: 'Tea & <herbs>' } }] })
})
afterAll(async () => {
  await house.close()
  await rm(dir, { recursive: true, force: true })
})

const send = (at: string, method = 'GET', body?: unknown) => house.operator.send(`/channels/web/mail${at}`, method, body)
const till = () => house.stores.get('main')?.till
const buy = async (email = 'shopper@shop.example') => placed(await house.web.place({ lines: [{ sku: 'TEA', quantity: 2 }], fulfillment: { method: 'pickup', storeId: 'main' }, customer: { name: 'A Shopper', email } }, randomUUID()))
/** What lies in the folder about an order: whoever looks there has nobody's word but the edge's. */
const mailsAbout = (orderId: string) => readdirSync(mailFolderOf(dir)).filter((name) => name.startsWith(`${orderId}.`) && name.endsWith('.txt')).sort()
const textOf = (name: string) => readFileSync(path.join(mailFolderOf(dir), name), 'utf8')
const mailed = (orderId: string, kind: string) => until(`the mail ${kind}`, SETTLED_WITHIN_MS, () => mailsAbout(orderId).find((name) => name.startsWith(`${orderId}.${kind}.`)))
const log = async (orderId: string) => expectAnswer(await house.operator.send(`/orders/${orderId}/mails`), 200, page(OrderMail)).items

it('a shopper is written what the channel says, in both forms, once for each step', async () => {
  expect(expectAnswer(await send('', 'PUT', SETTINGS), 200, ChannelMail).kinds).toContain('placed')
  const { order, accessToken } = await buy()
  const first = textOf(await mailed(order.id, 'placed'))
  expect(first).toContain('From: "Tea & Cups" <orders@shop.example>\nTo: "A Shopper" <shopper@shop.example>\nReply-To: help@shop.example\n')
  for (const said of [order.number, 'Tea & <herbs>', '25.00', `https://shop.example/orders/${order.id}?token=${accessToken}`]) expect(first).toContain(said)
  const html = readFileSync(path.join(mailFolderOf(dir), (await mailed(order.id, 'placed')).replace(/txt$/, 'html')), 'utf8')
  expect(html).toContain('Tea &amp; &lt;herbs&gt;')

  await until('the order in the till', SETTLED_WITHIN_MS, () => till()?.ticketsOfOrder(order.number).length === 1)
  await till()?.command('ready', order.number)
  expect(textOf(await mailed(order.id, 'ready_for_pickup'))).toContain(`Subject: Come and get ${order.number}`)
  await until('both settled', SETTLED_WITHIN_MS, async () => (await log(order.id)).every(({ state }) => state === 'sent'))
  expect((await log(order.id)).map(({ kind, attempts }) => [kind, attempts])).toEqual([['placed', 1], ['ready_for_pickup', 1]])
  expect(mailsAbout(order.id)).toHaveLength(2)
})

it('an order that is cancelled says so, and one of a channel that sends less says less', async () => {
  await send('', 'PUT', { ...SETTINGS, kinds: ['cancelled'] })
  const { order } = await buy()
  expect((await house.operator.send(`/orders/${order.id}/cancel`, 'POST')).status).toBeLessThan(300)
  await mailed(order.id, 'cancelled')
  expect(mailsAbout(order.id)).toHaveLength(1)
  await send('', 'PUT', SETTINGS)
})

it('an operator sees a mail before it goes, sends a test, and sends one again', async () => {
  const { order } = await buy()
  await mailed(order.id, 'placed')
  const preview = expectAnswer(await send('/preview', 'POST', { kind: 'placed', orderId: order.id }), 200, MailPreview)
  expect(textOf(await mailed(order.id, 'placed'))).toContain(preview.text)
  expect(expectAnswer(await send('/preview', 'POST', { kind: 'shipped' }), 200, MailPreview).subject).toContain('on its way')
  const tested = expectAnswer(await send('/test', 'POST', { to: 'me@shop.example' }), 200, MailTested)
  expect(tested.sent).toBe(true)
  expect(textOf(`${tested.said}.txt`)).toContain('<me@shop.example>')
  expect((await house.operator.send(`/orders/${order.id}/mails`, 'POST', { kind: 'placed' })).status).toBe(202)
  await until('a second one', SETTLED_WITHIN_MS, () => mailsAbout(order.id).filter((name) => name.includes('.placed.')).length === 2)
})

it('a template that cannot be read, and a channel that is not there, are refused', async () => {
  const broken = await send('', 'PUT', { ...SETTINGS, templates: { placed: { text: '{{#lines}}' } } })
  expect(broken.status).toBe(422)
  expect(broken.text).toContain('/templates/placed/text')
  expect((await send('', 'PUT', { ...SETTINGS, locale: 'no such language' })).status).toBe(422)
  expect((await send('', 'PUT', { ...SETTINGS, templates: { nothing: { text: 'x' } } })).status).toBe(422)
  expect((await house.operator.send('/channels/nobody/mail', 'PUT', SETTINGS)).status).toBe(404)
})

it('a channel that sends none any more sends none', async () => {
  expect((await send('', 'DELETE')).status).toBe(204)
  const { order } = await buy()
  await until('the order in the till', SETTLED_WITHIN_MS, () => till()?.ticketsOfOrder(order.number).length === 1)
  expect(await log(order.id)).toEqual([])
  expect((await send('')).status).toBe(404)
})
