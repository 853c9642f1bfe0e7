import { createHash, createHmac } from 'node:crypto'

const bytes = (data: BufferSource): Uint8Array => (ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data))
const toBuffer = (digest: Uint8Array): ArrayBuffer => new Uint8Array(digest).buffer

/**
 * WebCrypto works on threads, whose order no seed decides. For a simulation its SHA-256 and HMAC are the same computed at
 * once. Answers the way back.
 */
export function withSyncCrypto(): () => void {
  const { subtle } = crypto
  const replaced = {
    digest: async (_: unknown, data: BufferSource) => toBuffer(createHash('sha256').update(bytes(data)).digest()),
    importKey: async (_: unknown, raw: BufferSource) => ({ raw: bytes(raw) }),
    sign: async (_: unknown, key: { raw: Uint8Array }, data: BufferSource) => toBuffer(createHmac('sha256', key.raw).update(bytes(data)).digest()),
  }
  for (const [name, value] of Object.entries(replaced)) Object.defineProperty(subtle, name, { value, configurable: true, writable: true })
  return () => {
    for (const name of Object.keys(replaced)) Reflect.deleteProperty(subtle, name)
  }
}
