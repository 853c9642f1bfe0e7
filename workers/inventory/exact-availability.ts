import type { Availability } from '../../contract/product.ts'
import type { StoreLinkRpc } from '../stores/port.ts'
import { toAvailability } from './availability.ts'
import type { Inventory } from './port.ts'
import { createLiveness } from './store-liveness.ts'

type Ports = { inventory: Pick<Inventory, 'availability'>; links: { link(storeId: string): Pick<StoreLinkRpc, 'facts'> }; clock: () => number }

/** Which stores are silent, known for a few seconds by this isolate: a word beside the number, never the number. */
let liveness: ReturnType<typeof createLiveness> | undefined

/** From the counters, as it is now. */
export async function exactAvailability(ports: Ports, skus: string[]): Promise<Availability[]> {
  const found = await ports.inventory.availability(skus)
  liveness ??= createLiveness(async (storeId) => (await ports.links.link(storeId).facts(ports.clock())).lastHeartbeatAt, ports.clock)
  const known = liveness
  await known.refresh([...new Set(found.flatMap((each) => each.stores.map((store) => store.storeId)))])
  return found.map((each) => toAvailability(each, known.isStale))
}
