import { canonicalJson, sha256Hex } from './canonical.ts'

/** SHA-256 of nothing: the digest before a store's first event. */
export const EMPTY_DIGEST = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/**
 * The rolling digest after one more event: hex SHA-256 of (the previous digest's hex + the event's canonical JSON).
 * Both sides keep it, so a journal that came back from a backup no longer matches and is noticed.
 * `event` is the event as it stands on the wire, unknown fields included.
 */
export const nextDigest = (previous: string, event: unknown): Promise<string> => sha256Hex(previous + canonicalJson(event))
