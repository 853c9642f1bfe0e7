import { createLocalJWKSet, errors } from 'jose'
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import type { Clock } from '../../contract/clock.ts'

/** Access keeps a key that it has rotated out valid for seven days: an hour is early enough to learn a new one. */
const REFRESH_AFTER_MS = 60 * 60_000
/** While nobody can be asked, known keys are trusted so long. */
const TRUSTED_FOR_MS = 24 * 60 * 60_000
/** Between two questions, whatever they bring: callers with invented key ids must not make the edge a hammer. */
const COOLDOWN_MS = 30_000
/** An operator waits at a screen. */
const FETCH_TIMEOUT_MS = 5_000
/** Two keys and their certificates are 10 kB. */
const KEYS_BYTES_MAX = 256_000

const KeySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1).max(20) })

/** No key could be had, and those known are too old to be trusted: nothing can be said about any token. */
export class AccessKeysUnavailable extends Error {
  override name = 'AccessKeysUnavailable'
}

type Ask = (url: string, init: RequestInit) => Promise<Response>

/**
 * The keys of Access, kept in the isolate's memory. Whoever needs them asks for itself: in a Worker one request cannot wait for what another
 * has begun. An unknown key id asks for them anew (that is how a rotation is seen), once in the cooldown.
 */
export function createAccessKeys({ url, clock, ask, onFault }: { url: string; clock: Clock; ask: Ask; onFault: (error: unknown) => void }): JWTVerifyGetKey {
  let known: { find: ReturnType<typeof createLocalJWKSet>; at: number } | null = null
  let askedAt = Number.NEGATIVE_INFINITY

  async function refresh(): Promise<void> {
    const at = clock()
    if (at - askedAt < COOLDOWN_MS) return
    askedAt = at
    try {
      const response = await ask(url, { headers: { Accept: 'application/json' }, redirect: 'manual', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
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
  const trusted = () => (known && clock() - known.at < TRUSTED_FOR_MS ? known : null)

  return async (header, token) => {
    const held = trusted()
    if (!held || clock() - held.at >= REFRESH_AFTER_MS) await refresh()
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
