import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'

/**
 * How long keys are used without asking again. Access keeps a key that it has rotated out valid for seven days, so an hour is
 * early enough to learn a new one even if nobody ever came with it.
 */
const REFRESH_AFTER_MS = 3_600_000
/** While nobody can be asked, keys are trusted so long. A key that was revoked meanwhile is good for a day at the most. */
export const TRUSTED_FOR_MS = 86_400_000
/** Between two questions, whatever they bring: callers with invented key ids must not make this shop a hammer. */
export const COOLDOWN_MS = 30_000
/** Shorter than the ten seconds that the edge waits for its delivery. */
const FETCH_TIMEOUT_MS = 5_000
/** Two keys and their certificates are 10 kB. */
const KEYS_BYTES_MAX = 256_000

const KeySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1).max(20) })

/** No key could be had, and those known are too old to be trusted: nothing can be said about any token. */
export class AccessKeysUnavailable extends Error {
  override name = 'AccessKeysUnavailable'
}

export type AccessKeysOptions = {
  url: string
  monotonic: () => number
  /** Asked, and without keys: `fault` says why, without anything of a token. */
  onFault(error: unknown): void
  fetch?: (url: string, init: RequestInit) => Promise<Response>
}

/**
 * The keys of Access, kept in memory. An unknown key id asks for them anew (that is how a rotation is seen), once in the cooldown.
 * `createRemoteJWKSet` of the same library would ask again at every call while the server is away, and forget good keys at once.
 */
export function createAccessKeys({ url, monotonic, onFault, fetch: ask = fetch }: AccessKeysOptions): JWTVerifyGetKey {
  let known: { find: ReturnType<typeof createLocalJWKSet>; at: number } | null = null
  let askedAt = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | null = null

  const load = async (): Promise<void> => {
    const at = monotonic()
    askedAt = at
    try {
      const response = await ask(url, { headers: { accept: 'application/json' }, redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
      if (!response.ok) throw new AccessKeysUnavailable(`the key server answered ${response.status}`)
      const text = await response.text()
      if (text.length > KEYS_BYTES_MAX) throw new AccessKeysUnavailable('the answer of the key server is too large')
      const { keys } = KeySet.parse(JSON.parse(text))
      // Other kinds of key have no business here, whatever a token asks for.
      const set: JSONWebKeySet = { keys: keys.filter(({ kty }) => kty === 'RSA') }
      known = { find: createLocalJWKSet(set), at }
    } catch (error) {
      onFault(error)
    }
  }
  /** Asks unless somebody just did. Ends when the answer is there; never throws. */
  const refresh = (): Promise<void> => {
    if (asking) return asking
    if (monotonic() - askedAt < COOLDOWN_MS) return Promise.resolve()
    asking = load().finally(() => {
      asking = null
    })
    return asking
  }
  const trusted = () => (known && monotonic() - known.at < TRUSTED_FOR_MS ? known : null)

  return async (header, token) => {
    const now = trusted()
    if (!now) await refresh()
    // Old and still good: nobody waits for the new ones.
    else if (monotonic() - now.at >= REFRESH_AFTER_MS) void refresh()
    const keys = trusted()
    if (!keys) throw new AccessKeysUnavailable('no keys, or only old ones')
    try {
      return await keys.find(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      await refresh()
      const fresh = trusted()
      if (!fresh || fresh === keys) throw error
      return fresh.find(header, token)
    }
  }
}
