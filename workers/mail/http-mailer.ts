import { z } from 'zod'
import { faultName } from '../log.ts'
import type { SendMail } from './port.ts'

const API_URL = 'https://api.resend.com'
const ANSWER_WITHIN_MS = 10_000
const Answer = z.object({ id: z.string().optional(), name: z.string().optional(), message: z.string().optional() }).catch({})
const SAID_MAX = 300
/** What is said of the address that it should go to; every other refusal is of our own set-up. Both are theirs to say with 422. */
const OF_RECIPIENT = /`to`|recipient/i

type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Resend's HTTP API. Its `Idempotency-Key` holds for a day, and nothing is tried for longer: a mail that was taken is not sent twice. */
export function createHttpMailer({ apiKey, apiUrl = API_URL, fetch: send = fetch }: { apiKey: string; apiUrl?: string; fetch?: Fetch }): SendMail {
  return async ({ id, from, to, replyTo, subject, text, html }) => {
    try {
      const response = await send(`${apiUrl}/emails`, {
        method: 'POST', redirect: 'manual', signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        headers: { 'Authorization': `Bearer ${apiKey}`, 'Content-Type': 'application/json', 'Idempotency-Key': id },
        body: JSON.stringify({ from: mailbox(from), to: [mailbox(to)], ...(replyTo === null ? {} : { reply_to: replyTo }), subject, text, html }),
      })
      const answer = Answer.parse(await response.json().catch(() => ({})))
      const said = `${response.status} ${answer.name ?? ''} ${answer.message ?? ''}`.trim().slice(0, SAID_MAX)
      // The key was sent with other words before: the first try was taken, and what came of it did not reach us.
      if (response.ok || answer.name === 'invalid_idempotent_request') return { kind: 'sent', said: answer.id ?? said }
      const waitS = Number(response.headers.get('Retry-After') ?? Number.NaN)
      // 409: the first try of the same mail is still under way.
      if (response.status === 429 || response.status === 409 || response.status >= 500 || response.status < 400) return { kind: 'later', said, ...(Number.isFinite(waitS) ? { retryAfterMs: waitS * 1000 } : {}) }
      return { kind: 'never', said, fault: OF_RECIPIENT.test(answer.message ?? '') ? 'recipient' : 'setup' }
    } catch (error) {
      return { kind: 'later', said: error instanceof Error && error.name === 'TimeoutError' ? `no answer within ${ANSWER_WITHIN_MS / 1000} s` : `it could not be reached (${faultName(error)})` }
    }
  }
}

/** RFC 5322: a name in quotes holds anything but these two. */
const mailbox = ({ name, email }: { name: string; email: string }): string => `"${name.replaceAll(/["\\]/g, ' ').trim()}" <${email}>`
