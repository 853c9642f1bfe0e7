import { z } from 'zod'
import { faultName } from '../log.ts'
import type { SendMail } from './port.ts'

/** What the binding throws has one of these codes; of a code that is not here nobody knows whether it passes. */
const NEVER: Readonly<Record<string, 'recipient' | 'setup'>> = {
  E_RECIPIENT_NOT_ALLOWED: 'recipient', E_RECIPIENT_SUPPRESSED: 'recipient',
  E_SENDER_NOT_VERIFIED: 'setup', E_SENDER_DOMAIN_NOT_AVAILABLE: 'setup', E_VALIDATION_ERROR: 'setup', E_FIELD_MISSING: 'setup', E_CONTENT_TOO_LARGE: 'setup',
}
const Refusal = z.object({ code: z.string() })

/** Cloudflare Email Service, by its binding. It knows no key of a mail: one that was taken just before this Worker ended is sent again. */
export function createCloudflareMailer(binding: Pick<SendEmail, 'send'>): SendMail {
  return async ({ from, to, replyTo, subject, text, html }) => {
    try {
      const { messageId } = await binding.send({ from, to: to.email, ...(replyTo === null ? {} : { replyTo }), subject, text, html })
      return { kind: 'sent', said: messageId }
    } catch (error) {
      const code = Refusal.safeParse(error).data?.code
      const fault = code === undefined ? undefined : NEVER[code]
      return fault ? { kind: 'never', said: code ?? '', fault } : { kind: 'later', said: code ?? faultName(error) }
    }
  }
}
