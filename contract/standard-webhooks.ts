import { fromBase64, toBase64 } from './signing.ts'

/** Plain Standard Webhooks (standardwebhooks.com), for what a channel receives from us. Our own links are signed by `signing.ts`. */
export const WEBHOOK_HEADERS = { id: 'webhook-id', timestamp: 'webhook-timestamp', signature: 'webhook-signature' } as const
export const WEBHOOK_SECRET_PREFIX = 'whsec_'
const TOLERANCE_S = 300
const encoder = new TextEncoder()

export async function signWebhook(secret: string, message: { id: string; timestampS: number; body: string }): Promise<string> {
  const mac = await crypto.subtle.sign('HMAC', await importKey(secret, 'sign'), content(message))
  return `v1,${toBase64(new Uint8Array(mac))}`
}

/** For receivers and tests: whether one of the signatures fits and the message is fresh. */
export async function verifyWebhook(secret: string, headers: { get(name: string): string | null }, body: string, nowMs: number): Promise<boolean> {
  const id = headers.get(WEBHOOK_HEADERS.id)
  const timestampS = Number(headers.get(WEBHOOK_HEADERS.timestamp))
  if (!id || !Number.isInteger(timestampS) || Math.abs(nowMs / 1000 - timestampS) > TOLERANCE_S) return false
  const key = await importKey(secret, 'verify')
  for (const part of (headers.get(WEBHOOK_HEADERS.signature) ?? '').split(' ')) {
    const bytes = part.startsWith('v1,') ? fromBase64(part.slice(3)) : null
    if (bytes && (await crypto.subtle.verify('HMAC', key, bytes, content({ id, timestampS, body })))) return true
  }
  return false
}

const content = (message: { id: string; timestampS: number; body: string }) =>
  encoder.encode(`${message.id}.${message.timestampS}.${message.body}`)

async function importKey(secret: string, usage: 'sign' | 'verify') {
  const bytes = fromBase64(secret.startsWith(WEBHOOK_SECRET_PREFIX) ? secret.slice(WEBHOOK_SECRET_PREFIX.length) : secret)
  if (!bytes) throw new TypeError(`a webhook secret is "${WEBHOOK_SECRET_PREFIX}" followed by base64`)
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [usage])
}
