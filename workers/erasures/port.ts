import type { SoughtBy } from '../../contract/operator.ts'
import type { JournalErased } from '../../contract/operator-answers.ts'

/** How far an erasure has come. `searchedUpTo`: the last order id that was looked at (by `again`: the store, and the number in its list); `null` once all were. */
export type ErasureProgress = {
  searchedUpTo: string | null
  orders: { orderId: string; state: 'waiting' | 'erased' }[]
  deadLetters: number
  /** By store: the number that its journal has to reach (StoreLinkRpc.erase), and how it stands. */
  journals: { storeId: string; upTo: number; state: JournalErased }[]
}
/** `sought` is `null` once the search is over: nobody needs to know any more whom it was about. Instants are epoch ms. */
export type ErasureRecord = {
  erasureId: string
  state: 'searching' | 'waiting' | 'done'
  soughtBy: SoughtBy
  sought: string | null
  why: string
  progress: ErasureProgress
  dueAt: number | null
  createdAt: number
  updatedAt: number
}

/** Where the look for orders that are too old goes on, by when they were placed. */
export type RetentionPlace = { placedAt: number; orderId: string; restsUntil: number }

export type ErasureBook = {
  insert(erasure: ErasureRecord): Promise<void>
  find(erasureId: string): Promise<ErasureRecord | null>
  /** Newest first. */
  list(before: { at: number; id: string } | null, limit: number): Promise<ErasureRecord[]>
  /** Not done, those whose turn it is first; with `now`, only those. */
  open(limit: number, now?: number): Promise<ErasureRecord[]>
  write(erasure: ErasureRecord): Promise<void>
  /** As StoreBook.reseal. */
  reseal(): Promise<number>
  /** Customers of orders by order id, those without a customer left out. `isLast`: there are no more. */
  customersAfter(orderId: string, limit: number): Promise<{ customers: { orderId: string; email: string; phone: string | null }[]; last: string | null }>
  retentionPlace(): Promise<RetentionPlace>
  setRetentionPlace(place: RetentionPlace): Promise<void>
  /** Orders placed before, after that place, in order. */
  placedAfter(place: RetentionPlace, placedBefore: number, limit: number): Promise<{ orderId: string; placedAt: number; updatedAt: number; isErased: boolean }[]>
}
