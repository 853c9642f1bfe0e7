import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { systemClock, type Clock } from '../../../contract/clock.ts'
import type { Pos, PosCapabilities, StaffStep } from '../port.ts'
import { readItems, readStock } from './items.ts'
import { newestChange, readChanges, writeCursor } from './read-changes.ts'
import { openTillFile, readTransaction, tillId, TillFault } from './schema.ts'
import { readTicketByReference, ticketNumber, type TicketState } from './tickets.ts'
import { bookWebOrder, handOver, pick, ready, refuse, voidWebOrder } from './web-orders.ts'

const CAPABILITIES: PosCapabilities = {
  name: 'embedded till (SQLite)',
  takesOrders: true,
  stockFallsAt: 'accept',
  duplicates: 'never',
  seesDeletes: true,
  changes: 'cursor',
  seenAfterMs: 0,
}

const STATE_OF: Record<TicketState, 'open' | 'picking' | 'ready' | 'done' | 'void'> = {
  open: 'open', picking: 'picking', ready: 'ready', shipped: 'done', done: 'done', refused: 'void', void: 'void',
}

/**
 * The embedded till behind the port. The file is opened when it is first needed and again when it was replaced, so a connector
 * may start before its till exists; until then every method throws a `TillFault` that says what to do.
 */
export function openEmbeddedTill({ file, clock = systemClock }: { file: string; clock?: Clock }): Pos {
  const till = new TillConnection(file)
  let lastRead: { db: DatabaseSync; change: number } | null = null

  return {
    capabilities: CAPABILITIES,

    async mayHaveChanged() {
      return till.use((db) => lastRead?.db !== db || newestChange(db) !== lastRead.change)
    },

    async readChanges(cursor) {
      return till.use((db) => {
        const { lastChange, ...changes } = readChanges(db, cursor)
        lastRead = { db, change: lastChange }
        return changes
      })
    },

    async currentCursor() {
      return till.use((db) => readTransaction(db, () => writeCursor(tillId(db), newestChange(db))))
    },

    async readSnapshot(afterSku, limit) {
      return till.use((db) => readTransaction(db, () => {
        // One more than asked tells whether there is another page. An empty text is before every SKU.
        const rows = db.prepare('SELECT sku FROM items WHERE deleted = 0 AND sku > ? ORDER BY sku LIMIT ?').all(afterSku ?? '', limit + 1)
        const skus = rows.slice(0, limit).map((row) => String(row['sku']))
        return { items: readItems(db, skus), levels: readStock(db, skus), done: rows.length <= limit }
      }))
    },

    async readLevels(skus) {
      return till.use((db) => readTransaction(db, () => readStock(db, skus)))
    },

    async findOrder(assignmentId) {
      const row = till.use((db) => readTicketByReference(db, assignmentId))
      if (row === undefined) return null
      const state = STATE_OF[row.state]
      return { posReference: ticketNumber(row.ticket_id), state, stockFell: state !== 'void' }
    },

    async writeOrder(assignment) {
      return till.use((db) => bookWebOrder(db, assignment, clock()))
    },

    async voidOrder(assignmentId) {
      return till.use((db) => voidWebOrder(db, assignmentId, clock()))
    },

    async staffStep(assignmentId, step) {
      const moved = till.use((db) => move(db, assignmentId, step, clock()))
      return moved.ok ? 'in-pos' : { refused: `${moved.refusal.message}. ${moved.refusal.hint}` }
    },

    async close() {
      till.close()
    },
  }
}

function move(db: DatabaseSync, assignmentId: string, step: StaffStep, now: number): ReturnType<typeof pick> {
  switch (step.kind) {
    case 'picked': return pick(db, assignmentId, now)
    case 'ready': return ready(db, assignmentId, now)
    case 'handed-over': return handOver(db, assignmentId, now)
    case 'refuse': return refuse(db, assignmentId, step.reason, now)
  }
}

/** One connection, kept while the file it was opened on is still the file at that path. */
class TillConnection {
  readonly #file: string
  #open: { db: DatabaseSync; inode: number } | null = null
  #closed = false

  constructor(file: string) {
    this.#file = file
  }

  use<T>(work: (db: DatabaseSync) => T): T {
    const db = this.#connect()
    try {
      return work(db)
    } catch (cause) {
      if (!isSqliteError(cause)) throw cause
      // Whatever ails the connection, the next call begins with a new one.
      this.#drop()
      throw new TillFault(`The till at ${this.#file} did not answer: ${cause.message}`, 'It is tried again. If it lasts, look for a program that keeps the file locked, or a full disk', cause)
    }
  }

  close(): void {
    this.#closed = true
    this.#drop()
  }

  #connect(): DatabaseSync {
    if (this.#closed) throw new TillFault(`The till at ${this.#file} was closed`, 'This is a mistake in the program: nothing may use it after close()')
    const inode = statSync(this.#file, { throwIfNoEntry: false })?.ino
    if (this.#open !== null && this.#open.inode === inode) return this.#open.db
    this.#drop()
    const db = openTillFile(this.#file, 'existing')
    this.#open = { db, inode: statSync(this.#file).ino }
    return db
  }

  #drop(): void {
    this.#open?.db.close()
    this.#open = null
  }
}

const isSqliteError = (error: unknown): error is Error => error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR'
