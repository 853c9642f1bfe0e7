import type { Transaction } from 'kysely'
import type { Assignment } from '../../../contract/assignment.ts'
import type { Item } from '../../../contract/product.ts'
import type { Pos, PosMemory, PosOrderChange, PosRefusal, PosSale, PosWrite, Remembered } from '../port.ts'

/**
 * What a POS in a SQL database is made of. Three parts speak its tables: `Goods`, `Activity` and `OrderBook`; the rest (connection,
 * change capture, the port itself) is the same for all of them and stands in `database-pos.ts`.
 */

export type Dialect = 'mysql' | 'postgres' | 'sqlite'

/** Every value as the database writes it, as text: DECIMAL, BIGINT, dates and doubles too. Nothing passes through a float. */
export type Row = Record<string, string | null>

export type Tx = Transaction<unknown>

export type Connection = {
  dialect: Dialect
  /** One REPEATABLE READ transaction that writes nothing: all that `work` reads is of one moment. */
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** One transaction. When `work` throws, nothing of it stays. A deadlock is tried again a few times: `work` may run more than once. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** The database's own word on whether anything was written: while it is the same, nothing was. Left out where there is no cheap one. */
  changeMark?(tx: Tx): Promise<string>
  /**
   * Another text once something was written to these tables, as far as the database happens to know: it may be late, silent for good (null), or move without
   * a change. Only ever a reason to look sooner. Asked before the transaction that looks, or what is committed between the two would count as seen.
   */
  writeHint?(tables: readonly string[]): Promise<string | null>
  close(): Promise<void>
}

/**
 * One row of goods. `key` is the POS's own, never reused or changed; `bucket` is the part of the goods it is compared in and follows from the
 * key. `item` null: it is there and not for sale. `onHand` null: never counted, or not to be counted. A row that cannot become goods says why.
 * `written`: the SKU as the POS has it where that is another text, with blanks around it: pages are in the order of those; null where it has none.
 */
export type GoodsRow = { key: string; bucket: string; written?: string | null } & ({ sku: string; item: Item | null; onHand: number | null } | { sku: string | null; refused: string; text: string })

/** What the database computed over everything the rows of a bucket are made of; `parts`: the same for each part of it, where goods have parts. */
export type BucketSum = { whole: string; parts: ReadonlyMap<string, string> | null }

export type Goods = {
  /** The tables whose rows they are made of; left out where they are not known. */
  tables?: readonly string[]
  /** Of each bucket, or each of these. */
  checksums(tx: Tx, buckets?: readonly string[]): Promise<Map<string, BucketSum>>
  /** A bucket is of a size to be remembered, a part of a size to be read: of a bucket that differs only the parts that do, where it is known which. `size`: about so many rows has a part. */
  parts?: { size: number; of(key: string, bucket: string): string; rows(tx: Tx, parts: readonly string[]): Promise<GoodsRow[]> }
  rowsOf(tx: Tx, buckets: readonly string[]): Promise<GoodsRow[]>
  rowsByKey(tx: Tx, keys: readonly string[]): Promise<GoodsRow[]>
  rowsBySku(tx: Tx, skus: readonly string[]): Promise<GoodsRow[]>
  /** In an order of the POS's own, which may be that of its keys; `after` is the SKU of the last row before, as it is written there. */
  page(tx: Tx, after: string | null, limit: number): Promise<GoodsRow[]>
}

/** What one reading of the till's activity brought. `touched` are keys of goods that moved. */
export type ActivityRead = {
  cursor: string
  sales: PosSale[]
  orders: PosOrderChange[]
  touched: string[]
  remember: Remembered[]
  refused: PosRefusal[]
  /** As `PosChanges.wentBack`. */
  wentBack?: string
  more: boolean
}

/** The fast lane: sales, returns, stock log, what the staff did with web orders. Never `> max` alone: an overlap, ties, and what was told is remembered. */
export type Activity = {
  /** One cheap query. While it answers the same text, a reading would bring nothing. */
  signal(tx: Tx): Promise<string>
  /** Where a reading goes on from when everything before now is known. Opaque. */
  head(tx: Tx): Promise<string>
  read(tx: Tx, cursor: string | null, memory: PosMemory): Promise<ActivityRead>
}

export type OrderBook = {
  find(tx: Tx, assignmentId: string): ReturnType<Pos['findOrder']>
  /** Inside a write transaction, after `find` has said that there is none. A refusal rolls back. */
  write(tx: Tx, assignment: Assignment): Promise<PosWrite>
  void(tx: Tx, assignmentId: string): ReturnType<Pos['voidOrder']>
}
