import { SIGNATURE_TOLERANCE_S } from './limits.ts'

/** Headers of a signed call between the edge and a connector, either way. */
export const SIGNING_HEADERS = { id: 'tillbridge-id', timestamp: 'tillbridge-timestamp', signature: 'tillbridge-signature' } as const
export const SECRET_PREFIX = 'tbsec_'

/** What is signed. `target` is the path with its query as sent; `body` the bytes as sent (packed, if packed), empty for a GET. */
export type SignedCall = { id: string; timestampS: number; method: string; target: string; body: Uint8Array }

const encoder = new TextEncoder()
/** More than two live secrets, twice over: a header with more signatures than this is not one of ours. */
const SIGNATURES_MAX = 5

/** A new store secret: `tbsec_` + base64 of 32 random bytes. */
export function createSecret(): string {
  return SECRET_PREFIX + toBase64(crypto.getRandomValues(new Uint8Array(32)))
}

/** One `v1,base64(HMAC-SHA256)` per secret, separated by a space: while secrets rotate, either side accepts either. */
export async function signCall(secrets: readonly string[], call: SignedCall): Promise<string> {
  const content = signedContent(call)
  const signatures = await Promise.all(secrets.map(async (secret) => {
    const mac = await crypto.subtle.sign('HMAC', await importKey(secret, 'sign'), content)
    return `v1,${toBase64(new Uint8Array(mac))}`
  }))
  return signatures.join(' ')
}

export async function signedHeaders(secrets: readonly string[], call: SignedCall): Promise<Record<string, string>> {
  return {
    [SIGNING_HEADERS.id]: call.id,
    [SIGNING_HEADERS.timestamp]: String(call.timestampS),
    [SIGNING_HEADERS.signature]: await signCall(secrets, call),
  }
}

/**
 * Whether any signature in the headers fits any live secret and the call is fresh. The answer never says which part failed.
 * Compares inside `crypto.subtle.verify`, in constant time.
 */
export async function verifyCall(
  secrets: readonly string[],
  headers: { get(name: string): string | null },
  call: Pick<SignedCall, 'method' | 'target' | 'body'>,
  nowMs: number,
): Promise<boolean> {
  const id = headers.get(SIGNING_HEADERS.id) ?? ''
  const timestamp = headers.get(SIGNING_HEADERS.timestamp) ?? ''
  const signatures = (headers.get(SIGNING_HEADERS.signature) ?? '').split(' ').filter((part) => part.startsWith('v1,')).slice(0, SIGNATURES_MAX)
  if (!/^[\x21-\x7e]{1,128}$/.test(id) || id.includes('.') || !/^\d{1,12}$/.test(timestamp)) return false
  const timestampS = Number(timestamp)
  if (Math.abs(nowMs / 1000 - timestampS) > SIGNATURE_TOLERANCE_S) return false

  const content = signedContent({ ...call, id, timestampS })
  let fits = false
  for (const secret of secrets) {
    const key = await importKey(secret, 'verify')
    for (const signature of signatures) {
      const bytes = fromBase64(signature.slice(3))
      if (bytes && (await crypto.subtle.verify('HMAC', key, bytes, content))) fits = true
    }
  }
  return fits
}

function signedContent(call: SignedCall): Uint8Array<ArrayBuffer> {
  const head = encoder.encode(`${call.id}.${call.timestampS}.${call.method.toUpperCase()} ${call.target}.`)
  const content = new Uint8Array(head.length + call.body.length)
  content.set(head)
  content.set(call.body, head.length)
  return content
}

async function importKey(secret: string, usage: 'sign' | 'verify') {
  const bytes = secret.startsWith(SECRET_PREFIX) ? fromBase64(secret.slice(SECRET_PREFIX.length)) : null
  if (!bytes || bytes.length === 0) throw new TypeError(`a store secret is "${SECRET_PREFIX}" followed by base64`)
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [usage])
}

export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** `null` for what is not base64: a caller's input, so data and not a fault. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return null
  }
}
