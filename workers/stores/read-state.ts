import type { StateRow } from '../../contract/connect.ts'
import { STATE_PAGE_SIZE } from '../../contract/limits.ts'
import type { Catalog } from '../catalog/port.ts'
import type { CounterState, Inventory } from '../inventory/port.ts'

export type ReadStatePorts = { catalog: Pick<Catalog, 'hashesOf' | 'hasItems'>; inventory: Pick<Inventory, 'statesOf' | 'listStates'> }

/** First the items by SKU, then the counters that have none. The place is `i{last sku}` or `c{place among the counters}`. */
const ITEMS = 'i'
const COUNTERS = 'c'

/**
 * What the edge has of a store, a page of `STATE_PAGE_SIZE` at most; `place` is where the last page ended. Not a snapshot: each
 * row carries the epoch and seq it is of, and a connector compares by them. `null` for a place that is none.
 */
export async function readState(ports: ReadStatePorts, storeId: string, place: string | null): Promise<{ items: StateRow[]; nextPlace: string | null } | null> {
  const rest = place?.slice(1) ?? ''
  if (place === null || place.startsWith(ITEMS)) return readItems(ports, storeId, rest === '' ? null : rest)
  if (place.startsWith(COUNTERS)) return readCounters(ports, storeId, rest === '' ? null : rest)
  return null
}

async function readItems(ports: ReadStatePorts, storeId: string, afterSku: string | null) {
  const items = await ports.catalog.hashesOf(storeId, afterSku, STATE_PAGE_SIZE)
  const states = items.length > 0 ? await ports.inventory.statesOf(storeId, items.map(({ sku }) => sku)) : []
  const bySku = new Map(states.map((state) => [state.sku, state]))
  const rows = items.map(({ sku, itemHash, priceMinor, epoch, seq }): StateRow => {
    const state = bySku.get(sku)
    return state ? { ...toRow(state), itemHash, priceMinor } : { sku, itemHash, priceMinor, onHand: null, epoch, seq, asOf: null }
  })
  const last = items.at(-1)
  return { items: rows, nextPlace: last && items.length === STATE_PAGE_SIZE ? ITEMS + last.sku : COUNTERS }
}

async function readCounters(ports: ReadStatePorts, storeId: string, cursor: string | null) {
  const { states, nextCursor } = await ports.inventory.listStates(storeId, cursor, STATE_PAGE_SIZE)
  const withItem = states.length > 0 ? await ports.catalog.hasItems(storeId, states.map(({ sku }) => sku)) : new Set<string>()
  return { items: states.filter(({ sku }) => !withItem.has(sku)).map(toRow), nextPlace: nextCursor === null ? null : COUNTERS + nextCursor }
}

const toRow = ({ sku, onHand, epoch, seq, asOf }: CounterState): StateRow => ({ sku, itemHash: null, onHand, epoch, seq, asOf })
