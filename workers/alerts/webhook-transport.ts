import type { Clock } from '../../contract/clock.ts'
import { signWebhook, WEBHOOK_HEADERS } from '../../contract/standard-webhooks.ts'
import { faultName } from '../log.ts'
import type { Delivered, SendAlert } from './port.ts'
import { targetFault } from './target.ts'

/** A receiver that takes longer has trouble of its own; the next minute tries again. */
const ANSWER_WITHIN_MS = 10_000
/** Enough to see what went wrong. */
const SAID_BYTES_MAX = 500

/** Standard Webhooks over fetch. A redirect is not followed: it would lead where nobody looked. */
export function createAlertSender({ isDevelopment, clock, fetch: send = fetch }: { isDevelopment: boolean; clock: Clock; fetch?: (url: string, init: RequestInit) => Promise<Response> }): SendAlert {
  return async ({ url, secret }, id, notice): Promise<Delivered> => {
    const fault = targetFault(url, isDevelopment)
    if (fault !== null) return { ok: false, status: null, said: `not sent: ${fault}` }
    try {
      const body = JSON.stringify(notice)
      const timestampS = Math.floor(clock() / 1000)
      const signature: Record<string, string> = secret === null ? {} : { [WEBHOOK_HEADERS.signature]: await signWebhook(secret, { id, timestampS, body }) }
      const response = await send(url, {
        method: 'POST', body, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        headers: { 'Content-Type': 'application/json', [WEBHOOK_HEADERS.id]: id, [WEBHOOK_HEADERS.timestamp]: String(timestampS), ...signature },
      })
      if (response.status >= 300 && response.status < 400) {
        await response.body?.cancel()
        return { ok: false, status: response.status, said: 'it answered with a redirect, which is not followed' }
      }
      return { ok: response.ok, status: response.status, said: await beginningOf(response) }
    } catch (error) {
      return { ok: false, status: null, said: error instanceof Error && error.name === 'TimeoutError' ? `no answer within ${ANSWER_WITHIN_MS / 1000} s` : `it could not be reached (${faultName(error)})` }
    }
  }
}

async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) return ''
  const chunk = await reader.read()
  await reader.cancel()
  return chunk.value === undefined ? '' : new TextDecoder().decode(chunk.value.slice(0, SAID_BYTES_MAX))
}
