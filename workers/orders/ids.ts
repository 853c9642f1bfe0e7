import { fromBase64, toBase64 } from '../../contract/signing.ts'

/** `previousMasterKey`: the one before, while a rotation lasts. */
export type MasterKeys = { masterKey: string; previousMasterKey?: string | null }

const encoder = new TextEncoder()
/** Crockford's alphabet: no I, L, O, U, so a number read over the telephone is typed right. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const ID_LENGTH = 26
const NUMBER_LENGTH = 10

/**
 * The id and number of an order: HMAC of channel and Idempotency-Key, so a retried checkout meets its own order and nobody
 * can guess another's. `number` is the id's beginning, in two groups, for people.
 */
export async function deriveOrderId(masterKey: string, channel: string, idempotencyKey: string): Promise<{ orderId: string; number: string }> {
  const mac = await hmac(masterKey, `order-id\n${channel}\n${idempotencyKey}`)
  const text = base32(mac, ID_LENGTH)
  const short = text.slice(0, NUMBER_LENGTH).toUpperCase()
  return { orderId: `ord_${text}`, number: `${short.slice(0, 5)}-${short.slice(5)}` }
}

/** Opens one order for whoever placed it. Nothing is stored: it is an HMAC of the id. */
export async function accessTokenFor(masterKey: string, orderId: string): Promise<string> {
  return toBase64(await hmac(masterKey, `order-token\n${orderId}`)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

export async function isAccessToken(masterKey: string, orderId: string, token: string): Promise<boolean> {
  const bytes = fromBase64(token.replaceAll('-', '+').replaceAll('_', '/'))
  if (!bytes) return false
  return crypto.subtle.verify('HMAC', await importKey(masterKey, 'verify'), bytes, encoder.encode(`order-token\n${orderId}`))
}

/** Whether the token opens the order. One that was given before the key was changed does so as long as the one before is there. */
export async function opensOrder({ masterKey, previousMasterKey }: MasterKeys, orderId: string, token: string): Promise<boolean> {
  return (await isAccessToken(masterKey, orderId, token)) || (previousMasterKey != null && (await isAccessToken(previousMasterKey, orderId, token)))
}

/** `{orderId}.{n}` back to the order. */
export const orderIdOf = (assignmentId: string): string => assignmentId.slice(0, assignmentId.indexOf('.'))

async function hmac(masterKey: string, text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', await importKey(masterKey, 'sign'), encoder.encode(text)))
}

function importKey(masterKey: string, usage: 'sign' | 'verify'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', encoder.encode(masterKey), { name: 'HMAC', hash: 'SHA-256' }, false, [usage])
}

function base32(bytes: Uint8Array, length: number): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5 && text.length < length) {
      bits -= 5
      text += ALPHABET[(value >>> bits) & 31]
    }
    value &= (1 << bits) - 1
  }
  return text
}
