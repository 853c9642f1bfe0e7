import { ChannelMail, MailPreview, MailSettings, MailTested, OrderMail, PreviewMail, SendMailAgain, TestMail } from '../../contract/mail.ts'
import { page } from '../../contract/values.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const AT = '2026-11-27T10:00:00.000Z'
const settings = { from: { email: 'orders@shop.example', name: 'The Shop' }, locale: 'en-US', orderUrl: 'https://shop.example/orders/{id}?token={token}' }
const mail = { kind: 'placed' as const, state: 'sent' as const, attempts: 1, said: 're_01', createdAt: AT, nextTryAt: null, settledAt: AT }
const OrderMailPage = page(OrderMail)
exampleOf(MailSettings, settings)
exampleOf(PreviewMail, { kind: 'ready_for_pickup' })
exampleOf(TestMail, { to: 'me@shop.example' })
exampleOf(SendMailAgain, { kind: 'placed' })
nameAnswer('ChannelMail', ChannelMail, { channelId: 'boutique', ...settings, kinds: ['placed', 'ready_for_pickup'], templates: { placed: { subject: 'Thank you: {{number}}' } }, updatedAt: AT })
nameAnswer('MailPreview', MailPreview, { subject: 'Your order A1B2C-D3E4F is ready', text: 'Hello …', html: '<!doctype html>…' })
nameAnswer('MailTested', MailTested, { sent: true, said: 're_01' })
nameAnswer('OrderMail', OrderMail, mail)
nameAnswer('OrderMailPage', OrderMailPage, { items: [mail], nextCursor: null })

const base = { tag: 'operator: mail', security: 'operator' } as const
const headers = ['Cache-Control'] as const
const at = '/admin/v1/channels/:channelId/mail'
const ofOrder = '/admin/v1/orders/:orderId/mails'
const CHANGE = ['unauthorized', 'forbidden', 'mail-not-set-up'] as const

export const describedMail: DescribedRoutes = () => ({
  [`GET ${at}`]: { ...base, id: 'readMail', summary: 'Which mails a channel sends, and in which words', answers: { 200: { when: 'As it is now.', schema: ChannelMail, headers } }, problems: ['unauthorized', 'channel-not-found', 'mail-not-set-up'] },
  [`PUT ${at}`]: { ...base, id: 'setMail', summary: 'Have a channel send mails', description: 'Of its orders\' statuses from now on. What is left out of a template is ours.', answers: { 200: { when: 'From now on it does.', schema: ChannelMail, headers } }, problems: ['unauthorized', 'forbidden', 'channel-not-found', ...BODY_PROBLEMS] },
  [`DELETE ${at}`]: { ...base, id: 'removeMail', summary: 'Send no mails any more', answers: { 204: { when: 'Gone.', schema: null } }, problems: CHANGE },
  [`POST ${at}/preview`]: { ...base, id: 'previewMail', summary: 'What a mail would say', description: 'Of an order of this channel, or of an example.', answers: { 200: { when: 'In the words of now.', schema: MailPreview, headers } }, problems: [...CHANGE, 'order-not-found', ...BODY_PROBLEMS] },
  [`POST ${at}/test`]: { ...base, id: 'testMail', summary: 'Send the example now', answers: { 200: { when: 'What the provider made of it.', schema: MailTested, headers } }, problems: [...CHANGE, ...BODY_PROBLEMS] },
  [`GET ${ofOrder}`]: { ...base, id: 'listOrderMails', summary: 'What was written about an order', answers: { 200: { when: 'All of it.', schema: OrderMailPage, headers } }, problems: ['unauthorized', 'order-not-found'] },
  [`POST ${ofOrder}`]: { ...base, id: 'sendMailAgain', summary: 'Write it once more', answers: { 202: { when: 'On its way.', schema: OrderMail, headers } }, problems: [...CHANGE, 'order-not-found', ...BODY_PROBLEMS] },
})
