import { createHash } from 'node:crypto'
import { canonicalJson } from '../../contract/canonical.ts'

/**
 * The contract's digests, computed synchronously: a number, its event and the digest after it must be one commit, and a
 * SQLite transaction cannot wait for WebCrypto. `digest-sync.test.ts` holds them equal to the contract's.
 */
const sha256HexSync = (value: string): string => createHash('sha256').update(value, 'utf8').digest('hex')

/** As `nextDigest` of contract/digest.ts. */
export const nextDigestSync = (previous: string, event: unknown): string => sha256HexSync(previous + canonicalJson(event))

/** As `sha256Hex(canonicalJson(value))`: item hashes and assignment hashes. */
export const hashSync = (value: unknown): string => sha256HexSync(canonicalJson(value))
