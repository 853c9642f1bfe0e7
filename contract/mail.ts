import { z } from 'zod'
import { Instant, OrderId } from './values.ts'

/** Each tells of the status of its name, once for an order. */
export const MailKind = z.enum(['awaiting_payment', 'placed', 'backordered', 'ready_for_pickup', 'shipped', 'cancelled', 'partially_refunded', 'refunded'])
export type MailKind = z.infer<typeof MailKind>

const line = (max: number) => z.string().trim().min(1).max(max).regex(/^\P{Cc}*$/u, 'expected text without control characters')
/** Mustache: `{{name}}`, `{{#lines}} … {{/lines}}` (docs/mail.md names what there is). What is left out is ours. */
export const MailTemplate = z.object({ subject: line(200).optional(), text: z.string().min(1).max(20_000).optional(), html: z.string().min(1).max(60_000).optional() })
export type MailTemplate = z.infer<typeof MailTemplate>

const isLocale = (text: string): boolean => {
  try {
    return new Intl.Locale(text).baseName.length > 0
  } catch {
    return false
  }
}

/** The body of `PUT /admin/v1/channels/{id}/mail`. `orderUrl`: the shop's page of an order, with `{id}`, `{number}` and `{token}` (which opens it) in it. */
export const MailSettings = z.object({
  from: z.object({ email: z.email().max(254), name: line(120) }),
  replyTo: z.email().max(254).optional(),
  locale: z.string().max(35).refine(isLocale, 'expected a language tag such as "en-GB"').default('en'),
  orderUrl: z.string().max(500).regex(/^https?:\/\/[^\s"<>\\^`]+$/, 'expected an address such as "https://shop.example/orders/{id}?token={token}"').optional(),
  kinds: z.array(MailKind).min(1).max(MailKind.options.length).default(MailKind.options),
  templates: z.partialRecord(MailKind, MailTemplate).default({}),
})
export type MailSettings = z.infer<typeof MailSettings>

export const ChannelMail = MailSettings.extend({ channelId: z.string(), updatedAt: Instant })
export type ChannelMail = z.infer<typeof ChannelMail>

/** The body of `POST …/mail/preview`: of an order of this channel, or of an example. */
export const PreviewMail = z.object({ kind: MailKind, orderId: OrderId.optional() })
export const MailPreview = z.object({ subject: z.string(), text: z.string(), html: z.string() })
export type MailPreview = z.infer<typeof MailPreview>

/** The body of `POST …/mail/test`: the example, sent now. */
export const TestMail = z.object({ to: z.email().max(254), kind: MailKind.default('placed') })
export const MailTested = z.object({ sent: z.boolean(), said: z.string() })

/** `skipped`: its order has no customer any more, or is further by now. `said`: what the provider answered last. */
export const OrderMail = z.object({ kind: MailKind, state: z.enum(['pending', 'sent', 'failed', 'skipped']), attempts: z.int(), said: z.string().nullable(), createdAt: Instant, nextTryAt: Instant.nullable(), settledAt: Instant.nullable() })
export type OrderMail = z.infer<typeof OrderMail>
/** The body of `POST /admin/v1/orders/{id}/mails`: to be sent once more, in the words of now. */
export const SendMailAgain = z.object({ kind: MailKind })
