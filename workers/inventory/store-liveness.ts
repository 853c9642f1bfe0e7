import { faultName, log } from '../log.ts'
import type { Clock } from '../../contract/clock.ts'
import { within } from './deadline.ts'

/** A store that has been silent for this long is stale: six heartbeats. */
export const STALE_AFTER_MS = 60_000
/** Staleness moves by the minute; asking each store's link every five seconds at most is often enough. */
const KNOWN_FOR_MS = 5_000
/** A link that does not answer within a second is not waited for: the number matters more than the flag beside it. */
const ASK_TIMEOUT_MS = 1_000

/**
 * Which stores are silent, as their links last said; for showing only, never for a decision. `askLink` answers a store's last
 * heartbeat (epoch ms, `null` when there was none); what it throws is logged and leaves what was known.
 */
export function createLiveness(askLink: (storeId: string) => Promise<number | null>, clock: Clock) {
  const known = new Map<string, { lastHeartbeatAt: number | null; askedAt: number }>()

  const unsure = (storeIds: readonly string[]): string[] =>
    storeIds.filter((storeId) => clock() - (known.get(storeId)?.askedAt ?? -Infinity) >= KNOWN_FOR_MS)

  async function ask(storeId: string): Promise<void> {
    const askedAt = clock()
    let lastHeartbeatAt = known.get(storeId)?.lastHeartbeatAt ?? null
    try {
      lastHeartbeatAt = await within(ASK_TIMEOUT_MS, askLink(storeId))
    } catch (error) {
      log('inventory.liveness_unknown', { storeId, error: faultName(error) })
    }
    known.set(storeId, { lastHeartbeatAt, askedAt })
  }

  return {
    /** What would have to be asked before these can be shown. */
    unsure,
    refresh: async (storeIds: readonly string[]): Promise<void> => {
      await Promise.all(unsure(storeIds).map(ask))
    },
    /** True for a store of which nothing is known: nobody could say that it is there. */
    isStale: (storeId: string): boolean => {
      const lastHeartbeatAt = known.get(storeId)?.lastHeartbeatAt ?? null
      return lastHeartbeatAt === null || clock() - lastHeartbeatAt > STALE_AFTER_MS
    },
  }
}
