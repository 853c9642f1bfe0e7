import { z } from 'zod'

/** What calls a person. docs/runbook.md has a section under each name. */
export const AlertName = z.enum(['dead_letters', 'store_silent', 'drift', 'feed_quarantined', 'orders_ageing', 'breaker_open', 'd1_away'])
export type AlertName = z.infer<typeof AlertName>

/** Standard Webhooks: `whsec_` and base64 of 24 to 64 bytes. */
export const WebhookSecret = z.string().regex(/^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'expected "whsec_" and base64 of 24 to 64 bytes')

export const SetAlertWebhook = z.object({
  url: z.url({ protocol: /^https?$/ }).max(2_000),
  /** Left out: one is made, and shown once in the answer. */
  secret: WebhookSecret.optional(),
})

/** An alert as the operator sees it. `notifiedAt`: when its receiver last took a notice; `pending` is not told yet. */
export const AlertView = z.object({
  name: AlertName,
  /** A store's id, or null. */
  storeId: z.string().nullable(),
  state: z.enum(['pending', 'open', 'resolved']),
  since: z.string(),
  endedAt: z.string().nullable(),
  detail: z.string(),
  notifiedAt: z.string().nullable(),
  /** The notice that its receiver has not taken yet. */
  owed: z.enum(['raised', 'reminder', 'resolved']).nullable(),
  attempts: z.int(),
  runbook: z.string(),
})
export type AlertView = z.infer<typeof AlertView>

/** The body of a notice, signed as Standard Webhooks. `text` is for receivers that show a text and know no more, such as a chat. */
export const AlertNotice = z.object({
  type: z.enum(['alert.raised', 'alert.reminder', 'alert.resolved', 'alert.test']),
  timestamp: z.string(),
  text: z.string(),
  data: z.object({ name: AlertName.nullable(), storeId: z.string().nullable(), since: z.string(), endedAt: z.string().nullable(), detail: z.string(), runbook: z.string() }),
})
export type AlertNotice = z.infer<typeof AlertNotice>

/** Answers of the operator's calls. `webhook`: where notices go, by host alone; `signed: false` and no `updatedAt` for the address in ALERT_WEBHOOK_URL. */
export const AlertList = z.object({
  items: z.array(AlertView),
  webhook: z.object({ host: z.string(), signed: z.boolean(), updatedAt: z.string().nullable() }).nullable(),
})
/** `secret` only where none was given, and only here. */
export const AlertWebhookSet = z.object({ host: z.string(), secret: z.string().optional() })
/** `status: null`: there was no answer. `said`: the beginning of what the receiver answered, or why it was not reached. */
export const AlertTested = z.object({ delivered: z.boolean(), status: z.int().nullable(), said: z.string() })
