import { toInstant } from '../../contract/clock.ts'
import { fromBase64, toBase64 } from '../../contract/signing.ts'
import type { WebhookDelivery, WebhookFilter } from '../../contract/webhooks.ts'
import type { Delivered, Endpoint, MessageKey, StoredMessage } from './port.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** How long after each attempt the next one comes: soon at first, for a receiver that is being deployed; two days in all, for one that is away over a week-end's night. */
export const RETRY_AFTER_MS = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 10 * HOUR, 11 * HOUR, 11 * HOUR] as const
/** Of each, up or down, so that a thousand messages do not come back at once. */
const JITTER = 0.2
/** A receiver that has taken nothing for so long is switched off. */
export const DISABLE_AFTER_MS = 48 * HOUR
/** Longer than a queue delays a message. */
const RETRY_AFTER_MAX_MS = 11 * HOUR
/** Enough to see what a receiver says, and that it says something else than before. */
const TRIES_KEPT = 5

/** `410 Gone` is a receiver's own wish to be told no more. */
const GONE = 410

/** The filters that let this type through. */
export const filtersFor = (type: string): WebhookFilter[] => ['*', ...(type.startsWith('order.') ? ['order.*' as const] : []), type as WebhookFilter]

/** What becomes of a message and its endpoint after an attempt. `chance` is from 0 to 1. */
export function afterTry(message: StoredMessage, endpoint: Endpoint, sent: Delivered, at: { began: number; ended: number }, chance: number): { message: StoredMessage; endpoint: Partial<Endpoint> | null } {
  const { began, ended } = at
  const tries = [...message.tries, { at: began, status: sent.status, said: sent.said, ms: ended - began }].slice(-TRIES_KEPT)
  const tried = { ...message, attempts: message.attempts + 1, tries }
  if (sent.ok) return { message: { ...tried, state: 'delivered', nextTryAt: null, settledAt: ended }, endpoint: endpoint.failingSince === null ? null : { failingSince: null } }

  const failingSince = endpoint.failingSince ?? began
  const wait = RETRY_AFTER_MS[message.attempts]
  const next: StoredMessage = wait === undefined
    ? { ...tried, state: 'failed', nextTryAt: null, settledAt: ended }
    : { ...tried, nextTryAt: ended + Math.min(RETRY_AFTER_MAX_MS, Math.max(sent.retryAfterMs ?? 0, Math.round(wait * (1 + JITTER * (2 * chance - 1))))) }
  const isOver = sent.status === GONE || ended - failingSince >= DISABLE_AFTER_MS
  if (!isOver) return { message: next, endpoint: endpoint.failingSince === null ? { failingSince } : null }
  const why = sent.status === GONE ? 'its receiver answered 410 Gone' : `nothing was taken since ${toInstant(failingSince)}: ${sent.status ?? 'no answer'}, ${sent.said}`
  return { message: { ...next, state: 'failed', nextTryAt: null, settledAt: ended }, endpoint: { failingSince, state: 'disabled', whyDisabled: why.slice(0, WHY_MAX) } }
}
const WHY_MAX = 300

const encoder = new TextEncoder()
const MESSAGE_PREFIX = 'msg_'

/** The id that a receiver knows a message by: the same each time, and one that can be looked up without an index. */
export const messageIdOf = ({ endpointId, resource, sequence }: MessageKey): string =>
  MESSAGE_PREFIX + toBase64(encoder.encode(JSON.stringify([endpointId, resource, sequence]))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

export function readMessageId(id: string): MessageKey | null {
  if (!id.startsWith(MESSAGE_PREFIX)) return null
  const base64 = id.slice(MESSAGE_PREFIX.length).replaceAll('-', '+').replaceAll('_', '/')
  const bytes = fromBase64(base64.padEnd(Math.ceil(base64.length / 4) * 4, '='))
  try {
    const read: unknown = bytes && JSON.parse(new TextDecoder().decode(bytes))
    const [endpointId, resource, sequence] = Array.isArray(read) ? (read as unknown[]) : []
    return typeof endpointId === 'string' && typeof resource === 'string' && Number.isSafeInteger(sequence) ? { endpointId, resource, sequence: sequence as number } : null
  } catch {
    return null
  }
}

/** As operators see it. */
export const toDelivery = (message: StoredMessage): WebhookDelivery => ({
  id: messageIdOf(message), type: message.type, resource: message.resource, sequence: message.sequence, state: message.state, attempts: message.attempts,
  tries: message.tries.map((each) => ({ ...each, at: toInstant(each.at) })), nextTryAt: instantOf(message.nextTryAt), createdAt: toInstant(message.createdAt), settledAt: instantOf(message.settledAt),
})
const instantOf = (at: number | null): string | null => (at === null ? null : toInstant(at))
