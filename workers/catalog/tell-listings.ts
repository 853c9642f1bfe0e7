import type { CommandOutcome, ListingCommand } from '../inventory/port.ts'
import type { Catalog, Listing } from './port.ts'

export type ListingPorts = { catalog: Pick<Catalog, 'listings'>; inventory: { apply(commands: ListingCommand[]): Promise<CommandOutcome[]> } }

/** While D1 changed under the telling, it is told again; more often than this something else is wrong. */
const TELL_TRIES_MAX = 3

/**
 * Tells the counters which of these SKUs the store still sells, as D1 has it now. Counters keep removals only, so one that was read before
 * another message brought the goods back could reach them after that message's word: who has told a removal reads D1 once more, and tells what
 * changed. Whichever of the two comes last then tells what is true. An item of which one thing was said so far has never been removed; of a
 * first sync the counters hear nothing. Throws when a home is away or D1 does not stand still: the message comes again.
 */
export async function tellListings({ catalog, inventory }: ListingPorts, storeId: string, skus: string[]): Promise<void> {
  let open = await catalog.listings(storeId, skus)
  for (let tries = 0; tries < TELL_TRIES_MAX; tries++) {
    const commands = open.filter(({ sold, version }) => !sold || version > 1).map(({ sku, sold, position }): ListingCommand => ({ type: 'listing', storeId, sku, sold, position }))
    if (commands.length > 0) await inventory.apply(commands)
    const removed = open.filter(({ sold }) => !sold)
    if (removed.length === 0) return
    const before = new Map(removed.map((listing) => [listing.sku, listing]))
    open = (await catalog.listings(storeId, [...before.keys()])).filter((now) => !isSame(now, before.get(now.sku)))
    if (open.length === 0) return
  }
  throw new Error(`what ${storeId} sells changed while the counters were told of it`)
}

const isSame = (a: Listing, b: Listing | undefined): boolean => b !== undefined && a.sold === b.sold && a.position.epoch === b.position.epoch && a.position.seq === b.position.seq
