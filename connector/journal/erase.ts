import { integer, text, textOrNull, type Database } from './database.ts'
import { GONE, isFinished, leaveOfFinished, putBack, withoutCustomer } from './forget.ts'
import type { Assignment } from '../../contract/assignment.ts'
import type { Meta } from './meta.ts'

export type Erasing = {
  /** How far the edge's list of erased customers has been followed here. It stands in the journal itself: one that comes from a backup says less and is told the rest again. */
  upTo(): number
  /**
   * Takes the customer out of these orders for good, whatever their state, and out of the file's free pages and its log. False when somebody reads the
   * file at this moment, so that the log still has what it had: then it is not said to be done, and the edge names them again.
   */
  customers(assignmentIds: readonly string[], upTo: number): boolean
}

/** Whoever reads the journal (a list on the command line) does so for milliseconds; the till must not wait for them. */
const CHECKPOINT_WAITS_MS = 200
const BUSY_WAITS_MS = 5_000

export function openErasing(db: Database, meta: Meta): Erasing {
  const eraseOne = (assignmentId: string): void => {
    const row = db.get('SELECT * FROM inbox WHERE assignment_id = ?', assignmentId)
    const body = row ? textOrNull(row, 'body') : null
    if (!row || body === null) return
    // Written by `Inbox.insert` after the schema had accepted it. One that was forgotten before has no customer.
    const order = JSON.parse(body) as Partial<Assignment>
    const left = order.customer ? (isFinished(row) ? leaveOfFinished(order as Assignment) : withoutCustomer(order as Assignment)) : order
    // The words of a POS about an order may quote it.
    putBack(db, { ...row, body: JSON.stringify(left), detail: textOrNull(row, 'detail') === null ? null : GONE, last_try: null }, text(row, 'assignment_id'))
  }
  return {
    upTo: () => meta.number('erasedUpTo') ?? 0,
    customers(assignmentIds, upTo) {
      db.transaction(() => assignmentIds.forEach(eraseOne))
      // What was overwritten still stands in the write-ahead log until that is emptied.
      db.exec(`PRAGMA busy_timeout = ${CHECKPOINT_WAITS_MS}`)
      const emptied = db.get('PRAGMA wal_checkpoint(TRUNCATE)')
      db.exec(`PRAGMA busy_timeout = ${BUSY_WAITS_MS}`)
      if (!emptied || integer(emptied, 'busy') !== 0) return false
      db.transaction(() => meta.set('erasedUpTo', String(upTo)))
      return true
    },
  }
}
