import { sha256Hex } from '../../contract/canonical.ts'

/** Long enough to walk to the shop's machine, too short to be found by trying. */
export const PAIRING_CODE_TTL_MS = 15 * 60_000
/** 50 bits: with the gateway's rate limit nobody guesses one in fifteen minutes. */
const LENGTH = 10
/** Without letters that look or sound like another (Crockford). 32 of them, so each random byte is used fairly. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `XXXXX-XXXXX`, to be read over the telephone. */
export function createPairingCode(): string {
  const code = [...crypto.getRandomValues(new Uint8Array(LENGTH))].map((byte) => ALPHABET[byte % ALPHABET.length]).join('')
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`
}

/** Hex SHA-256, for this store only. Case, spaces and dashes do not matter, and O, I, L are read as the digits they look like. */
export function hashPairingCode(storeId: string, code: string): Promise<string> {
  const plain = code.toUpperCase().replaceAll(/[^0-9A-Z]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return sha256Hex(`pairing ${storeId} ${plain}`)
}
