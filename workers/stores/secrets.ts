import { fromBase64, toBase64 } from '../../contract/signing.ts'

/** Says how a text was sealed, so that another way can come later and the old is still read. */
const VERSION = 'v1.'
const IV_BYTES = 12
const KEY_BYTES_MIN = 16
const encoder = new TextEncoder()

/** What encrypts at rest. `about` (a store's id) is bound in: a sealed text moved to another row does not open. */
export type Sealer = {
  seal(about: string, text: string): Promise<string>
  /** Throws when it was sealed with another key, about something else, or changed. */
  unseal(about: string, sealed: string): Promise<string>
  /** The same, sealed with the key of today; `null` where it is so already. */
  renew(about: string, sealed: string): Promise<string | null>
}

/** AES-GCM with a key derived (HKDF) from the master key: base64 of at least 16 random bytes. The words below are part of the key: never change them. What was sealed with `previous` still opens. */
export function createSealer(masterKey: string, previous: string | null = null): Sealer {
  let key: Promise<CryptoKey> | undefined
  let old: Promise<CryptoKey> | undefined
  const ready = (): Promise<CryptoKey> => (key ??= deriveKey(masterKey))
  const before = previous === null ? null : (): Promise<CryptoKey> => (old ??= deriveKey(previous))
  const opened = (about: string, sealed: string): Promise<string> => open(ready, about, sealed)

  const sealer: Sealer = {
    async seal(about, text) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
      const packed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: encoder.encode(about) }, await ready(), encoder.encode(text))
      return VERSION + toBase64(new Uint8Array([...iv, ...new Uint8Array(packed)]))
    },
    async unseal(about, sealed) {
      return before === null ? opened(about, sealed) : opened(about, sealed).catch(() => open(before, about, sealed))
    },
    async renew(about, sealed) {
      const isOfToday = await opened(about, sealed).then(() => true, () => false)
      return isOfToday ? null : sealer.seal(about, await sealer.unseal(about, sealed))
    },
  }
  return sealer
}

async function open(key: () => Promise<CryptoKey>, about: string, sealed: string): Promise<string> {
  const bytes = sealed.startsWith(VERSION) ? fromBase64(sealed.slice(VERSION.length)) : null
  if (!bytes || bytes.length <= IV_BYTES) throw new TypeError('not a sealed text')
  const algorithm = { name: 'AES-GCM', iv: bytes.slice(0, IV_BYTES), additionalData: encoder.encode(about) }
  return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, await key(), bytes.slice(IV_BYTES)))
}

async function deriveKey(masterKey: string) {
  const bytes = fromBase64(masterKey)
  if (!bytes || bytes.length < KEY_BYTES_MIN) throw new TypeError('MASTER_KEY must be base64 of 32 random bytes')
  const root = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey'])
  const from = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: encoder.encode('tillbridge stores at rest v1') }
  return crypto.subtle.deriveKey(from, root, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}
