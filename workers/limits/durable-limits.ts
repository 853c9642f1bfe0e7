import { systemClock } from '../../contract/clock.ts'
import type { CallerLimits } from './caller-limits-object.ts'
import type { Limits, Payer } from './port.ts'

/** Who has nothing left, as this isolate was told, and until when: a flood is refused without asking its object each time. */
const emptyUntil = new Map<string, number>()
const EMPTY_MAX = 1_000

const nameOf = (payer: Payer): string => (payer.kind === 'key' ? `key ${payer.keyId}` : `address ${payer.channelId} ${payer.block}`)

export function createLimits(env: Pick<Env, 'CALLER_LIMITS'>): Limits {
  const namespace = env.CALLER_LIMITS as DurableObjectNamespace<CallerLimits>
  // A stub is dead after an exception, so each call takes a new one.
  const at = (payer: Payer) => namespace.get(namespace.idFromName(nameOf(payer)))
  return {
    refusedBefore(payer) {
      const waitMs = (emptyUntil.get(nameOf(payer)) ?? 0) - systemClock()
      return waitMs > 0 ? { ok: false, remaining: 0, waitMs } : null
    },
    async takeWrite(payer, perMinute) {
      const taken = await at(payer).takeWrite(perMinute)
      if (!taken.ok) {
        if (emptyUntil.size >= EMPTY_MAX) emptyUntil.clear()
        emptyUntil.set(nameOf(payer), systemClock() + taken.waitMs)
      }
      return taken
    },
    charge: (payer, charge, max) => at(payer).charge(charge, max),
    refund: async (payer, charge) => {
      await at(payer).refund(charge)
    },
  }
}
