import type { Assignment } from '../../contract/assignment.ts'
import type { Level, RejectReason } from '../../contract/events.ts'
import type { Item } from '../../contract/product.ts'
import type { FulfilmentProgress } from '../../contract/status.ts'

/** What a POS can do, in words that decide how the connector treats it; `doctor` prints them. */
export type PosCapabilities = {
  name: string
  /** False: it is only read, and every web order for this store is refused as `store_closed`. */
  takesOrders: boolean
  /** When the POS takes goods of a web order off its stock: as it is written, or when the cashier completes it. */
  stockFallsAt: 'accept' | 'later'
  /** `possible`: a web order cannot be looked up by its reference, so a write in doubt is never repeated. */
  duplicates: 'never' | 'possible'
  seesDeletes: boolean
  /** `cursor`: changes can be read from a place on; `snapshot`: everything is read and compared. */
  changes: 'cursor' | 'snapshot'
  /** How late a change can be seen at the most, milliseconds, beside the poll. `null`: it goes by how large the shop is, and nothing of it was read yet. */
  seenAfterMs: number | null
}

export type PosSale = {
  saleId: string
  kind: 'sale' | 'return'
  lines: { sku: string; quantity: number; unitPriceMinor: number; lineTotalMinor: number }[]
  /** What was paid: the lines, and the tax where it comes on top of them. Negative for a return. */
  totalMinor: number
  currency: string
  /** Set when this sale is a web order at the till. */
  assignmentId: string | null
  /** RFC 3339 in UTC. */
  occurredAt: string
  /** Of a receipt that the POS itself tells in parts: the first part's `saleId`, in the further ones. A receipt of any length may also be told whole. */
  partOf?: string
}

/** What the staff did with a web order since. */
export type PosOrderChange = {
  assignmentId: string
  occurredAt: string
} & ({ kind: 'progress'; status: FulfilmentProgress } | { kind: 'stock-fell' } | { kind: 'refused'; reason: RejectReason })

/** What staff do with a web order on the connector's desk page. */
export type StaffStep = { kind: 'picked' } | { kind: 'ready' } | { kind: 'handed-over' } | { kind: 'refuse'; reason: RejectReason }

/**
 * `in-pos`: the POS has taken it down, and `readChanges` will tell it. `desk-only`: the POS knows no such step, so the connector
 * keeps and tells it itself. `refused`: it cannot be done here; the text tells the staff what to do instead.
 */
export type StaffAnswer = 'in-pos' | 'desk-only' | { refused: string }

/**
 * What an adapter has seen of its POS, kept in the journal and committed together with the cursor of the reading that brought it:
 * row hashes, checksums, sales already told. Keys sort by their UTF-8 bytes. A reading that was not committed has left no trace in it.
 */
export type PosMemory = {
  get(key: string): string | null
  /** The entries whose key begins with `prefix`, in order, after the key `after`. */
  list(prefix: string, after: string | null, limit: number): Remembered<string>[]
}
/** An entry of the memory; `null` forgets it. */
export type Remembered<V = string | null> = { key: string; value: V }

/**
 * A row or line of the POS that cannot become a fact: kept in the journal's quarantine until a person mends it, and never in the way of
 * its neighbours. `key` is the same each time it is read ("items/17"). `reason` says what was expected and found; `null`: it is in
 * order now. `text` is what stands there, for the person.
 */
export type PosRefusal = { key: string; reason: string | null; text: string }

/** What became of a refused row that a person sent back: what is read again, in a sentence's end, or why nothing is and what to do. */
export type ReadAgain = { again: true; what: string } | { again: false; why: string; todo: string }

/** Everything read in one consistent read of the POS. */
export type PosChanges = {
  /** Where to read on from; opaque, kept in the journal. */
  cursor: string
  items: Item[]
  removed: string[]
  /** The same item under another SKU. Left out: the POS cannot tell, or nothing was. */
  renamed?: readonly { sku: string; formerSku: string }[]
  /** SKUs of another item than the one that had them before. */
  reused?: readonly string[]
  levels: Level[]
  sales: PosSale[]
  orders: PosOrderChange[]
  /** Goes into the memory with the cursor. */
  remember?: readonly Remembered[]
  refused?: readonly PosRefusal[]
  /** What shows that the POS is at an earlier moment than before (a restored backup), in words: "sale 12 is another one". Left out: nothing does. */
  wentBack?: string
  /** Whether there is more to read at once. Left out: when this reading brought anything. */
  more?: boolean
}

export type PosWrite =
  | { ok: true; posReference: string; stockFell: boolean }
  | { ok: false; reason: RejectReason; detail: string }

/**
 * One shop's POS. Every adapter passes `posSuite`. A method that throws is a fault (unreachable, busy): it will be tried again.
 * Reads see one moment: one read transaction over all they return (rules.md 3).
 */
export type Pos = {
  capabilities: PosCapabilities
  /** Cheap. False when a `readChanges` would bring nothing now; what was committed meanwhile is announced within `seenAfterMs`. */
  mayHaveChanged(): Promise<boolean>
  /** Changes since `cursor`, each SKU once as it is now, at most about 500 facts; `null` starts from the beginning of all that is known. */
  readChanges(cursor: string | null): Promise<PosChanges>
  /** Where a `readChanges` would read on from if everything were read now. */
  currentCursor(): Promise<string>
  /**
   * Everything sellable as it is now, in pages in an order of the adapter's own, after the SKU with which the last page ended; for the
   * first sync and for reconcile. `unreadable` are SKUs that are there and cannot be read: they are not gone. `last` is where the page ended,
   * when that is not its last item. `refused` are the page's rows that cannot be read, told again each time, so that a comparison finds
   * what a person has sent back into the reading.
   */
  readSnapshot(afterSku: string | null, limit: number): Promise<{ items: Item[]; levels: Level[]; done: boolean; unreadable?: string[]; last?: string; refused?: readonly PosRefusal[] }>
  readLevels(skus: string[]): Promise<Level[]>
  /** Looks a web order up by its reference, before every write. */
  findOrder(assignmentId: string): Promise<{ posReference: string; state: 'open' | 'picking' | 'ready' | 'done' | 'void'; stockFell: boolean } | null>
  /** Writes a web order in one transaction, with its reference as key. */
  writeOrder(assignment: Assignment): Promise<PosWrite>
  /** Takes a web order back, goods on the shelf again. `refused` when it has gone too far. */
  voidOrder(assignmentId: string): Promise<'voided' | 'refused' | 'absent'>
  /** What the staff tapped on the desk page. */
  staffStep(assignmentId: string, step: StaffStep): Promise<StaffAnswer>
  /** A person sends a refused row back. Left out where a snapshot reads every row anyway, and a row that is still refused is told again. */
  readAgain?(key: string): Promise<ReadAgain>
  /**
   * What to change in the memory so that the next readings look at all goods anew: the configuration says now that they are read in another way. Left out
   * where nothing is remembered of rows.
   */
  lookAnew?(): readonly Remembered[]
  close(): Promise<void>
}
