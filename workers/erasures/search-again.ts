import { orderIdOf } from '../orders/ids.ts'
import type { OrderBook } from '../orders/port.ts'
import type { StoreBook, StoreLinkRpc } from '../stores/port.ts'
import type { ErasureProgress } from './port.ts'

export type SearchAgainPorts = {
  orders: Pick<OrderBook, 'findMany'>
  stores: Pick<StoreBook, 'list'>
  links: { link(storeId: string): Pick<StoreLinkRpc, 'erasedAfter'> }
}

/** Orders are read whole: some megabyte a page. */
const LISTED_AT_ONCE = 500
const PAGES_PER_RUN_MAX = 10

/** Finds the orders that have their customers again although the store was told to forget them: D1 came back from a backup, the stores' objects did not. */
export async function searchAgain(ports: SearchAgainPorts, progress: ErasureProgress): Promise<ErasureProgress> {
  const found = [...progress.orders]
  const storeIds = (await ports.stores.list()).map(({ storeId }) => storeId).sort()
  let { searchedUpTo } = progress
  for (let pages = 0; searchedUpTo !== null && pages < PAGES_PER_RUN_MAX; pages++) {
    const [from = '', n = '0'] = searchedUpTo.split(' ')
    const storeId = storeIds.find((each) => each >= from)
    if (storeId === undefined) return { ...progress, orders: found, searchedUpTo: null }
    const listed = await ports.links.link(storeId).erasedAfter(storeId === from ? Number(n) : 0, LISTED_AT_ONCE)
    const named = new Set(found.map(({ orderId }) => orderId))
    const orders = await ports.orders.findMany([...new Set(listed.map(({ assignmentId }) => orderIdOf(assignmentId)))])
    for (const { orderId, erasedAt } of orders) if (erasedAt === null && !named.has(orderId)) found.push({ orderId, state: 'waiting' })
    const next = listed.length < LISTED_AT_ONCE ? storeIds.find((each) => each > storeId) : storeId
    searchedUpTo = next === undefined ? null : `${next} ${next === storeId ? listed.at(-1)?.n : 0}`
  }
  return { ...progress, orders: found, searchedUpTo }
}
