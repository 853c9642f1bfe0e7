import type { Clock } from '../../contract/clock.ts'
import type { HomeDb } from './db.ts'

/** Until when a SKU is off the web: epoch ms, `null` for good, `sold` not at all. */
export type StopUntil = number | null | 'sold'

/** SKUs that are off the web in this home. Each ends by the home's alarm, so that what is shown and told turns at its moment. */
export function createStops(db: HomeDb, clock: Clock) {
  let nextAt: number | null = null
  const earliest = (): number => (nextAt ??= db.nextStopEnd() ?? Infinity)
  return {
    /** Inside the transaction of the change. `''`: every store. Answers when the next one ends. */
    set(sku: string, storeId: string, until: StopUntil): void {
      db.setStop(sku, storeId, until)
      nextAt = null
    },
    /** SKUs whose stop is over now; they are sold again. */
    end(): string[] {
      if (earliest() > clock()) return []
      nextAt = null
      return db.endStops(clock())
    },
    nextAt: earliest,
  }
}
