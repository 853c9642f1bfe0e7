import { systemClock } from '../../contract/clock.ts'
import type { Taken } from './bucket.ts'
import type { CallerLimits } from './caller-limits-object.ts'
import type { Limits, Payer } from './port.ts'

/** Keys that have nothing left, as this isolate was told, and until when: a flood with one key is refused without asking its object each time. */
const emptyUntil = new Map<string, number>()
const EMPTY_KEYS_MAX = 1_000

const nameOf = (payer: Payer): string => (payer.kind === 'key' ? `key ${payer.keyId}` : `address ${payer.channelId} ${payer.block}`)

export function createLimits(env: Pick<Env, 'CALLER_LIMITS'>): Limits {
  const namespace = env.CALLER_LIMITS as DurableObjectNamespace<CallerLimits>
  // A stub is dead after an exception, so each call takes a new one.
  const at = (payer: Payer) => namespace.get(namespace.idFromName(nameOf(payer)))
  return {
    async takeWrite(keyId, perMinute): Promise<Taken> {
      const now = systemClock()
      const until = emptyUntil.get(keyId) ?? 0
      if (now < until) return { ok: false, remaining: 0, waitMs: until - now }
      const taken = await at({ kind: 'key', keyId }).takeWrite(perMinute)
      if (!taken.ok) {
        if (emptyUntil.size >= EMPTY_KEYS_MAX) emptyUntil.clear()
        emptyUntil.set(keyId, now + taken.waitMs)
      }
      return taken
    },
    charge: (payer, charge, max) => at(payer).charge(charge, max),
    refund: async (payer, charge) => {
      await at(payer).refund(charge)
    },
  }
}
