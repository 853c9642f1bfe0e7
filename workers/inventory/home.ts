/**
 * Where a SKU's counters live: one of `shards` `SkuCounters` objects, fixed at install. The object gives a counter its roof,
 * one transaction for a basket, and one call for many levels (docs/decisions/0001-homes.md).
 */

/**
 * SKUs with a home of their own, for what is about to be hot (a flash sale). Empty today. The place in the list is the number
 * of the home, so entries are only ever added at the end; a SKU that already has counters must be moved before it is listed.
 */
const OWN_HOMES: readonly string[] = []

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
const encoder = new TextEncoder()

/** The number of a SKU's home: 0 to `shards` - 1, or beyond for a SKU of `OWN_HOMES`. The same for ever: counters stay where they are. */
export function home(sku: string, shards: number, ownHomes: readonly string[] = OWN_HOMES): number {
  const own = ownHomes.indexOf(sku)
  return own === -1 ? fnv1a(sku) % shards : shards + own
}

/** How many homes there are, for what concerns them all. */
export const homeCount = (shards: number, ownHomes: readonly string[] = OWN_HOMES): number => shards + ownHomes.length

/** The name a home's object id is made from. */
export const homeName = (number: number): string => `home-${number}`

/** What each home is asked, every entry with its place in `items` so that answers can be put back in order. Order is kept within a home. */
export function groupByHome<T extends { sku: string }>(items: readonly T[], shards: number): Map<number, { item: T; place: number }[]> {
  const groups = new Map<number, { item: T; place: number }[]>()
  for (const [place, item] of items.entries()) {
    const number = home(item.sku, shards)
    const group = groups.get(number)
    if (group) group.push({ item, place })
    else groups.set(number, [{ item, place }])
  }
  return groups
}

/** FNV-1a over UTF-8, 32 bits: stable on every runtime, and even enough over SKUs that differ in their last digit only. */
function fnv1a(text: string): number {
  let hash = FNV_OFFSET
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0
  // FNV's low bits see little of the last byte; folding the high half in spreads neighbours over a small number of homes.
  return (hash ^ (hash >>> 16)) >>> 0
}
