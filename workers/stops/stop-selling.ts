import type { Position } from '../../contract/position.ts'
import type { Inventory } from '../inventory/port.ts'
import type { StopBook, StopRow } from './port.ts'

export type StopPorts = { stops: Pick<StopBook, 'set' | 'standing'>; inventory: Pick<Inventory, 'setStop'>; clock: () => number }

/** While others stop and lift the same, the counter is told again; more often than this something else is wrong. */
const TELL_TRIES_MAX = 3

/**
 * Takes a SKU off the web, or puts it back (`until` now). D1 first; then the counter is told what D1 has, and D1 is read once more: whichever of two comes last then tells what is true. Throws when the
 * counter's home is away: whoever asked asks again.
 */
export async function stopSelling(ports: StopPorts, stop: StopRow, position: Position | null = null): Promise<void> {
  const { sku, storeId } = stop
  await ports.stops.set(stop, position)
  const look = async () => {
    const standing = await ports.stops.standing(sku, storeId, ports.clock())
    return standing === null ? 'sold' as const : standing.until
  }
  let told = await look()
  for (let tries = 0; tries < TELL_TRIES_MAX; tries++) {
    await ports.inventory.setStop(sku, storeId, told)
    const now = await look()
    if (now === told) return
    told = now
  }
}
