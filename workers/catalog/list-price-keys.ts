import type { ListedPrice } from '../prices/port.ts'

/** The prices of a channel for one SKU, those of later beginning included: whoever shows them looks at the clock. */
const priceKey = (channelId: string, sku: string): string => `prices:${channelId}:${sku}`
/** Says that a channel has a list at all: of one that has none nothing more is read. */
const listKey = (channelId: string): string => `priced:${channelId}`
/** Workers KV answers 100 keys at once. */
const KEYS_PER_READ_MAX = 100
/** A channel gets its first list, or none; for so long an isolate believes what it has read. */
const KNOWN_FOR_MS = 30_000
const KV_WRITES_AT_ONCE = 6

type Known = Map<string, { isPriced: boolean; until: number }>
const known = new WeakMap<KVNamespace, Known>()

/** The prices of these SKUs in a channel's list. */
export async function readListPrices(kv: KVNamespace, channelId: string, skus: readonly string[], now: number): Promise<Map<string, ListedPrice[]>> {
  const found = new Map<string, ListedPrice[]>()
  if (skus.length === 0 || !(await isPriced(kv, channelId, now))) return found
  for (let at = 0; at < skus.length; at += KEYS_PER_READ_MAX) {
    const part = skus.slice(at, at + KEYS_PER_READ_MAX)
    const texts = await kv.get(part.map((sku) => priceKey(channelId, sku)))
    for (const sku of part) {
      const text = texts.get(priceKey(channelId, sku))
      if (text) found.set(sku, JSON.parse(text) as ListedPrice[])
    }
  }
  return found
}

/** Whether the channel has, or had, a list of its own. */
export async function isPriced(kv: KVNamespace, channelId: string, now: number): Promise<boolean> {
  const memory = known.get(kv) ?? new Map()
  known.set(kv, memory)
  const before = memory.get(channelId)
  if (before && now < before.until) return before.isPriced
  const isThere = (await kv.get(listKey(channelId))) !== null
  memory.set(channelId, { isPriced: isThere, until: now + KNOWN_FOR_MS })
  return isThere
}

/** `rows` by SKU; of one that has no row with a price its key goes. */
export async function writeListPrices(kv: KVNamespace, channelId: string, rows: ReadonlyMap<string, readonly (ListedPrice | { sku: string })[]>): Promise<void> {
  if ((await kv.get(listKey(channelId))) === null) await kv.put(listKey(channelId), '1')
  known.get(kv)?.delete(channelId)
  const entries = [...rows]
  for (let at = 0; at < entries.length; at += KV_WRITES_AT_ONCE) {
    await Promise.all(entries.slice(at, at + KV_WRITES_AT_ONCE).map(async ([sku, listed]) => {
      const prices = listed.flatMap((each) => ('amountMinor' in each ? [{ sku, storeId: each.storeId, amountMinor: each.amountMinor, currency: each.currency, validFrom: each.validFrom, validTo: each.validTo }] : []))
      await (prices.length === 0 ? kv.delete(priceKey(channelId, sku)) : kv.put(priceKey(channelId, sku), JSON.stringify(prices)))
    }))
  }
}
