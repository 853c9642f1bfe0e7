import type { Clock } from '../../contract/clock.ts'
import { signWebhook, WEBHOOK_HEADERS } from '../../contract/standard-webhooks.ts'
import { faultName } from '../log.ts'
import type { SendWebhook } from './port.ts'
import { targetFault } from './target.ts'

/** A receiver that takes longer has trouble of its own; it is tried again. */
const ANSWER_WITHIN_MS = 10_000
/** Enough to see what went wrong. */
const SAID_BYTES_MAX = 500

type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Standard Webhooks over fetch. A redirect is not followed: it would lead where nobody looked. */
export function createWebhookSender({ isDevelopment, clock, fetch: send = fetch }: { isDevelopment: boolean; clock: Clock; fetch?: Fetch }): SendWebhook {
  return async ({ url, secrets }, id, body) => {
    const fault = targetFault(url, isDevelopment)
    if (fault !== null) return { ok: false, status: null, said: `not sent: ${fault}` }
    try {
      const timestampS = Math.floor(clock() / 1000)
      const signatures = await Promise.all(secrets.map((secret) => signWebhook(secret, { id, timestampS, body })))
      const response = await send(url, {
        method: 'POST', body, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        headers: { 'Content-Type': 'application/json', [WEBHOOK_HEADERS.id]: id, [WEBHOOK_HEADERS.timestamp]: String(timestampS), ...(signatures.length > 0 ? { [WEBHOOK_HEADERS.signature]: signatures.join(' ') } : {}) },
      })
      if (response.status >= 300 && response.status < 400) {
        await response.body?.cancel()
        return { ok: false, status: response.status, said: 'it answered with a redirect, which is not followed' }
      }
      const retryAfterMs = response.ok ? undefined : waitOf(response.headers.get('Retry-After'), clock())
      return { ok: response.ok, status: response.status, said: await beginningOf(response), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
    } catch (error) {
      return { ok: false, status: null, said: error instanceof Error && error.name === 'TimeoutError' ? `no answer within ${ANSWER_WITHIN_MS / 1000} s` : `it could not be reached (${faultName(error)})` }
    }
  }
}

/** Seconds, or a date (RFC 9110). */
function waitOf(text: string | null, now: number): number | undefined {
  if (text === null) return undefined
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isFinite(ms) && ms > 0 ? ms : undefined
}

async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) return ''
  const chunk = await reader.read()
  await reader.cancel()
  return chunk.value === undefined ? '' : new TextDecoder().decode(chunk.value.slice(0, SAID_BYTES_MAX))
}
