import { toInstant } from '../../contract/clock.ts'
import type { Availability } from '../../contract/product.ts'
import { available } from './counter.ts'
import type { Counter, Reservation } from './counter.ts'
import type { SkuAvailability } from './port.ts'

/** `orderId`: as that order sees it, whose own reservations do not stand in its way. */
export function availabilityOf(sku: string, counters: readonly Counter[], orderId?: string): SkuAvailability {
  const own = ({ assignmentId }: Reservation) => orderId !== undefined && assignmentId.startsWith(`${orderId}.`)
  return {
    sku,
    stores: counters.map((counter) => ({ storeId: counter.storeId, available: available(counter, own), seenAt: counter.level?.seenAt ?? null })),
  }
}

/** The sum over the stores that counted it; `null` when none did. */
export function totalAvailable(stores: SkuAvailability['stores']): number | null {
  let total: number | null = null
  for (const store of stores) if (store.available !== null) total = (total ?? 0) + store.available
  return total
}

/** As the contract shows it. The sum's `asOf` is when any store last told its level. `isStale` knows which stores are silent. */
export function toAvailability(found: SkuAvailability, isStale: (storeId: string) => boolean): Availability {
  let latest: number | null = null
  for (const { seenAt } of found.stores) if (seenAt !== null && (latest === null || seenAt > latest)) latest = seenAt
  const state = {
    sku: found.sku,
    available: totalAvailable(found.stores),
    asOf: instantOrNull(latest),
    stores: found.stores.map((store) => ({
      storeId: store.storeId,
      available: store.available,
      asOf: instantOrNull(store.seenAt),
      stale: isStale(store.storeId),
    })),
  }
  return { ...state, version: versionOf(state) }
}

const instantOrNull = (ms: number | null): string | null => (ms === null ? null : toInstant(ms))

/** The same for the same state, wherever and whenever it is computed, and without a row to keep it in: 64 bits of FNV-1a. It names, it proves nothing. */
export function versionOf(state: Omit<Availability, 'version'>): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(JSON.stringify(state))) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash.toString(36)
}
