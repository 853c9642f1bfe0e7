import { toInstant } from '../../contract/clock.ts'
import type { PublicStore } from '../../contract/store.ts'
import { localDay, promisedAt } from './opening-hours.ts'
import type { LinkFacts, Store } from './port.ts'

/** Six heartbeats: shown as stale from then on. */
export const STALE_AFTER_MS = 60_000
/** A shop without a line over a night and a morning still sells what was counted; after a day somebody should look first. */
export const SELL_STALE_FOR_MS = 24 * 60 * 60_000
/** Signing secrets that may be live at once: the new one, and the one the shop still has. */
export const SECRETS_MAX = 2

/** Of a store that was never heard nobody can say that it is there. */
export const isStale = (lastHeartbeatAt: number | null, now: number): boolean => lastHeartbeatAt === null || now - lastHeartbeatAt > STALE_AFTER_MS

/** Whether an order may be placed for it now. `facts` is `null` when its link cannot be asked: then nobody promises anything. */
export function takesOrders(store: Pick<Store, 'paused' | 'sellStaleForMs'>, facts: Pick<LinkFacts, 'lastHeartbeatAt'> | null, now: number): boolean {
  if (store.paused || facts === null || facts.lastHeartbeatAt === null) return false
  return now - facts.lastHeartbeatAt <= store.sellStaleForMs
}

export function toPublicStore(store: Store, facts: Pick<LinkFacts, 'lastHeartbeatAt'> | null, now: number): PublicStore {
  return {
    storeId: store.storeId,
    name: store.name,
    timeZone: store.timeZone,
    openingHours: store.openingHours,
    takingOrders: takesOrders(store, facts, now),
    specialDays: store.specialDays.filter(({ date }) => date >= localDay(store.timeZone, now)),
    pickupReadyAt: promiseOf(store, now),
  }
}

/** The stores after the one named by `cursor`. `null` for a cursor that names none. */
export function pageOfStores(stores: readonly Store[], cursor: string | null, limit: number): { stores: Store[]; nextCursor: string | null } | null {
  const start = cursor === null ? 0 : stores.findIndex(({ storeId }) => storeId === cursor) + 1
  if (cursor !== null && start === 0) return null
  const page = stores.slice(start, start + limit)
  return { stores: page, nextCursor: start + limit < stores.length ? (page.at(-1)?.storeId ?? null) : null }
}

/** As the contract shows it. */
export function promiseOf(store: Pick<Store, 'openingHours' | 'specialDays' | 'timeZone' | 'pickupLeadMinutes'>, now: number): string | null {
  const at = promisedAt(store, now)
  return at === null ? null : toInstant(at)
}
