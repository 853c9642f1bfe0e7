import { takeOne } from './bucket.ts'
import type { Bucket } from './bucket.ts'
import type { Limits, Payer } from './port.ts'
import { charge, refund } from './unpaid.ts'
import type { Unpaid } from './unpaid.ts'

/** The real limits over memory, for tests. */
export function memoryLimits(clock: () => number): Limits {
  const buckets = new Map<string, Bucket>()
  const held = new Map<string, Unpaid>()
  const nameOf = (payer: Payer): string => JSON.stringify(payer)
  return {
    refusedBefore: () => null,
    takeWrite: async (payer, perMinute) => {
      const { taken, bucket } = takeOne(buckets.get(nameOf(payer)) ?? null, perMinute, clock())
      buckets.set(nameOf(payer), bucket)
      return taken
    },
    charge: async (payer, asked, max) => {
      const charged = charge(held.get(nameOf(payer)) ?? {}, asked, max, clock())
      if (charged.ok) held.set(nameOf(payer), charged.held)
      return charged.ok ? { ok: true } : charged
    },
    refund: async (payer, given) => void held.set(nameOf(payer), refund(held.get(nameOf(payer)) ?? {}, given)),
  }
}
